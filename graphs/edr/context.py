"""What the nodes of a run work with: handed in from outside, never part of the state."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ...durable import CallKind, CallRecord, Json, Ledger, call_key, once
from ...errors import TenfoldError
from ...models import Budget, ModelCaller
from ...settings import BudgetLimits
from ...tools.runs import RunStore
from ...tools.search import Filters, Hit, SearchResult, Snapshot
from ...tools.sql import Database
from .state import Limits


class Searcher(Protocol):
    """What is searched and fetched with; `tools.search.SearchHub` is one."""

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """Search the engines whose kind of source the filters allow."""
        ...

    async def fetch(self, url: str) -> Snapshot:
        """Fetch a page or document."""
        ...


@dataclass
class EdrContext:
    """The services of one run.

    Attributes:
        run_id: The run.
        caller: The model that plans, extracts, writes.
        searcher: Where to look.
        source_types: The kinds of source that it can search.
        store: Snapshots, evidence, inbox, events.
        budget: Caps and what is spent; shared with `caller`.
        similarity: Cosine of a text to each of several, or None without an embedder.
        databases: Read-only databases by name.
        passages_per_task: The most passages that one task reads.
        on_live: Gets what is only worth seeing while it happens, such as a text that grows: type and data. Who gives it
            also has the log flushed before each checkpoint: events then wait for its next write.
    """

    run_id: str
    caller: ModelCaller
    searcher: Searcher
    source_types: frozenset[str]
    store: RunStore
    ledger: Ledger
    budget: Budget
    similarity: Callable[[str, Sequence[str]], Sequence[float]] | None = None
    databases: dict[str, Database] | None = None
    passages_per_task: int = 8
    on_live: Callable[[str, dict[str, Any]], None] | None = None

    def emit(self, type: str, data: dict[str, Any], *, key: str, state: dict[str, Any] | None = None) -> None:
        """Append an event; the same key is written once, however often a node runs again.

        Args:
            state: What it changes in the run's shared state document, by path (`shared`).
        """
        data = {**data, "state": state} if state else data
        if self.on_live is None:
            self.store.emit(self.run_id, type, data, key=key)
        else:  # a server must not wait for the disk here; what waits is written before the node's checkpoint
            self.store.log.later(self.run_id, type, data, key)

    def draft(self, section: str) -> Callable[[str], None] | None:
        """Where a section's text is shown while it is written; None when nobody would see it."""
        if self.on_live is None:
            return None
        return Draft(self.on_live, f"draft:{section}:{secrets.token_hex(2)}").show

    def set_limits(self, limits: Limits) -> None:
        """Put the run's caps in force, as its state has them."""
        self.budget.limits = BudgetLimits(**limits.model_dump())

    def share_spent(self) -> float:
        """The larger share of the token and money caps that is spent, in [0, 1]; 0 without caps."""
        limits, spent = self.budget.limits, self.budget.spent
        shares = [spent.tokens / limits.tokens] if limits.tokens else []
        shares += [spent.cost / limits.usd] if limits.usd else []
        return max(shares, default=0.0)

    def unread(self) -> bool:
        """Whether a message waits in the inbox."""
        return bool(self.store.messages(self.run_id, status="queued"))

    async def search(
        self, query: str, *, k: int, filters: Filters, attempt: int
    ) -> tuple[list[Hit], dict[str, str]]:
        """Search once and for all.

        Returns:
            Hits, and the engines that were blocked with the reason.
        """
        rules = filters.model_dump(mode="json")
        key = call_key("search", "search", q=query, k=k, filters=rules, attempt=attempt)

        async def look() -> Json:
            try:
                result = await self.searcher.search(query, k=k, filters=filters)
            except TenfoldError as error:
                return {"hits": [], "blocked": {"search": str(error)}}
            return {"hits": [hit.model_dump() for hit in result.hits], "blocked": dict(result.blocked)}

        record = await self._once(key, "search", "hub", look)
        return [Hit(**hit) for hit in record.value["hits"]], record.value["blocked"]

    async def fetch(self, url: str) -> Snapshot | str:
        """Fetch once and for all; a refusal comes back as its reason."""
        key = call_key("fetch", "fetch", url=url)

        async def read() -> Json:
            try:
                snapshot = await self.searcher.fetch(url)
            except TenfoldError as error:
                return {"error": str(error)}
            self.store.put_snapshot(snapshot)
            return {"sha256": snapshot.sha256}

        record = await self._once(key, "fetch", url[:200], read)
        if "error" in record.value:
            return str(record.value["error"])
        return self.store.snapshot(record.value["sha256"]) or "The snapshot is gone from the run store."

    async def query(self, database: str, sql: str) -> tuple[Snapshot | None, dict[str, Any]]:
        """Run a SELECT once and for all; the rows become a snapshot, so that they are cited like a page."""
        key = call_key("sql", "sql", database=database, sql=sql)

        async def select() -> Json:
            try:
                rows = await (self.databases or {})[database].query(sql)
            except TenfoldError as error:
                return {"error": str(error)}
            snapshot = rows.to_snapshot()
            self.store.put_snapshot(snapshot)
            cells = [[_plain(cell) for cell in row] for row in rows.rows[:200]]
            return {"sha256": snapshot.sha256, "columns": list(rows.columns), "rows": cells}

        record = await self._once(key, "sql", database, select)
        sha = record.value.get("sha256")
        return (self.store.snapshot(sha) if sha else None), record.value

    async def _once(
        self, key: str, kind: CallKind, name: str, work: Callable[[], Awaitable[Json]]
    ) -> CallRecord:
        """Do a tool's work once and for all, timed; `work` turns a refusal into its answer."""

        async def call() -> CallRecord:
            started = time.monotonic()
            value = await work()
            return CallRecord(key, kind, name, value, ms=1000 * (time.monotonic() - started), role=kind)

        return await once(self.ledger, key, call)


class Draft:
    """A growing text as `text.*` events.

    Args:
        tell: Gets type and data.
        name: The text's id; a text that is taken back goes on under a new one.
    """

    def __init__(self, tell: Callable[[str, dict[str, Any]], None], name: str) -> None:
        self._tell = tell
        self._name = name
        self._round = 0
        self._shown = ""

    def show(self, text: str) -> None:
        """Show the whole text so far."""
        if not text.startswith(self._shown):
            self._shown, self._round = "", self._round + 1
        name = f"{self._name}:{self._round}"
        if not self._shown and text:
            self._tell("text.start", {"id": name, "role": "assistant"})
        if piece := text[len(self._shown) :]:
            self._tell("text.delta", {"id": name, "delta": piece})
        self._shown = text


def _plain(cell: Any) -> Any:
    """A cell as JSON keeps it."""
    return cell if cell is None or isinstance(cell, bool | int | float | str) else str(cell)
