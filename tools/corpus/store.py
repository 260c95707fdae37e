"""The index's truth: one SQLite file with documents, chunks, words, and what has reached the vector store.

Each document is one transaction, so a run that is killed has lost at most the file it was reading.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...errors import ToolError
from .._sqlite import SqliteFile
from .places import dump_regions, load_regions
from .readers import Region
from .types import StoredDocument

SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents(
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, file_sha256 TEXT NOT NULL, sha256 TEXT NOT NULL, title TEXT NOT NULL,
    media_type TEXT NOT NULL, published TEXT, pages TEXT NOT NULL, notes TEXT NOT NULL, read_at TEXT NOT NULL,
    text TEXT NOT NULL, regions TEXT NOT NULL DEFAULT '[]', reader TEXT NOT NULL DEFAULT '');
CREATE TABLE failures(
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
-- AUTOINCREMENT: an id that was ever given to a vector must not come back for another text.
CREATE TABLE chunks(
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, heading TEXT NOT NULL, digest TEXT NOT NULL,
    embedded INTEGER NOT NULL DEFAULT 0);
CREATE INDEX chunks_by_document ON chunks(document);
CREATE INDEX chunks_pending ON chunks(id) WHERE embedded = 0;
CREATE VIRTUAL TABLE words USING fts5(tokens, tokenize="ascii tokenchars '.'");
"""
# An index of version 1 does not know where the text of its scans stands: what may be a scan is read again by the next
# index run, and can be searched as it is until then.
_FROM_1 = """
ALTER TABLE documents ADD COLUMN regions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE documents ADD COLUMN reader TEXT NOT NULL DEFAULT '';
UPDATE documents SET mtime_ns=-1, file_sha256='' WHERE media_type='application/pdf' OR media_type LIKE 'image/%';
DELETE FROM failures;
"""


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk to store; `tokens` are its words for lexical search, parted by spaces."""

    start: int
    end: int
    heading: str
    digest: str
    tokens: str


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document to store with its chunks."""

    path: str
    size: int
    mtime_ns: int
    file_sha256: str
    sha256: str
    title: str
    media_type: str
    published: str | None
    pages: tuple[int, ...]
    notes: tuple[str, ...]
    text: str
    regions: tuple[Region, ...]
    reader: str
    chunks: tuple[NewChunk, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the index knows of a file without reading it."""

    id: int
    size: int
    mtime_ns: int
    file_sha256: str


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A chunk with its text and its document's title and headings."""

    id: int
    document: int
    path: str
    title: str
    heading: str
    start: int
    end: int
    digest: str
    text: str
    published: str | None
    pages: tuple[int, ...]


class Store(SqliteFile):
    """A connection that the threads of one process share; other processes have their own.

    Raises:
        ToolError: The file is not an index, or was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Not synced: after a power cut the last documents may be missing, and are then read again.
            super().__init__(path, synced=False, timeout_s=30.0)
            self._create(path)
        except sqlite3.DatabaseError as error:
            raise ToolError(
                f"{str(path)!r} cannot be opened as an index: {error}.",
                mend="Remove the index folder; the next index run builds it again.",
            ) from error

    def _create(self, path: Path) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise ToolError(f"{str(path)!r} was written by a newer Tenfold.", mend="Upgrade Tenfold.")
        if version < SCHEMA_VERSION:
            with self.transaction():
                version = self._db.execute("PRAGMA user_version").fetchone()[
                    0
                ]  # somebody may have been first
                wanted = {0: _SCHEMA, 1: _FROM_1}.get(version, "")
                for statement in wanted.split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def meta(self, key: str) -> str | None:
        """A value of the index as a whole, or None."""
        found = self.rows("SELECT value FROM meta WHERE key=?", key)
        return found[0][0] if found else None

    def set_meta(self, key: str, value: str) -> None:
        """Set a value of the index as a whole."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))

    def known(self) -> dict[str, Known]:
        """What is known of each document, by path."""
        rows = self.rows("SELECT path, id, size, mtime_ns, file_sha256 FROM documents")
        return {
            row["path"]: Known(row["id"], row["size"], row["mtime_ns"], row["file_sha256"]) for row in rows
        }

    def failures(self) -> dict[str, tuple[int, int, str]]:
        """(size, mtime_ns, reason) of files that could not be read, by path."""
        return {
            row["path"]: (row["size"], row["mtime_ns"], row["reason"])
            for row in self.rows("SELECT * FROM failures")
        }

    def put(self, new: NewDocument) -> list[int]:
        """Store a document in place of an older one of its path; returns the chunk ids that are gone."""
        with self.transaction() as db:
            gone = _drop(db, [new.path])
            db.execute("DELETE FROM failures WHERE path=?", (new.path,))
            cursor = db.execute(
                "INSERT INTO documents(path, size, mtime_ns, file_sha256, sha256, title, media_type, published,"
                " pages, notes, read_at, text, regions, reader) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    new.path, new.size, new.mtime_ns, new.file_sha256, new.sha256, new.title, new.media_type,
                    new.published, json.dumps(new.pages), json.dumps(new.notes, ensure_ascii=False), _now(), new.text,
                    dump_regions(new.regions), new.reader,
                ),
            )  # fmt: skip
            for chunk in new.chunks:
                row = db.execute(
                    "INSERT INTO chunks(document, start, end, heading, digest) VALUES(?,?,?,?,?)",
                    (cursor.lastrowid, chunk.start, chunk.end, chunk.heading, chunk.digest),
                )
                db.execute("INSERT INTO words(rowid, tokens) VALUES(?,?)", (row.lastrowid, chunk.tokens))
        return gone

    def touch(self, path: str, size: int, mtime_ns: int) -> None:
        """Note that a file has a new time but its old content."""
        with self.transaction() as db:
            db.execute("UPDATE documents SET size=?, mtime_ns=? WHERE path=?", (size, mtime_ns, path))

    def remove(self, paths: Iterable[str]) -> list[int]:
        """Remove documents; returns the chunk ids that are gone."""
        with self.transaction() as db:
            return _drop(db, paths)

    def fail(self, path: str, size: int, mtime_ns: int, reason: str) -> list[int]:
        """Note that a file cannot be read, and remove what was known of it; returns the chunk ids that are gone."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO failures VALUES(?,?,?,?)", (path, size, mtime_ns, reason))
            return _drop(db, [path])

    def forget_failures(self, paths: Iterable[str]) -> None:
        """Drop the notes on files that are no longer there."""
        with self.transaction() as db:
            db.executemany("DELETE FROM failures WHERE path=?", ((path,) for path in paths))

    def chunks(self, ids: Sequence[int]) -> dict[int, ChunkRow]:
        """The chunks that are still there, by id."""
        rows = self.rows(
            "SELECT c.id, c.document, d.path, d.title, c.heading, c.start, c.end, c.digest,"
            " substr(d.text, c.start + 1, c.end - c.start) AS text, d.published, d.pages"
            " FROM chunks c JOIN documents d ON d.id = c.document WHERE c.id IN (SELECT value FROM json_each(?))",
            json.dumps(list(ids)),
        )
        found: dict[int, ChunkRow] = {}
        for row in rows:
            fields = dict(row)
            fields["pages"] = tuple(json.loads(fields["pages"]))
            found[row["id"]] = ChunkRow(**fields)
        return found

    def pending(self, limit: int) -> list[int]:
        """Ids of chunks that the vector store does not have yet."""
        return [
            row[0] for row in self.rows("SELECT id FROM chunks WHERE embedded=0 ORDER BY id LIMIT ?", limit)
        ]

    def mark_embedded(self, ids: Iterable[int], value: bool = True) -> None:
        """Note which chunks the vector store has."""
        with self.transaction() as db:
            db.executemany("UPDATE chunks SET embedded=? WHERE id=?", ((int(value), i) for i in ids))

    def document(self, path: str) -> StoredDocument | None:
        """A whole document by its path, or None."""
        rows = self.rows("SELECT * FROM documents WHERE path=?", path)
        if not rows:
            return None
        row = rows[0]
        return StoredDocument(
            path=row["path"],
            title=row["title"],
            text=row["text"],
            sha256=row["sha256"],
            media_type=row["media_type"],
            published=row["published"],
            modified=iso_date(row["mtime_ns"]),
            pages=tuple(json.loads(row["pages"])),
            read_at=row["read_at"],
            regions=load_regions(row["regions"]),
        )

    def read_by_others(self, reader: str) -> None:
        """Have documents with scans that this reader has not read be read again by the next index run."""
        with self.transaction() as db:
            db.execute(
                "UPDATE documents SET mtime_ns=-1, file_sha256='' WHERE reader NOT IN ('', ?)", (reader,)
            )
            # Whatever one reader could not read another may.
            if self.meta("page_reader") != reader:
                db.execute("DELETE FROM failures")
                db.execute("INSERT OR REPLACE INTO meta VALUES('page_reader', ?)", (reader,))


def iso_date(mtime_ns: int) -> str:
    """The day of a file's time stamp in UTC; a stamp beyond the calendar gives the epoch."""
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return "1970-01-01"


def _drop(db: sqlite3.Connection, paths: Iterable[str]) -> list[int]:
    gone: list[int] = []
    for path in paths:
        ids = [
            row[0]
            for row in db.execute(
                "SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document WHERE d.path=?", (path,)
            )
        ]
        db.executemany("DELETE FROM words WHERE rowid=?", ((i,) for i in ids))
        db.execute("DELETE FROM documents WHERE path=?", (path,))
        gone += ids
    return gone


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
