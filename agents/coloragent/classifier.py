"""The task classifier: copying between apps (A), a question (B), several named items (C), or anything else (D)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from ...models import ModelCaller
from ...text import normalise
from .._answer import Answer
from ._ask import ask_model

TaskType = Literal["A", "B", "C", "D"]

SYSTEM = """Sort a phone task into one of four kinds. Reply as JSON: {"kind": "A" | "B" | "C" | "D"}.
A: information must be read in one app and entered in another one. Sharing, sending or moving a file is not A; the
clipboard is not an app.
B: a question, to be answered in words.
C: the same is to be done with several items that the task names one by one.
D: everything else."""


class Classified(BaseModel):
    """The kind of a task."""

    kind: TaskType = "D"


async def classify(caller: ModelCaller | None, goal: str, apps: Sequence[str]) -> Answer[Classified]:
    """The kind of a task. A model is asked only where the words leave it open."""
    kind, sure = classify_by_rules(goal, apps)
    if sure:
        return Answer.by_rule(Classified(kind=kind), "the words say it")
    return await ask_model(
        caller,
        "classifier",
        SYSTEM,
        f"Task: {goal}",
        Classified,
        fallback=lambda: Classified(kind=kind),
        max_tokens=20,
    )


def classify_by_rules(goal: str, apps: Sequence[str]) -> tuple[TaskType, bool]:
    """The kind, and whether the words leave no doubt."""
    text = normalise(goal).lower()
    named = {app for app in apps if re.search(rf"(?<!\w){re.escape(normalise(app).lower())}(?!\w)", text)}
    if re.search(
        r"\?\s*$|^(?:what|when|who|where|which|how (?:many|much|long|old|far)|is|are|does|do i|did)\b", text
    ):
        return "B", len(named) < 2
    if re.search(r"알려 ?(?:줘|주세요)|무엇|몇 |언제|누구|인가요|입니까|까\??$", text):
        return "B", len(named) < 2
    transcribes = re.search(
        r"\b(?:copy|transfer|transcribe|from (?:the |my )?\w+.*\b(?:add|enter|create|put|write|save)\b)"
        r"|옮겨|에 있는.*(?:추가|입력|저장|적어)",
        text,
    )
    if transcribes or len(named) >= 2:
        return ("A" if transcribes and len(named) >= 2 else "D"), False
    if re.search(r"(?:^|\n)\s*(?:[-*•]|\d+[.)])\s|:\s*[^,]+,[^,]+(?:,| and )|\b(?:each|all) of\b", text):
        return "C", False
    return "D", True
