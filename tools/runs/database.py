"""The run store's database, opened so that a killed process loses nothing that was said to be stored."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Protocol

from ...errors import RunError, StoreUnavailable
from .. import _postgres, _sqlite
from .._postgres import PostgresDatabase, connect
from .._sqlite import SqliteFile
from .schema import FROM_1, FROM_2, SCHEMA, SCHEMA_VERSION


def now() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return _stamp(time.time_ns() // 1_000_000)


@lru_cache(maxsize=4)
def _stamp(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


@contextmanager
def database_errors() -> Generator[None]:
    """Say with an error of ours that a database is away, full or locked, whichever it is.

    Raises:
        StoreUnavailable: What it says.
    """
    with _sqlite.telling():
        if "psycopg" in sys.modules:
            with _postgres.telling():
                yield
        else:
            yield


class Database(Protocol):
    """What the store needs of a database, whichever it is."""

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Run a read and return its rows."""
        ...

    def row(self, sql: str, *values: Any) -> Any | None:
        """Run a read and return its first row, or None."""
        ...

    def write(self, sql: str, *values: Any) -> int:
        """Run one write; returns how many rows it changed."""
        ...

    def transaction(self, *run_ids: str) -> Any:
        """Several statements, all or none; other writers of these runs wait."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class SqliteRuns(SqliteFile):
    """The run store in one SQLite file.

    Args:
        path: The file; its folder is made.
        synced: Whether each write waits until the disk has it. What is paid for must survive a power cut; without
            it a write survives a killed process, and a power cut only once a later synced write came (the log is
            one file).

    Raises:
        RunError: The file is not a database, or was written by a newer version.
    """

    def __init__(self, path: Path, *, synced: bool = True) -> None:
        try:
            super().__init__(path, synced=synced, timeout_s=30.0)
            with self.transaction() as db:  # two processes may open an old file at once
                version = db.execute("PRAGMA user_version").fetchone()[0]
                _check_version(version, str(path))
                if version < SCHEMA_VERSION:
                    before = {0: "", 1: FROM_1}.get(version, FROM_2)
                    for statement in before.split(";") + SCHEMA.split(";"):
                        db.execute(statement)
                    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        except (sqlite3.DatabaseError, StoreUnavailable) as error:
            raise RunError(
                f"{path} cannot be opened as a run store: {error}.",
                mend="Move the file away, or correct its rights.",
            ) from error


class PostgresRuns(PostgresDatabase):
    """The run store in a PostgreSQL database, in the schema `tenfold`.

    Raises:
        RunError: It was written by a newer version.
        ConfigError: The server cannot be reached.
    """

    def _prepare(self) -> None:
        super()._prepare()
        self._db.execute("SET search_path TO tenfold, public")

    def migrate(self) -> None:
        """Make the tables, once for all servers."""
        with self.transaction("schema") as db:
            db.execute("CREATE SCHEMA IF NOT EXISTS tenfold")
            db.execute("CREATE TABLE IF NOT EXISTS tenfold.meta (version INTEGER NOT NULL)")
            found = db.execute("SELECT version FROM tenfold.meta").fetchone()
            if found is None:
                for statement in filter(str.strip, SCHEMA.split(";")):
                    db.execute(statement)
                db.execute("INSERT INTO tenfold.meta (version) VALUES (?)", (SCHEMA_VERSION,))
                return
            _check_version(found["version"], "The database")
            if found["version"] < SCHEMA_VERSION:
                for statement in [FROM_2, *filter(str.strip, SCHEMA.split(";"))]:
                    db.execute(statement)
                db.execute("UPDATE tenfold.meta SET version = ?", (SCHEMA_VERSION,))


def _check_version(version: int, what: str) -> None:
    if version > SCHEMA_VERSION:
        raise RunError(f"{what} was written by a newer Tenfold (schema {version}).", mend="Upgrade Tenfold.")


class RunLock(Protocol):
    """Held by the one process that drives a run; the system frees it when that process dies."""

    def release(self) -> None:
        """Let the run go."""
        ...

    def __enter__(self) -> RunLock: ...

    def __exit__(self, *_: object) -> None: ...


class FileLock:
    """A lock on a file of this machine.

    Raises:
        RunError: Another process holds it.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (folder / f"{name}.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise RunError(
                f"Run {name!r} is being driven by another process (pid {holder}).",
                mend="Wait for it, or stop that process.",
            ) from error
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let the run go."""
        self._file.close()

    def __enter__(self) -> FileLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class PostgresLocks:
    """Locks of one process, all on one connection of their own; the server frees them when it ends.

    Args:
        url: The database.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._guard = threading.RLock()
        self._db: Any = None
        self._held: set[str] = set()

    def take(self, name: str) -> PostgresLock:
        """Take a lock.

        Raises:
            RunError: Another server holds it, or this one does.
        """
        with self._guard:
            # The same session would get it a second time.
            if name in self._held or not self._ask(
                "SELECT pg_try_advisory_lock(hashtextextended(%s, 0)) AS ok", name
            ):
                raise RunError(
                    f"Run {name!r} is being driven by another process.",
                    mend="Wait for it, or stop that process.",
                )
            self._held.add(name)
        return PostgresLock(self, name)

    def _ask(self, sql: str, name: str) -> bool:
        if self._db is None or self._db.closed or self._db.broken:
            if self._held:
                raise RunError(
                    "The connection that holds the runs was lost.", mend="They go on by themselves."
                )
            self._db = connect(self._url)
        return bool(self._db.execute(sql, (name,)).fetchone()["ok"])

    def release(self, name: str) -> None:
        """Let a lock go; one that was lost with its connection is forgotten."""
        with self._guard:
            if name in self._held:
                self._held.discard(name)
                if not (self._db.closed or self._db.broken):
                    self._ask("SELECT pg_advisory_unlock(hashtextextended(%s, 0)) AS ok", name)

    def alive(self) -> bool:
        """Whether the held locks are still held; when not, they are given up here."""
        with self._guard:
            if not self._held:
                return True
            try:
                self._db.execute("SELECT 1")
                return True
            except Exception:  # whatever cut the connection: its locks are gone
                self._db.close()
                self._held.clear()
                return False

    def close(self) -> None:
        """Close the connection, and so free all locks."""
        with self._guard:
            self._held.clear()
            if self._db is not None:
                self._db.close()


class PostgresLock:
    """One held lock."""

    def __init__(self, locks: PostgresLocks, name: str) -> None:
        self._locks, self._name = locks, name

    def release(self) -> None:
        """Let the run go."""
        self._locks.release(self._name)

    def __enter__(self) -> PostgresLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
