"""Orchestration overhead: the EDR graph against a bare LangGraph graph of the same shape.

Both run with the same SQLite checkpointer, `durability="sync"`, and a model that answers at once. The bare graph is
made from a recording: its nodes have the names, edges, fan-outs and state updates of the real run, and each makes as
many `@task` calls with the same results; nothing else. So its time is what LangGraph itself costs for this shape, and
the ratio is what planning, prompts, parsing, ledger, events, evidence and citation checks cost on top.

    python benchmarks/orchestration.py [--runs 15] [--peer-python PATH]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, ClassVar

from _common import ROOT, shown, write_result
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.func import task
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

sys.path.insert(0, str(ROOT / "tests" / "support"))
from edr_world import TEXTS, World

from tenfold.evals.edr import ScriptedResearcher, TextLibrary
from tenfold.graphs.edr import EdrState, build_graph

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


class Bare:
    """The same shape with nothing in it: each node replays its updates and its task results."""

    joins: ClassVar = {
        "research_task": "gather",
        "write_section": "cite_check",
        "rewrite_section": "cite_check",
    }

    def __init__(self, recording: Recording) -> None:
        self.order = [{name: len(done) for name, done in step.items()} for step in recording]
        self.flat: dict[str, list[Any]] = defaultdict(list)
        for step in recording:
            for name, done in step.items():
                self.flat[name] += done
        self.position: dict[str, int] = defaultdict(int)
        self.step = 0

    def graph(self) -> Any:
        """Nodes, edges and fan-outs of the recorded run."""
        graph: Any = StateGraph(EdrState)
        for name in self.flat:
            graph.add_node(name, self._node(name))
        graph.add_edge(START, next(iter(self.order[0])))
        for name in self.flat:
            if name in self.joins:
                graph.add_edge(name, self.joins[name])
            else:
                graph.add_conditional_edges(name, self._onward, [*self.flat, END])
        return graph

    def _node(self, name: str) -> Any:
        @task(name="call")
        async def call(value: Any) -> Any:
            return value

        async def run(state: Any) -> Any:
            if name in self.joins.values():
                self.step += 1  # of parallel nodes only the joining one moves on, as in the real graph
            updates, results = self.flat[name][self.position[name] % len(self.flat[name])]
            self.position[name] += 1
            for result in results:
                await call(result)
            return updates

        return run

    def _onward(self, state: Any) -> Any:
        self.step += 1
        if self.step >= len(self.order):
            return END
        return [Send(name, state) for name, count in self.order[self.step].items() for _ in range(count)]


async def bare_run(graph: Any, folder: Path, state: Any, steps: int) -> float:
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


def peer(python: str | None, runs: int) -> str:
    """A line about deepagents, measured in its own environment, or that it was not."""
    if python is None:
        return "No peer was measured (`--peer-python`).\n"
    out = subprocess.run(
        [python, str(Path(__file__).parent / "peer_deepagents.py"), str(runs)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    told = json.loads(out.splitlines()[-1])
    return (
        f"deepagents {told['version']}, an agent that calls an empty tool ten times ({told['steps']} supersteps, the same "
        f"checkpointer and durability, n = {runs}): {shown(told['ms_per_step'])} ms per superstep.\n"
    )


async def main(runs: int, peer_python: str | None) -> None:
    ours: list[float] = []
    base: list[float] = []
    recording: Recording = []
    for number in range(runs + 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            seconds, recording = await real(folder)
            graph = Bare(recording).graph()
            state = World(folder / "s").begin(limits={"loops": 3})
            twin = await bare_run(graph, folder, state, len(recording))
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

{peer(peer_python, runs)}"""
    write_result(
        "orchestration", "Orchestration overhead", f"python benchmarks/orchestration.py --runs {runs}", body
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--peer-python", help="a Python that has deepagents")
    given = parser.parse_args()
    asyncio.run(main(given.runs, given.peer_python))
