"""The knowledge writer: facts about an app that a run has shown and that another task could use."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from ...models import ModelCaller
from .._answer import Answer
from .._prompt import DATA_RULE, data
from ._ask import ask_model

SYSTEM = (
    """From the steps of a phone run, write down at most three facts about how an app works that were not
obvious (a step
that failed and what worked instead) and that would help with other tasks in it. Nothing about this task's own
aim, names
or values; no orders. package: the app's package as it stands in the steps. An empty list is a good answer. """
    + DATA_RULE
)


class AppFact(BaseModel):
    """One fact about one app."""

    package: str = Field(min_length=3, max_length=120)
    text: str = Field(min_length=10, max_length=240)


class AppFacts(BaseModel):
    """What was learned."""

    facts: list[AppFact] = Field(default=[], max_length=3)


async def write_knowledge(
    caller: ModelCaller | None, goal: str, lines: Sequence[str], packages: Sequence[str]
) -> Answer[AppFacts]:
    """Facts from a run; without an able model, none.

    Args:
        lines: The steps with verdicts.
        packages: The apps of the run; a fact about another one is dropped.
    """
    user = f"Task: {goal}\nPackages: {', '.join(packages)}\nSteps:\n{data(chr(10).join(lines[:60]))}"
    reply = await ask_model(
        caller, "knowledge_writer", SYSTEM, user, AppFacts, fallback=AppFacts, max_tokens=300
    )
    kept = [fact for fact in reply.value.facts if fact.package in packages]
    return Answer(AppFacts(facts=kept), reply.source, reply.reason)
