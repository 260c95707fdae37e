"""Kill -9 of servers under load: every run ends, no event is lost, no finished call is repeated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

# Ten for each database, because a start takes seconds on a busy machine.
KILLS = int(os.environ.get("TENFOLD_TEST_KILLS", "10"))
SUPPORT = Path(__file__).parents[1] / "support"


def world(folder: Path, database: str | None, kills: int, per_life: int, servers: int) -> dict[str, Any]:
    arguments = [folder, database or "", *map(str, (kills, per_life, servers))]
    done = subprocess.run(
        [sys.executable, "kill_world.py", *arguments],
        cwd=SUPPORT, env={**os.environ, "TENFOLD_THREADS": "1"}, capture_output=True, text=True,
        timeout=60 + 15 * KILLS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def check_end(end: dict[str, Any]) -> None:
    for run in end.values():
        assert run["status"] == "completed", run["error"]
        assert [event[0] for event in run["events"]] == list(range(1, len(run["events"]) + 1))
    reports = Counter(json.dumps(run["sections"]) for run in end.values())
    assert len(reports) == 1, "all were asked the same, so all reports are the same"


@pytest.mark.slow
@pytest.mark.timeout(90 + 15 * KILLS)
def test_kill_9_anywhere_loses_and_repeats_nothing(tmp_path: Path, database: str | None) -> None:
    told = world(tmp_path, database, kills=KILLS, per_life=1, servers=1)
    end = told["end"]
    assert len(end) == KILLS + 1 and told["codes"] == [0]
    check_end(end)
    landed = 0
    for life in told["lives"]:
        for run_id, then in life.items():
            now = end[run_id]
            assert now["events"][: len(then["events"])] == then["events"], "the log only grows"
            landed += then["status"] == "running"
            ended = {key for event, key in then["lines"] if event == "end"}
            again = {key for event, key in now["lines"][len(then["lines"]) :] if event == "begin"}
            # A call can end in the world and be killed before its result is on disk; only such a call may come again.
            assert len(ended & again) <= len(ended) - then["stored"], f"{run_id} repeated {ended & again}"
    assert landed >= KILLS * 0.6, f"only {landed} runs were killed while they ran"


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(90 + 15 * KILLS)
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_two_servers_never_drive_one_run_twice_and_one_takes_over(tmp_path: Path, database: str) -> None:
    told = world(tmp_path, database, kills=4, per_life=3, servers=2)
    end = told["end"]
    assert len(end) == 12 and told["codes"] == [0]
    check_end(end)
    for run in end.values():
        taken = sum(event[1] == "run.status" and '"status": "running"' in event[2] for event in run["events"])
        calls = Counter(key for event, key in run["lines"] if event == "begin")
        # What a killed server had in hand is all that may be asked a second time.
        assert sum(calls.values()) - len(calls) <= 4 * (taken - 1), calls
