"""Kill -9 at twenty random points: the resume repeats no finished call and writes the same report, byte for byte."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from edr_world import TEXTS, World

from tenfold.evals.edr import ScriptedResearcher, TextLibrary
from tenfold.graphs.edr import RunOptions, initial_state, render
from tenfold.models import ScriptedChat

SEED = 20261124
KILLS = 20


def build(folder: Path) -> World:
    log = folder / "calls.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    chat = ScriptedChat(answer=ScriptedResearcher(gaps=1, loops=2), log=log, delay_s=0.01)
    return World(folder, chat=chat, library=TextLibrary(TEXTS, log=log, delay_s=0.005))


def child(folder: Path, *, fresh: bool) -> int:
    """Run, or go on with, the run of a folder in a process of its own."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        world = build(folder)
        state = world.begin() if fresh else None
        if fresh:
            (folder / "run").write_text(world.run.id)
        else:
            world.run = world.store.run((folder / "run").read_text())
            world.options = RunOptions()
            world.config = {"configurable": {"thread_id": world.run.id}, "recursion_limit": 400}
            if not asyncio.run(world.state()):
                state = initial_state(
                    world.run.id, world.run.question, today="2026-11-24", options=world.options
                )
        asyncio.run(world.go(state))
        code = 0
    finally:
        os._exit(code)


def finish(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def read_log(folder: Path) -> list[tuple[str, str]]:
    path = folder / "calls.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(row["event"], row["key"]) for row in map(json.loads, filter(whole, lines))]


def whole(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def stored_calls(folder: Path) -> int:
    world = build(folder)
    run = (folder / "run").read_text() if (folder / "run").exists() else ""
    return len(asyncio.run(world.store.ledger(run).records())) if run else 0


def report_of(folder: Path) -> str:
    store = build(folder).store
    report = store.report((folder / "run").read_text())
    assert report is not None
    return render(report, "json")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_kill_9_anywhere_repeats_nothing_and_changes_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    assert finish(child(tmp_path / "whole", fresh=True)) == 0
    length = time.monotonic() - began
    wanted = report_of(tmp_path / "whole")
    calls = Counter(key for event, key in read_log(tmp_path / "whole") if event == "begin")
    assert len(calls) >= 20 and set(calls.values()) == {1}, "the unkilled run must itself repeat nothing"

    chance = random.Random(SEED)
    interrupted = window = 0
    for attempt in range(KILLS):
        folder = tmp_path / f"kill{attempt}"
        pid = child(folder, fresh=True)
        time.sleep(chance.uniform(0.15, 1.0) * length)
        os.kill(pid, signal.SIGKILL)
        killed = finish(pid) == -signal.SIGKILL
        if not (folder / "run").exists():
            continue
        interrupted += killed
        before = read_log(folder)
        ended = {key for event, key in before if event == "end"}
        stored = stored_calls(folder)
        assert finish(child(folder, fresh=False)) == 0
        after = {key for event, key in read_log(folder)[len(before) :] if event == "begin"}
        repeated = ended & after
        # A call can end in the world and be killed before its result is on disk; only such a call may come again.
        assert len(repeated) <= len(ended) - stored, f"kill {attempt} repeated finished calls: {repeated}"
        window += len(repeated)
        assert report_of(folder) == wanted, f"kill {attempt} changed the report"
    assert interrupted >= KILLS * 0.6, "too few kills landed inside the run to prove anything"
    print(f"{interrupted} kills landed in the run; {window} calls were lost between their end and the disk")
