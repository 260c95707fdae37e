"""Forks: a run that goes on from a checkpoint of another, with all that was known there."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...errors import RunError
from ...tools.runs import Run, RunStore
from .served import ServedGraph

MOST = 500


class Checkpoint(BaseModel):
    """A place at which a run can be forked.

    Attributes:
        at: When it was made.
        step: The superstep, from -1 for the input.
        next: The nodes that follow.
        loop: The graph's loop, where it has one.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    at: str
    step: int
    next: list[str]
    loop: int | None = None


async def checkpoints(graph: Any, run_id: str) -> list[Checkpoint]:
    """The checkpoints of a run that has nodes left to run there, newest first."""
    config = {"configurable": {"thread_id": run_id}}
    found: list[Checkpoint] = []
    async for state in graph.aget_state_history(config, limit=MOST):
        if not state.next or state.next == ("__start__",):
            continue
        loop = state.values.get("loop") if isinstance(state.values, dict) else None
        found.append(
            Checkpoint(
                id=state.config["configurable"]["checkpoint_id"],
                at=state.created_at or "",
                step=state.metadata["step"],
                next=list(state.next),
                loop=loop if isinstance(loop, int) else None,
            )
        )
    return found


async def fork_at(
    store: RunStore, served: ServedGraph, graph: Any, parent: Run, checkpoint_id: str, run_id: str, owner: str
) -> Run:
    """Enter a fork with its parent's checkpoint and what the store had then.

    Raises:
        RunError: The parent has no such checkpoint.
    """
    saver = graph.checkpointer
    at = {"configurable": {"thread_id": parent.id, "checkpoint_ns": "", "checkpoint_id": checkpoint_id}}
    found = await saver.aget_tuple(at)
    if found is None:
        raise RunError(
            f"Run {parent.id!r} has no checkpoint {checkpoint_id!r}.", mend="Choose one of its list."
        )
    state = await graph.aget_state(at)
    cursor = state.values.get("inbox_cursor") if isinstance(state.values, dict) else None
    run = await asyncio.to_thread(store.fork, parent, run_id, owner, found.checkpoint["ts"], cursor)
    changes = await asyncio.to_thread(served.on_fork, dict(state.values), run, parent)
    # Set in the copy itself: `update_state` would count as a node that ran.
    checkpoint = {
        **found.checkpoint,
        "channel_values": {**found.checkpoint["channel_values"], **changes},
    }
    config: Any = {"configurable": {"thread_id": run.id, "checkpoint_ns": ""}}
    # All versions count as new: the fork's thread has none of the values yet.
    await saver.aput(config, checkpoint, {**found.metadata, "parents": {}}, checkpoint["channel_versions"])
    return run
