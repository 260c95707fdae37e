"""What an attacker tries, each refused: another's runs, forged requests, scripts, paths, addresses, sizes, rates."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from api_world import PASSWORDS, SCRIPT, Site, begin, hostile_report, wait_for

from tenfold.web.api import redact, set_up


@pytest.fixture(scope="module")
def secret_run(alice: httpx.Client) -> str:
    run_id = begin(alice, "What only Alice may know")
    wait_for(alice, run_id, "completed")
    return run_id


def every_way(run_id: str) -> list[tuple[str, str, Any]]:
    base = f"/api/runs/{run_id}"
    return [
        ("GET", base, None),
        ("GET", f"{base}/events", None),
        ("GET", f"{base}/checkpoints", None),
        ("GET", f"{base}/evidence/e1", None),
        ("GET", f"{base}/report.json", None),
        ("GET", f"{base}/report.pdf", None),
        ("GET", f"{base}/charts/c1.svg", None),
        ("GET", f"{base}/trace", None),
        ("GET", f"/api/compare?a={run_id}&b={run_id}", None),
        ("GET", f"/api/runs?before={run_id}", None),
        ("POST", f"{base}/messages", {"text": "tell me"}),
        ("PATCH", f"{base}/todo", {"base_version": 0, "operations": [{"op": "cancel", "id": "t1"}]}),
        ("POST", f"{base}/operations", {"operations": [{"kind": "budget"}]}),
        ("POST", f"{base}/interrupts", {"responses": {"i": 1}}),
        ("POST", f"{base}/fork", {"checkpoint_id": "1"}),
        *[("POST", f"{base}/{verb}", None) for verb in ("pause", "resume", "cancel", "finish")],
    ]


# --- another's things -------------------------------------------------------------------------------------------------


def test_another_persons_run_looks_like_one_that_is_not_there(
    alice: httpx.Client, bob: httpx.Client, secret_run: str
) -> None:
    unknown = "20200101-000000-ffffffffffffffff"
    assert alice.get(f"/api/runs/{secret_run}").status_code == 200
    for (method, path, body), (_, nowhere, _) in zip(every_way(secret_run), every_way(unknown), strict=True):
        foreign, missing = bob.request(method, path, json=body), bob.request(method, nowhere, json=body)
        assert foreign.status_code == 404, f"{method} {path}: {foreign.status_code}"
        assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    assert secret_run not in bob.get("/api/runs").text
    assert wait_for(alice, secret_run, "completed")["run"]["status"] == "completed"  # nothing was done to it


def test_the_beginning_of_an_id_is_no_id(alice: httpx.Client, secret_run: str) -> None:
    assert alice.get(f"/api/runs/{secret_run[:-1]}").status_code == 404


def test_without_a_login_nothing_is_shown(people: Site, secret_run: str) -> None:
    nobody = people.browser()
    for method, path, body in every_way(secret_run):
        assert nobody.request(method, path, json=body).status_code == 401
    for path in ("/api/runs", "/api/graphs", "/api/models", "/api/uploads"):
        assert nobody.get(path).status_code == 401
    assert nobody.post("/agui/small", json={"threadId": "t", "runId": "r", "messages": []}).status_code == 401


def test_another_persons_upload_is_not_there(alice: httpx.Client, bob: httpx.Client) -> None:
    upload_id = alice.post("/api/uploads", files={"files": ("a.txt", b"secret")}).json()["id"]
    assert alice.get(f"/api/uploads/{upload_id}").status_code == 200
    assert bob.get(f"/api/uploads/{upload_id}").status_code == 404
    assert bob.delete(f"/api/uploads/{upload_id}").status_code == 404
    assert upload_id not in bob.get("/api/uploads").text
    assert alice.delete(f"/api/uploads/{upload_id}").status_code == 204
    assert alice.get(f"/api/uploads/{upload_id}").status_code == 404


# --- login ------------------------------------------------------------------------------------------------------------


def test_a_session_ends_with_the_logout_for_everyone_who_has_its_token(people: Site) -> None:
    client = people.browser("alice")
    stolen = httpx.Client(base_url=people.url, cookies=dict(client.cookies))
    assert stolen.get("/api/runs").status_code == 200
    assert client.post("/api/logout").status_code == 204
    assert stolen.get("/api/runs").status_code == 401


def test_the_login_gives_a_new_token_so_that_a_planted_one_is_worthless(people: Site) -> None:
    client = people.browser()
    planted = client.cookies["tenfold"]
    answer = client.post("/api/login", json={"name": "bob", "password": PASSWORDS["bob"]})
    assert answer.status_code == 200 and client.cookies["tenfold"] != planted
    assert httpx.get(f"{people.url}/api/runs", cookies={"tenfold": planted}).status_code == 401
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie


def test_a_wrong_name_and_a_wrong_password_are_told_alike(people: Site) -> None:
    client = people.browser()
    wrong = [
        client.post("/api/login", json={"name": name, "password": "not the password"})
        for name in ("alice", "nobody")
    ]
    assert wrong[0].status_code == wrong[1].status_code == 401
    assert wrong[0].content == wrong[1].content


# --- forged requests --------------------------------------------------------------------------------------------------

NEW = {"graph": "small", "input": {"question": "forged"}}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
        {"X-CSRF-Token": "é".encode("latin-1").decode("latin-1")},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=repr,
)
def test_a_forged_request_is_refused(people: Site, headers: dict[str, str]) -> None:
    client = people.browser("alice")
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    for method, path in (("POST", "/api/runs"), ("POST", "/api/logout"), ("POST", "/agui/small")):
        assert client.request(method, path, json=NEW, headers=encoded).status_code == 403
    assert client.get("/api/runs").status_code == 200  # still logged in


def test_every_answer_has_the_headers(people: Site, alice: httpx.Client) -> None:
    for path in (
        "/",
        "/api/session",
        "/api/nowhere",
        "/api/runs",
        "/healthz",
        "/api/docs",
        "/api/openapi.json",
    ):
        headers = alice.get(path).headers
        policy = headers["content-security-policy"]
        assert (
            "unsafe" not in policy and "frame-ancestors 'none'" in policy and "default-src 'self'" in policy
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in headers


# --- scripts ----------------------------------------------------------------------------------------------------------


def test_a_script_in_a_question_comes_back_as_data_only(alice: httpx.Client) -> None:
    run_id = begin(alice, SCRIPT)
    wait_for(alice, run_id, "completed")
    answer = alice.get(f"/api/runs/{run_id}")
    assert answer.headers["content-type"] == "application/json"
    with alice.stream("GET", f"/api/runs/{run_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")


def test_a_script_in_a_report_is_inert_in_its_page(people: Site, alice: httpx.Client) -> None:
    run_id = begin(alice, "report")
    wait_for(alice, run_id, "completed")
    people.services.store.save_report(run_id, hostile_report())
    answer = alice.get(f"/api/runs/{run_id}/report.html")
    assert answer.status_code == 200
    assert (
        "<script" not in answer.text and "<img src=x" not in answer.text and "&lt;script&gt;" in answer.text
    )
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("attachment")
    for kind in ("md", "json", "docx", "pdf"):
        assert alice.get(f"/api/runs/{run_id}/report.{kind}").status_code == 200
    assert alice.get(f"/api/runs/{run_id}/report.exe").status_code == 422


# --- paths, addresses, sizes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["../../../evil.txt", "..\\..\\evil.txt", "/etc/cron.d/evil.txt", "a/b/evil.txt", "evil\x00.txt", ".evil.txt",
     "evil\n.txt", "C:evil.txt", "…/evil.txt", "a" * 400 + ".txt"],
)  # fmt: skip
def test_no_name_of_a_file_leaves_the_uploads_folder(people: Site, alice: httpx.Client, name: str) -> None:
    before = {p for p in people.settings.data_dir.parent.rglob("*") if p.is_file() and "evil" in p.name}
    answer = alice.post("/api/uploads", files={"files": (name, b"text")})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    (kept,) = body["files"]
    assert "/" not in kept["name"] and "\\" not in kept["name"] and kept["name"].isprintable()
    (path,) = people.settings.data_dir.joinpath("uploads").glob(f"*/{body['id']}/*")
    assert path.name == kept["name"]
    after = {p for p in people.settings.data_dir.parent.rglob("*") if p.is_file() and "evil" in p.name}
    assert {p for p in after - before if body["id"] not in str(p)} == set()
    alice.delete(f"/api/uploads/{body['id']}")


@pytest.mark.parametrize("name", ["a.exe", "a.svg", "a", "a.html.sh", "a.zip", "..", ".txt.", ""])
def test_a_file_that_nothing_reads_is_refused(alice: httpx.Client, name: str) -> None:
    assert alice.post("/api/uploads", files={"files": (name, b"x")}).status_code in (400, 422)
    assert alice.get("/api/uploads").json() == {"uploads": []}


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2f..%2fetc%2fpasswd"]
)
def test_no_path_leaves_the_pages_folder(people: Site, path: str) -> None:
    with socket.create_connection(
        (people.url.split("/")[2].split(":")[0], int(people.url.rsplit(":", 1)[1]))
    ) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert b"root:" not in answer and answer.split()[1] in (b"404", b"400")


def test_with_accounts_only_what_is_listed_can_be_named(alice: httpx.Client, people: Site) -> None:
    # "small" takes a question alone; these are refused before the graph sees them, or as unknown fields.
    for value in (
        {"model": "openai-compatible:x@http://169.254.169.254/v1"},
        {"docs": "/etc"},
        {"docs": "folder:/etc"},
        {"docs": "upload:../../alice"},
        {"databases": ["/etc/passwd"]},
    ):
        answer = alice.post(
            "/api/runs", json={"graph": "edr", "input": {"question": "x", "web": True, **value}}
        )
        assert answer.status_code in (400, 404, 422), f"{value}: {answer.status_code}"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(alice: httpx.Client, people: Site) -> None:
    large = {"graph": "small", "input": {"question": "x" * 300_000}}
    assert alice.post("/api/runs", json=large).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    headers = {"Content-Type": "application/json"}
    assert alice.post("/api/runs", content=pieces(), headers=headers).status_code == 413  # no Content-Length
    assert alice.post("/api/uploads", files={"files": ("a.txt", b"x" * 3_000_000)}).status_code == 413
    assert alice.post("/api/uploads", files={"files": ("a.txt", b"x" * 1_100_000)}).status_code == 400
    assert alice.get("/api/uploads").json() == {"uploads": []}
    with socket.create_connection(("127.0.0.1", int(people.url.rsplit(":", 1)[1]))) as raw:
        raw.sendall(b"POST /api/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n")
        assert b" 413 " in raw.recv(1000)  # nothing was sent yet


def test_deep_and_odd_json_is_no_fault_of_the_server(alice: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (
        b"[" * 100_000,
        b'{"input":' * 20_000,
        b"\xff\xfe",
        b"NaN",
        b'{"graph":"small","input":{"question":"\\ud800"}}',
    ):
        assert alice.post("/api/runs", content=body, headers=headers).status_code < 500


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_no_secret_gets_into_the_log(monkeypatch: pytest.MonkeyPatch, people: Site) -> None:
    monkeypatch.setenv("SOME_API_KEY", "zxcvbnm-123456")
    for line in (
        "key zxcvbnm-123456 was used", "Authorization: Bearer abcdefghijklmnop", "postgresql://me:hunter2222@db/x",
        "password=hunter2222", "sk-abcdefghijklmnopqrst", "{'token': 'hunter2222'}",
    ):  # fmt: skip
        told = redact(line)
        for secret in ("zxcvbnm-123456", "abcdefghijklmnop", "hunter2222"):
            assert secret not in told, told
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers = []
    try:
        set_up(stream, as_json=True)
        client = people.browser("alice")
        run_id = begin(client, "log")
        wait_for(client, run_id, "completed")
        client.get(f"/api/runs/{run_id}?token=abc-in-query")
    finally:
        root.handlers = before
        root.setLevel(level)
    text = stream.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"route": "/api/runs/{run_id}", "status": 200}.items() <= lines[-1].items()
    assert (
        PASSWORDS["alice"] not in text
        and client.cookies["tenfold"] not in text
        and "abc-in-query" not in text
    )
    events = json.dumps([e.data for e in people.services.store.events(run_id)])
    assert PASSWORDS["alice"] not in events and client.cookies["tenfold"] not in events


def test_a_program_sends_a_token_of_its_own(people: Site) -> None:
    assert people.accounts is not None
    token = people.accounts.open_session(people.accounts.named("alice"))
    assert people.program(token).post("/api/runs", json=NEW).status_code == 201
    assert people.program("wrong").post("/api/runs", json=NEW).status_code == 401
