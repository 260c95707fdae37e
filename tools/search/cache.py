"""What was searched and read before, on disk, so that the same question costs nothing the same day.

A cache never breaks a run: a damaged file is made anew, and a failing read or write counts as a miss.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ...text import normalise
from .types import Filters, Hit, Snapshot

_HITS = TypeAdapter(list[Hit])
_SCHEMA = "CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, at REAL NOT NULL, value TEXT NOT NULL) WITHOUT ROWID"


def search_key(engine: str, q: str, k: int, filters: Filters | None, *, day: str = "") -> str:
    """What a search is: engine, query (normalised), number, filters, and the day for the cache."""
    asked = [engine, normalise(q), k, (filters or Filters()).model_dump_json(), day]
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()


class SearchCache:
    """Hits by question and day, snapshots by address.

    Args:
        path: A SQLite file; it is made when it is not there. Processes may share it.
        ttl_s: Seconds after which an entry is forgotten.
    """

    def __init__(self, path: Path, *, ttl_s: float = 86_400.0) -> None:
        self.path, self._ttl_s = path, ttl_s
        self._lock = threading.Lock()
        self._connection = _open(path)
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("DELETE FROM entry WHERE at < ?", (time.time() - ttl_s,))

    async def hits(self, engine: str, q: str, k: int, filters: Filters | None) -> list[Hit] | None:
        """The hits kept from earlier today, or None."""
        value = await asyncio.to_thread(self._get, search_key(engine, q, k, filters, day=_today()))
        try:
            return None if value is None else _HITS.validate_json(value)
        except ValidationError:  # written by another version
            return None

    async def keep_hits(self, engine: str, q: str, k: int, filters: Filters | None, hits: list[Hit]) -> None:
        """Keep hits; an empty list is not kept, for it may have been a block in disguise."""
        if hits:
            key = search_key(engine, q, k, filters, day=_today())
            await asyncio.to_thread(self._put, key, _HITS.dump_json(hits).decode())

    async def snapshot(self, url: str) -> Snapshot | None:
        """The page kept under this address, or None."""
        value = await asyncio.to_thread(self._get, f"page {url}")
        try:
            return None if value is None else Snapshot.model_validate_json(value)
        except ValidationError:
            return None

    async def keep_snapshot(self, url: str, snapshot: Snapshot) -> None:
        """Keep a page under the address that was asked for."""
        await asyncio.to_thread(self._put, f"page {url}", snapshot.model_dump_json())

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def _get(self, key: str) -> str | None:
        with self._lock, contextlib.suppress(sqlite3.Error):
            query = "SELECT value FROM entry WHERE key = ? AND at > ?"
            row = self._connection.execute(query, (key, time.time() - self._ttl_s)).fetchone()
            return None if row is None else str(row[0])
        return None

    def _put(self, key: str, value: str) -> None:
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.execute(
                "INSERT OR REPLACE INTO entry VALUES (?, ?, ?)", (key, time.time(), value)
            )


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connect(path)
    except sqlite3.DatabaseError:
        for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            name.unlink(missing_ok=True)
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_SCHEMA)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
