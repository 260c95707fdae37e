"""The demonstration reader: what a finished run shows of the user's ways and preferences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from ...models import ModelCaller
from .._answer import Answer
from .._prompt import data
from ._ask import ask_model

Domain = Literal["", "diet", "journey", "chat", "video", "shop", "search", "music"]

SYSTEM = """Read what a user did on a phone. Give: task (the task in general words, without names and values that will
differ next time), steps (the way in 2 to 12 short general steps), domain (diet, journey, chat, video, shop, search or
music; empty if none fits), domain_preferences and app_preferences (key: value, only what these steps plainly show about
lasting taste or habit; mostly empty), app (the app that it is about). Keep the task's language."""


class Lesson(BaseModel):
    """What was learned: a way of working, and preferences of one domain and one app."""

    task: str = Field(default="", max_length=500)
    steps: list[str] = Field(default=[], max_length=12)
    domain: Domain = ""
    domain_preferences: dict[str, str] = {}
    app: str = Field(default="", max_length=100)
    app_preferences: dict[str, str] = {}


async def read_demonstration(
    caller: ModelCaller | None, goal: str, lines: Sequence[str], *, app: str, pictures: Sequence[bytes] = ()
) -> Answer[Lesson]:
    """Learn from a run; without a model the steps themselves are the way, and nothing is said about preferences.

    Args:
        lines: The steps, one line each.
        app: The app that most of it happened in.
        pictures: Screens of the run, for a model with vision.
    """
    own = Lesson(task=goal[:500], steps=[line[:200] for line in lines[:12]], app=app)
    user = f"Task: {goal}\nApp: {app}\nSteps:\n{data(chr(10).join(lines[:40]))}"
    return await ask_model(
        caller, "demonstration", SYSTEM, user, Lesson, fallback=lambda: own, max_tokens=600, pictures=pictures
    )
