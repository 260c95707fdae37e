"""The original's measured defects D1-D8 with its very strings: here each is impossible."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from edr_world import TEXTS, World

from tenfold.agents.edr import compile_by_rules
from tenfold.evals.edr import ScriptedResearcher, TextLibrary
from tenfold.graphs.edr import constraints as rules  # type: ignore[attr-defined]
from tenfold.graphs.edr import steering, todo  # type: ignore[attr-defined]
from tenfold.graphs.edr.state import Limits, Todo
from tenfold.text import same_subject

TODAY = "2026-11-24"


def steered(
    *titles: str, engines: frozenset[str] = frozenset({"document", "academic", "web"})
) -> steering.Steered:
    empty = Todo(version=0, next_id=1, items=[])
    adds = [todo.Add(title=title) for title in titles]
    listed = todo.apply(empty, adds, by="planner", loop=0).todo
    return steering.Steered(listed, [], Limits(), {}, {}, engines, loop=1)


def say(before: steering.Steered, *messages: str) -> steering.Steered:
    for number, message in enumerate(messages, 1):
        operations, rest = compile_by_rules(message, today=TODAY)
        assert not rest, rest
        before = steering.apply_message(before, operations, message=number)
    return before


def test_d1_focus_on_peer_reviewed_sources_cancels_no_query() -> None:
    after = say(steered("statins"), "Focus only on peer-reviewed sources")
    queries = ["peer reviewed evidence on statins", "statins and muscle pain", "cost of statins"]
    assert rules.keep_queries(queries, after.constraints) == (queries, [])
    assert rules.filters(after.constraints).source_types == ("academic",)
    assert after.effect["constraints"][0]["kind"] == "source_policy"


def test_d1_a_rule_that_would_leave_no_source_is_refused_with_the_reason() -> None:
    after = say(steered("statins", engines=frozenset({"document"})), "Focus only on peer-reviewed sources")
    assert after.constraints == [] and not after.effect
    assert "academic" in after.refused[0] and "document" in after.refused[0]


def test_d2_exclude_personal_life_information_stops_the_query_about_it() -> None:
    after = say(steered("Silvio Savarese"), "Exclude personal life information")
    kept, dropped = rules.keep_queries(
        ["Silvio Savarese personal life", "Silvio Savarese research"], after.constraints
    )
    assert (kept, dropped) == (["Silvio Savarese research"], ["Silvio Savarese personal life"])


def test_d3_a_task_that_contains_the_word_exclude_constrains_nothing() -> None:
    after = say(steered("Which funds exclude tobacco companies?"), "also look at why banks exclude coal")
    assert after.constraints == []
    queries = ["which funds exclude tobacco companies", "why banks exclude coal"]
    assert rules.keep_queries(queries, after.constraints) == (queries, [])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Assess political and economic risks in Chile", "Assess political and economic risks in China"),
        ("2025 revenue of company A", "2024 revenue of company B"),
        ("2025 revenue of company A", "2025 revenue of company B"),
        ("risks in chile", "risks in china"),
        ("What is the ledger?", "What are the limits of the ledger?"),
    ],
)
def test_d4_tasks_that_differ_in_name_number_or_word_are_not_merged(a: str, b: str) -> None:
    assert [i["title"] for i in steered(a, b).todo["items"]] == [a, b]


def test_d4_a_true_repeat_is_merged_and_keeps_the_higher_priority() -> None:
    empty = Todo(version=0, next_id=1, items=[])
    adds = [
        todo.Add(title="History of the battery", priority=40),
        todo.Add(title="battery history", priority=70),
    ]
    result = todo.apply(empty, adds, by="planner", loop=0)
    assert [(i["title"], i["priority"]) for i in result.todo["items"]] == [("History of the battery", 70)]
    assert result.merged == ["t1"]


def test_d5_a_query_for_another_year_is_no_duplicate() -> None:
    assert not same_subject("battery market size 2025", "battery market size 2024")
    assert same_subject("battery market size 2025", "Battery market size, 2025")


async def test_d6_a_message_sent_twice_is_answered_twice(world: World) -> None:
    state = world.begin()
    first, second = world.post("focus on safety"), world.post("focus on safety")
    assert first.seq != second.seq
    await world.go(state)
    assert [m.status for m in world.messages()] == ["applied", "applied"]
    assert world.messages()[1].effect["already_in_force"] == ["c1"]


class Late:
    """Sends a message while the section writers are at work: after the last research loop."""

    def __init__(self, message: str) -> None:
        self.message = message
        self.world: Any = None
        self.inner = ScriptedResearcher()

    def __call__(self, prompt: str) -> Any:
        if "You write one section" in prompt and self.world is not None:
            world, self.world = self.world, None
            world.post(self.message)
        return self.inner(prompt)


async def test_d7_a_message_in_the_last_loop_is_researched_not_dropped(
    make_world: Callable[..., World],
) -> None:
    late = Late("also look at cobalt recycling in batteries")
    world = make_world(researcher=late)
    late.world = world
    await world.go(world.begin(limits={"loops": 1}))
    (message,) = world.messages()
    assert message.status == "applied" and message.effect["tasks_added"]
    report = world.report()
    assert any("cobalt" in claim["text"] for section in report["sections"] for claim in section["claims"])
    assert report["steering"][0]["status"] == "applied"


async def test_d7_when_no_loop_is_left_the_message_is_refused_with_the_reason(
    make_world: Callable[..., World],
) -> None:
    late = Late("also look at cobalt recycling in batteries")
    world = make_world(researcher=late)
    late.world = world
    state = world.begin(limits={"loops": 1})
    state["extra_loops"], state["loop"] = 2, 2  # one loop left, and no extension
    await world.go(state)
    (message,) = world.messages()
    assert message.status == "rejected" and "loop" in message.reason.lower()


async def test_d8_a_failed_search_is_tried_again_and_then_shown_as_failed(
    make_world: Callable[..., World],
) -> None:
    world = make_world(library=TextLibrary({"doc:empty.md": "Nothing here. Nothing there."}))
    await world.go(world.begin("Where do zebras sleep?", attempts=2, limits={"loops": 5}))
    state = await world.state()
    assert {i["status"] for i in state["todo"]["items"]} == {"failed"}
    assert all(i["attempts"] == 2 for i in state["todo"]["items"])
    report = world.report()
    assert report["sections"] == [] and len(report["open"]) == len(state["todo"]["items"])
    assert all(item["status"] == "failed" and item["note"] for item in report["open"])


async def test_fifty_messages_in_a_burst_all_end_applied_or_rejected_with_a_reason(world: World) -> None:
    state = world.begin(limits={"loops": 2})
    bodies = [
        "focus on safety",
        "exclude patents",
        "hm",
        "undo",
        "since 2020",
        "keep it short",
        "thanks",
        "stop",
        "",
        "x" * 5000,
    ]
    for number in range(50):
        world.post(bodies[number % len(bodies)] or "   ")
    await world.go(state)
    messages = world.messages()
    assert len(messages) == 50
    assert all(m.status == "applied" or (m.status == "rejected" and m.reason) for m in messages)
    assert sum(m.status == "applied" for m in messages) >= 25
    late = world.post("one more")
    assert late.status == "rejected" and "ended" in late.reason


def test_messages_of_several_threads_at_once_are_all_kept(world: World) -> None:
    world.begin()

    async def send() -> None:
        await asyncio.gather(*(asyncio.to_thread(world.post, f"focus on part {n}") for n in range(40)))

    asyncio.run(send())
    assert sorted(m.seq for m in world.messages()) == list(range(1, 41))


def test_texts_of_the_world_are_what_the_tests_count_on() -> None:
    assert len(TEXTS) == 3
