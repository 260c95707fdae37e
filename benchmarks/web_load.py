"""200 concurrent runs, each with a scripted model that streams 50 pieces a second to one observer.

    python benchmarks/web_load.py [--runs 200] [--seconds 20] [--peer-python PEER/bin/python]

Measures, in an observer process of its own, the age of each piece when it arrives, whether any is lost or out of
order, the rate that each run reached (a saturated server's model streams more slowly than it should), and the
server's memory and processor time. Four kinds of piece:

    drafts   a text through the graph's context, as EDR streams its drafts: coalesced to ten events a second
    live     an event of its own for each piece, the same way
    tokens   a LangChain model's stream through LangGraph's `messages` mode: coalesced too
    events   LangGraph's custom stream, an event of its own for each piece

The peer is the stock ag-ui-langgraph endpoint over the same graph (`peer_agui.py`), which has the last two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _common import write_result
from _observer import Seen, observe

HERE = Path(__file__).parent
RATE = 50.0
SETUP_S = 45.0  # until all runs are entered and watched; then all begin at once


@dataclass
class Load:
    """What one server did under one load."""

    server: str
    kind: str
    runs: int
    pieces: int
    seen: list[Seen]
    memory_mib: float
    memory_before_mib: float
    cpu_s: float
    wall_s: float

    def row(self) -> str:
        ages = sorted(age for seen in self.seen for age in seen.ages)
        complete = sum(sorted(set(s.numbers)) == list(range(self.pieces)) for s in self.seen)
        ordered = sum(s.numbers == sorted(s.numbers) for s in self.seen)
        ids = sum(b != a + 1 for s in self.seen for a, b in zip(s.ids, s.ids[1:], strict=False))
        quantile = statistics.quantiles(ages, n=100) if len(ages) > 1 else [float("nan")] * 99
        per_run = (self.memory_mib - self.memory_before_mib) * 1024 / self.runs
        rates = sorted(
            (len(s.numbers) - 1) / (s.births[-1] - s.births[0]) for s in self.seen if len(s.births) > 1
        )
        return (
            f"| {self.server} | {self.kind} | {rates[len(rates) // 2]:.1f} | {complete}/{self.runs} | {ordered}/{self.runs} | {ids} | "
            f"{1000 * quantile[49]:.0f} | {1000 * quantile[94]:.0f} | {1000 * quantile[98]:.0f} | "
            f"{1000 * ages[-1] if ages else float('nan'):.0f} | {per_run:.0f} | "
            f"{self.cpu_s / self.wall_s:.2f} | {len(ages)} |"
        )


HEAD = (
    "| server | pieces | reached /s | runs complete | runs in order | gaps in ids | p50 ms | p95 ms | p99 ms | max ms | "
    "KiB a run | cores used | pieces timed |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit("The server did not start.")
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("The server did not listen.")


def memory_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def request(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
    """An HTTP/1.0 request as bytes."""
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.0", "Host: 127.0.0.1", "Accept: text/event-stream"]
    lines += [f"{k}: {v}" for k, v in (headers or {}).items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


class Tenfold:
    """Runs are created through the API, then watched."""

    name = "Tenfold"
    ends = (b'"RUN_FINISHED"', b'"RUN_ERROR"')

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def command(self, port: int, pieces: int, kind: str) -> list[str]:
        own = "writer" if kind == "events" else kind
        return [
            sys.executable,
            str(HERE / "_web_server.py"),
            str(port),
            str(pieces),
            str(RATE),
            own,
            self.folder,
        ]

    def begin(self, port: int, runs: int, at: float) -> list[bytes]:
        """Start all runs; the requests that watch them."""
        base = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(f"{base}/api/session") as answer:
            session, cookie = json.load(answer), answer.headers.get("Set-Cookie", "").split(";")[0]
        headers = {"X-CSRF-Token": session["csrf"], "Origin": base, "Content-Type": "application/json"}
        headers |= {"Cookie": cookie} if cookie else {}
        watching: list[bytes] = []
        for n in range(runs):
            body = {
                "graph": "stream",
                "input": {"question": f"go@{at}"},
                "client_id": f"n{n}",
            }
            post = urllib.request.Request(f"{base}/api/runs", json.dumps(body).encode(), headers)
            with urllib.request.urlopen(post) as answer:
                run = json.load(answer)
            watching.append(
                request("GET", f"/api/runs/{run['id']}/events?after=0", headers={"Cookie": cookie})
            )
        return watching


class Stock:
    """The stock endpoint: the run lives in the response."""

    name = "ag-ui-langgraph 0.0.47"
    ends = (b'"RUN_FINISHED"', b'"RUN_ERROR"')

    def __init__(self, python: str) -> None:
        self.python = python

    def command(self, port: int, pieces: int, kind: str) -> list[str]:
        own = "dispatch" if kind == "events" else kind
        return [self.python, str(HERE / "peer_agui.py"), str(port), str(pieces), str(RATE), own]

    def begin(self, port: int, runs: int, at: float) -> list[bytes]:
        empty: dict[str, Any] = {"state": {}, "tools": [], "context": [], "forwardedProps": {}}
        said = [{"id": "1", "role": "user", "content": f"go@{at}"}]
        return [
            request("POST", "/agui", {"threadId": f"t{n}", "runId": f"r{n}", "messages": said, **empty})
            for n in range(runs)
        ]


_WATCH = """([path, seconds]) => new Promise(done => {
  const ages = [], source = new EventSource(path), began = Date.now() / 1000;
  source.onmessage = event => {
    for (const [, born] of event.data.matchAll(/\\d+@(\\d+\\.\\d{6}) /g))
      if (+born > began) ages.push(Date.now() / 1000 - +born);
  };
  setTimeout(() => { source.close(); done(ages); }, seconds * 1000);
})"""


async def in_chromium(port: int, watched: bytes, seconds: float) -> list[float]:
    """The ages of one run's pieces as a script in a Chromium page sees them, beside the 200 observers."""
    from playwright.async_api import async_playwright

    path = watched.split()[1].decode().split("?")[0]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/healthz")
        ages: list[float] = await page.evaluate(_WATCH, [path, seconds])
        await browser.close()
    return ages


async def load(
    server: Tenfold | Stock, kind: str, *, runs: int, seconds: float, browser: bool = False
) -> Load:
    pieces, port = int(seconds * RATE), free_port()
    process = subprocess.Popen(server.command(port, pieces, kind), stdout=subprocess.DEVNULL)  # noqa: ASYNC220
    try:
        until_up(port, process)
        await asyncio.sleep(2)
        before = memory_mib(process.pid)
        begins = time.time() + SETUP_S
        requests = await asyncio.to_thread(server.begin, port, runs, begins)
        watching = [
            asyncio.create_task(observe(port, r, server.ends, limit_s=SETUP_S + seconds * 6 + 60))
            for r in requests
        ]
        if time.time() > begins - 1:
            raise SystemExit("The runs were not all entered in time; give SETUP_S more.")
        page = (
            asyncio.create_task(in_chromium(port, requests[0], begins - time.time() + seconds))
            if browser
            else None
        )
        await asyncio.sleep(begins - time.time())
        cpu, began = cpu_s(process.pid), time.monotonic()
        await asyncio.sleep(seconds * 0.6)
        memory = memory_mib(process.pid)
        seen = await asyncio.gather(*watching)
        wall = time.monotonic() - began
        if page is not None:
            ages = sorted(await page)
            p50, p95 = ages[len(ages) // 2], ages[int(len(ages) * 0.95)]
            print(
                f"One of the runs in Chromium ({kind}): p50 {1000 * p50:.0f} ms, p95 {1000 * p95:.0f} ms, n={len(ages)}"
            )
        return Load(
            server.name, kind, runs, pieces, list(seen), memory, before, cpu_s(process.pid) - cpu, wall
        )
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--peer-python", default=None)
    parser.add_argument(
        "--browser", action="store_true", help="also watch one of the runs in Chromium; prints only"
    )
    asked = parser.parse_args()
    rows: list[str] = []
    for kind in ("drafts", "live", "tokens", "events"):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(
                asyncio.run(
                    load(Tenfold(folder), kind, runs=asked.runs, seconds=asked.seconds, browser=asked.browser)
                ).row()
            )
            print(rows[-1], flush=True)
        if asked.peer_python and kind in ("tokens", "events"):
            rows.append(
                asyncio.run(
                    load(Stock(asked.peer_python), kind, runs=asked.runs, seconds=asked.seconds)
                ).row()
            )
            print(rows[-1], flush=True)
    if asked.runs >= 200:
        command = f"python benchmarks/web_load.py --runs {asked.runs} --seconds {asked.seconds:g}"
        body = (
            f"{asked.runs} runs at once, {RATE:g} pieces a second each, {asked.seconds:g} s, one observer a run in "
            "another process of the same machine. Age = arrival at the observer minus birth in the graph's node.\n\n"
        )
        write_result("web-load", "Live streams under load", command, body + HEAD + "\n".join(rows))


if __name__ == "__main__":
    main()
