"""Run managers over small graphs, in this process."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypedDict

from cli_world import QUESTION, Cli
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from tenfold.settings import load_settings
from tenfold.tools.runs import Event, Run
from tenfold.web import open_services
from tenfold.web.runs import GraphRegistry, RunManager, ServedGraph, default_registry


class Trail(TypedDict, total=False):
    steps: Annotated[list[str], operator.add]
    answers: Annotated[list[str], operator.add]


def slow_graph(steps: int = 6, each_s: float = 0.1) -> StateGraph[Any]:
    """A chain of slow steps that write down when they ran."""
    graph: Any = StateGraph(Trail)
    names = [f"n{n}" for n in range(steps)]
    for name in names:

        async def work(state: Trail, name: str = name) -> Trail:
            await asyncio.sleep(each_s)
            return {"steps": [name]}

        graph.add_node(name, work)
    for a, b in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(a, b)
    return graph


def asking_graph() -> StateGraph[Any]:
    """Two branches that each ask."""
    graph: Any = StateGraph(Trail)
    for name in ("left", "right"):

        def ask(state: Trail, name: str = name) -> Trail:
            return {"answers": [f"{name}={interrupt({'ask': name})}"]}

        graph.add_node(name, ask)
        graph.add_edge(START, name)
        graph.add_edge(name, "end")
    graph.add_node("end", lambda state: {"steps": ["end"]})
    graph.add_edge("end", END)
    return graph


@asynccontextmanager
async def serving(
    folder: Path, database: str | None, *graphs: ServedGraph, at_once: int = 8
) -> AsyncGenerator[RunManager]:
    settings = load_settings(
        data_dir=folder / "data", cache_dir=folder / "cache", database=database, web={"runs_at_once": at_once}
    )
    services = open_services(settings)
    registry: GraphRegistry = default_registry(services)
    for graph in graphs:
        registry.add(graph)
    manager = RunManager(services, registry, settings)
    await manager.start()
    try:
        yield manager
    finally:
        await manager.stop()
        services.close()


async def until(manager: RunManager, run: Run, *wanted: str, within_s: float = 30) -> Run:
    async with asyncio.timeout(within_s):
        while (now := await manager.run(run.id, run.owner)).status not in wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return now


async def log_of(manager: RunManager, run: Run) -> list[Event]:
    events = await manager.events(run.id, 0, 100_000)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    return events


def statuses(events: list[Event]) -> list[str]:
    return [event.data["status"] for event in events if event.type == "run.status"]


def edr_input(folder: Path, **more: Any) -> dict[str, Any]:
    cli = Cli(folder)
    return {"question": QUESTION, "model": cli.script(**more), "databases": [str(cli.db)]}
