"""What a role hands back: a valid value, and who made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from ..models import Structured

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A role's answer.

    Attributes:
        value: Always valid.
        source: "model", "repaired" (the model's second try) or "fallback" (a deterministic rule).
        reason: Why it is not the model's first answer; empty when it is.
    """

    value: T
    source: Literal["model", "repaired", "fallback"]
    reason: str = ""

    @classmethod
    def by_rule(cls, value: T, reason: str) -> Answer[T]:
        """An answer for which no model was asked."""
        return cls(value, "fallback", reason)

    @classmethod
    def of(cls, reply: Structured[Any], value: T) -> Answer[T]:
        """A model's reply after the role made `value` of it."""
        return cls(value, reply.source, reply.reason)

    @classmethod
    def merged(cls, value: T, parts: Sequence[Structured[Any]]) -> Answer[T]:
        """One answer out of several replies: the weakest of their sources speaks for all."""
        rank = {"model": 0, "repaired": 1, "fallback": 2}
        worst = max(parts, key=lambda part: rank[part.source], default=None)
        return (
            cls(value, worst.source, worst.reason) if worst else cls(value, "fallback", "nothing was asked")
        )
