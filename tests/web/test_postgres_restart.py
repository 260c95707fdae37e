"""PostgreSQL crashes and comes back under load: every run ends, no event that was shown is lost or changed."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from kill_world import Hub, log_of, script
from manager_world import log_of as events_of
from manager_world import until
from postgres_server import own_postgres

from tenfold.errors import StoreUnavailable
from tenfold.settings import load_settings
from tenfold.tools.runs import Event, Run
from tenfold.web import open_services
from tenfold.web.runs import RunManager, default_registry

CRASHES = int(os.environ.get("TENFOLD_TEST_CRASHES", "3"))
AT_ONCE = 4


async def end_of(manager: RunManager, run: Run) -> Run:
    """The run when it has ended, asked until the database answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await until(manager, run, "completed", "failed", within_s=60)
            except StoreUnavailable:
                await asyncio.sleep(0.2)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(180)
async def test_a_database_that_crashes_under_load_costs_nothing(tmp_path: Path) -> None:
    with own_postgres() as (database, crash):
        settings = load_settings(
            data_dir=tmp_path / "data",
            cache_dir=tmp_path / "cache",
            database=database,
            web={"runs_at_once": AT_ONCE},
        )
        services = open_services(settings)
        services._hub = lambda request: Hub(log_of(tmp_path, str(request.model)))  # type: ignore
        manager = RunManager(services, default_registry(services), settings)
        await manager.start()
        seen: dict[str, list[Event]] = {}

        async def watch(run: Run) -> None:
            seen[run.id] = []
            while True:  # as a page does that comes back
                try:
                    async for events in manager.watch(run.id, len(seen[run.id])):
                        seen[run.id] += events
                except Exception:
                    await asyncio.sleep(0.1)

        asked = {"question": "How does a ledger keep calls from being repeated?", "web": True}
        runs = [
            await manager.submit("ann", "edr", {**asked, "model": script(tmp_path, f"r{n}")})
            for n in range(AT_ONCE + 2)
        ]
        watchers = [asyncio.create_task(watch(run)) for run in runs]
        for _ in range(CRASHES):
            await asyncio.sleep(0.7)
            await asyncio.to_thread(crash)
        for run in runs:
            ended = await end_of(manager, run)
            assert ended.status == "completed", ended.error
        await asyncio.sleep(1.0)
        logs = {run.id: await events_of(manager, run) for run in runs}
        for watcher in watchers:
            watcher.cancel()
        await manager.stop()
        landed = 0
        for run in runs:
            log = logs[run.id]
            assert seen[run.id] == log, "what was shown is what stands"
            for id in {event.data["id"] for event in log if event.type == "step.started"}:
                of = [e.type for e in log if e.type.startswith("step.") and e.data["id"] == id]
                assert of == ["step.started", "step.finished"] * (len(of) // 2), of
            landed += sum(e.type == "run.status" and e.data["status"] == "running" for e in log) - 1
            keys = [record.key for record in await services.store.ledger(run.id).records()]
            rows: list[dict[str, Any]] = [
                json.loads(line)
                for line in log_of(tmp_path, str(run.options["model"])).read_text().splitlines()
            ]
            calls = Counter(row["key"] for row in rows if row["event"] == "end")
            assert len(keys) == len(set(keys))
            # Only what ended while the database was away may have been asked again.
            assert sum(calls.values()) - len(calls) <= 4 * CRASHES, calls
        assert landed >= 1, "no crash met a run"
        services.close()
