"""Rate limits: a token bucket that makes callers wait their turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


class TokenBucket:
    """At most `per_minute` calls a minute, with `burst` calls at once after a rest.

    Waiters are served in the order they came. Kept as the time at which the bucket is full again (the generic
    cell rate algorithm), so that there is no timer and no lock.
    """

    def __init__(
        self,
        per_minute: float,
        burst: int = 1,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if per_minute <= 0 or burst < 1:
            raise ValueError(f"A bucket needs a rate and a burst above 0, got {per_minute!r} and {burst!r}.")
        self._interval = 60.0 / per_minute
        self._slack = (burst - 1) * self._interval
        self._clock, self._sleep = clock, sleep
        self._full_at = 0.0

    async def acquire(self) -> float:
        """Wait for a token; returns the seconds waited."""
        now = self._clock()
        start = max(self._full_at, now)
        self._full_at = start + self._interval
        wait = max(0.0, start - self._slack - now)
        if wait:
            await self._sleep(wait)
        return wait
