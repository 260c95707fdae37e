"""The personaliser: the user's way of doing a task, and what the task means for this user."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from ...models import ModelCaller
from .._answer import Answer
from .._prompt import bullets
from ._ask import ask_model

SYSTEM = """Adapt a phone task to its user. You get the task, how this user once did a similar one, and the user's
preferences. Give: goal (the task with what the preferences settle filled in; never change, drop or add an aim,
a value or
a name that the user gave), steps (the earlier way, adapted to this task; empty if it does not fit), preferences (in a
sentence, those that bear on this task; empty if none do), app (the app the user would use, if the task leaves
it open)."""


class Personal(BaseModel):
    """A task as this user means it."""

    goal: str = Field(default="", max_length=2000)
    steps: list[str] = Field(default=[], max_length=20)
    preferences: str = Field(default="", max_length=600)
    app: str = Field(default="", max_length=100)


async def personalise(
    caller: ModelCaller | None,
    goal: str,
    *,
    example: tuple[str, Sequence[str]] | None,
    preferences: Sequence[str],
) -> Answer[Personal]:
    """Adapt a task.

    Args:
        example: A task that the user did before, with its steps.
        preferences: Lines of the user's profile that may bear on the task.
    """
    own = Personal(
        goal=goal, steps=list(example[1])[:20] if example else [], preferences="; ".join(preferences)[:600]
    )
    if example is None and not preferences:
        return Answer.by_rule(own, "nothing is known about the user")
    parts = [f"Task: {goal}"]
    if example:
        parts.append(f"A similar task of this user: {example[0]}\nIts steps:\n{bullets(example[1])}")
    if preferences:
        parts.append("Preferences:\n" + bullets(preferences))
    reply = await ask_model(
        caller, "personaliser", SYSTEM, "\n\n".join(parts), Personal, fallback=lambda: own, max_tokens=500
    )
    value = reply.value if reply.value.goal.strip() else reply.value.model_copy(update={"goal": goal})
    return Answer(value, reply.source, reply.reason)
