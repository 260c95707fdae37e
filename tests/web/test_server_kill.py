"""Kill -9 of the web server under load: every run ends, no client misses or repeats an event, no message is lost."""

from __future__ import annotations

import asyncio
import json
import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from server_world import QUESTION, Client, Servers, free_port, log_of

from tenfold.tools.runs import RunStore
from tenfold.web.agui import Projector

SEED = 20261124
KILLS = int(os.environ.get("TENFOLD_TEST_SERVER_KILLS", "20"))
AT_ONCE = 4
ENDED = ("completed", "failed", "cancelled")


@dataclass
class Person:
    """One run, whoever watches it and what they said to it."""

    name: str
    client: Client
    run_id: str = ""
    said: list[str] = field(default_factory=list[str])

    async def live(self, chance: random.Random, *, whole: bool) -> None:
        asked = {"question": QUESTION, "model": f"scripted:{self.name}", "web": True}
        body = {"graph": "edr", "input": asked, "client_id": self.name}
        answer = await self.client.ask("POST", "/api/runs", body)
        assert answer.status_code == 201, answer.text
        self.run_id = answer.json()["id"]
        speaker = Client(list(self.client.urls))
        speaking = asyncio.create_task(self._speak(speaker, chance))
        await self.client.watch(self.run_id, whole=whole, over=lambda group: "RUN_FINISHED" in group)
        await speaking
        await speaker.close()

    async def _speak(self, speaker: Client, chance: random.Random) -> None:
        path = f"/api/runs/{self.run_id}/messages"
        for n in range(3):
            await asyncio.sleep(chance.uniform(0.0, 0.4))
            name = f"{self.name}-{n}"
            body = {"text": f"Do not use source{n}.example.org.", "client_id": name}
            answer = await speaker.ask("POST", path, body)
            assert answer.status_code == 202, answer.text
            self.said.append(name)


class Load:
    """Runs that begin as others end, until it is enough."""

    def __init__(self, urls: list[str]) -> None:
        self.people: list[Person] = []
        self._urls = urls
        self._enough = False
        self._workers = [asyncio.create_task(self._work(n)) for n in range(AT_ONCE)]

    async def _work(self, worker: int) -> None:
        chance = random.Random(SEED + worker)
        while not self._enough:
            number = len(self.people)
            urls = self._urls[number % len(self._urls) :] + self._urls[: number % len(self._urls)]
            person = Person(f"r{number}", Client(urls))
            self.people.append(person)
            await person.live(chance, whole=number % 2 == 0)
            await person.client.close()

    async def end(self, seconds: float) -> None:
        """Begin no more, and wait for those that have begun."""
        self._enough = True
        async with asyncio.timeout(seconds):
            await asyncio.gather(*self._workers)


def on_disk(store: RunStore, logs: Path) -> dict[str, Any]:
    """What stands on disk now, by run: the log's last events, finished calls, and the lines of the log of calls."""
    found: dict[str, Any] = {}
    for run in store.runs(limit=1000):
        records = asyncio.run(store.ledger(run.id).records())
        log = log_of(logs, run.options["model"])
        lines = log.read_text().split("\n")[:-1] if log.exists() else []
        found[run.id] = {
            "status": run.status,
            "events": [(e.seq, e.type, json.dumps(e.data)) for e in store.events(run.id, limit=10**6)],
            "stored": sum(r.kind in ("llm", "search", "fetch") for r in records),
            "lines": [(row["event"], row["key"]) for row in map(json.loads, lines)],
        }
    return found


def check_people(store: RunStore, people: list[Person]) -> int:
    """Every run ended, each client saw all of it once, and every message has its answer; returns reconnects."""
    for person in people:
        run = store.run(person.run_id)
        assert run.status == "completed", f"{run.id}: {run.status} {run.error}"
        events = store.events(run.id, limit=10**6)
        assert [e.seq for e in events] == list(range(1, len(events) + 1))
        truth = Projector(run.id, run.thread)
        expected = {event.seq: truth.fold(event) for event in events}
        seen = list(person.client.frames())
        assert [seq for seq, _ in seen] == list(range(person.client.opening + 1, seen[-1][0] + 1)), run.id
        assert seen[-1][0] == len(events), f"{run.id} was seen to {seen[-1][0]} of {len(events)}"
        for seq, frames in seen:
            assert frames == json.loads(json.dumps(expected[seq])), f"{run.id} event {seq}"
        messages = {m.client_id: m.status for m in store.messages(run.id)}
        assert sorted(messages) == sorted(person.said) and len(person.said) == 3
        assert set(messages.values()) <= {"applied", "rejected"}, messages
    return sum(person.client.connections - 1 for person in people)


@pytest.mark.slow
@pytest.mark.timeout(60 + 10 * KILLS)
async def test_a_server_killed_anywhere_under_load_loses_nothing(
    tmp_path: Path, database: str | None
) -> None:
    chance = random.Random(SEED)
    port, data = free_port(), tmp_path / "data"
    lives: list[dict[str, Any]] = []
    with Servers(tmp_path, database) as servers:
        pid = await servers.start(port, data)
        store = RunStore(data, database)
        load = Load([f"http://127.0.0.1:{port}"])
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.0, 1.0))
            await servers.kill(pid)
            lives.append(await asyncio.to_thread(on_disk, store, tmp_path))
            pid = await servers.start(port, data)
        await load.end(60)
        await servers.stop(pid)
        end = await asyncio.to_thread(on_disk, store, tmp_path)
        reconnects = check_people(store, load.people)
        store.close()
    landed = 0
    for life in lives:
        landed += sum(run["status"] == "running" for run in life.values())
        for run_id, then in life.items():
            now = end[run_id]
            assert now["events"][: len(then["events"])] == then["events"], "the log only grows"
            ended = {key for event, key in then["lines"] if event == "end"}
            again = {key for event, key in now["lines"][len(then["lines"]) :] if event == "begin"}
            # A call can end in the world and be killed before its result is on disk; only such a call may come again.
            assert len(ended & again) <= max(len(ended) - then["stored"], 0), (
                f"{run_id} repeated {ended & again}"
            )
    assert landed >= KILLS, f"only {landed} runs were killed while they ran"
    assert reconnects >= KILLS, f"clients came back only {reconnects} times"


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(120)
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_when_one_of_two_servers_dies_the_other_ends_its_runs_and_serves_its_clients(
    tmp_path: Path, database: str
) -> None:
    ports = [free_port(), free_port()]
    with Servers(tmp_path, database) as servers:
        pids = [await servers.start(port, tmp_path / f"data{n}") for n, port in enumerate(ports)]
        load = Load([f"http://127.0.0.1:{port}" for port in ports])
        await asyncio.sleep(2.0)
        await servers.kill(pids[0])
        dead = [person for person in load.people if person.client.urls[0].endswith(str(ports[0]))]
        await load.end(60)
        await servers.stop(pids[1])
        store = RunStore(tmp_path / "data1", database)
        assert check_people(store, load.people) >= 1 and dead
        store.close()
