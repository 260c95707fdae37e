"""What a run's model calls put into its log: each call, and the budget as it then stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ...models import Budget, CallEvent
from .served import Emit


def call_teller(emit: Emit, budget: Budget, calls: int) -> Callable[[CallEvent], None]:
    """A listener for a model caller; pieces of text are left out.

    Args:
        calls: How many were made before.
    """

    def tell(event: CallEvent) -> None:
        nonlocal calls
        if event.kind == "delta":
            return  # the context shows the text as it grows
        data = {name: value for name, value in asdict(event).items() if value}
        if event.kind == "end":
            calls += 1
            data["state"] = {"/budget": budget_state(budget, calls)}
        emit(f"call.{event.kind}", data)

    return tell


def budget_state(budget: Budget, calls: int) -> dict[str, Any]:
    """What is spent of each cap, as the shared document has it."""
    limits, spent = budget.limits, budget.spent
    return {
        "tokens": {"used": spent.tokens, "cap": limits.tokens},
        "usd": {"used": spent.cost, "cap": limits.usd},
        "minutes": {"used": round(budget.minutes, 3), "cap": limits.minutes},
        "calls": calls,
    }
