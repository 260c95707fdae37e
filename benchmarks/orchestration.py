"""Orchestration overhead: the EDR graph against a bare LangGraph graph of the same shape.

Both run with the same SQLite checkpointer, `durability="sync"`, and a model that answers at once. The bare graph is
made from a recording: its nodes have the names, edges, fan-outs and state updates of the real run, and each makes as
many `@task` calls with the same results; nothing else. So its time is what LangGraph itself costs for this shape, and
the ratio is what planning, prompts, parsing, ledger, events, evidence and citation checks cost on top.

    python benchmarks/orchestration.py [--runs 15]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from _common import ROOT, shown, write_result
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.func import task
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

sys.path.insert(0, str(ROOT / "tests" / "support"))
from edr_world import TEXTS, World  # noqa: E402
from tenfold.evals.edr import ScriptedResearcher, TextLibrary  # noqa: E402
from tenfold.graphs.edr import EdrState, build_graph  # noqa: E402

Recording = list[dict[str, Any]]


class Remembered:
    """A model, or a search, that answers at once: what it says is worked out once and then looked up."""

    def __init__(self, inner: Any) -> None:
        self._inner, self._known = inner, {}

    def __call__(self, prompt: str) -> Any:
        if prompt not in self._known:
            self._known[prompt] = self._inner(prompt)
        return self._known[prompt]


class RememberedLibrary(TextLibrary):
    """A library whose searches are looked up."""

    async def search(self, q: str, *, k: int = 10, filters: Any = None) -> Any:
        known = self.__dict__.setdefault("known", {})
        if (q, k) not in known:
            known[q, k] = await super().search(q, k=k, filters=filters)
        return known[q, k]


MODEL = Remembered(ScriptedResearcher(tasks=4, gaps=2, loops=2))
LIBRARY = RememberedLibrary(TEXTS)


async def real(folder: Path) -> tuple[float, Recording]:
    """Run the EDR graph; returns seconds, and what each superstep's tasks did."""
    world = World(folder, researcher=MODEL, library=LIBRARY)
    state = world.begin(limits={"loops": 3})
    context = await world.context()
    async with AsyncSqliteSaver.from_conn_string(str(folder / "checkpoints.db")) as saver:
        graph = build_graph().compile(checkpointer=saver)
        began = time.perf_counter()
        await graph.ainvoke(state, world.config, context=context, durability="sync")
        seconds = time.perf_counter() - began
    # Recorded in a second run of the same world, so that the watching is not in the first one's time.
    twin = World(folder / "twin", researcher=MODEL, library=LIBRARY)
    state = twin.begin(limits={"loops": 3})
    async with AsyncSqliteSaver.from_conn_string(str(folder / "twin.db")) as saver:
        graph = build_graph().compile(checkpointer=saver)
        steps = graph.astream(
            state, twin.config, context=await twin.context(), durability="sync", stream_mode="debug"
        )
        return seconds, await _record(steps)


async def _record(steps: Any) -> Recording:
    """Supersteps as a list of {node: [(updates, task results), …]}, in order."""
    recording: Recording = []
    calls: dict[str, list[Any]] = defaultdict(list)
    step = None
    async for chunk in steps:
        payload = chunk["payload"]
        if chunk["type"] != "task_result":
            continue
        if payload["name"] == "call":
            calls["open"].append(dict(payload["result"]).get("__return__"))
            continue
        if chunk["step"] != step:
            step = chunk["step"]
            recording.append(defaultdict(list))
        recording[-1][payload["name"]].append((dict(payload["result"]), calls.pop("open", [])))
    return recording


def bare(recording: Recording) -> Any:
    """The same shape with nothing in it: each node replays its updates and its task results."""

    @task(name="call")
    async def call(value: Any) -> Any:
        return value

    position: dict[str, int] = defaultdict(int)
    flat: dict[str, list[Any]] = defaultdict(list)
    order: list[dict[str, int]] = []
    for step in recording:
        order.append({name: len(done) for name, done in step.items()})
        for name, done in step.items():
            flat[name] += done

    def node(name: str) -> Any:
        async def run(state: Any) -> Any:
            updates, results = flat[name][position[name] % len(flat[name])]
            position[name] += 1
            for result in results:
                await call(result)
            return updates

        return run

    where = {"step": 0}

    def onward(state: Any) -> Any:
        where["step"] += 1
        if where["step"] >= len(order):
            return END
        following = order[where["step"]]
        return [Send(name, state) for name, count in following.items() for _ in range(count)]

    graph: Any = StateGraph(EdrState)
    names = list(flat)
    for name in names:
        graph.add_node(name, node(name))
    graph.add_edge(START, next(iter(order[0])))
    # One router a superstep: of parallel nodes only a joining node decides, as in the real graph.
    joins = {"research_task": "gather", "write_section": "cite_check", "rewrite_section": "cite_check"}
    for name in names:
        if name in joins:
            graph.add_edge(name, joins[name])
        else:
            graph.add_conditional_edges(name, onward, [*names, END])

    def reset() -> None:
        position.clear()
        where["step"] = 0

    def joined(name: str) -> Any:
        inner = node(name)

        async def run(state: Any) -> Any:
            where["step"] += 1
            return await inner(state)

        return run

    for name in set(joins.values()) & set(names):
        graph.nodes.pop(name)
        graph.add_node(name, joined(name))
    return graph, reset


async def bare_run(graph: Any, reset: Any, folder: Path, state: Any, steps: int) -> float:
    reset()
    async with AsyncSqliteSaver.from_conn_string(str(folder / "bare.db")) as saver:
        compiled = graph.compile(checkpointer=saver)
        began = time.perf_counter()
        await compiled.ainvoke(
            state, {"configurable": {"thread_id": "bare"}, "recursion_limit": 400}, durability="sync"
        )
        seconds = time.perf_counter() - began
        history = [
            step async for step in compiled.aget_state_history({"configurable": {"thread_id": "bare"}})
        ]
        assert history[0].values["finished"] and len(history) == steps + 2, "the bare graph took another way"
        return seconds


async def main(runs: int) -> None:
    ours: list[float] = []
    base: list[float] = []
    recording: Recording = []
    for number in range(runs + 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            seconds, recording = await real(folder)
            graph, reset = bare(recording)
            state = World(folder / "s").begin(limits={"loops": 3})
            twin = await bare_run(graph, reset, folder, state, len(recording))
        if number:  # the first pair warms up
            ours.append(seconds)
            base.append(twin)
    steps = len(recording)
    tasks = sum(len(step.get("research_task", [])) for step in recording)
    calls = sum(len(results) for step in recording for done in step.values() for _, results in done)
    ratios = [a / b for a, b in zip(ours, base, strict=True)]
    body = f"""One run has {steps} supersteps, {tasks} research tasks and {calls} durable calls; n = {runs} pairs, run in turn.
Median and 95 % bootstrap interval:

| | EDR graph | bare LangGraph, same shape | ratio |
| --- | --- | --- | --- |
| ms per superstep | {shown([1000 * t / steps for t in ours])} | {shown([1000 * t / steps for t in base])} | {shown(ratios)} |
| ms per finished research task | {shown([1000 * t / tasks for t in ours])} | {shown([1000 * t / tasks for t in base])} | {shown(ratios)} |
| ms per run | {shown([1000 * t for t in ours], 0)} | {shown([1000 * t for t in base], 0)} | {shown(ratios)} |

The bare graph replays the recorded state updates and task results through LangGraph and the same SQLite checkpointer.
The EDR graph does all its work besides: prompts, parsing, ledger, events, evidence, citation checks. Model and search
answer at once (looked up), so that neither side waits for them.
"""
    write_result(
        "orchestration", "Orchestration overhead", f"python benchmarks/orchestration.py --runs {runs}", body
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    asyncio.run(main(parser.parse_args().runs))
