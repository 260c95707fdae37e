"""The task orchestrator: parts of a task, what each must hand on, and another way when one failed."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from ...models import ModelCaller
from .._answer import Answer
from .._prompt import bullets, data
from ._ask import ask_model
from .classifier import TaskType
from .rules import named_app

SYSTEM = """Split a phone task into as few parts as possible; one part if that will do. A part is work in one
app that ends
with something that can be checked. Keep the task's own words and values. For each part give:
goal (complete in itself, an order), app (its name from the list, or empty), depends_on (numbers, from 0, of parts whose
result it needs), returns (what later parts need from it, or empty).
Say "find and look at" for a part that only reads; do not speak of copying or pasting. No part may do more than
the task."""

REPLAN = """A part of a phone task failed. Write it anew so that it can still work: another way, another app,
or what is still
left of it. Keep its aim and its values and add nothing to it. If nothing can be done, possible is false."""


class PlannedPart(BaseModel):
    """One part."""

    goal: str = Field(min_length=2, max_length=1500)
    app: str = Field(default="", max_length=100)
    depends_on: list[int] = []
    returns: str = Field(default="", max_length=300)


class Parts(BaseModel):
    """The parts, in order."""

    parts: list[PlannedPart] = Field(min_length=1, max_length=8)


class Replanned(BaseModel):
    """A failed part, written anew."""

    possible: bool = True
    goal: str = Field(default="", max_length=1500)
    app: str = Field(default="", max_length=100)


async def orchestrate(
    caller: ModelCaller | None, goal: str, kind: TaskType, apps: Sequence[str], feedback: Sequence[str] = ()
) -> Answer[Parts]:
    """Part a task. A question or a task in one app stays whole without asking a model, unless the user objected.

    Args:
        goal: What the user asked, or what the personaliser made of it.
        feedback: What the user said about earlier plans.
    """
    whole = Parts(parts=[PlannedPart(goal=goal, app=named_app(goal, list(apps)) or "")])
    if kind in ("B", "D") and not feedback:
        return Answer.by_rule(whole, "the task stays whole")
    user = f"Task: {goal}\nApps: {', '.join(apps[:60])}"
    if feedback:
        user += "\nThe user rejected earlier plans and said:\n" + bullets(feedback)
    reply = await ask_model(
        caller, "orchestrator", SYSTEM, user, Parts, fallback=lambda: whole, max_tokens=700
    )
    return Answer(_sound(reply.value), reply.source, reply.reason)


async def replan(
    caller: ModelCaller | None, goal: str, part: str, why: str, lines: Sequence[str]
) -> Answer[Replanned]:
    """Another way for a part that failed; without a model, the same once more with the reason in view."""
    user = (
        f"Task: {goal}\nThe part: {part}\nWhy it failed: {why}\nIts steps:\n{data(chr(10).join(lines[-12:]))}"
    )
    return await ask_model(
        caller, "replanner", REPLAN, user, Replanned, fallback=lambda: Replanned(goal=part), max_tokens=300
    )


def _sound(parts: Parts) -> Parts:
    """A part can only need earlier ones."""
    kept = [
        part.model_copy(update={"depends_on": sorted({d for d in part.depends_on if 0 <= d < i})})
        for i, part in enumerate(parts.parts)
    ]
    return Parts(parts=kept)
