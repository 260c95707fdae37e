"""One SQLite file, opened so that a killed process loses nothing that was said to be stored."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ...errors import RunError
from .schema import SCHEMA, SCHEMA_VERSION


def now() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Database:
    """A connection that several threads of one process share, one statement at a time.

    Args:
        path: The file; its folder is made.
        synced: Whether each write waits until the disk has it. What is paid for must survive a power cut; without
            it a write survives a killed process, and a power cut only once a later synced write came (the log is
            one file).

    Raises:
        RunError: The file is not a database, or was written by a newer version.
    """

    def __init__(self, path: Path, *, synced: bool = True) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10.0)
            self._db.row_factory = sqlite3.Row
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;")
            self._db.execute(f"PRAGMA synchronous={'FULL' if synced else 'NORMAL'}")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise RunError(
                    f"{path} was written by a newer Tenfold (schema {version}).", mend="Upgrade Tenfold."
                )
            if version < SCHEMA_VERSION:
                self._db.executescript(SCHEMA + f"PRAGMA user_version={SCHEMA_VERSION};")
        except sqlite3.DatabaseError as error:
            raise RunError(
                f"{path} cannot be opened as a run store: {error}.",
                mend="Move the file away, or correct its rights.",
            ) from error

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Run a read and return its rows."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """Run a read and return its first row, or None."""
        with self._lock:
            return self._db.execute(sql, values).fetchone()

    def write(self, sql: str, *values: Any) -> int:
        """Run one write in its own transaction; returns how many rows it changed."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Several statements, all or none; other writers wait."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the connection; further calls fail."""
        with self._lock:
            self._db.close()


class RunLock:
    """Held by the one process that drives a run; the system frees it when that process dies.

    Raises:
        RunError: Another process holds it.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (folder / f"{run_id}.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise RunError(
                f"Run {run_id!r} is being driven by another process (pid {holder}).",
                mend="Wait for it, or stop that process.",
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let the run go."""
        self._file.close()

    def __enter__(self) -> RunLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
