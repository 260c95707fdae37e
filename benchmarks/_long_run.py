"""A finished EDR run with a log of any length, written in the shapes that the graph itself writes.

The proportions are those of a long run on a small model: most events are pieces of text, then activities and calls;
each loop adds sources and quotes, and at the end there is a report whose claims name them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tenfold.tools.runs import Run, RunStore

QUESTION = "What keeps a long run from being lost when its server is killed?"
LAST_WORDS = "The last sentence of the report stands here."
SECTIONS = 12
_WORDS = (
    "ledger call key process disk resume checkpoint inbox steering message plan source quote claim report server lock "
    "queue event log page state budget token loop graph node answer evidence section cap"
).split()
Entry = tuple[str, dict[str, Any], str | None]


def write_long_run(store: RunStore, events: int, *, seed: int) -> Run:
    """Enter a finished run whose log has `events` events."""
    chance = random.Random(seed)
    options = {"question": QUESTION, "web": True, "model": None}
    run = store.create("edr", QUESTION, options)
    store.set_status(run.id, "running")
    ending = list(_ending(chance))
    entries: list[Entry] = []
    loop = 0
    while len(entries) < events - len(ending) - 2:
        loop += 1
        entries += _loop(chance, loop)
    del entries[events - len(ending) - 2 :]
    for begin in range(0, len(entries), 500):
        store.emit_many(run.id, entries[begin : begin + 500])
    store.emit_many(run.id, ending)
    store.set_status(run.id, "completed")
    return store.run(run.id)


def _said(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."


def _step(name: str, step: str, inside: list[Entry]) -> Iterator[Entry]:
    yield "step.started", {"id": step, "name": name}, None
    yield from inside
    yield "step.finished", {"id": step, "name": name}, None


def _call(role: str, calls: int) -> list[Entry]:
    budget = {"tokens": {"used": 700 * calls, "cap": None}, "minutes": {"used": 0.1 * calls, "cap": None}}
    end = {"role": role, "model": "small", "usage": {"input_tokens": 500, "output_tokens": 200}, "ms": 900.0}
    return [
        ("call.start", {"role": role, "model": "small"}, None),
        ("call.end", {**end, "state": {"/budget": {**budget, "calls": calls}}}, None),
    ]


def _text(chance: random.Random, name: str, pieces: int) -> list[Entry]:
    said: list[Entry] = [("text.start", {"id": name, "role": "assistant"}, None)]
    said += [("text.delta", {"id": name, "delta": _said(chance, 4) + " "}, None) for _ in range(pieces)]
    return [*said, ("text.end", {"id": name}, None)]


def _loop(chance: random.Random, loop: int) -> Iterator[Entry]:
    items = [
        {
            "id": f"t{n}", "title": _said(chance, 8), "detail": "", "status": "done", "priority": 50,
            "origin": "query", "depends_on": [], "tool_hint": "any", "acceptance": "", "attempts": 1,
            "evidence_ids": [f"e{6 * n + k}" for k in range(6)], "queries": [_said(chance, 6)], "note": "",
            "created_loop": n // 4, "updated_by": "planner", "locked_by_user": False,
        }
        for n in range(max(4 * loop - 12, 0), 4 * loop)
    ]  # fmt: skip
    todo = {"/todo": {"version": loop, "items": items}, "/loop": loop}
    yield "loop.started", {"loop": loop, "state": todo}, None
    for task in range(4 * loop - 4, 4 * loop):
        inside: list[Entry] = []
        for part, kind in enumerate(("task", "search", "search", "read", "read", "read", "index")):
            activity = {
                "id": f"t{task}:1.{part}", "kind": kind, "text": _said(chance, 6), "detail": "", "task": f"t{task}"
            }  # fmt: skip
            inside += [("activity", {**activity, "status": status}, None) for status in ("running", "done")]
        inside += [*_call("query_writer", task), *_call("extractor", task)]
        inside += _text(chance, f"draft:x{task}:{loop}:0", 60)
        yield from _step("research", f"r{task}", inside)
    sources = {
        f"/sources/s{n}": {
            "id": f"s{n}", "url": f"https://example.org/{n}", "title": _said(chance, 5), "engine": "web",
            "source_type": "web", "published": None, "evidence": [f"e{6 * n + k}" for k in range(6)], "hidden_by": "",
        }
        for n in range(4 * loop - 4, 4 * loop)
    }  # fmt: skip
    evidence = {
        f"/evidence/e{n}": {
            "id": f"e{n}", "source": f"s{n // 6}", "quote": _said(chance, 25), "hidden_by": "", "task_id": "t"
        }
        for n in range(24 * loop - 24, 24 * loop)
    }  # fmt: skip
    yield "loop.gathered", {"loop": loop, "state": {**sources, **evidence}}, None


def _ending(chance: random.Random) -> Iterator[Entry]:
    order = [f"s{n}" for n in range(SECTIONS)]
    report = {"title": QUESTION, "order": order, "final": False}
    yield "outline.made", {"state": {"/report": report}}, None
    for name in order:
        yield from _text(chance, f"draft:{name}:0:0", 60)
        claims = [
            {
                "text": _said(chance, 18), "evidence": [f"e{chance.randrange(200)}"], "verdict": "supported",
                "extractive": False, "why": "",
            }
            for _ in range(8)
        ]  # fmt: skip
        if name == order[-1]:
            claims[-1]["text"] = LAST_WORDS
        section = {"id": name, "title": _said(chance, 3), "status": "final", "claims": claims}
        yield "section.written", {"section": name, "state": {f"/sections/{name}": section}}, None
    numbers = {f"e{n}": n // 6 + 1 for n in range(200)}
    final = {
        **report,
        "final": True,
        "numbers": numbers,
        "language": "en",
        "open": [],
        "gaps": [],
        "disagreements": [],
    }
    yield "run.finished", {"stop_reason": "answered", "state": {"/report": final}}, None
