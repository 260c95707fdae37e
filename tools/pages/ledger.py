"""What a batch has read: one row a page, so that no page is read again."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Generator
from pathlib import Path

from ...errors import ToolError
from ...pages import PageReading
from .._sqlite import SqliteFile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pages(
    file TEXT NOT NULL, page INTEGER NOT NULL, reader TEXT NOT NULL, reading TEXT NOT NULL,
    PRIMARY KEY(file, page, reader))
"""


class PageLedger(SqliteFile):
    """Readings by (SHA-256 of the file, page, reader with mode, task and dots per inch).

    Raises:
        ToolError: The file is not a ledger.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Not synced: after a power cut the last pages may be missing, and are then read again.
            super().__init__(path, synced=False, timeout_s=30.0)
            self.write(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise ToolError(
                f"{str(path)!r} cannot be opened as a ledger: {error}.",
                mend="Remove it; pages are read again.",
            ) from error

    def record(self, file: str, page: int, reader: str, reading: PageReading) -> bool:
        """Keep a reading; False when this page was kept before, which then stands."""
        done = self.write(
            "INSERT OR IGNORE INTO pages VALUES(?,?,?,?)", file, page, reader, reading.model_dump_json()
        )
        return done == 1

    def pages(self, file: str, reader: str) -> set[int]:
        """The numbers of the pages that are kept."""
        return {row[0] for row in self.rows("SELECT page FROM pages WHERE file=? AND reader=?", file, reader)}

    def readings(self, file: str, reader: str) -> dict[int, PageReading]:
        """The readings of a file by page, in order."""
        rows = self.rows(
            "SELECT page, reading FROM pages WHERE file=? AND reader=? ORDER BY page", file, reader
        )
        return {row[0]: PageReading.model_validate_json(row[1]) for row in rows}

    def count(self) -> int:
        """Pages that are kept, of all readers."""
        return int(self.rows("SELECT count(*) FROM pages")[0][0])


@contextlib.contextmanager
def only_one(path: Path) -> Generator[None]:
    """Hold a lock file; the system frees it when this process dies.

    Raises:
        ToolError: Another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ToolError(
                f"{str(path.parent)!r} is being written by another process.", mend="Wait for it, or stop it."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
