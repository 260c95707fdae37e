"""The event log: appended before anybody sees it, numbered without gaps, many events a transaction."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ...encoding import dump_json
from .._postgres import Statements
from .database import Database, now
from .types import Event

DELTA_S = 0.095  # a text shows at most ten pieces a second
_ROWS = 500
_LOG = logging.getLogger(__name__)


class Entry(NamedTuple):
    """An event that has no number yet; without a key it is one of its kind."""

    type: str
    data: dict[str, Any]
    key: str | None
    at: str


class _Waiting:
    """Events of one run that wait for the next write."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.pieces: dict[str, list[str]] = {}
        self.only_pieces = True


class EventLog:
    """Appends events of runs.

    Args:
        db: Where they go.

    Attributes:
        on_written: Gets the events of each write, in order, in the thread that wrote.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._writing = (
            threading.RLock()
        )  # held from taking what waits until it is written, so that order is kept
        self._busy = False
        self._doubt: dict[
            str, tuple[int, tuple[Any, ...]]
        ] = {}  # how many entries, the first as it may stand
        self._guard = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._shown: dict[str, float] = {}
        self.on_written: Callable[[list[Event]], None] | None = None

    @contextmanager
    def _hold(self) -> Generator[None]:
        with self._writing:
            self._busy = True
            try:
                yield
            finally:
                self._busy = False

    def later(self, run_id: str, type: str, data: dict[str, Any], key: str | None = None) -> None:
        """Append with the next `flush`; cheap, and may be called from any thread. Pieces of one text are joined."""
        with self._guard:
            waiting = self._waiting.get(run_id)
            if waiting is None:
                waiting = self._waiting[run_id] = _Waiting()
            if type == "text.delta":
                pieces = waiting.pieces.get(data["id"])
                if pieces is not None:
                    pieces.append(data["delta"])
                    return
                waiting.pieces[data["id"]] = pieces = [data["delta"]]
                data = {**data, "delta": pieces}
            else:
                waiting.only_pieces = False
            waiting.entries.append(Entry(type, data, key, now()))

    @property
    def waits(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)

    def waits_for(self, run_id: str) -> bool:
        """Whether an event of this run waits, or is being written."""
        # Asked again at the end: what could not be written goes back before the writer says that it is done.
        return run_id in self._waiting or self._busy or run_id in self._waiting

    def flush(self, run_id: str | None = None) -> None:
        """Write what waits, of all runs or of one; then of the one also pieces of text that were shown just now."""
        with self._hold():
            batch = self._take(run_id)
            if batch:
                self._write(batch)

    def append(self, run_id: str, entries: Sequence[tuple[str, dict[str, Any], str | None]]) -> list[int]:
        """Append after all that waits for this run; returns the numbers. A key that is known changes nothing."""
        with self._hold():
            before = self._take(run_id).get(run_id, [])
            at = now()
            new = [Entry(type, data, key, at) for type, data, key in entries]
            if before:
                self._write({run_id: before})
            return self._write({run_id: new}, keep=False)[run_id]

    @contextmanager
    def within(self, db: Database, run_id: str) -> Generator[tuple[Statements, list[Entry]]]:
        """A transaction of another connection that also appends, after all that waits for the run.

        Yields:
            The transaction, and the list that takes the entries.
        """
        with self._hold():
            batch = self._take(run_id)
            new: list[Entry] = []
            rows: list[tuple[Any, ...]] = []
            try:
                with db.transaction(run_id) as statements:
                    yield statements, new
                    self._settle(statements, batch)
                    events, rows, _ = _numbered(statements, {run_id: [*batch.get(run_id, []), *new]})
                    _insert(statements, rows)
            except BaseException:
                self._put_back(batch, rows)
                raise
            self.told(events)

    def told(self, events: list[Event]) -> None:
        """Say that events are written."""
        if events and self.on_written is not None:
            self.on_written(events)

    def _take(self, run_id: str | None) -> dict[str, list[Entry]]:
        at = time.monotonic()
        with self._guard:
            if run_id is not None:
                names = [run_id] if run_id in self._waiting else []
            else:
                names = [
                    name
                    for name, waiting in self._waiting.items()
                    if not waiting.only_pieces or at - self._shown.get(name, 0.0) >= DELTA_S
                ]
            taken = {name: self._waiting.pop(name) for name in names}
            for name, waiting in taken.items():
                if waiting.pieces:
                    self._shown[name] = at
        return {name: [_joined(entry) for entry in waiting.entries] for name, waiting in taken.items()}

    def forget(self, run_id: str) -> None:
        """The run is at rest: nothing more need be known of when its texts were shown."""
        self._shown.pop(run_id, None)

    def _write(self, batch: dict[str, list[Entry]], *, keep: bool = True) -> dict[str, list[int]]:
        rows: list[tuple[Any, ...]] = []
        try:
            with self._db.transaction(*batch) as db:
                self._settle(db, batch)
                events, rows, seqs = _numbered(db, batch)
                _insert(db, rows)
        except BaseException:
            if keep:
                self._put_back(batch, rows)
            raise
        self.told(events)
        return seqs

    def _settle(self, db: Statements, batch: dict[str, list[Entry]]) -> None:
        """Leave out what an earlier try has written after all: only the database's answer was lost."""
        for run_id in [name for name in batch if name in self._doubt]:
            count, row = self._doubt[run_id]
            found = db.execute(
                "SELECT key, at, type, data FROM events WHERE run_id = ? AND seq = ?", row[:2]
            ).fetchone()
            if found is not None and tuple(found[name] for name in ("key", "at", "type", "data")) == row[2:]:
                batch[run_id] = batch[run_id][count:]
            del self._doubt[run_id]

    def _put_back(self, batch: dict[str, list[Entry]], rows: list[tuple[Any, ...]]) -> None:
        """What could not be written waits again, before all that came since."""
        for row in reversed(rows):
            if count := len(batch.get(row[0], ())):
                self._doubt[row[0]] = count, row  # in the end the first row of each run
        with self._guard:
            for run_id, entries in batch.items():
                waiting = self._waiting.setdefault(run_id, _Waiting())
                waiting.entries[:0] = entries
                waiting.only_pieces = False


def _written(entry: Entry) -> tuple[Entry, str]:
    """An entry and its JSON. Data that is none must not keep the events of all other runs waiting."""
    try:
        return entry, dump_json(entry.data)
    except (TypeError, ValueError, RecursionError) as error:
        _LOG.warning("The data of an event %s is not JSON and was left out: %s", entry.type, error)
        return entry._replace(data={"lost": "The data is not JSON."}), '{"lost":"The data is not JSON."}'


def _joined(entry: Entry) -> Entry:
    pieces = entry.data.get("delta") if entry.type == "text.delta" else None
    if not isinstance(pieces, list):
        return entry
    joined: list[str] = pieces
    return entry._replace(data={**entry.data, "delta": "".join(joined)})


def _numbered(
    db: Statements, batch: dict[str, list[Entry]]
) -> tuple[list[Event], list[tuple[Any, ...]], dict[str, list[int]]]:
    last = _last_seqs(db, list(batch))
    events: list[Event] = []
    rows: list[tuple[Any, ...]] = []
    seqs: dict[str, list[int]] = {}
    for run_id, entries in batch.items():
        known = _known(db, run_id, [entry.key for entry in entries if entry.key is not None])
        numbers = seqs[run_id] = []
        seq = last[run_id]
        for entry in entries:
            if entry.key is not None and entry.key in known:
                numbers.append(known[entry.key])
                continue
            seq += 1
            numbers.append(seq)
            if entry.key is not None:
                known[entry.key] = seq
            entry, data = _written(entry)
            # Unique as the number is, and at the end of the index, unlike a random key.
            rows.append((run_id, seq, entry.key or f"#{seq}", entry.at, entry.type, data))
            events.append(Event(run_id=run_id, seq=seq, at=entry.at, type=entry.type, data=entry.data))
    return events, rows, seqs


def _last_seqs(db: Statements, run_ids: list[str]) -> dict[str, int]:
    last: dict[str, int] = {}
    for part in _parts(run_ids):
        last |= {row["id"]: row["seq"] or 0 for row in db.execute(_last_sql(len(part)), part).fetchall()}
    return last


def last_seqs(db: Database, run_ids: Sequence[str]) -> dict[str, int]:
    """The number of the last event of each run, 0 for none."""
    last: dict[str, int] = {}
    for part in _parts(run_ids):
        last |= {row["id"]: row["seq"] or 0 for row in db.rows(_last_sql(len(part)), *part)}
    return last


def _last_sql(count: int) -> str:
    # One look at the end of the index for each run, where GROUP BY would read all its events.
    values = ",".join(["(?)"] * count)
    last = "(SELECT MAX(seq) FROM events WHERE run_id = column1)"
    return f"SELECT column1 AS id, {last} AS seq FROM (VALUES {values}) AS v"


def _parts(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[begin : begin + 500] for begin in range(0, len(values), 500)]


def _known(db: Statements, run_id: str, keys: list[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for part in _parts(keys):
        marks = ",".join("?" * len(part))
        for row in db.execute(
            f"SELECT key, seq FROM events WHERE run_id = ? AND key IN ({marks})", [run_id, *part]
        ).fetchall():
            known[row["key"]] = row["seq"]
    return known


def _insert(db: Statements, rows: list[tuple[Any, ...]]) -> None:
    # Many rows a statement: SQLite gives up the interpreter's lock for each one, and waits to get it back.
    for part in (rows[begin : begin + _ROWS] for begin in range(0, len(rows), _ROWS)):
        marks = ",".join(["(?,?,?,?,?,?)"] * len(part))
        db.execute(
            f"INSERT INTO events (run_id, seq, key, at, type, data) VALUES {marks}",
            [value for row in part for value in row],
        )
