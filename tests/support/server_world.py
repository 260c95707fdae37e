"""Web servers in processes of their own, over scripted EDR runs, to be killed, and the clients that outlive them.

As a program it imports all, then forks a server for each line on stdin (`start PORT FOLDER`) or kills one (`kill PID`),
and so must itself stay without threads. As a module it starts that program, and has a client like a page's EventSource.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from kill_world import Hub, log_of, script

MODELS = 400
EARLY = """
    dbos dbos._sys_db_sqlite dbos._sys_db_postgres langgraph.checkpoint.sqlite.aio langgraph.checkpoint.postgres.aio
    langgraph.graph langgraph.runtime psycopg uvicorn.protocols.http.h11_impl uvicorn.lifespan.on
    tenfold.web.api tenfold.web.api.app tenfold.web.runs.edr tenfold.web.runs.manager tenfold.graphs.edr.graph
""".split()
QUESTION = "How does a ledger keep calls from being repeated?"


def _serve(port: int, data: Path, logs: Path, database: str | None) -> None:
    from tenfold.settings import load_settings
    from tenfold.web import open_services
    from tenfold.web.api import create_app, listen, server
    from tenfold.web.runs import RunManager, default_registry

    web = {"runs_at_once": 4, "requests_per_minute": 100_000, "runs_per_hour": 10_000}
    settings = load_settings(data_dir=data, cache_dir=data / "cache", database=database, web=web)
    services = open_services(settings)
    services._hub = lambda request: Hub(log_of(logs, str(request.model)))  # type: ignore
    registry = default_registry(services)
    app = create_app(services, registry, RunManager(services, registry, settings))
    asyncio.run(server(app, stop_s=5).serve(sockets=[listen("127.0.0.1", port)]))


def main(logs: Path, database: str | None) -> None:
    for name in EARLY:  # before the fork, once for all
        importlib.import_module(name)
    assert threading.active_count() == 1, "a fork would lose the others"
    for n in range(MODELS):
        script(logs, f"r{n}")
    children: set[int] = set()
    print("ready", flush=True)
    for line in sys.stdin:
        verb, *values = line.split()
        if verb == "start":
            pid = os.fork()
            if not pid:
                code = 1
                try:
                    _serve(int(values[0]), Path(values[1]), logs, database)
                    code = 0
                finally:
                    os._exit(code)
            children.add(pid)
            print(pid, flush=True)
        else:
            pid = int(values[0])
            os.kill(pid, signal.SIGKILL if verb == "kill" else signal.SIGTERM)
            children.discard(pid)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


@dataclass
class Servers:
    """That program, from outside; a context manager."""

    logs: Path
    database: str | None

    def __enter__(self) -> Servers:
        self._errors = (self.logs / "servers.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self.logs), self.database or ""],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip
        assert self._told() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._errors.close()

    def _told(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, (self.logs / "servers.log").read_text()[-3000:]
        return line

    def _ask(self, *words: Any) -> int:
        assert self._process.stdin is not None
        print(*words, file=self._process.stdin, flush=True)
        return int(self._told())

    async def start(self, port: int, data: Path) -> int:
        """A server's pid, once it answers."""
        pid = await asyncio.to_thread(self._ask, "start", port, data)
        async with httpx.AsyncClient() as client, asyncio.timeout(30):
            while True:
                try:
                    if (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200:
                        return pid
                except httpx.TransportError:
                    await asyncio.sleep(0.02)

    async def kill(self, pid: int) -> None:
        """End a server as the system does it when memory runs out."""
        assert await asyncio.to_thread(self._ask, "kill", pid) == -signal.SIGKILL

    async def stop(self, pid: int) -> None:
        """End a server in good order."""
        assert await asyncio.to_thread(self._ask, "stop", pid) == 0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@dataclass
class Client:
    """Asks until it is answered, of one server after another, and reads a stream as an EventSource does.

    Attributes:
        urls: The servers.
        groups: What came under each id, in order; what a broken connection left half is not an event.
        opening: Seq at which a stream that began with a snapshot stood, 0 for one that began at the beginning.
        connections: How often a stream was opened.
    """

    urls: list[str]
    opening: int = 0
    connections: int = 0
    groups: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def __post_init__(self) -> None:
        self._at = 0
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(10, read=30))

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer of the first server that gives one."""
        while True:
            try:
                answer = await self._client.request(method, self.urls[self._at] + path, json=body)
                if answer.status_code < 500:
                    return answer
            except httpx.TransportError:
                self._at = (self._at + 1) % len(self.urls)
            await asyncio.sleep(0.05)

    async def watch(self, run_id: str, *, whole: bool, over: Callable[[str], bool]) -> None:
        """Read a run's stream until a group says that it is over, coming back with Last-Event-ID whenever it breaks."""
        last: int | None = None
        while True:
            headers = {} if last is None else {"Last-Event-ID": str(last)}
            query = {"after": "0"} if whole and last is None else {}
            url = f"{self.urls[self._at]}/api/runs/{run_id}/events"
            try:
                async with self._client.stream("GET", url, params=query, headers=headers) as stream:
                    self.connections += stream.status_code == 200
                    pending: list[str] = []
                    async for line in stream.aiter_lines():
                        pending.append(line)
                        if line or not (found := [int(x[4:]) for x in pending if x.startswith("id: ")]):
                            continue
                        group, pending = "\n".join(x for x in pending if x.startswith("data: ")), []
                        if last is None and not whole:
                            self.opening = found[0]
                        else:
                            self.groups.append((found[0], group))
                        last = found[0]
                        if over(group):
                            return
            except httpx.TransportError:
                self._at = (self._at + 1) % len(self.urls)
            await asyncio.sleep(0.05)

    def frames(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """What came, parsed."""
        for seq, group in self.groups:
            yield seq, [json.loads(line[6:]) for line in group.split("\n")]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] or None)
