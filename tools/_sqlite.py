"""One SQLite file that the threads of a process share: the run store and the document index stand on it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import StoreUnavailable

_AWAY = ("SQLITE_FULL", "SQLITE_BUSY", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")


@contextmanager
def telling() -> Generator[None]:
    """Say with an error of ours that a database is full, locked or unreadable; what is wrong with a statement passes.

    Raises:
        StoreUnavailable: What SQLite says.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if str(getattr(error, "sqlite_errorname", "")).startswith(_AWAY):
            raise StoreUnavailable(
                f"The database cannot be used just now: {error}.", mend="Make room on the disk, or try again."
            ) from error
        raise


class SqliteFile:
    """A connection in WAL mode.

    Args:
        path: The file; its folder is made.
        synced: Whether each write waits until the disk has it.
        timeout_s: Seconds to wait for another process's write.

    Raises:
        sqlite3.DatabaseError: The file is not a database. All methods: StoreUnavailable, it cannot be used now.
    """

    def __init__(self, path: Path, *, synced: bool, timeout_s: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=timeout_s)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;")
        self._db.execute(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Run a read and return its rows."""
        with self._lock, telling():
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """Run a read and return its first row, or None."""
        with self._lock, telling():
            return self._db.execute(sql, values).fetchone()

    def write(self, sql: str, *values: Any) -> int:
        """Run one write in its own transaction; returns how many rows it changed."""
        with self._lock, telling():
            return self._db.execute(sql, values).rowcount

    @contextmanager
    def transaction(self, *_run_ids: str) -> Generator[Any]:
        """Several statements, all or none; other writers wait, whatever they write about."""
        with self._lock, telling():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # on a full disk SQLite has rolled back already
                    self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connection; further calls fail."""
        with self._lock:
            self._db.close()
