"""Calls that are paid for once: the ledger, sharing, failure, and LangGraph's replay by position."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

from tenfold.durable import CallRecord, Ledger, MemoryLedger, call_key, once
from tenfold.tools.runs import RunStore


@pytest.fixture(params=["memory", "store"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return MemoryLedger() if request.param == "memory" else RunStore(tmp_path).ledger("r")


def record(key: str, value: Any = 1) -> CallRecord:
    return CallRecord(
        key, "llm", "m", {"v": value}, input_tokens=3, output_tokens=2, cost=0.5, ms=1.0, role="r"
    )


async def test_a_finished_call_is_not_made_again(ledger: Ledger) -> None:
    calls: list[str] = []

    async def call() -> CallRecord:
        calls.append("x")
        return record("k", len(calls))

    first, second = await once(ledger, "k", call), await once(ledger, "k", call)
    assert calls == ["x"] and first == second == record("k", 1)
    assert await ledger.records() == [first]


async def test_two_at_once_share_one_call(ledger: Ledger) -> None:
    calls: list[str] = []

    async def call() -> CallRecord:
        calls.append("x")
        await asyncio.sleep(0.02)
        return record("k")

    results = await asyncio.gather(*(once(ledger, "k", call) for _ in range(8)))
    assert calls == ["x"] and len(set(map(id, results))) >= 1 and all(r == results[0] for r in results)


async def test_a_failed_call_is_told_to_all_and_may_be_tried_again(ledger: Ledger) -> None:
    async def fail() -> CallRecord:
        await asyncio.sleep(0.01)
        raise OSError("down")

    results = await asyncio.gather(*(once(ledger, "k", fail) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(r, OSError) for r in results)

    async def work() -> CallRecord:
        return record("k")

    assert (await once(ledger, "k", work)).key == "k"


async def test_a_cancelled_call_leaves_nothing_behind(ledger: Ledger) -> None:
    async def slow() -> CallRecord:
        await asyncio.sleep(10)
        return record("k")

    waiting = asyncio.create_task(once(ledger, "k", slow))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await ledger.records() == []

    async def work() -> CallRecord:
        return record("k")

    assert await once(ledger, "k", work) == record("k")


async def test_many_at_once_are_all_on_disk(tmp_path: Path) -> None:
    ledger = RunStore(tmp_path).ledger("r")
    await asyncio.gather(*(ledger.put(record(f"k{n}")) for n in range(200)))
    again = RunStore(tmp_path).ledger("r")
    assert {r.key for r in await again.records()} == {f"k{n}" for n in range(200)}


def test_the_key_says_what_was_asked() -> None:
    assert call_key("llm", "a", x=1, y="é") == call_key("llm", "a", y="é", x=1)
    assert (
        len(
            {
                call_key("llm", "a", x=1),
                call_key("llm", "b", x=1),
                call_key("llm", "a", x=2),
                call_key("search", "a", x=1),
            }
        )
        == 4
    )


class State(TypedDict):
    got: list[Any]


async def test_a_node_whose_calls_come_in_another_order_gets_its_own_answers() -> None:
    """LangGraph replays task results by position; a resumed node that asks something else must not be given them."""
    ledger, flip, asked = MemoryLedger(), {"second": False}, []

    async def node(state: State) -> State:
        async def ask(name: str) -> Any:
            async def call() -> CallRecord:
                asked.append(name)
                return record(name, name)

            return (await once(ledger, name, call)).value["v"]

        order = ["b", "a"] if flip["second"] else ["a", "b"]
        got = [await ask(name) for name in order]
        if not flip["second"]:
            flip["second"] = True
            raise RuntimeError("killed here")
        return {"got": got}

    graph: Any = StateGraph(State)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    graph.add_edge("node", END)
    compiled = graph.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    with pytest.raises(RuntimeError):
        await compiled.ainvoke({"got": []}, config, durability="sync")
    assert (await compiled.ainvoke(None, config, durability="sync"))["got"] == ["b", "a"]
    assert asked == ["a", "b"], "no finished call may be made again"
