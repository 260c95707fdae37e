"""The API over small graphs: begin, watch, answer, come back, upload, compare, health, the page."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonpatch
import pytest
from ag_ui.core import Event as AnyEvent
from api_world import Site, begin, site, wait_for
from prometheus_client.parser import text_string_to_metric_families
from pydantic import TypeAdapter

from tenfold.errors import ConfigError
from tenfold.settings import load_settings
from tenfold.tools.corpus import readable_suffixes
from tenfold.web import open_services
from tenfold.web.api import create_app, door_for
from tenfold.web.runs import RunManager, default_registry

FRAME: TypeAdapter[Any] = TypeAdapter(AnyEvent)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: str | None) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("api"), database=module_database, upload_files=3) as running:
        yield running


@pytest.fixture(scope="module")
def page(here: Site) -> Iterator[httpx.Client]:
    client = here.browser()
    yield client
    client.close()


class Reader:
    """A page's side of a stream: state, and the seqs it was told."""

    def __init__(self) -> None:
        self.state: Any = None
        self.seqs: list[int] = []
        self.types: list[str] = []
        self.ends = 0

    def read(self, client: httpx.Client, run_id: str, *, until: int = 1, after: int | None = None) -> None:
        """Read until so many endings, or (0) until the opening is read."""
        query = {} if after is None else {"after": str(after)}
        with client.stream("GET", f"/api/runs/{run_id}/events", params=query) as stream:
            seq = None
            for line in stream.iter_lines():
                if line.startswith("id: "):
                    seq = int(line[4:])
                elif line.startswith("data: "):
                    self._take(json.loads(line[6:]), seq)
                    seq = None
                if self.ends >= until and self.types and self.types[-1] in ("RUN_FINISHED", "CUSTOM"):
                    return

    def _take(self, frame: dict[str, Any], seq: int | None) -> None:
        FRAME.validate_python(frame)
        self.types.append(frame["type"])
        if seq is not None:
            self.seqs.append(seq)
        if frame["type"] == "STATE_SNAPSHOT":
            self.state = frame["snapshot"]
        elif frame["type"] == "STATE_DELTA" and self.state is not None:
            self.state = jsonpatch.apply_patch(self.state, frame["delta"])
        self.ends += frame["type"] in ("RUN_FINISHED", "RUN_ERROR")


def test_a_run_is_watched_from_its_beginning_and_its_state_is_what_the_server_says(
    page: httpx.Client,
) -> None:
    run_id = begin(page, "slow count")
    reader = Reader()
    reader.read(page, run_id)
    body = wait_for(page, run_id, "completed")
    assert reader.types[:3] == ["RUN_STARTED", "STATE_SNAPSHOT", "MESSAGES_SNAPSHOT"]
    assert reader.state == body["state"] and reader.state["ticks"] == 10
    assert {"STEP_STARTED", "STEP_FINISHED", "STATE_DELTA", "RUN_FINISHED"} <= set(reader.types)
    assert reader.seqs == list(range(reader.seqs[0], body["seq"] + 1))


def test_a_reload_in_the_middle_misses_nothing_and_sees_nothing_twice(page: httpx.Client) -> None:
    run_id = begin(page, "slow count again")
    first = Reader()
    with page.stream("GET", f"/api/runs/{run_id}/events", params={"after": "0"}) as stream:
        for line in stream.iter_lines():
            if line.startswith("id: "):
                first.seqs.append(int(line[4:]))
            if len(first.seqs) == 7:
                break
    second = Reader()
    second.ends = 0
    wait_for(page, run_id, "completed")
    headers = {"Last-Event-ID": str(first.seqs[-1])}
    with page.stream("GET", f"/api/runs/{run_id}/events", headers=headers) as stream:
        for line in stream.iter_lines():
            if line.startswith("id: "):
                second.seqs.append(int(line[4:]))
            if "RUN_FINISHED" in line:
                break
    last = page.get(f"/api/runs/{run_id}").json()["seq"]
    assert first.seqs + second.seqs == list(range(1, last + 1))


def test_two_observers_of_one_run_share_one_feed_that_is_let_go_later(
    here: Site, page: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.web.api.feed.LINGER_S", 0.2)
    hub = here.app.state.desk.hub
    run_id = begin(page, "slow count for two")
    with page.stream("GET", f"/api/runs/{run_id}/events") as a, here.program() as other:
        lines = a.iter_lines()
        next(lines)
        before = len(hub)
        with other.stream("GET", f"/api/runs/{run_id}/events") as b:
            more = b.iter_lines()
            next(more)
            assert len(hub) == before and hub.observers >= 2
    wait_for(page, run_id, "completed")
    end = time.monotonic() + 10
    while (len(hub) or hub.observers) and time.monotonic() < end:
        time.sleep(0.1)
    assert len(hub) == 0 and hub.observers == 0


def test_a_question_is_answered(page: httpx.Client) -> None:
    run_id = begin(page, "ask me")
    body = wait_for(page, run_id, "waiting_human")
    (interrupt,) = body["state"]["run"]["interrupts"]
    answer = page.post(f"/api/runs/{run_id}/interrupts", json={"responses": {interrupt: {"answer": "all"}}})
    assert answer.status_code == 200
    assert wait_for(page, run_id, "completed")["state"]["run"]["status"] == "completed"
    late = page.post(f"/api/runs/{run_id}/interrupts", json={"responses": {interrupt: {"answer": "all"}}})
    assert late.status_code == 409 and late.json()["error"]["message"]


def test_a_run_is_forked_and_compared(page: httpx.Client) -> None:
    run_id = begin(page, "fork me")
    wait_for(page, run_id, "completed")
    points = page.get(f"/api/runs/{run_id}/checkpoints").json()["checkpoints"]
    assert points
    fork = page.post(f"/api/runs/{run_id}/fork", json={"checkpoint_id": points[-1]["id"]})
    assert fork.status_code == 201 and fork.json()["parent"] == run_id
    assert page.post(f"/api/runs/{run_id}/fork", json={"checkpoint_id": "none"}).status_code == 404
    where = {"checkpoint_id": points[-1]["id"], "message": {"text": "go on", "client_id": "first"}}
    told = page.post(f"/api/runs/{run_id}/fork", json=where).json()["id"]
    (message,) = page.get(f"/api/runs/{told}").json()["state"]["messages"].values()
    assert (message["body"], message["client_id"], message["kind"]) == ("go on", "first", "text")
    for wrong in ({"text": ""}, {"text": "x" * 4001}, {"text": "x", "kind": "finish"}):
        refused = page.post(f"/api/runs/{run_id}/fork", json={**where, "message": wrong})
        assert refused.status_code == 422, wrong
    both = page.get("/api/compare", params={"a": run_id, "b": fork.json()["id"]}).json()
    assert (both["a"]["run"]["id"], both["b"]["run"]["id"]) == (run_id, fork.json()["id"])


def test_pause_and_resume_and_cancel(page: httpx.Client) -> None:
    run_id = begin(page, "slow ask")
    wait_for(page, run_id, "running")
    assert page.post(f"/api/runs/{run_id}/pause").status_code == 200
    wait_for(page, run_id, "paused")
    assert page.post(f"/api/runs/{run_id}/resume").status_code == 200
    wait_for(page, run_id, "waiting_human")
    assert page.post(f"/api/runs/{run_id}/cancel").status_code == 200
    wait_for(page, run_id, "cancelled")
    assert page.post(f"/api/runs/{run_id}/explode").status_code == 422


def test_the_same_client_id_is_the_same_run(page: httpx.Client) -> None:
    assert begin(page, "once", client_id="c-1") == begin(page, "once", client_id="c-1")


def test_the_history_has_pages(page: httpx.Client) -> None:
    ids = [begin(page, f"history {n}") for n in range(3)]
    first = page.get("/api/runs", params={"limit": 2}).json()
    second = page.get("/api/runs", params={"limit": 2, "before": first["next"]}).json()
    shown = [run["id"] for run in [*first["runs"], *second["runs"]]]
    assert set(ids) <= set(shown) and len(set(shown)) == 4


def test_a_wrong_request_says_what_is_wrong(page: httpx.Client) -> None:
    for body, status in (
        ({"graph": "nowhere", "input": {}}, 404),
        ({"graph": "small", "input": {"nonsense": 1}}, 422),
        ({"graph": "small", "input": {"values": {"nonsense": 1}}}, 400),
        ({"graph": "edr", "input": {"question": "x"}}, 400),
        ({"graph": "edr", "input": {"question": "x", "docs": "/nowhere/at/all"}}, 400),
    ):
        answer = page.post("/api/runs", json=body)
        assert answer.status_code == status, answer.text
        assert answer.json()["error"]["message"]


def test_uploads_are_kept_listed_and_removed(page: httpx.Client) -> None:
    files = [("files", ("강.md", "낙동강".encode())), ("files", ("강.md", b"second"))]
    kept = page.post("/api/uploads", files=files).json()
    assert [f["name"] for f in kept["files"]] == ["강 (2).md", "강.md"]
    assert kept in page.get("/api/uploads").json()["uploads"]
    assert (
        page.post("/api/uploads", files=[("files", (f"{n}.md", b"x")) for n in range(4)]).status_code == 400
    )
    assert page.post("/api/uploads", files={"files": ("empty.md", b"")}).status_code == 400
    assert page.delete(f"/api/uploads/{kept['id']}").status_code == 204
    assert ".pdf" in readable_suffixes()


def test_the_server_says_how_it_is(here: Site, page: httpx.Client) -> None:
    assert page.get("/healthz").json()["status"] == "ok"
    families = {f.name: f for f in text_string_to_metric_families(page.get("/metrics").text)}
    assert sum(s.value for s in families["tenfold_runs"].samples) >= 1
    assert families["tenfold_events"].samples[0].value > 0
    routes = {s.labels["route"] for s in families["tenfold_request_seconds"].samples}
    assert "/api/runs/{run_id}" in routes and not any("2026" in route for route in routes)


def test_the_api_has_a_page_without_script_or_anything_from_elsewhere(page: httpx.Client) -> None:
    text = page.get("/api/docs").text
    assert "/api/runs/{run_id}/events" in text
    assert (
        "<script" not in text
        and "http://" not in text.replace("http://www.w3.org", "")
        and "style=" not in text
    )
    assert page.get("/api/docs.css").headers["content-type"].startswith("text/css")
    spec = page.get("/api/openapi.json").json()
    assert set(spec["paths"]) >= {"/api/runs", "/agui/{graph}", "/healthz"}


def test_graphs_and_models_are_listed(page: httpx.Client) -> None:
    graphs = {g["name"]: g for g in page.get("/api/graphs").json()["graphs"]}
    assert {"edr", "small"} <= set(graphs) and "question" in graphs["edr"]["input_schema"]["properties"]
    models = page.get("/api/models").json()
    assert models["free_choice"] and models["models"][0]["default"]


def test_a_small_answer_does_not_wait_for_an_acknowledgement(page: httpx.Client) -> None:
    took: list[float] = []
    for _ in range(10):
        begun = time.perf_counter()
        page.get("/healthz")
        page.get("/icon.svg")
        took.append(time.perf_counter() - begun)
    # Nagle's algorithm against delayed acknowledgements costs 40 ms each time, and never less.
    assert min(took) < 0.04


async def test_the_routes_are_built_before_the_first_request_comes(tmp_path: Path) -> None:
    took: list[float] = []
    for n in range(3):
        settings = load_settings(data_dir=tmp_path / str(n))
        services = open_services(settings)
        registry = default_registry(services)
        app = create_app(services, registry, RunManager(services, registry, settings))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            begun = time.perf_counter()
            assert (await client.get("/icon.svg")).status_code == 200
            took.append(time.perf_counter() - begun)
        services.close()
    assert min(took) < 0.1  # building them takes 0.2 s


def test_a_server_that_others_can_reach_needs_accounts(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    for host in ("0.0.0.0", "192.168.1.5", "::"):
        with pytest.raises(ConfigError, match="other machines"):
            door_for(settings, host=host, accounts=False)
        assert door_for(settings, host=host, accounts=True).knows("localhost:1")
    assert not door_for(settings, host="0.0.0.0", accounts=True).knows("evil.example")
    assert door_for(settings, host="0.0.0.0", accounts=True).knows("192.168.1.5:80")
