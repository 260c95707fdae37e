"""What else an attacker with an account tries: another's things under another name, odd names, odd values, timing."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from api_world import PASSWORDS, SCRIPT, Site, begin, hostile_report, wait_for

from tenfold.web.api import feed

ADDRESSES = [
    "openai-compatible:x@http://169.254.169.254/v1",
    "ollama:x@http://127.0.0.1:1",
    "scripted:x",
    "../../x",
]


def chat(client: httpx.Client, thread: str, run: str, **more: Any) -> httpx.Response:
    said = [{"id": "m", "role": "user", "content": "ask me"}]
    asked = {"threadId": thread, "runId": run, "state": {}, "messages": said, "tools": [], "context": []}
    return client.post("/agui/small", json={**asked, "forwardedProps": {}, **more})


# --- another's things under another name ------------------------------------------------------------------------------


def test_a_thread_of_another_person_is_a_thread_of_ones_own(alice: httpx.Client, bob: httpx.Client) -> None:
    first = chat(alice, "shared-name", "r1")
    assert '"interrupt"' in first.text
    resume = [{"interruptId": "x", "status": "resolved", "payload": {"answer": "bob's"}}]
    assert chat(bob, "shared-name", "r1", resume=resume).status_code == 404
    before = {run["id"] for run in alice.get("/api/runs").json()["runs"]}
    assert chat(bob, "shared-name", "r1").status_code == 200
    assert {run["id"] for run in alice.get("/api/runs").json()["runs"]} == before
    mine = {run["id"] for run in bob.get("/api/runs").json()["runs"]}
    assert mine and not mine & before


def test_two_runs_are_compared_only_when_both_are_ones_own(alice: httpx.Client, bob: httpx.Client) -> None:
    foreign, own = begin(alice, "secret"), begin(bob, "mine")
    for a, b in ((foreign, own), (own, foreign)):
        answer = bob.get("/api/compare", params={"a": a, "b": b})
        assert answer.status_code == 404 and "secret" not in answer.text


def test_a_foreign_upload_is_no_document(alice: httpx.Client, bob: httpx.Client) -> None:
    upload = alice.post("/api/uploads", files={"files": ("a.txt", b"secret words")}).json()["id"]
    asked = {"graph": "edr", "input": {"question": "x", "docs": f"upload:{upload}"}}
    foreign = bob.post("/api/runs", json=asked)
    asked["input"]["docs"] = f"upload:{'0' * 32}"  # type: ignore[index]
    missing = bob.post("/api/runs", json=asked)
    assert (
        (foreign.status_code, foreign.content)
        == (missing.status_code, missing.content)
        == (404, missing.content)
    )


@pytest.mark.parametrize("model", ADDRESSES)
def test_no_way_in_names_a_model_that_is_not_offered(alice: httpx.Client, model: str) -> None:
    props = {"model": model, "web": True}
    said = [{"id": "m", "role": "user", "content": "x"}]
    asked = {"threadId": "t", "runId": model, "state": {}, "messages": said, "tools": [], "context": []}
    assert alice.post("/agui/edr", json={**asked, "forwardedProps": props}).status_code == 400
    body = {"graph": "edr", "input": {"question": "x", "web": True, "model": model}}
    assert alice.post("/api/runs", json=body).status_code == 400


@pytest.mark.parametrize(
    "database", ["postgresql://boss@127.0.0.1/postgres", "/etc/passwd", "sqlite:///x", "~/x.db"]
)
def test_no_database_is_named_that_is_not_offered(alice: httpx.Client, database: str) -> None:
    body = {"graph": "edr", "input": {"question": "x", "databases": [database]}}
    answer = alice.post("/api/runs", json=body)
    assert answer.status_code == 400 and "offered" in answer.text


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_a_stream_ends_after_the_logout(people: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT_S", 0.2)
    client = people.browser("alice")
    run_id = begin(client, "ask")
    wait_for(client, run_id, "waiting_human")
    with client.stream("GET", f"/api/runs/{run_id}/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        other = httpx.Client(base_url=people.url, headers=dict(client.headers), cookies=dict(client.cookies))
        assert other.post("/api/logout").status_code == 204
        began = time.monotonic()
        for _ in lines:
            assert time.monotonic() - began < 5, "the stream goes on"


def test_a_login_needs_the_token_of_the_page(people: Site) -> None:
    """Else another site could log a person in as somebody else, and read what that person then asks."""
    forged = {"name": "bob", "password": PASSWORDS["bob"]}
    client = people.browser()
    client.headers.pop("X-CSRF-Token")
    answer = client.post("/api/login", json=forged)
    assert answer.status_code == 403 and "set-cookie" not in answer.headers
    planted = httpx.post(f"{people.url}/api/login", json=forged, headers={"Origin": people.url})
    assert planted.status_code == 403, "a browser without a cookie has not read the page either"


def test_the_time_of_a_login_does_not_tell_whether_the_name_exists(people: Site) -> None:
    assert people.accounts is not None
    people.accounts.check_password("warm", "not the password")
    took: dict[str, list[float]] = {"alice": [], "nobody": []}
    for _ in range(8):
        for name, times in took.items():
            began = time.perf_counter()
            people.accounts.check_password(name, "not the password")
            times.append(time.perf_counter() - began)
    known, unknown = (statistics.median(times) for times in took.values())
    assert 0.4 < known / unknown < 2.5, took


def test_what_is_private_is_kept_by_no_cache_and_shown_to_no_other_site(
    people: Site, alice: httpx.Client
) -> None:
    run_id = begin(alice, "x")
    wait_for(alice, run_id, "completed")
    people.services.store.save_report(run_id, hostile_report())
    of_run = [f"/api/runs/{run_id}{part}" for part in ("", "/report.html", "/report.json", "/trace")]
    for path in ("/api/session", "/api/runs", "/api/uploads", "/api/none", *of_run):
        answer = alice.get(path, headers={"Origin": "https://evil.example"})
        assert answer.headers["cache-control"] == "no-store", path
        assert not [name for name in answer.headers if name.startswith("access-control")], path
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in alice.options("/api/runs", headers=asked).headers


# --- odd names and values ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a\u202etxt.exe.txt", "\u2066x\u2069.md", "x\u200b.txt", "\ufeffx.txt", "ⅰ.txt"]
)
def test_no_name_of_a_file_turns_round_what_is_read(alice: httpx.Client, name: str) -> None:
    answer = alice.post("/api/uploads", files={"files": (name, b"text")})
    assert answer.status_code == 201
    (kept,) = answer.json()["files"]
    assert not set(kept["name"]) & set("\u202e\u2066\u2069\u200b\ufeff"), kept
    alice.delete(f"/api/uploads/{answer.json()['id']}")


def test_names_that_meet_are_both_kept(alice: httpx.Client) -> None:
    names = ["a.txt", "A.txt", "a.txt", "a (2).txt", "\u00e9.txt", "e\u0301.txt"]
    answer = alice.post("/api/uploads", files=[("files", (name, name.encode())) for name in names])
    assert len({file["name"] for file in answer.json()["files"]}) == len(names)
    alice.delete(f"/api/uploads/{answer.json()['id']}")


@pytest.mark.parametrize(
    "run_id", ["..%2f..%2fetc", "%00", "a%0d%0aSet-Cookie:x=y", "x" * 101, "1;DROP", "a'--", "*", "_%"]
)
def test_no_run_id_is_anything_else(alice: httpx.Client, run_id: str) -> None:
    for path in ("", "/events", "/trace", "/report.json"):
        answer = alice.get(f"/api/runs/{run_id}{path}")
        assert answer.status_code in (404, 422) and "set-cookie" not in answer.headers


@pytest.mark.parametrize("value", [-1, 2**31 + 1, 2**63, 10**400, 1.5, "1e9", None, True, [1]])
def test_no_version_is_out_of_range(alice: httpx.Client, value: Any) -> None:
    run_id = begin(alice, "ask")
    body = {"base_version": value, "operations": [{"op": "cancel", "id": "t1"}]}
    answer = alice.patch(f"/api/runs/{run_id}/todo", json=body)
    assert answer.status_code in (400, 422) or value in ("1e9", True), answer.text
    assert answer.status_code < 500


@pytest.mark.parametrize("depth", [100, 300, 600, 2000])
def test_no_depth_of_an_answer_stops_the_server(people: Site, alice: httpx.Client, depth: int) -> None:
    run_id = begin(alice, "ask me")
    body = wait_for(alice, run_id, "waiting_human")
    (name,) = body["state"]["run"]["interrupts"]
    deep = '{"answer": ' * depth + "1" + "}" * depth
    sent = f'{{"responses": {{"{name}": {deep}}}}}'
    answer = alice.post(
        f"/api/runs/{run_id}/interrupts", content=sent, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code == 200:
        assert wait_for(alice, run_id, "completed", "failed")
    assert alice.get("/healthz").status_code == 200
    after = begin(alice, "x")
    wait_for(alice, after, "completed")


def test_no_text_breaks_out_of_its_event(alice: httpx.Client) -> None:
    run_id = begin(alice, 'x\n\nid: 999\ndata: {"type":"FORGED"}\r\n\r\nretry: 0\n\n\u2028' + SCRIPT)
    wait_for(alice, run_id, "completed")
    raw = b""
    with alice.stream("GET", f"/api/runs/{run_id}/events") as stream:
        for part in stream.iter_bytes():
            raw += part
            if b"RUN_FINISHED" in raw and raw.endswith(b"\n\n"):
                break
    # As an EventSource does: CR and LF end a line, and nothing else.
    lines = raw.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line in lines:
        assert line == "" or line.startswith((":", "id: ", "data: ", "retry: ")), line
        if line.startswith("data: "):
            assert json.loads(line[6:])["type"] != "FORGED"
        assert line != "id: 999" and line != "retry: 0"


def test_a_chart_with_a_script_in_it_is_inert(people: Site, alice: httpx.Client) -> None:
    run_id = begin(alice, "ask")
    store = people.services.store
    points = [{"x": SCRIPT, "y": 1.0}, {"x": "b", "y": 2.0}]
    spec = {
        "kind": "bar",
        "title": SCRIPT,
        "x": SCRIPT,
        "y": "y",
        "series": [{"name": SCRIPT, "points": points}],
    }
    charts = {"c1": {"id": "c1", "spec": spec, "source": 1}, "c2": {"id": "c2", "spec": {"kind": SCRIPT}}}
    store.emit(run_id, "charts.made", {"state": {f"/charts/{name}": chart for name, chart in charts.items()}})
    assert alice.get(f"/api/runs/{run_id}/charts/c2.svg").status_code == 404, (
        "another graph's chart is none of ours"
    )
    answer = alice.get(f"/api/runs/{run_id}/charts/c1.svg")
    if answer.status_code == 501:
        pytest.skip("charts are not installed")
    assert answer.status_code == 200, answer.text
    for element in ElementTree.fromstring(answer.content).iter():
        assert element.tag.rsplit("}", 1)[-1].lower() not in (
            "script",
            "foreignobject",
            "image",
            "a",
            "iframe",
        )
        assert not [name for name in element.attrib if name.lower().startswith("on")]
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy and "allow-scripts" not in policy and "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
