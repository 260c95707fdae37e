"""The three reflectors: on one action, on the way so far, on the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from ...models import ModelCaller
from .._answer import Answer
from .._prompt import DATA_RULE, bullets, data
from ._ask import ask_model

ACTION = (
    """Judge one action on a phone from the screen before and after it. outcome: ok (it did what was expected),
wrong (another page or effect), no_change (nothing happened), uncertain (saving or adding without a visible sign, or you
cannot tell). A swipe that shows anything new is ok. why: one sentence for whoever acts next. """
    + DATA_RULE
)

TRAJECTORY = (
    """Look at the steps of a phone task that may be going in circles or astray. on_track: whether it should go on
as it does. advice: when not, one or two sentences on what to do otherwise. """
    + DATA_RULE
)

RESULT = (
    """Judge whether a phone task is done, from its steps, the last screens and the answer if one was given.
outcome: success; failed (something that the task asks for is plainly missing or wrong: be careful with this);
uncertain.
why: what is missing, for whoever goes on. """
    + DATA_RULE
)


class ActionVerdict(BaseModel):
    """What an action did."""

    outcome: Literal["ok", "wrong", "no_change", "uncertain"] = "uncertain"
    why: str = Field(default="", max_length=500)


class TrajectoryVerdict(BaseModel):
    """Whether the way leads on."""

    on_track: bool = True
    advice: str = Field(default="", max_length=600)


class ResultVerdict(BaseModel):
    """Whether the task is done."""

    outcome: Literal["success", "failed", "uncertain"] = "uncertain"
    why: str = Field(default="", max_length=600)


async def reflect_on_action(
    caller: ModelCaller | None,
    task: str,
    did: str,
    expect: str,
    *,
    gone: Sequence[str],
    new: Sequence[str],
    pictures: Sequence[bytes] = (),
) -> Answer[ActionVerdict]:
    """Judge one action by what it changed.

    Args:
        did: The action in words.
        gone, new: Element lines that only the screen before, or only the one after, has.
        pictures: Before and after, for a model with vision.
    """
    user = (
        f"Task: {task}\nAction: {did}\nExpected: {expect or '(nothing said)'}\n"
        f"Gone from the screen:\n{data(chr(10).join(gone[:40]) or '(nothing)')}\n"
        f"New on the screen:\n{data(chr(10).join(new[:40]) or '(nothing)')}"
    )
    return await ask_model(
        caller,
        "action_reflector",
        ACTION,
        user,
        ActionVerdict,
        fallback=lambda: ActionVerdict(why="The screen changed; nobody judged how."),
        max_tokens=150,
        pictures=pictures,
    )


async def reflect_on_trajectory(
    caller: ModelCaller | None, task: str, lines: Sequence[str], signs: Sequence[str]
) -> Answer[TrajectoryVerdict]:
    """Judge the way so far; without a model the detectors' own signs are the advice.

    Args:
        lines: The latest steps with their verdicts.
        signs: What the detectors saw; empty on a routine look.
    """
    user = f"Task: {task}\nSteps:\n{data(chr(10).join(lines))}"
    if signs:
        user += "\nNoticed:\n" + bullets(signs)
    own = TrajectoryVerdict(on_track=not signs, advice=" ".join(signs)[:600])
    return await ask_model(
        caller,
        "trajectory_reflector",
        TRAJECTORY,
        user,
        TrajectoryVerdict,
        fallback=lambda: own,
        max_tokens=200,
    )


async def reflect_on_result(
    caller: ModelCaller | None,
    task: str,
    lines: Sequence[str],
    screen: str,
    *,
    answer: str,
    pictures: Sequence[bytes] = (),
) -> Answer[ResultVerdict]:
    """Judge the result; without a model it stays uncertain."""
    user = f"Task: {task}\nSteps:\n{data(chr(10).join(lines))}\nThe last screen:\n{data(screen)}"
    if answer:
        user += f"\nThe answer given:\n{data(answer)}"
    return await ask_model(
        caller,
        "global_reflector",
        RESULT,
        user,
        ResultVerdict,
        fallback=lambda: ResultVerdict(why="Nobody judged the result."),
        max_tokens=200,
        pictures=pictures,
    )
