"""The ledger of one run in the run store: finished calls, what they cost, and their answers."""

from __future__ import annotations

import asyncio
import json

from ...durable import CallRecord, Ledger
from .database import Database, now

_COLUMNS = ("key", "kind", "role", "name", "input_tokens", "output_tokens", "cost", "ms")


class RunLedger(Ledger):
    """Finished calls of one run, durable when `put` returns.

    Calls that end together are written together: the disk is waited for once, and not by the event loop.
    """

    def __init__(self, db: Database, run_id: str) -> None:
        super().__init__()
        self._db = db
        self._run_id = run_id
        self._waiting: list[CallRecord] = []
        self._writing: asyncio.Task[None] | None = None

    async def get(self, key: str) -> CallRecord | None:
        """Return the finished call under `key`, or None."""
        row = self._db.row("SELECT * FROM calls WHERE run_id = ? AND key = ?", self._run_id, key)
        return None if row is None else _record(dict(row))

    async def put(self, record: CallRecord) -> None:
        """Store a finished call; one that is there already stays as it was."""
        self._waiting.append(record)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_waiting())
        await asyncio.shield(self._writing)

    async def _write_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.to_thread(self._write, batch)

    def _write(self, batch: list[CallRecord]) -> None:
        with self._db.transaction(self._run_id) as db:
            for record in batch:
                db.execute(
                    "INSERT INTO calls (run_id, n, at, value, key, kind, role, name, input_tokens, "
                    "output_tokens, cost, ms) VALUES "
                    "(?, (SELECT COUNT(*) + 1 FROM calls WHERE run_id = ?), ?,?,?,?,?,?,?,?,?,?) "
                    "ON CONFLICT DO NOTHING",
                    (self._run_id, self._run_id, now(), json.dumps(record.value, ensure_ascii=False),
                     *(getattr(record, column) for column in _COLUMNS)),
                )  # fmt: skip

    async def records(self) -> list[CallRecord]:
        """All finished calls, oldest first."""
        rows = self._db.rows("SELECT * FROM calls WHERE run_id = ? ORDER BY n", self._run_id)
        return [_record(dict(row)) for row in rows]


def _record(row: dict[str, object]) -> CallRecord:
    return CallRecord(**{column: row[column] for column in _COLUMNS}, value=json.loads(str(row["value"])))  # type: ignore[arg-type]
