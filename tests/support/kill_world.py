"""Servers in processes of their own, to be killed: run managers and scripted EDR runs, each with a log of its calls.

This process imports all, forks servers and kills them, and so must itself stay without threads:
`kill_world.py FOLDER DATABASE KILLS RUNS_PER_LIFE SERVERS`. It ends with one JSON line of what was seen.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

from edr_world import TEXTS

from tenfold.evals.edr import ScriptedResearcher, TextLibrary
from tenfold.models import ScriptedChat, register_script
from tenfold.settings import load_settings
from tenfold.tools.runs import RunStore
from tenfold.web import open_services
from tenfold.web.runs import RunManager, default_registry

SEED = 20261124
ENDED = ("completed", "failed", "cancelled")


def log_of(folder: Path, model: str) -> Path:
    return folder / f"calls-{model.split(':')[-1]}.jsonl"


def script(folder: Path, name: str) -> str:
    chat = ScriptedChat(answer=ScriptedResearcher(gaps=1, loops=2), log=log_of(folder, name), delay_s=0.03)
    return register_script(name, chat)


async def serve(folder: Path, database: str | None, models: list[str], ready: Path) -> None:
    settings = load_settings(
        data_dir=folder, cache_dir=folder / "cache", database=database, web={"runs_at_once": 4}
    )
    services = open_services(settings)
    services._hub = lambda request: Hub(log_of(folder, str(request.model)))  # type: ignore
    manager = RunManager(services, default_registry(services), settings)
    await manager.start()
    for model in models:
        asked = {"question": "How does a ledger keep calls from being repeated?", "model": model, "web": True}
        await manager.submit("ann", "edr", asked, client_id=model)
    ready.write_text(str(os.getpid()))  # noqa: ASYNC240
    while not (folder / "enough").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await manager.stop()
    services.close()


class Hub:
    """The library of `edr_world` with the face of a search hub."""

    def __init__(self, log: Path) -> None:
        library: Any = TextLibrary(TEXTS, log=log, delay_s=0.01)
        self.search, self.fetch = library.search, library.fetch
        kinds = library.source_types
        self.engines = {k: type("E", (), {"capabilities": type("C", (), {"source_type": k})}) for k in kinds}


def start(folder: Path, database: str | None, models: list[str], name: str) -> int:
    ready = folder / f"ready-{name}"
    pid = os.fork()
    if not pid:
        code = 1
        try:
            asyncio.run(serve(folder, database, models, ready))
            code = 0
        finally:
            os._exit(code)
    until = time.monotonic() + 30
    while not ready.exists():
        if time.monotonic() > until or os.waitpid(pid, os.WNOHANG) != (0, 0):
            raise SystemExit(f"server {name} did not start")
        time.sleep(0.01)
    return pid


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def seen(folder: Path, database: str | None) -> dict[str, Any]:
    """What stands on disk now, by run: events, finished calls, and the lines of the log of calls."""
    store = RunStore(folder, database)
    found: dict[str, Any] = {}
    for run in store.runs(limit=1000):
        records = asyncio.run(store.ledger(run.id).records())
        log = log_of(folder, run.options["model"])
        lines = log.read_text().split("\n")[:-1] if log.exists() else []
        report = store.report(run.id)
        found[run.id] = {
            "status": run.status,
            "error": run.error,
            "events": [[e.seq, e.type, json.dumps(e.data)] for e in store.events(run.id, limit=10**6)],
            "stored": sum(r.kind in ("llm", "search", "fetch") for r in records),
            "lines": [[row["event"], row["key"]] for row in map(json.loads, lines)],
            "sections": report and report["sections"],
        }
    store.close()
    return found


def main(folder: Path, database: str | None, kills: int, per_life: int, servers: int) -> None:
    chance = random.Random(SEED)
    names = [f"k{life}n{n}" for life in range(kills + 1) for n in range(per_life)]
    models = [script(folder, name) for name in names]
    lives: list[dict[str, Any]] = []
    pids = [start(folder, database, [], f"server{n}") for n in range(servers - 1)]
    for life in range(kills):
        mine = models[life * per_life : (life + 1) * per_life]
        pid = start(folder, database, mine, f"life{life}")
        time.sleep(chance.uniform(0.0, 1.2))
        kill(pid)
        lives.append(seen(folder, database) if servers == 1 else {})
    last = models[kills * per_life :]
    if servers == 1:
        pids.append(start(folder, database, last, "last"))
    until = time.monotonic() + 60
    store = RunStore(folder, database)
    while any(run.status not in ENDED for run in store.runs(limit=1000)) and time.monotonic() < until:
        time.sleep(0.1)
    store.close()
    (folder / "enough").touch()
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    print(json.dumps({"lives": lives, "end": seen(folder, database), "codes": codes}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] or None, *map(int, sys.argv[3:6]))
