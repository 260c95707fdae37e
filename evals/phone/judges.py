"""A scripted judge in place of the model around a policy: it knows the truth and says it with a stated accuracy.

It answers only what the graph asks a model, so after the deterministic rungs. Roles that judge nothing (the classifier,
the orchestrator, the rewriter …) answer by their own rules; each such call is counted as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from pydantic import BaseModel

from ...durable import MemoryLedger
from ...models import Budget, Message, ModelCaller, ModelInfo, OpenModel, ScriptedChat, Structured, Usage
from ...settings import BudgetLimits
from .policies import WRONG_SCREEN

T = TypeVar("T", bound=BaseModel)


@dataclass(slots=True)
class Truth:
    """What a judge knows.

    Attributes:
        erred: Whether the last decision was an error.
        succeeded: Whether the task is done now, given the answer.
    """

    erred: Callable[[], bool] = lambda: False
    succeeded: Callable[[], bool] = lambda: True


class JudgeCaller(ModelCaller):
    """Answers the roles around a policy by the truth.

    Args:
        truth: What is so.
        accuracy: The chance that a verdict is right; a wrong verdict is the opposite one.
        seed: Equal seeds and questions in equal order give equal verdicts.

    Attributes:
        calls: Role → how often it was asked.
        tokens: Estimated tokens of all prompts and replies, four characters each.
    """

    def __init__(self, truth: Truth, *, accuracy: float, seed: int) -> None:
        info = ModelInfo(
            name="judge", provider="scripted", label="scripted judge", context_tokens=128_000,
            capabilities=frozenset({"json_schema"}), usd_per_million_in=0.0, usd_per_million_out=0.0,
        )  # fmt: skip
        model = OpenModel(ScriptedChat(), info, lambda text: len(text) // 4 + 1)
        super().__init__(model, MemoryLedger(), Budget(BudgetLimits()))
        self._truth, self._accuracy, self._rng = truth, accuracy, Random(seed)
        self.calls: Counter[str] = Counter()
        self.tokens = 0

    async def structured(
        self,
        role: str,
        messages: Sequence[Message | Any],
        schema: type[T],
        *,
        fallback: Callable[[], T],
        max_tokens: int,
        temperature: float = 0.0,
        on_delta: Callable[[str | None], None] | None = None,
    ) -> Structured[T]:
        """A verdict of the stated accuracy, or the role's own rule."""
        said = self._verdict(role, fallback())
        value = schema.model_validate(said)
        self.calls[role] += 1
        used = Usage(sum(len(str(m)) for m in messages) // 4 + 1, len(value.model_dump_json()) // 4 + 1)
        self.tokens += used.tokens
        return Structured(value, "model", "", used)

    def _verdict(self, role: str, own: BaseModel) -> dict[str, Any]:
        right = self._rng.random() < self._accuracy
        if role == "action_reflector":
            wrong = self._truth.erred() == right
            return {"outcome": "wrong", "why": WRONG_SCREEN} if wrong else {"outcome": "ok"}
        if role == "global_reflector":
            done = self._truth.succeeded() == right
            return {"outcome": "success"} if done else {"outcome": "failed", "why": "Something is missing."}
        if role == "trajectory_reflector":
            value = own.model_dump()  # the detectors' own word; a routine look finds what is wrong
            on_track = value["on_track"] and not self._truth.erred()
            on_track = on_track if right else not on_track
            return {"on_track": on_track, "advice": "" if on_track else value["advice"] or "Try another way."}
        return own.model_dump()
