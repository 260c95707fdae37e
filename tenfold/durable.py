"""Calls that are paid for once: a LangGraph task around a per-run ledger.

LangGraph's ``@task`` keeps the result of a finished call beside the checkpoint, so a resumed node does not
repeat it. Two gaps remain, and the ledger closes both: a process killed between the call's return and the
checkpoint's write, and a node whose calls come in another order the second time (LangGraph matches results by
position). The ledger is keyed by what was asked, is written the moment a call returns, and is the one place
from which usage, cost and the budget of a run are added up.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Literal

Json = dict[str, Any]
CallKind = Literal["llm", "search", "fetch", "sql", "read", "chart", "mcp", "phone"]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call.

    Attributes:
        key: What was asked, as `call_key` digests it; unique within a run.
        kind: The sort of call.
        name: The model, engine or host that answered.
        value: The JSON answer, as the caller will see it again on resume.
        input_tokens: Prompt tokens, 0 for tools.
        output_tokens: Completion tokens, 0 for tools.
        cost: US dollars; 0.0 where the price is zero or unknown.
        ms: Wall time of the call in milliseconds.
        role: Who asked: the agent's role or the tool's name.
    """

    key: str
    kind: CallKind
    name: str
    value: Json
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    ms: float = 0.0
    role: str = ""


def call_key(kind: CallKind, role: str, **inputs: Any) -> str:
    """Digest what is asked into a key: the same question in the same run has the same key."""
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=False, default=str)
    return f"{kind}:{role}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


class Ledger(ABC):
    """The finished calls of one run, in the order in which they ended."""

    def __init__(self) -> None:
        self._in_flight: dict[str, asyncio.Future[CallRecord]] = {}

    @abstractmethod
    async def get(self, key: str) -> CallRecord | None:
        """Return the finished call under `key`, or None."""

    @abstractmethod
    async def put(self, record: CallRecord) -> None:
        """Store a finished call; durable when this returns. A key that is there already stays as it was."""

    @abstractmethod
    async def records(self) -> list[CallRecord]:
        """All finished calls, oldest first."""

    async def run(self, key: str, call: Callable[[], Awaitable[CallRecord]]) -> CallRecord:
        """Return the stored result for `key`, or make the call once and store it.

        Two callers that ask for one key at the same time share one call.
        """
        if (waiting := self._in_flight.get(key)) is not None:
            return await asyncio.shield(waiting)
        if (known := await self.get(key)) is not None:
            return known
        if (waiting := self._in_flight.get(key)) is not None:  # another caller came in during the await
            return await asyncio.shield(waiting)
        future: asyncio.Future[CallRecord] = asyncio.get_running_loop().create_future()
        self._in_flight[key] = future
        try:
            record = await call()
            await self.put(record)
            future.set_result(record)
            return record
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            future.exception()  # marks it as seen: no waiter is owed a warning
            raise
        finally:
            del self._in_flight[key]


@dataclass
class MemoryLedger(Ledger):
    """A ledger that lives as long as its process: for tests and for calls outside a run."""

    _records: dict[str, CallRecord] = field(default_factory=dict[str, CallRecord])

    def __post_init__(self) -> None:
        super().__init__()

    async def get(self, key: str) -> CallRecord | None:
        """Return the finished call under `key`, or None."""
        return self._records.get(key)

    async def put(self, record: CallRecord) -> None:
        """Keep a finished call."""
        self._records.setdefault(record.key, record)

    async def records(self) -> list[CallRecord]:
        """All finished calls, oldest first."""
        return list(self._records.values())


async def once(ledger: Ledger, key: str, call: Callable[[], Awaitable[CallRecord]]) -> CallRecord:
    """Make a paid or side-effecting call so that a killed and resumed run never repeats it.

    Inside a LangGraph node the call is a LangGraph task, so traces and `stream_mode="tasks"` show it; outside
    one (a script, a unit test) only the ledger stands guard.
    """
    task = _task()
    if task is None:
        return await ledger.run(key, call)
    replayed: Json = await task(key, ledger, call)
    if replayed["key"] == key:
        return CallRecord(**replayed)
    # LangGraph replays task results by position. This one belongs to another question: ask the ledger.
    return await ledger.run(key, call)


def _task() -> Any:
    """The LangGraph task that wraps a call, or None outside a running graph."""
    from langgraph.config import get_config  # late: importing tenfold must stay cheap

    try:
        inside = "__pregel_call" in get_config().get("configurable", {})
    except RuntimeError:
        return None
    return _wrapped() if inside else None


@cache
def _wrapped() -> Any:
    from langgraph.func import task

    @task(name="call")
    async def call_task(key: str, ledger: Ledger, call: Callable[[], Awaitable[CallRecord]]) -> Json:
        return asdict(await ledger.run(key, call))

    return call_task
