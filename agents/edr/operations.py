"""What a steering message can ask for, as typed operations."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from ...text import Language

Kind = Literal[
    "focus", "exclude", "prioritize", "stop", "source_policy", "time_window", "style", "budget", "add_task",
    "cancel_task", "undo",
]  # fmt: skip
SourceKind = Literal["document", "web", "academic", "code", "encyclopedia", "database"]


class Operation(BaseModel):
    """One thing that a message asks for."""

    kind: Kind
    text: str = Field(default="", max_length=600)
    source_types: list[SourceKind] = []
    domains_allow: list[str] = []
    domains_deny: list[str] = []
    urls_deny: list[str] = []
    date_from: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    date_to: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    language: Language | None = None
    max_words: int | None = Field(default=None, ge=1, le=100_000)
    amount: float | None = Field(default=None, gt=0)
    unit: Literal["tokens", "usd", "minutes", "loops"] | None = None
    task_id: str | None = None


class Steering(BaseModel):
    """All that a message asks for, in its order."""

    operations: list[Operation] = Field(default=[], max_length=12)
