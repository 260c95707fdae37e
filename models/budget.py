"""The caps of one run, and who may still call.

A call reserves what it may cost before it starts and is charged what it did cost. With many calls at once this
keeps the overshoot of a cap to one call: a call is let in if what is spent, what is reserved and its own
estimate fit under the cap, or else if it is alone and something is left. Others wait in line. Estimates may be
too low, so they are scaled by the worst miss seen, and under a cap the first call of a process goes alone.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from ..durable import CallRecord
from ..errors import BudgetExceeded
from ..settings import BudgetLimits

Exhausted = Literal["tokens", "usd", "minutes"]


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used.

    Attributes:
        input_tokens: Prompt tokens.
        output_tokens: Reply tokens.
        cost: US dollars, as far as prices are known.
        unpriced_tokens: Tokens whose price is unknown: they are not in `cost`.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    unpriced_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Prompt and reply tokens together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost + other.cost,
            self.unpriced_tokens + other.unpriced_tokens,
        )

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens - other.input_tokens,
            self.output_tokens - other.output_tokens,
            self.cost - other.cost,
            self.unpriced_tokens - other.unpriced_tokens,
        )

    @classmethod
    def of(cls, record: CallRecord) -> Usage:
        """What a finished call used."""
        unpriced = int(record.value.get("unpriced_tokens") or 0)
        return cls(record.input_tokens, record.output_tokens, record.cost, unpriced)


@dataclass(frozen=True, slots=True)
class Meter:
    """The state of a budget, for display; a limit of None is no cap."""

    spent: Usage
    minutes: float
    calls_in_flight: int
    limits: BudgetLimits
    exhausted: Exhausted | None


class Budget:
    """The caps of one run and what is spent of them. For one event loop.

    Args:
        limits: The caps.
        spent: What earlier processes of this run used.
        minutes: Running time of earlier processes of this run.
        clock: Seconds that only grow; for tests.
    """

    def __init__(
        self,
        limits: BudgetLimits,
        spent: Usage | None = None,
        *,
        minutes: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self.spent = spent or Usage()
        self._reserved = Usage()
        self._in_flight = 0
        self._miss: float | None = None  # the largest real/estimated tokens so far, at least 1
        self._line: deque[tuple[Usage, asyncio.Future[Usage]]] = deque()
        self._clock = clock
        self._ran_s = minutes * 60
        self._since: float | None = None

    @classmethod
    def restore(cls, limits: BudgetLimits, records: Iterable[CallRecord], *, minutes: float = 0.0) -> Budget:
        """The budget of a resumed run: spent is what its ledger says."""
        return cls(limits, sum((Usage.of(record) for record in records), Usage()), minutes=minutes)

    def start(self) -> None:
        """Let the minutes run."""
        if self._since is None:
            self._since = self._clock()

    def pause(self) -> None:
        """Stop the minutes: waiting for a person is free."""
        if self._since is not None:
            self._ran_s += self._clock() - self._since
            self._since = None

    @property
    def minutes(self) -> float:
        """Running time so far."""
        running = 0.0 if self._since is None else self._clock() - self._since
        return (self._ran_s + running) / 60

    def charge(self, usage: Usage) -> None:
        """Count what was used."""
        self.spent += usage

    def left(self) -> BudgetLimits:
        """What is left under each cap, never below zero; None where there is no cap."""
        limits = self.limits
        return limits.model_copy(
            update={
                "tokens": None if limits.tokens is None else max(0, limits.tokens - self.spent.tokens),
                "usd": None if limits.usd is None else max(0.0, limits.usd - self.spent.cost),
                "minutes": None if limits.minutes is None else max(0.0, limits.minutes - self.minutes),
            }
        )

    def exhausted(self) -> Exhausted | None:
        """Which cap is reached, or None."""
        if self.limits.tokens is not None and self.spent.tokens >= self.limits.tokens:
            return "tokens"
        if self.limits.usd is not None and self.spent.cost >= self.limits.usd:
            return "usd"
        if self.limits.minutes is not None and self.minutes >= self.limits.minutes:
            return "minutes"
        return None

    def meter(self) -> Meter:
        """The state now."""
        return Meter(self.spent, self.minutes, self._in_flight, self.limits, self.exhausted())

    @asynccontextmanager
    async def admit(self, estimate: Usage) -> AsyncGenerator[Callable[[Usage], None]]:
        """Wait for leave to make a call of about this size; the reservation lasts for the block.

        Yields:
            The function to charge with: once for the call, and once for each failed try that was billed.

        Raises:
            BudgetExceeded: A cap is reached.
        """
        reserved = await self._wait_for_turn(estimate)
        used = Usage()

        def charge(usage: Usage) -> None:
            nonlocal used
            used += usage
            self.charge(usage)

        try:
            yield charge
        finally:
            if used.tokens:
                self._miss = max(self._miss or 1.0, used.tokens / max(1, estimate.tokens))
            self._leave(reserved)

    async def _wait_for_turn(self, estimate: Usage) -> Usage:
        """Wait in line; returns what was reserved."""
        turn: asyncio.Future[Usage] = asyncio.get_running_loop().create_future()
        self._line.append((estimate, turn))
        self._serve_line()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and not turn.exception():
                self._leave(turn.result())  # let in and cancelled at the same moment
            raise

    def _serve_line(self) -> None:
        """Let in from the head of the line whoever may enter: first come, first served, so nobody starves."""
        while self._line:
            estimate, turn = self._line[0]
            if not turn.done():  # a done one was cancelled
                likely = self._likely(estimate)
                if reason := self.exhausted():
                    turn.set_exception(self._error(reason))
                elif self._fits(likely):
                    self._reserved += likely
                    self._in_flight += 1
                    turn.set_result(likely)
                else:
                    return
            self._line.popleft()

    def _leave(self, reserved: Usage) -> None:
        self._reserved -= reserved
        self._in_flight -= 1
        self._serve_line()

    def _likely(self, estimate: Usage) -> Usage:
        """The estimate, scaled by the worst miss so far."""
        miss = self._miss or 1.0
        return Usage(
            math.ceil(estimate.input_tokens * miss),
            math.ceil(estimate.output_tokens * miss),
            estimate.cost * miss,
        )

    def _fits(self, likely: Usage) -> bool:
        limits = self.limits
        if self._in_flight == 0 or (limits.tokens is None and limits.usd is None):
            return True
        if self._miss is None:
            return False
        taken = self.spent + self._reserved + likely
        return (limits.tokens is None or taken.tokens <= limits.tokens) and (
            limits.usd is None or taken.cost <= limits.usd
        )

    def _error(self, reason: Exhausted) -> BudgetExceeded:
        cap = getattr(self.limits, reason)
        return BudgetExceeded(
            f"The run's budget of {cap} {reason} is used up.", mend="Raise the cap and resume the run."
        )
