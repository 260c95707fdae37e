"""Rate limits, of this process."""

from __future__ import annotations

from functools import cache
from typing import Literal

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

Per = Literal["minute", "hour"]


@cache
def _item(amount: int, per: Per) -> RateLimitItem:
    return RateLimitItemPerMinute(amount) if per == "minute" else RateLimitItemPerHour(amount)


class Rates:
    """Counts in memory: each server process allows its own number."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def hit(self, amount: int, per: Per, *names: str) -> bool:
        """Count one; False when that is one too many."""
        return await self._limiter.hit(_item(amount, per), *names)
