"""The run store: what runs were asked, what they were told, read, paid for and reported."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...errors import RunError
from ..search import Snapshot
from .database import Database, RunLock, now
from .ledger import RunLedger
from .types import Event, Evidence, Message, Run, RunStatus

MAX_QUEUED = 50
MAX_MESSAGE = 4000
_ENDED = ("completed", "failed", "cancelled")


class RunStore:
    """All runs of one data folder.

    Args:
        folder: Where `runs.db` and the run locks lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._db = Database(folder / "runs.db")
        # Events and texts: their loss would cost no money, and each text is followed by its call in the ledger.
        self._log = Database(folder / "runs.db", synced=False)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
        self._log.close()

    # --- runs -----------------------------------------------------------------------------------------------------

    def create(self, graph: str, question: str, options: dict[str, Any], *, run_id: str | None = None) -> Run:
        """Enter a new run, queued."""
        run_id = run_id or f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self._db.write(
            "INSERT INTO runs (id, graph, question, status, options, created) VALUES (?,?,?,'queued',?,?)",
            run_id, graph, question, json.dumps(options, ensure_ascii=False), now(),
        )  # fmt: skip
        return self.run(run_id)

    def run(self, run_id: str) -> Run:
        """Return a run, by its id or by a prefix that only one id has.

        Raises:
            RunError: No run has this id, or several begin so.
        """
        rows = self._db.rows(
            "SELECT * FROM runs WHERE id = ? OR substr(id, 1, ?) = ? LIMIT 3", run_id, len(run_id), run_id
        )
        exact = [row for row in rows if row["id"] == run_id]
        if not run_id or not rows:
            raise RunError(f"There is no run {run_id!r}.", mend="`tenfold runs` lists them.")
        if not exact and len(rows) > 1:
            raise RunError(f"Several runs begin with {run_id!r}.", mend="Give more of the id.")
        return _run((exact or rows)[0])

    def runs(self, *, limit: int = 50) -> list[Run]:
        """The newest runs, newest first."""
        return [
            _run(row)
            for row in self._db.rows("SELECT * FROM runs ORDER BY created DESC, id DESC LIMIT ?", limit)
        ]

    def set_status(self, run_id: str, status: RunStatus, *, error: str | None = None) -> None:
        """Record where a run stands."""
        ended = now() if status in _ENDED else None
        self._db.write(
            "UPDATE runs SET status = ?, ended = ?, error = ? WHERE id = ?", status, ended, error, run_id
        )

    def add_active_seconds(self, run_id: str, seconds: float) -> None:
        """Add running time."""
        self._log.write("UPDATE runs SET active_s = active_s + ? WHERE id = ?", seconds, run_id)

    def lock(self, run_id: str) -> RunLock:
        """Take the run for this process.

        Raises:
            RunError: Another process drives it.
        """
        return RunLock(self.folder / "locks", run_id)

    def ledger(self, run_id: str) -> RunLedger:
        """The finished calls of a run."""
        return RunLedger(self._db, run_id)

    # --- inbox ----------------------------------------------------------------------------------------------------

    def post(self, run_id: str, body: str, *, client_id: str | None = None) -> Message:
        """Put a message into a run's inbox; what can't be queued comes back rejected with the reason.

        A second post with the same `client_id` returns the first message: a client may safely try again.
        """
        run = self.run(run_id)
        client_id = client_id or secrets.token_hex(8)
        with self._db.transaction() as db:
            known = db.execute(
                "SELECT * FROM inbox WHERE run_id = ? AND client_id = ?", (run.id, client_id)
            ).fetchone()
            if known:
                return _message(known)
            seq = db.execute(
                "SELECT COALESCE(MAX(seq), 0) + 1 FROM inbox WHERE run_id = ?", (run.id,)
            ).fetchone()[0]
            reason = self._refusal(db, run.id, body)
            db.execute(
                "INSERT INTO inbox (run_id, seq, client_id, body, status, reason, at) VALUES (?,?,?,?,?,?,?)",
                (
                    run.id,
                    seq,
                    client_id,
                    body[:MAX_MESSAGE],
                    "rejected" if reason else "queued",
                    reason,
                    now(),
                ),
            )
        return self.messages(run.id, after=seq - 1)[0]

    @staticmethod
    def _refusal(db: sqlite3.Connection, run_id: str, body: str) -> str:
        state = db.execute("SELECT status, inbox_open FROM runs WHERE id = ?", (run_id,)).fetchone()
        queued = db.execute(
            "SELECT COUNT(*) FROM inbox WHERE run_id = ? AND status = 'queued'", (run_id,)
        ).fetchone()[0]
        if state["status"] in ("completed", "cancelled") or not state["inbox_open"]:
            return "The run has ended; its report is written."
        if queued >= MAX_QUEUED:
            return f"{MAX_QUEUED} messages are already waiting; send this again when some were taken."
        if not body.strip():
            return "The message is empty."
        if len(body) > MAX_MESSAGE:
            return f"The message has {len(body)} characters; at most {MAX_MESSAGE} are taken."
        return ""

    def messages(self, run_id: str, *, after: int = 0, status: str | None = None) -> list[Message]:
        """The messages of a run, oldest first."""
        rows = self._db.rows(
            "SELECT * FROM inbox WHERE run_id = ? AND seq > ? AND (? IS NULL OR status = ?) ORDER BY seq",
            run_id, after, status, status,
        )  # fmt: skip
        return [_message(row) for row in rows]

    def acknowledge(
        self, run_id: str, seq: int, *, applied: bool, reason: str, effect: dict[str, Any], loop: int
    ) -> None:
        """Say what became of a message; only the first word counts."""
        self._db.write(
            "UPDATE inbox SET status = ?, reason = ?, effect = ?, loop = ? "
            "WHERE run_id = ? AND seq = ? AND status = 'queued'",
            "applied" if applied else "rejected", reason, json.dumps(effect, ensure_ascii=False), loop, run_id, seq,
        )  # fmt: skip

    def close_inbox(self, run_id: str) -> bool:
        """Take no more messages; False when one is still unread, and then nothing changes."""
        return bool(
            self._db.write(
                "UPDATE runs SET inbox_open = 0 WHERE id = ? AND NOT EXISTS "
                "(SELECT 1 FROM inbox WHERE run_id = runs.id AND status = 'queued')",
                run_id,
            )
        )

    # --- events ---------------------------------------------------------------------------------------------------

    def emit(self, run_id: str, type: str, data: dict[str, Any], *, key: str | None = None) -> int:
        """Append an event and return its sequence number; the same `key` a second time changes nothing."""
        key = key or secrets.token_hex(8)
        with self._log.transaction() as db:
            known = db.execute(
                "SELECT seq FROM events WHERE run_id = ? AND key = ?", (run_id, key)
            ).fetchone()
            if known:
                return int(known["seq"])
            seq = db.execute(
                "SELECT COALESCE(MAX(seq), 0) + 1 FROM events WHERE run_id = ?", (run_id,)
            ).fetchone()[0]
            db.execute(
                "INSERT INTO events (run_id, seq, key, at, type, data) VALUES (?,?,?,?,?,?)",
                (run_id, seq, key, now(), type, json.dumps(data, ensure_ascii=False)),
            )
        return int(seq)

    def events(self, run_id: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """Events after a sequence number, in order."""
        rows = self._db.rows(
            "SELECT * FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?", run_id, after, limit
        )
        return [
            Event(run_id=run_id, seq=row["seq"], at=row["at"], type=row["type"], data=json.loads(row["data"]))
            for row in rows
        ]

    # --- what was read --------------------------------------------------------------------------------------------

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a text under its hash; the first one stays."""
        self._log.write(
            "INSERT OR IGNORE INTO snapshots VALUES (?,?,?,?,?,?,?,?)",
            snapshot.sha256, snapshot.url, snapshot.title, snapshot.text, snapshot.media_type, snapshot.fetched_at,
            snapshot.published, json.dumps(dict(snapshot.meta), ensure_ascii=False),
        )  # fmt: skip

    def snapshot(self, sha256: str) -> Snapshot | None:
        """The text under a hash, or None."""
        row = self._db.row("SELECT * FROM snapshots WHERE sha256 = ?", sha256)
        return None if row is None else Snapshot(**{**dict(row), "meta": json.loads(row["meta"])})

    def add_evidence(self, run_id: str, evidence: Iterable[Evidence]) -> None:
        """Keep quotes; one that is there already stays as it was."""
        with self._db.transaction() as db:
            for e in evidence:
                db.execute(
                    "INSERT OR IGNORE INTO evidence (run_id, id, task_id, snapshot, start, end, quote, url, title, "
                    "engine, source_type, published, score, loop, hidden_by) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                    (run_id, e.id, e.task_id, e.snapshot, e.start, e.end, e.quote, e.url, e.title, e.engine,
                     e.source_type, e.published, e.score, e.loop, e.hidden_by),
                )  # fmt: skip

    def evidence(
        self, run_id: str, *, ids: Sequence[str] | None = None, hidden: bool = False
    ) -> list[Evidence]:
        """The quotes of a run in the order of their numbers, hidden ones only when asked for."""
        rows = self._db.rows(
            "SELECT * FROM evidence WHERE run_id = ? ORDER BY CAST(substr(id, 2) AS INTEGER)", run_id
        )
        wanted = None if ids is None else set(ids)
        return [
            Evidence(**{name: row[name] for name in Evidence.model_fields})
            for row in rows
            if (hidden or not row["hidden_by"]) and (wanted is None or row["id"] in wanted)
        ]

    def set_hidden(self, run_id: str, hidden_by: dict[str, str]) -> None:
        """Hide evidence by the constraint named, or show it again with ''."""
        with self._db.transaction() as db:
            for evidence_id, constraint in hidden_by.items():
                db.execute(
                    "UPDATE evidence SET hidden_by = ? WHERE run_id = ? AND id = ?",
                    (constraint, run_id, evidence_id),
                )

    def save_report(self, run_id: str, report: dict[str, Any]) -> None:
        """Keep the finished report."""
        self._db.write(
            "UPDATE runs SET report = ? WHERE id = ?", json.dumps(report, ensure_ascii=False), run_id
        )

    def report(self, run_id: str) -> dict[str, Any] | None:
        """The finished report, or None."""
        row = self._db.row("SELECT report FROM runs WHERE id = ?", run_id)
        return None if row is None or row["report"] is None else json.loads(row["report"])


def _run(row: sqlite3.Row) -> Run:
    values: dict[str, Any] = {name: row[name] for name in Run.model_fields}
    return Run.model_validate({**values, "options": json.loads(row["options"])})


def _message(row: sqlite3.Row) -> Message:
    return Message(**{**dict(row), "effect": json.loads(row["effect"])})
