"""The run store: what runs were asked, what they were told, read, paid for and reported."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...errors import RunError
from .._postgres import Statements
from ..search import Snapshot
from .database import Database, FileLock, PostgresLocks, PostgresRuns, RunLock, SqliteRuns, now
from .ledger import RunLedger
from .log import Entry, EventLog, last_seqs
from .schema import CALLS, EVENTS, EVIDENCE, INBOX
from .types import Event, Evidence, Message, MessageKind, Run, RunStatus

MAX_QUEUED = 50
MAX_MESSAGE = 4000
# What a program wrote is larger than what a person says: fifty edits of a list.
MAX_BODY: dict[MessageKind, int] = {"text": MAX_MESSAGE, "todo": 50_000, "operations": 50_000, "finish": 100}
_ENDED = ("completed", "failed", "cancelled")
_NEW = (
    "INSERT INTO runs (id, graph, question, status, options, created, owner, thread, parent, attempt, client_id) "
    "VALUES (?,?,?,'queued',?,?,?,?,?,?,?)"
)
_ANSWERED = ("completed", "waiting_human", "cancelled")


class RunStore:
    """All runs of one data folder, or of one PostgreSQL database.

    Args:
        folder: Where `runs.db` and the run locks lie.
        database: A `postgresql://…` address to keep the runs in instead.

    Attributes:
        log: The event log, for what need not be written at once.

    Raises:
        RunError: It was written by a newer version, or is no run store.
        ConfigError: The PostgreSQL server cannot be reached.
    """

    def __init__(self, folder: Path, database: str | None = None) -> None:
        self.folder = folder
        self.database = database
        # In the file, events and texts: a power cut may take the newest, which cost no money. A database that
        # crashes must take none: the pages that saw them are still open.
        if database is None:
            self._locks = None
            self._db: Database = SqliteRuns(folder / "runs.db")
            self._quick: Database = SqliteRuns(folder / "runs.db", synced=False)
            self._reader: Database = SqliteRuns(folder / "runs.db")
        else:
            self._locks = PostgresLocks(database)
            self._db = runs = PostgresRuns(database)
            runs.migrate()
            self._quick = PostgresRuns(database)
            self._reader = PostgresRuns(database)
        self.log = EventLog(self._quick)

    def close(self) -> None:
        """Write what waits and close the database."""
        self.log.flush()
        self._db.close()
        self._quick.close()
        self._reader.close()
        if self._locks is not None:
            self._locks.close()

    # --- runs -----------------------------------------------------------------------------------------------------

    def create(
        self,
        graph: str,
        question: str,
        options: dict[str, Any],
        *,
        run_id: str | None = None,
        owner: str = "local",
        attempt: int = 0,
        client_id: str | None = None,
    ) -> Run:
        """Enter a new run, queued; with an owner's `client_id` that is known, the run that has it."""
        run_id = run_id or new_id(owner)
        self._db.write(
            _NEW + " ON CONFLICT (owner, client_id) DO NOTHING",
            run_id, graph, question, json.dumps(options, ensure_ascii=False), now(), owner, run_id, None, attempt,
            client_id,
        )  # fmt: skip
        if client_id is not None:
            row = self._db.row("SELECT * FROM runs WHERE owner = ? AND client_id = ?", owner, client_id)
            return _run(row)
        return self.run(run_id)

    def run(self, run_id: str) -> Run:
        """Return a run, by its id or by a prefix that only one id has.

        Raises:
            RunError: No run has this id, or several begin so.
        """
        exact = self._db.rows("SELECT * FROM runs WHERE id = ?", run_id)
        rows = exact or self._db.rows(
            "SELECT * FROM runs WHERE substr(id, 1, ?) = ? LIMIT 3", len(run_id), run_id
        )
        if not run_id or not rows:
            raise RunError(f"There is no run {run_id!r}.", mend="`tenfold runs` lists them.")
        if not exact and len(rows) > 1:
            raise RunError(f"Several runs begin with {run_id!r}.", mend="Give more of the id.")
        return _run(rows[0])

    def runs(
        self,
        *,
        limit: int = 50,
        owner: str | None = None,
        before: str | None = None,
        status: str | None = None,
    ) -> list[Run]:
        """The newest runs, newest first.

        Args:
            owner: Only this owner's.
            before: Only those after this run in the list.
            status: Only those that stand so.
        """
        rules: list[str] = []
        values: list[Any] = []
        for rule, value in (("owner = ?", owner), ("status = ?", status)):
            if value is not None:
                rules.append(rule)
                values.append(value)
        if before is not None:
            last = self.run(before)
            rules.append("(created < ? OR (created = ? AND id < ?))")
            values += [last.created, last.created, last.id]
        where = f"WHERE {' AND '.join(rules)} " if rules else ""
        sql = f"SELECT * FROM runs {where}ORDER BY created DESC, id DESC LIMIT ?"
        return [_run(row) for row in self._reader.rows(sql, *values, limit)]

    def counts(self) -> dict[str, int]:
        """How many runs have each status."""
        rows = self._db.rows("SELECT status, COUNT(*) AS n FROM runs GROUP BY status")
        return {row["status"]: int(row["n"]) for row in rows}

    def tokens(self) -> dict[str, tuple[int, int]]:
        """Prompt and completion tokens of all finished calls, by model."""
        rows = self._db.rows(
            "SELECT name, SUM(input_tokens) AS came, SUM(output_tokens) AS went FROM calls "
            "WHERE kind = 'llm' GROUP BY name"
        )
        return {row["name"]: (int(row["came"]), int(row["went"])) for row in rows}

    def set_status(
        self,
        run_id: str,
        status: RunStatus,
        *,
        error: str | None = None,
        interrupts: dict[str, Any] | None = None,
        expect: Collection[RunStatus] | None = None,
        again: bool = False,
        answers: Mapping[str, Any] | None = None,
    ) -> bool:
        """Record where a run stands, and say so in its log, both or neither.

        Args:
            error: Why it failed.
            interrupts: What a person is asked, by interrupt id.
            expect: Change nothing unless the run stands so.
            again: It goes to the queue once more: a new attempt, and what was wanted of the last one is forgotten.
            answers: What the next drive is to be told; kept until a drive has brought the run to another question or
                its end.

        Returns:
            Whether it was changed.
        """
        with self.log.within(self._db, run_id) as (db, entries):
            row = db.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
            if row is None or (expect is not None and row["status"] not in expect):
                return False
            attempt, wanted = (row["attempt"] + 1, "") if again else (row["attempt"], row["wanted"])
            kept = row["answers"] if answers is None else json.dumps(dict(answers), ensure_ascii=False)
            db.execute(
                "UPDATE runs SET status = ?, ended = ?, error = ?, attempt = ?, wanted = ?, answers = ? WHERE id = ?",
                (status, now() if status in _ENDED else None, error, attempt, wanted,
                 "{}" if status in _ANSWERED else kept, run_id),
            )  # fmt: skip
            run = _run(row).model_copy(update={"status": status, "error": error})
            data = {"status": status, "error": error, "interrupts": interrupts or {}}
            # A request that is sent again is queued once.
            key = f"queued:{run_id}:{attempt}" if status == "queued" else None
            entries.append(Entry("run.status", {**data, "state": run_state(run, interrupts)}, key, now()))
        return True

    def want(self, run_id: str, wanted: str) -> None:
        """Ask the process that drives a run, wherever it is, for a pause or to cancel it."""
        self._db.write("UPDATE runs SET wanted = ? WHERE id = ? AND wanted <> 'cancel'", wanted, run_id)

    def wanted(self, run_ids: Sequence[str]) -> dict[str, str]:
        """What is asked of these runs; those of which nothing is asked are left out."""
        found: dict[str, str] = {}
        for begin in range(0, len(run_ids), 500):
            part = run_ids[begin : begin + 500]
            marks = ",".join("?" * len(part))
            sql = f"SELECT id, wanted FROM runs WHERE wanted <> '' AND id IN ({marks})"
            found |= {row["id"]: row["wanted"] for row in self._reader.rows(sql, *part)}
        return found

    def unfinished(self) -> dict[str, int]:
        """The attempt of each run that a server must drive: those queued or running, but not a terminal's."""
        rule = "status IN ('queued', 'running') AND attempt > 0"
        return {
            row["id"]: row["attempt"]
            for row in self._reader.rows(f"SELECT id, attempt FROM runs WHERE {rule}")
        }

    def half_forked(self) -> list[str]:
        """Forks that were begun and are nobody's to drive yet."""
        rule = "status = 'queued' AND attempt = 0 AND parent IS NOT NULL"
        return [row["id"] for row in self._reader.rows(f"SELECT id FROM runs WHERE {rule}")]

    def fork(self, origin: Run, run_id: str, owner: str, at: str, cursor: int | None) -> Run:
        """Enter a run with what another had at a time: finished calls, evidence, events, messages; all or nothing.

        It is queued, and nobody's to drive before its first attempt.

        Args:
            at: ISO 8601, as a checkpoint has it.
            cursor: The last message that was taken by then; later ones are left out. None: by time.
        """
        parent = origin.id
        self.log.flush(parent)
        with self._db.transaction(run_id) as db:
            db.execute(
                _NEW,
                (run_id, origin.graph, origin.question, json.dumps(origin.options, ensure_ascii=False), now(), owner,
                 origin.thread or parent, parent, 0, None),
            )  # fmt: skip
            for table, columns, rule, value in (
                ("calls", CALLS, "at <= ?", at),
                ("evidence", EVIDENCE, "at <= ?", at),
                (
                    "inbox",
                    INBOX,
                    "at <= ?" if cursor is None else "seq <= ?",
                    at if cursor is None else cursor,
                ),
                ("events", EVENTS, "seq <= (SELECT MAX(seq) FROM events WHERE run_id = ? AND at <= ?)", None),
            ):
                values = (value,) if value is not None else (parent, at)
                db.execute(
                    f"INSERT INTO {table} (run_id, {columns}) SELECT ?, {columns} FROM {table} "
                    f"WHERE run_id = ? AND {rule} ON CONFLICT DO NOTHING",
                    (run_id, parent, *values),
                )
        return self.run(run_id)

    def add_active_seconds(self, run_id: str, seconds: float) -> None:
        """Add running time."""
        self._quick.write("UPDATE runs SET active_s = active_s + ? WHERE id = ?", seconds, run_id)

    def lock(self, name: str) -> RunLock:
        """Take the run for this process.

        Raises:
            RunError: Another process drives it.
        """
        return FileLock(self.folder / "locks", name) if self._locks is None else self._locks.take(name)

    def locks_alive(self) -> bool:
        """Whether the locks taken are still held; False once after the connection that held them was lost."""
        return self._locks is None or self._locks.alive()

    def ledger(self, run_id: str) -> RunLedger:
        """The finished calls of a run."""
        return RunLedger(self._db, run_id)

    # --- inbox ----------------------------------------------------------------------------------------------------

    def post(
        self, run_id: str, body: str, *, kind: MessageKind = "text", client_id: str | None = None
    ) -> Message:
        """Put a message into a run's inbox; what can't be queued comes back rejected with the reason.

        A second post with the same `client_id` returns the first message: a client may safely try again.
        """
        run = self.run(run_id)
        client_id = client_id or secrets.token_hex(8)
        with self.log.within(self._db, run.id) as (db, entries):
            known = db.execute(
                "SELECT * FROM inbox WHERE run_id = ? AND client_id = ?", (run.id, client_id)
            ).fetchone()
            if known:
                return _message(known)
            seq = db.execute(
                "SELECT COALESCE(MAX(seq), 0) + 1 AS seq FROM inbox WHERE run_id = ?", (run.id,)
            ).fetchone()["seq"]
            reason = _refusal(db, run.id, body, kind)
            message = Message(
                run_id=run.id, seq=seq, client_id=client_id, kind=kind, body=body[: MAX_BODY[kind]],
                status="rejected" if reason else "queued", reason=reason, at=now(),
            )  # fmt: skip
            db.execute(
                "INSERT INTO inbox (run_id, seq, client_id, kind, body, status, reason, at) VALUES (?,?,?,?,?,?,?,?)",
                (run.id, seq, client_id, kind, message.body, message.status, reason, message.at),
            )
            shown = message.model_dump(exclude={"run_id"})
            data = {"seq": seq, "kind": kind, "body": message.body, "reason": reason}
            data |= {"state": {f"/messages/{seq}": shown}}
            entries.append(Entry(f"steering.{message.status}", data, None, message.at))
        return message

    def messages(self, run_id: str, *, after: int = 0, status: str | None = None) -> list[Message]:
        """The messages of a run, oldest first."""
        rule = "" if status is None else "AND status = ? "
        values = () if status is None else (status,)
        sql = f"SELECT * FROM inbox WHERE run_id = ? AND seq > ? {rule}ORDER BY seq"
        rows = self._db.rows(sql, run_id, after, *values)
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
        return self.log.append(run_id, [(type, data, key)])[0]

    def emit_many(self, run_id: str, entries: Sequence[tuple[str, dict[str, Any], str | None]]) -> list[int]:
        """Append events, each as type, data and key, in one transaction; returns their numbers."""
        return self.log.append(run_id, entries)

    def last_seqs(self, run_ids: Sequence[str]) -> dict[str, int]:
        """The number of the last event of each run, 0 for none."""
        return last_seqs(self._reader, run_ids)

    def events(self, run_id: str, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """Events after a sequence number, in order."""
        rows = self._reader.rows(
            "SELECT * FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?", run_id, after, limit
        )
        return [
            Event(run_id=run_id, seq=row["seq"], at=row["at"], type=row["type"], data=json.loads(row["data"]))
            for row in rows
        ]

    # --- views ----------------------------------------------------------------------------------------------------

    def keep_view(self, run_id: str, seq: int, view: dict[str, Any], *, apart: int) -> None:
        """Keep what the events up to `seq` come to; of older views the newest that is `apart` events older stays.

        That one is for readers who come back from a little before the newest.
        """
        with self._quick.transaction(run_id) as db:
            db.execute(
                "INSERT INTO run_views VALUES (?,?,?) ON CONFLICT (run_id, seq) DO UPDATE SET view = excluded.view",
                (run_id, seq, json.dumps(view, ensure_ascii=False)),
            )
            db.execute(
                "DELETE FROM run_views WHERE run_id = ? AND seq < "
                "(SELECT MAX(seq) FROM run_views WHERE run_id = ? AND seq <= ?)",
                (run_id, run_id, seq - apart),
            )

    def view(self, run_id: str, *, upto: int | None = None) -> dict[str, Any] | None:
        """The newest view kept, or the newest that has no event after `upto`; None when there is none."""
        rule, values = ("", ()) if upto is None else ("AND seq <= ? ", (upto,))
        sql = f"SELECT view FROM run_views WHERE run_id = ? {rule}ORDER BY seq DESC LIMIT 1"
        row = self._reader.row(sql, run_id, *values)
        return None if row is None else json.loads(row["view"])

    # --- what was read --------------------------------------------------------------------------------------------

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a text under its hash; the first one stays."""
        self._quick.write(
            "INSERT INTO snapshots VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
            snapshot.sha256, snapshot.url, snapshot.title, snapshot.text, snapshot.media_type, snapshot.fetched_at,
            snapshot.published, json.dumps(dict(snapshot.meta), ensure_ascii=False),
        )  # fmt: skip

    def snapshot(self, sha256: str) -> Snapshot | None:
        """The text under a hash, or None."""
        row = self._db.row("SELECT * FROM snapshots WHERE sha256 = ?", sha256)
        return None if row is None else Snapshot(**{**dict(row), "meta": json.loads(row["meta"])})

    def add_evidence(self, run_id: str, evidence: Iterable[Evidence]) -> None:
        """Keep quotes; one that is there already stays as it was."""
        with self._db.transaction(run_id) as db:
            for e in evidence:
                db.execute(
                    'INSERT INTO evidence (run_id, id, task_id, snapshot, start, "end", quote, url, title, engine, '
                    "source_type, published, score, loop, hidden_by, at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
                    "ON CONFLICT DO NOTHING",
                    (run_id, e.id, e.task_id, e.snapshot, e.start, e.end, e.quote, e.url, e.title, e.engine,
                     e.source_type, e.published, e.score, e.loop, e.hidden_by, now()),
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
        with self._db.transaction(run_id) as db:
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


def new_id(owner: str) -> str:
    """The id of a new run: when it began, and what nobody guesses where others have runs."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4 if owner == 'local' else 8)}"


def run_state(run: Run, interrupts: dict[str, Any] | None = None) -> dict[str, Any]:
    """A run as the shared state document shows it, by path."""
    shown = ("id", "thread", "graph", "question", "status", "error", "created", "parent")
    return {
        "/run": {
            **{name: getattr(run, name) for name in shown},
            "model": run.options.get("model"),
            "interrupts": interrupts or {},
        }
    }


def _refusal(db: Statements, run_id: str, body: str, kind: MessageKind) -> str:
    state = db.execute("SELECT status, inbox_open FROM runs WHERE id = ?", (run_id,)).fetchone()
    queued = db.execute(
        "SELECT COUNT(*) AS n FROM inbox WHERE run_id = ? AND status = 'queued'", (run_id,)
    ).fetchone()["n"]
    if state["status"] in ("completed", "cancelled") or not state["inbox_open"]:
        return "The run has ended; its report is written."
    if queued >= MAX_QUEUED:
        return f"{MAX_QUEUED} messages are already waiting; send this again when some were taken."
    if kind != "finish" and not body.strip():
        return "The message is empty."
    if len(body) > MAX_BODY[kind]:
        return f"The message has {len(body)} characters; at most {MAX_BODY[kind]} are taken."
    return ""


def _run(row: Any) -> Run:
    values: dict[str, Any] = {name: row[name] for name in Run.model_fields}
    parsed = {name: json.loads(row[name]) for name in ("options", "answers")}
    return Run.model_validate({**values, **parsed})


def _message(row: Any) -> Message:
    return Message(**{**dict(row), "effect": json.loads(row["effect"])})
