"""Opening a finished run of 20,000 events in a browser, on a server that has just started.

    python benchmarks/web_reload.py [--events 20000] [--times 10]

For each measurement a new server process, which has folded nothing, and a new browser context, which has cached
nothing. Times count from the navigation: to the first contentful paint (as Chromium reports it), and until the last
sentence of the report is visible. Measured with the views that a server keeps, and with a log alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from _common import SEED, interval, write_result
from _long_run import LAST_WORDS, write_long_run
from web_load import free_port, until_up

from tenfold.settings import load_settings
from tenfold.tools.runs import RunStore
from tenfold.web import open_services
from tenfold.web.api import create_app, listen, server
from tenfold.web.runs import RunManager, RunViews, default_registry

CHROMIUM = os.environ.get("TENFOLD_CHROMIUM", "/usr/bin/chromium")
TARGET_MS = 1000
COLUMNS = ("first paint", "report text visible", "GET /api/runs/R", "stream's opening")


def serve(folder: Path, port: int) -> None:
    settings = load_settings(data_dir=folder)
    services = open_services(settings)
    registry = default_registry(services)
    app = create_app(services, registry, RunManager(services, registry, settings))
    asyncio.run(server(app).serve(sockets=[listen("127.0.0.1", port)]))


class Cold:
    """A server in a process of its own that is up, and that nobody has asked for a run yet."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, __file__, "--serve", str(folder), "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def __enter__(self) -> Cold:
        until_up(self.port, self._process)  # it listens before it answers
        httpx.get(f"{self.url}/healthz", timeout=60).raise_for_status()
        time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def in_a_browser(browser: Any, url: str, run_id: str) -> tuple[float, float]:
    """Milliseconds to the first contentful paint, and until the report's last sentence is visible."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US").new_page()
    began = time.monotonic()
    page.goto(f"{url}/#/runs/{run_id}", wait_until="commit")
    page.get_by_text(LAST_WORDS).first.wait_for(state="visible", timeout=60_000)
    shown = 1000 * (time.monotonic() - began)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.context.close()
    return paint, shown


def by_a_program(folder: Path, run_id: str, *, views: bool) -> tuple[float, float]:
    """Milliseconds for the run's document, and on another server until the stream has told where the run stands."""
    with Cold(folder) as cold, httpx.Client(base_url=cold.url, timeout=60) as client:
        began = time.monotonic()
        client.get(f"/api/runs/{run_id}").raise_for_status()
        got = time.monotonic() - began
    if not views:
        forget_views(folder)
    with Cold(folder) as cold, httpx.Client(base_url=cold.url, timeout=60) as client:
        began = time.monotonic()
        with client.stream("GET", f"/api/runs/{run_id}/events") as stream:
            next(line for line in stream.iter_lines() if '"RUN_FINISHED"' in line)
        return 1000 * got, 1000 * (time.monotonic() - began)


def forget_views(folder: Path) -> None:
    with sqlite3.connect(folder / "runs.db") as db:
        db.execute("DELETE FROM run_views")
    db.close()


def measure(folder: Path, run_id: str, times: int, *, views: bool) -> list[list[float]]:
    from playwright.sync_api import sync_playwright

    rows: list[list[float]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(times):
            row: list[float] = []
            for part in ("browser", "program"):
                if not views:  # a server that read the whole log has kept one
                    forget_views(folder)
                if part == "program":
                    row += by_a_program(folder, run_id, views=views)
                else:
                    with Cold(folder) as cold:
                        row += in_a_browser(browser, cold.url, run_id)
            rows.append(row)
            print(" ".join(f"{value:.0f}" for value in row), flush=True)
        browser.close()
    return rows


def table(name: str, rows: list[list[float]]) -> str:
    cells: list[str] = []
    for values in zip(*rows, strict=True):
        middle, low, high = interval(values)
        cells.append(f"{middle:.0f} [{low:.0f}, {high:.0f}], at most {max(values):.0f}")
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--serve", type=Path)
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args()
    if asked.serve is not None:
        serve(asked.serve, asked.port)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = RunStore(folder)
        run = write_long_run(store, asked.events, seed=SEED)
        alone = measure(folder, run.id, asked.times, views=False)
        RunViews(store).keep([run.id], [])
        viewed = measure(folder, run.id, asked.times, views=True)
        view_kb = len(json.dumps(store.view(run.id))) // 1000
        store.close()
        size_mb = (folder / "runs.db").stat().st_size / 1e6
    paints = [row[0] for row in (*alone, *viewed)]
    quick = sum(paint < TARGET_MS for paint in paints)
    body = (
        f"A finished EDR run of {asked.events:,} events (run store {size_mb:.1f} MB, kept view {view_kb} kB), opened "
        f"in Chromium, {asked.times} times with a cold server and an empty cache. Milliseconds: median "
        "[95 % bootstrap interval of the median].\n\n"
        f"| store | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}\n"
        f"{table('log alone', alone)}\n{table('log and view', viewed)}\n\n"
        f"Target: first paint under 1 s; met in {quick} of {len(paints)} openings (slowest {max(paints):.0f} ms). "
        "The last two columns are a program's, each on a cold server of its own.\n"
    )
    command = f"python benchmarks/web_reload.py --events {asked.events} --times {asked.times}"
    write_result("web-reload", "Opening a long run", command, body)


if __name__ == "__main__":
    main()
