"""The caller with the scripted model: budget, ledger, replays, cancellation."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from tenfold.durable import MemoryLedger
from tenfold.errors import BudgetExceeded, ConfigError, ModelError
from tenfold.models import (
    Budget,
    CallEvent,
    Failure,
    ModelCaller,
    ModelInfo,
    OpenModel,
    Rule,
    Said,
    ScriptedChat,
    UnexpectedCall,
    open_model,
    register_script,
)
from tenfold.settings import BudgetLimits, load_settings


class Words(BaseModel):
    words: list[str]


def build(
    chat: ScriptedChat,
    *,
    tokens: int | None = None,
    timeout_s: float = 5,
    ledger: MemoryLedger | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> tuple[ModelCaller, list[CallEvent]]:
    events: list[CallEvent] = []
    model = open_model(register_script("t", chat), load_settings())
    budget = Budget(BudgetLimits.model_validate({"tokens": tokens}))
    caller = ModelCaller(
        model,
        ledger or MemoryLedger(),
        budget,
        timeout_s=timeout_s,
        retries=2,
        on_event=events.append,
        sleep=sleep,
    )
    return caller, events


async def test_scripted_failures_are_met_as_real_ones_are(waits: Callable[[float], Awaitable[None]]) -> None:
    rules = [
        Rule("", Failure(429, retry_after=3), times=1),
        Rule("", Failure("connection"), times=1),
        Rule("", "fine"),
    ]
    caller, events = build(ScriptedChat(rules=rules), sleep=waits)
    assert (await caller.text("r", [("user", "x")], max_tokens=9)).text == "fine"
    assert [e.kind for e in events] == ["start", "retry", "retry", "end"]
    assert 3 <= events[1].wait_s < 3.2
    for failure in (Failure(500), Failure("timeout"), Failure("cut", text="half a")):
        caller, _ = build(ScriptedChat(rules=[Rule("", failure)]), timeout_s=0.05, sleep=waits)
        with pytest.raises(ModelError):
            await caller.stream_text("r", [("user", "x")], max_tokens=9, on_delta=lambda _: None)
        got = await caller.structured(
            "r", [("user", "x")], Words, fallback=lambda: Words(words=[]), max_tokens=9
        )
        assert got.source == "fallback"


async def test_an_unexpected_call_is_loud_even_where_there_is_a_fallback() -> None:
    caller, _ = build(ScriptedChat(rules=[Rule("river", "Nile")]))
    with pytest.raises(UnexpectedCall, match="mountain"):
        await caller.structured(
            "r", [("user", "a mountain")], Words, fallback=lambda: Words(words=[]), max_tokens=9
        )


async def test_malformed_then_hopeless_json_falls_back_with_the_reason() -> None:
    caller, events = build(ScriptedChat(rules=[Rule("cannot be used", "still no"), Rule("", "no json here")]))
    got = await caller.structured(
        "r", [("user", "x")], Words, fallback=lambda: Words(words=["f"]), max_tokens=9
    )
    assert got.source == "fallback" and got.value.words == ["f"] and "no JSON" in got.reason
    assert events[-1].kind == "fallback" and got.usage == caller.budget.spent
    assert [e.kind for e in events].count("start") == 2


async def test_concurrent_calls_pass_the_cap_by_one_call_at_most() -> None:
    chat = ScriptedChat(answer=lambda prompt: Said("x", 60, 40), delay_s=0.002)
    caller, _ = build(chat, tokens=1000)

    async def one(n: int) -> str:
        try:
            await caller.text("r", [("user", f"question {n}")], max_tokens=40)
            return "ok"
        except BudgetExceeded:
            return "refused"

    results = await asyncio.gather(*(one(n) for n in range(40)))
    assert 1000 <= caller.budget.spent.tokens < 1100
    assert results.count("ok") == caller.budget.spent.tokens // 100 == chat.calls
    got = await caller.structured("r", [("user", "x")], Words, fallback=lambda: Words(words=[]), max_tokens=9)
    assert got.source == "fallback" and "1000 tokens" in got.reason


async def test_a_replay_is_neither_called_nor_charged_nor_stopped_by_an_empty_budget() -> None:
    ledger = MemoryLedger()
    chat = ScriptedChat(answer=lambda prompt: Said("x", 60, 40))
    caller, _ = build(chat, tokens=100, ledger=ledger)
    first = await caller.text("r", [("user", "q")], max_tokens=40)
    assert caller.budget.exhausted() == "tokens"
    assert await caller.text("r", [("user", "q")], max_tokens=40) == first
    assert (chat.calls, caller.budget.spent.tokens) == (1, 100)
    resumed = Budget.restore(caller.budget.limits, await ledger.records())
    assert resumed.spent == caller.budget.spent


async def test_two_that_ask_the_same_share_one_call() -> None:
    chat = ScriptedChat(answer=lambda prompt: Said("x", 6, 4), delay_s=0.01)
    caller, _ = build(chat)
    await asyncio.gather(*(caller.text("r", [("user", "q")], max_tokens=40) for _ in range(5)))
    assert (chat.calls, caller.budget.spent.tokens) == (1, 10)


async def test_cancellation_passes_through_and_frees_the_budget() -> None:
    chat = ScriptedChat(answer=lambda prompt: "x", delay_s=30)
    caller, _ = build(chat, tokens=100, timeout_s=60)
    task = asyncio.create_task(
        caller.structured("r", [("user", "q")], Words, fallback=lambda: Words(words=[]), max_tokens=9)
    )
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caller.budget.spent.tokens == 0 and caller.budget.meter().calls_in_flight == 0
    assert await caller.ledger.records() == []


def test_a_cap_in_dollars_needs_a_price() -> None:
    model = OpenModel(ScriptedChat(), ModelInfo("m", "openai", "m", 1000), len)
    budget = Budget(BudgetLimits.model_validate({"usd": 1}))
    with pytest.raises(ConfigError, match="price of 'm' is unknown"):
        ModelCaller(model, MemoryLedger(), budget)
    ModelCaller(model, MemoryLedger(), Budget(BudgetLimits.model_validate({"tokens": 1})))


async def test_a_reasoning_model_gets_room_to_think_and_no_temperature() -> None:
    seen: list[dict[str, object]] = []

    class Spy(ScriptedChat):
        async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):  # type: ignore[no-untyped-def]
            seen.append(kwargs)
            return await super()._agenerate(messages, stop, run_manager, **kwargs)

    info = ModelInfo("gpt-5.5", "openai", "g", 100_000, reasoning=True)
    model = OpenModel(Spy(answer=lambda p: "x"), info, len)
    caller = ModelCaller(model, MemoryLedger(), Budget(BudgetLimits.model_validate({})))
    await caller.text("r", [("user", "q")], max_tokens=10)
    assert seen == [{"max_tokens": 10 + 4096}]
    assert (await caller.ledger.records())[0].value["unpriced_tokens"] > 0


def test_the_call_log_survives_kill_9(tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    code = (
        "import sys; from pathlib import Path; from tenfold.models import ScriptedChat\n"
        "chat = ScriptedChat(answer=lambda p: 'x', log=Path(sys.argv[1]), delay_s=0.01)\n"
        "for n in range(10000): chat.invoke(f'q{n}')"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(log)])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (not log.exists() or log.read_text().count("\n") < 11):
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    ended = [line["key"] for line in lines if line["event"] == "end"]
    begun = [line["key"] for line in lines if line["event"] == "begin"]
    assert len(lines) >= 11 and ended == begun[: len(ended)] and len(begun) - len(ended) <= 1
