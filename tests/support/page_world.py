"""A server of the web chat in a process of its own: scripted model, library of texts, a gate that holds searches.

As a program it serves; as a module it starts, kills and restarts that program for tests and screenshots.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import phone_task
from edr_world import TEXTS

from tenfold.durable import CallRecord
from tenfold.evals.edr import ScriptedResearcher, TextLibrary
from tenfold.tools.runs import RunStore
from tenfold.tools.search import Filters, SearchResult

PASSWORDS = {"alice": "correct horse battery", "bob": "staple staple staple"}
HOSTILE = "https://hostile.example/page"
MORE = {
    "https://ledgers.example/keys": (
        "A ledger keeps calls from being repeated because each call has a key. A key is made of the role, the prompt "
        "and the settings. A ledger that is read first never pays twice. The keys of a ledger are 64 characters long."
    ),
    HOSTILE: (
        "A hostile page about ledger injection. The hostile ledger page says <script>window.pwned = 1</script> in the "
        "middle of a sentence. The hostile ledger page has <img src=x onerror=window.pwned=2> too.\n\n"
        "Another hostile ledger sentence has a [link](javascript:window.pwned=3) in it."
    ),
}


@dataclass
class GatedLibrary(TextLibrary):
    """Searches for the gate's word wait while the gate is there; an engine refuses where a query says so."""

    gate: Path = Path()

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> SearchResult:
        while self.gate.exists() and self.gate.read_text() in q:  # noqa: ASYNC110 - another process opens it
            await asyncio.sleep(0.02)
        found = await super().search(q, k=k, filters=filters)
        refused = {"duckduckgo": "HTTP 403: the engine refused"} if "refused" in q.lower() else {}
        return found.model_copy(update={"blocked": refused})


WRITER = "You write one section"


def _chat(folder: Path, answer: Callable[[str], Any], delay_s: float) -> Any:
    """A scripted model whose writer stops in the middle of a section while the gate has the writer's word."""
    from tenfold.models import ScriptedChat

    class GatedChat(ScriptedChat):
        async def _astream(self, messages: Any, *args: Any, **options: Any) -> Any:
            pieces = [piece async for piece in super()._astream(messages, *args, **options)]
            gate, writes = folder / "gate", WRITER in str(messages)
            for n, piece in enumerate(pieces):
                while writes and n > len(pieces) // 2 and gate.exists() and gate.read_text() == WRITER:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                yield piece

    return GatedChat(answer=answer, delay_s=delay_s)


def _services(folder: Path, delay_s: float) -> Any:
    from tenfold.models import register_script
    from tenfold.settings import load_settings
    from tenfold.web import Services

    library = GatedLibrary({**TEXTS, **MORE}, source_type="web", delay_s=0.02, gate=folder / "gate")
    researcher = ScriptedResearcher(gaps=1, loops=1)

    def answer(prompt: str) -> str:
        if "You write one read-only SQL SELECT" in prompt:
            return json.dumps({"sql": "SELECT name, km FROM rivers ORDER BY km DESC"})
        if "Decide whether a research question" in prompt and "vague" in prompt:
            return json.dumps({"needed": True, "question": "Which ledger do you mean?"})
        if "phone" in prompt:  # every role of a phone task says it, and nothing else does
            return json.dumps(phone_task.answer(prompt))
        said = researcher(prompt)
        if WRITER in prompt and "lengthy" in prompt:  # far longer than the place that is kept for a section
            claims = json.loads(said)["claims"]
            said = json.dumps({"claims": [{**one, "text": " ".join([one["text"]] * 8)} for one in claims]})
        return said

    chat = _chat(folder, answer, delay_s)
    model = register_script("page", chat)
    web = {"models": [model], "requests_per_minute": 100_000, "runs_per_hour": 10_000}
    settings = load_settings(data_dir=folder / "data", cache_dir=folder / "cache", model=model, web=web)

    class LibraryServices(Services):
        def context(self, *args: Any, **options: Any) -> Any:
            made = super().context(*args, **options)
            kinds = frozenset({"database"}) if made.databases else library.source_types
            return replace(made, searcher=library, source_types=kinds)

    return LibraryServices(settings=settings, store=RunStore(settings.data_dir))


def asking_graph() -> Any:
    """A graph that is not research: two questions at once, of a kind that the page does not know."""
    from typing import TypedDict

    from langgraph.config import get_stream_writer
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import interrupt

    class State(TypedDict, total=False):
        messages: list[dict[str, str]]
        left: Any
        right: Any

    schema = {
        "type": "object",
        "required": ["colour"],
        "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}, "count": {"type": "integer"}},
    }

    def left(state: State) -> State:
        return {"left": interrupt({"kind": "choose", "message": "Which colour?", "response_schema": schema})}

    def right(state: State) -> State:
        return {"right": interrupt({"kind": "free", "about": "anything"})}

    def done(state: State) -> State:
        answers = {"/left": state.get("left"), "/right": state.get("right")}
        get_stream_writer()({"type": "answers", "state": answers})
        return {}

    graph: Any = StateGraph(State)
    graph.add_node("left", left)
    graph.add_node("right", right)
    graph.add_node("done", done)
    for name in ("left", "right"):
        graph.add_edge(START, name)
        graph.add_edge(name, "done")
    graph.add_edge("done", END)
    return graph


def serve(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--accounts", action="store_true")
    parser.add_argument("--delay", type=float, default=0.03)
    given = parser.parse_args(arguments)
    from tenfold.tools.accounts import AccountStore
    from tenfold.web.api import create_app, listen, server
    from tenfold.web.runs import RunManager, default_registry, serve_compiled

    services = _services(given.folder, given.delay)
    registry = default_registry(services)
    registry.add(serve_compiled("asking", asking_graph()))
    accounts = None
    if given.accounts:
        accounts = AccountStore(services.settings.data_dir)
        for name, password in PASSWORDS.items():
            accounts.add(name, password)
    manager = RunManager(services, registry, services.settings)
    app = create_app(services, registry, manager, accounts=accounts)
    asyncio.run(server(app, stop_s=5).serve(sockets=[listen("127.0.0.1", given.port)]))


@dataclass
class Server:
    """That program, from outside."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        self.folder.mkdir(parents=True, exist_ok=True)
        log = (self.folder / "server.log").open("ab")
        command = [sys.executable, __file__, str(self.folder), str(self.port), *self.options]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if httpx.get(f"{self.url}/healthz").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            assert self.process.poll() is None, (self.folder / "server.log").read_text()[-4000:]
            time.sleep(0.05)
        raise AssertionError("the server did not come up")

    def kill(self) -> None:
        """As the system does it when memory runs out: nothing is said, nothing is written."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.hold(False)
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def hold(self, closed: bool = True, word: str = "") -> None:
        """Close or open the gate before every search, before those for a word, or (`WRITER`) within every section."""
        gate, new = self.folder / "gate", self.folder / "gate.new"
        if closed:
            new.write_text(word)
            new.rename(gate)
        else:
            gate.unlink(missing_ok=True)

    def client(self) -> httpx.Client:
        """A program that speaks with the server, without accounts."""
        return httpx.Client(base_url=self.url, timeout=30)

    def rivers(self) -> str:
        """A small database; returns its path."""
        path = self.folder / "rivers.db"
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE IF NOT EXISTS rivers (name TEXT PRIMARY KEY, km INTEGER)")
            rows = [("Nile", 6650), ("Amazon", 6400), ("Yangtze", 6300), ("Han", 494)]
            db.executemany("INSERT OR REPLACE INTO rivers VALUES (?, ?)", rows)
        db.close()
        return str(path)

    def begin(
        self, question: str, graph: str = "edr", *, databases: Sequence[str] = (), **options: Any
    ) -> str:
        """A new run's id."""
        given: dict[str, Any] = {"goal" if graph == "phone" else "question": question}
        if graph == "phone":
            given |= {"options": options}
        if graph == "edr":
            given |= {"web": not databases, "databases": list(databases), "options": options}
        with self.client() as client:
            answer = client.post("/api/runs", json={"graph": graph, "input": given})
            assert answer.status_code == 201, answer.text
            return answer.json()["id"]

    def state(self, run_id: str) -> dict[str, Any]:
        with self.client() as client:
            return client.get(f"/api/runs/{run_id}").json()

    def calls(self, run_id: str) -> list[CallRecord]:
        """What the run's ledger holds, in order."""
        store = RunStore(self.folder / "data")
        try:  # Playwright has a loop of its own in this thread
            with ThreadPoolExecutor(1) as thread:
                return thread.submit(lambda: asyncio.run(store.ledger(run_id).records())).result()
        finally:
            store.close()

    def wait(self, run_id: str, *statuses: str, seconds: float = 30) -> dict[str, Any]:
        """The run once it has one of these statuses."""
        end = time.monotonic() + seconds
        while (found := self.state(run_id))["run"]["status"] not in statuses:
            assert time.monotonic() < end, f"{found['run']['status']} is none of {statuses}"
            time.sleep(0.05)
        return found


CHROMIUM = os.environ.get("TENFOLD_CHROMIUM", "/usr/bin/chromium")


def launch(playwright: Any) -> Any:
    """Debian's Chromium."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


if __name__ == "__main__":
    serve()
