"""One SQLite file, opened so that a killed process loses nothing that was said to be stored."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from ...errors import RunError
from .._sqlite import SqliteFile
from .schema import SCHEMA, SCHEMA_VERSION


def now() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Database(SqliteFile):
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
        try:
            super().__init__(path, synced=synced, timeout_s=10.0)
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
