from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.durable import CallRecord
from tenfold.errors import BudgetExceeded
from tenfold.models import Budget, Usage
from tenfold.settings import BudgetLimits


def limits(**caps: float) -> BudgetLimits:
    return BudgetLimits.model_validate(caps)


@settings(deadline=None, max_examples=60)
@given(
    cap=st.integers(1, 500),
    calls=st.lists(st.tuples(st.integers(1, 120), st.integers(1, 120)), min_size=1, max_size=25),
)
def test_the_cap_is_passed_by_one_call_at_most(cap: int, calls: list[tuple[int, int]]) -> None:
    """However wrong the estimates are: each charge but the last was made below the cap."""
    budget = Budget(limits(tokens=cap))
    done: list[int] = []

    async def call(estimate: int, real: int) -> None:
        try:
            async with budget.admit(Usage(estimate)) as charge:
                await asyncio.sleep(0)
                charge(Usage(min(real, estimate)))  # a model never uses more than its limit
                done.append(min(real, estimate))
        except BudgetExceeded:
            assert budget.spent.tokens >= cap

    async def main() -> None:
        await asyncio.gather(*(call(*each) for each in calls))

    asyncio.run(main())
    assert budget.spent.tokens == sum(done)
    assert budget.spent.tokens < cap + max(done)
    asked = sum(min(a, b) for a, b in calls)
    assert budget.spent.tokens == asked or budget.spent.tokens >= cap  # nothing is left waiting, or spare


async def test_calls_that_fit_run_together_and_others_wait_in_order() -> None:
    budget = Budget(limits(tokens=100))
    running, most, order = 0, 0, list[int]()

    async def call(n: int) -> None:
        nonlocal running, most
        async with budget.admit(Usage(40)) as charge:
            running += 1
            most = max(most, running)
            order.append(n)
            await asyncio.sleep(0.01)
            charge(Usage(20))
            running -= 1

    await asyncio.gather(*(call(n) for n in range(4)))
    assert most == 2 and order == [0, 1, 2, 3] and budget.spent.tokens == 80


async def test_cancelled_waiters_and_failed_calls_release_what_they_held() -> None:
    rng = random.Random(1)
    budget = Budget(limits(tokens=10_000))

    async def call() -> None:
        async with budget.admit(Usage(6000)):
            await asyncio.sleep(rng.random() / 100)
            if rng.random() < 0.3:
                raise ValueError("the call failed")

    tasks = [asyncio.create_task(call()) for _ in range(60)]
    for task in tasks:
        if rng.random() < 0.5:
            await asyncio.sleep(rng.random() / 200)
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(1), budget.admit(Usage(10_000)):
        assert budget.meter().calls_in_flight == 1
    assert budget.spent == Usage() and budget.meter().calls_in_flight == 0


async def test_money_and_minutes() -> None:
    budget = Budget(limits(usd=0.01))
    async with budget.admit(Usage(cost=0.002)) as charge:
        charge(Usage(10, 10, 0.02))
    assert budget.exhausted() == "usd" and budget.left().usd == 0.0
    with pytest.raises(BudgetExceeded, match=r"0\.01 usd"):
        async with budget.admit(Usage()):
            pass

    now = [0.0]
    timed = Budget(limits(minutes=2), minutes=0.5, clock=lambda: now[0])
    timed.start()
    now[0] = 60
    timed.pause()
    now[0] = 6000  # a person thinks: free
    timed.start()
    assert timed.minutes == pytest.approx(1.5) and timed.exhausted() is None
    now[0] = 6031
    assert timed.exhausted() == "minutes"
    with pytest.raises(BudgetExceeded, match="minutes"):
        async with timed.admit(Usage()):
            pass


def test_a_restored_budget_knows_what_was_spent() -> None:
    records = [
        CallRecord("a", "llm", "m", {"unpriced_tokens": 7}, 5, 2, 0.0),
        CallRecord("b", "search", "s", {}),
        CallRecord("c", "llm", "m", {}, 10, 3, 0.25),
    ]
    budget = Budget.restore(limits(tokens=20), records)
    assert budget.spent == Usage(15, 5, 0.25, 7) and budget.exhausted() == "tokens"
