"""The web application on a real port, over small graphs: what a browser, a program and an attacker meet."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import httpx
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from tenfold.settings import Settings, load_settings
from tenfold.tools.accounts import AccountStore
from tenfold.tools.fetch import Fetcher
from tenfold.web import Services, open_services
from tenfold.web.api import address, create_app, listen, server
from tenfold.web.runs import RunManager, default_registry, serve_compiled

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
PASSWORDS = {"alice": "correct horse battery", "bob": "staple staple staple"}


class SmallState(TypedDict, total=False):
    messages: list[dict[str, str]]
    answer: str


def _question(state: SmallState) -> str:
    return state.get("messages", [{"content": ""}])[-1]["content"]


async def _count(state: SmallState) -> SmallState:
    """Ten steps of a text; `slow` takes a second for it."""
    write = get_stream_writer()
    for n in range(10):
        write({"type": "small.tick", "n": n, "state": {"/ticks": n + 1}})
        await asyncio.sleep(0.1 if "slow" in _question(state) else 0.0)
    return {}


async def _ask(state: SmallState) -> SmallState:
    if "ask" not in _question(state):
        return {"answer": "nobody was asked"}
    answer = interrupt({"kind": "clarify", "question": "Which ones?"})
    return {"answer": str(answer.get("answer", ""))}


async def _read(state: SmallState) -> SmallState:
    """Fetch the address in the question with the guarded fetcher, as every search engine does."""
    try:
        return {"answer": (await Fetcher().fetch(_question(state))).text}
    except Exception as error:
        return {"answer": f"{type(error).__name__}: {error}"}


def small_graph() -> StateGraph[Any]:
    graph: StateGraph[Any] = StateGraph(SmallState)
    graph.add_node("count", _count)
    graph.add_node("ask", _ask)
    graph.add_edge(START, "count")
    graph.add_edge("count", "ask")
    graph.add_edge("ask", END)
    return graph


def reading_graph() -> StateGraph[Any]:
    graph: StateGraph[Any] = StateGraph(SmallState)
    graph.add_node("read", _read)
    graph.add_edge(START, "read")
    graph.add_edge("read", END)
    return graph


@dataclass
class Site:
    """A running server."""

    url: str
    settings: Settings
    services: Services
    manager: RunManager
    accounts: AccountStore | None
    app: Any

    def browser(self, user: str | None = None) -> httpx.Client:
        """A client as the page is one: cookie, token and Origin; logged in when a user is named."""
        client = httpx.Client(
            base_url=self.url, headers={"Origin": self.url, "Sec-Fetch-Site": "same-origin"}, timeout=30
        )
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        if user is not None:
            answer = client.post("/api/login", json={"name": user, "password": PASSWORDS[user]})
            assert answer.status_code == 200, answer.text
            client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    def program(self, token: str | None = None) -> httpx.Client:
        """A client that is no browser."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)


@contextmanager
def site(folder: Path, *, users: bool = False, database: str | None = None, **web: Any) -> Generator[Site]:
    """A server in a thread of its own, drained at the end."""
    settings = load_settings(data_dir=folder / "data", cache_dir=folder / "cache", database=database, web=web)
    services = open_services(settings)
    registry = default_registry(services)
    for name, graph in (("small", small_graph()), ("reading", reading_graph())):
        registry.add(serve_compiled(name, graph))
    manager = RunManager(services, registry, settings)
    accounts = None
    if users:
        accounts = AccountStore(database or settings.data_dir)
        for name, password in PASSWORDS.items():
            accounts.add(name, password)
    up = threading.Event()
    app = create_app(services, registry, manager, accounts=accounts, on_start=up.set)
    sock = listen("127.0.0.1", 0)
    running = server(app, stop_s=5)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve(sockets=[sock])), daemon=True)
    thread.start()
    assert up.wait(30)
    try:
        yield Site(address(sock), settings, services, manager, accounts, app)
    finally:
        running.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the server did not stop"
        services.close()
        if accounts is not None:
            accounts.close()


def wait_for(client: httpx.Client, run_id: str, *statuses: str, seconds: float = 20.0) -> dict[str, Any]:
    """The run once it has one of these statuses."""
    import time

    end = time.monotonic() + seconds
    while True:
        body = client.get(f"/api/runs/{run_id}").json()
        if body["run"]["status"] in statuses:
            return body
        assert time.monotonic() < end, f"{body['run']['status']} is none of {statuses}"
        time.sleep(0.05)


def begin(client: httpx.Client, question: str, graph: str = "small", **more: Any) -> str:
    """A new run's id."""
    answer = client.post("/api/runs", json={"graph": graph, "input": {"question": question}, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def hostile_report() -> dict[str, Any]:
    claim = {"text": SCRIPT, "refs": [1], "evidence": ["e1"], "verdict": "supported", "extractive": True}
    quote = {"id": "e1", "quote": SCRIPT, "start": 0, "end": 9}
    source = {"n": 1, "title": SCRIPT, "url": "javascript:alert(1)", "published": None, "quotes": [quote]}
    about = {
        "model": SCRIPT, "claims": 1, "extractive": False, "extractive_claims": 1, "dropped_claims": 0,
        "unverified_claims": 0, "stopped_because": "x", "loops": 1, "input_tokens": 1, "output_tokens": 1, "usd": 0.0,
        "calls": {"llm": 1, "search": 1, "fetch": 1},
    }  # fmt: skip
    return {
        "format": 1, "title": SCRIPT, "language": "en", "sections": [{"id": "s", "title": SCRIPT, "claims": [claim]}],
        "sources": [source], "open": [], "gaps": [SCRIPT], "disagreements": [], "charts": [], "steering": [],
        "blocked": {"x": SCRIPT}, "about": about,
    }  # fmt: skip
