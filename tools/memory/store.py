"""The memory of one user: profile, ways of working, facts about apps, macros. All of it is theirs to edit and erase."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConfigError
from ...text import content_words, similarity
from .._sqlite import SqliteFile
from ..phone import gives_orders
from .types import DOMAINS, MAX_VALUE, Domain, Fact, Macro, Profile, Sop

Embed = Callable[[Sequence[str]], Any]

SOP_THRESHOLD = 0.6
FACT_THRESHOLD = 0.3
LEXICAL = 0.75  # words alone find less than vectors, so less is asked of them
KEEP_DAYS = 180
MAX_ROWS = 2000
_REPEATS_GOAL = 0.6
_PACKAGE = re.compile(r"[A-Za-z][\w]*(?:\.[A-Za-z_]\w*)+")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS profile (
    owner TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    source TEXT NOT NULL, updated TEXT NOT NULL, PRIMARY KEY (owner, kind, name, key)
);
CREATE TABLE IF NOT EXISTS sops (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, task TEXT NOT NULL, steps TEXT NOT NULL,
    source TEXT NOT NULL, tainted INTEGER NOT NULL, created TEXT NOT NULL, uses INTEGER NOT NULL DEFAULT 0,
    successes INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, vector BLOB, UNIQUE (owner, task, source)
);
CREATE TABLE IF NOT EXISTS facts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, text TEXT NOT NULL, package TEXT NOT NULL,
    signature TEXT NOT NULL, source TEXT NOT NULL, tainted INTEGER NOT NULL, created TEXT NOT NULL,
    expires TEXT NOT NULL, uses INTEGER NOT NULL DEFAULT 0, successes INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0, vector BLOB, UNIQUE (owner, package, text)
);
CREATE TABLE IF NOT EXISTS macros (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
    source TEXT NOT NULL, created TEXT NOT NULL, UNIQUE (owner, name)
);
"""
_WORDS: dict[Domain, str] = {
    "diet": r"\b(?:food|eat|meal|lunch|dinner|breakfast|restaurant|coffee|recipe|pizza|delivery)\b"
    r"|음식|점심|저녁|식당|배달|커피",
    "journey": r"\b(?:trip|travel|flight|train|bus|taxi|hotel|route|map|navigate|ticket)\b"
    r"|여행|택시|기차|버스|호텔|길찾기|항공",
    "chat": r"\b(?:message|text|sms|chat|reply|call|mail|e-?mail|contact)\b|메시지|문자|답장|전화|메일|연락",
    "video": r"\b(?:video|watch|movie|film|series|stream|channel)\b|영상|동영상|영화|시청|드라마",
    "shop": r"\b(?:buy|order|shop|cart|price|product|purchase)\b|구매|주문|쇼핑|장바구니|상품",
    "search": r"\b(?:search|find|look up|browse|google|web)\b|검색|찾아",
    "music": r"\b(?:music|song|play|playlist|album|listen|radio|podcast)\b|음악|노래|재생|앨범",
}


class Memory:
    """What is kept about one user.

    Args:
        path: The SQLite file; several users share it, and each sees only their own rows.
        owner: Whose memory it is.
        embed: Texts → vectors of length 1 (MiniLM); None: words are compared.
    """

    def __init__(self, path: Path, owner: str, *, embed: Embed | None = None) -> None:
        self._db = SqliteFile(path, synced=False, timeout_s=30.0)
        with self._db.transaction() as db:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                db.execute(statement)
        self._owner = owner
        self._embed = embed

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- profile --------------------------------------------------------------------------------------------------

    def profile(self) -> Profile:
        """All preferences."""
        profile = Profile()
        for row in self._db.rows(
            "SELECT * FROM profile WHERE owner = ? ORDER BY kind, name, key", self._owner
        ):
            table: dict[Any, dict[str, str]] = profile.domains if row["kind"] == "domain" else profile.apps
            table.setdefault(row["name"], {})[row["key"]] = row["value"]
        return profile

    def touch_profile(
        self, *, domain: Domain | None = None, app: str = "", values: Mapping[str, str], source: str = "user"
    ) -> None:
        """Change one domain or one app; nothing else of the profile is touched. An empty value deletes its key.

        Raises:
            ConfigError: Neither or both are named, the domain is unknown, or a text is too long.
        """
        if (domain is None) == (not app) or (domain is not None and domain not in DOMAINS):
            raise ConfigError(
                f"A preference belongs to one domain or one app, not to {domain!r} and {app!r}.",
                mend=f"Domains are {', '.join(DOMAINS)}.",
            )
        kind, name = ("domain", domain) if domain is not None else ("app", app[:120])
        for key, value in values.items():
            if len(key) > 60 or len(value) > MAX_VALUE:
                raise ConfigError(
                    f"The preference {key[:60]!r} is too long.", mend=f"Use {MAX_VALUE} characters."
                )
            if value.strip():
                self._db.write(
                    "INSERT INTO profile VALUES (?,?,?,?,?,?,?) ON CONFLICT (owner, kind, name, key) "
                    "DO UPDATE SET value = excluded.value, source = excluded.source, updated = excluded.updated",
                    self._owner, kind, name, key, value.strip(), source, _now(),
                )  # fmt: skip
            else:
                self._db.write(
                    "DELETE FROM profile WHERE owner = ? AND kind = ? AND name = ? AND key = ?",
                    self._owner, kind, name, key,
                )  # fmt: skip

    def replace_profile(self, profile: Profile) -> None:
        """Put the user's own edit in place of the whole profile."""
        with self._db.transaction() as db:
            db.execute("DELETE FROM profile WHERE owner = ?", (self._owner,))
        for domain in DOMAINS:
            self.touch_profile(domain=domain, values=profile.domains.get(domain, {}))
        for app, values in profile.apps.items():
            self.touch_profile(app=app, values=values)

    def preferences(self, goal: str) -> list[str]:
        """The lines of the profile that bear on a task: of the domains and the apps that its words name."""
        profile, text = self.profile(), goal.lower()
        lines = [
            f"{domain}: {key} = {value}"
            for domain, values in profile.domains.items()
            if re.search(_WORDS[domain], text)
            for key, value in values.items()
        ]
        for app, values in profile.apps.items():
            name = app.rpartition(".")[2].lower()
            if app.lower() in text or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
                lines += [f"{app}: {key} = {value}" for key, value in values.items()]
        return lines

    # --- ways of working ------------------------------------------------------------------------------------------

    def sops(self) -> list[Sop]:
        """All, the newest first."""
        rows = self._db.rows("SELECT * FROM sops WHERE owner = ? ORDER BY id DESC", self._owner)
        return [_sop(row) for row in rows]

    def keep_sop(
        self, task: str, steps: Sequence[str], *, source: str = "user", tainted: bool = False
    ) -> int:
        """Keep how a task is done; the same task from the same source again replaces it. Returns its id.

        Raises:
            ConfigError: It says nothing, or gives an assistant orders that a screen may have planted.
        """
        task, kept = task.strip()[:500], [s.strip()[:300] for s in steps if s.strip()][:20]
        if not task or not kept:
            raise ConfigError("A way of working needs a task and steps.")
        if tainted and any(gives_orders(text) for text in (task, *kept)):
            raise ConfigError("The steps hold orders from a screen.", mend="Write them yourself.")
        self._db.write(
            "INSERT INTO sops (owner, task, steps, source, tainted, created, vector) VALUES (?,?,?,?,?,?,?) "
            "ON CONFLICT (owner, task, source) DO UPDATE SET steps = excluded.steps, vector = excluded.vector",
            self._owner, task, json.dumps(kept, ensure_ascii=False), source, int(tainted), _now(), self._vector(task),
        )  # fmt: skip
        row = self._db.row(
            "SELECT id FROM sops WHERE owner = ? AND task = ? AND source = ?", self._owner, task, source
        )
        assert row is not None
        self._trim("sops")
        return int(row["id"])

    def example(self, task: str) -> Sop | None:
        """The way that fits a task best, if it fits well enough."""
        rows = self._db.rows("SELECT * FROM sops WHERE owner = ?", self._owner)
        best = self._nearest(task, rows, "task", SOP_THRESHOLD, 1)
        if best:
            self._db.write("UPDATE sops SET uses = uses + 1 WHERE id = ?", best[0]["id"])
        return _sop(best[0]) if best else None

    # --- facts about apps -----------------------------------------------------------------------------------------

    def facts(self, *, package: str = "") -> list[Fact]:
        """All facts, or those about an app, the newest first."""
        rule, values = (" AND package = ?", (package,)) if package else ("", ())
        rows = self._db.rows(
            f"SELECT * FROM facts WHERE owner = ?{rule} ORDER BY id DESC", self._owner, *values
        )
        return [_fact(row) for row in rows]

    def learn(
        self,
        text: str,
        package: str,
        *,
        signature: str = "",
        goal: str = "",
        source: str = "user",
        tainted: bool | None = None,
        days: int = KEEP_DAYS,
    ) -> int | None:
        """Keep a fact about an app.

        Args:
            goal: The task that it was learned in: a fact that repeats it would be the task's answer.
            tainted: Whether it was read from screens; None: unless the user is the source.
            days: After so many it is forgotten.

        Returns:
            Its id, or None where it was refused: it names no app, repeats the goal, or gives orders.
        """
        text, dirty = " ".join(text.split())[:400], source != "user" if tainted is None else tainted
        if (
            not text
            or not _PACKAGE.fullmatch(package)
            or repeats_goal(text, goal)
            or (dirty and gives_orders(text))
        ):
            return None
        expires = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
        self._db.write(
            "INSERT INTO facts (owner, text, package, signature, source, tainted, created, expires, vector) "
            "VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (owner, package, text) DO UPDATE SET expires = excluded.expires",
            self._owner, text, package, signature, source, int(dirty), _now(), expires, self._vector(text),
        )  # fmt: skip
        row = self._db.row(
            "SELECT id FROM facts WHERE owner = ? AND package = ? AND text = ?", self._owner, package, text
        )
        self._trim("facts")
        return None if row is None else int(row["id"])

    def recall(self, package: str, query: str, *, signature: str = "", k: int = 5) -> list[Fact]:
        """Facts about an app that bear on what is to be done, the best first; expired and failing ones are not told."""
        rows = [
            row
            for row in self._db.rows(
                "SELECT * FROM facts WHERE owner = ? AND package = ? AND expires > ?",
                self._owner,
                package,
                _now(),
            )
            if row["signature"] in ("", signature) and row["failures"] <= row["successes"] + 2
        ]
        found = self._nearest(query, rows, "text", FACT_THRESHOLD, k)
        for row in found:
            self._db.write("UPDATE facts SET uses = uses + 1 WHERE id = ?", row["id"])
        return [_fact(row) for row in found]

    def judge(self, ids: Sequence[int], *, success: bool, table: str = "facts") -> None:
        """Count how a task ended in which these facts, or ways (`sops`), were used."""
        if table not in ("facts", "sops"):
            raise ConfigError(f"There is no table {table!r}.", mend="Use facts or sops.")
        column = "successes" if success else "failures"
        for row_id in ids:
            self._db.write(
                f"UPDATE {table} SET {column} = {column} + 1 WHERE id = ? AND owner = ?", row_id, self._owner
            )

    def keep_lesson(
        self,
        task: str,
        steps: Sequence[str],
        *,
        run_id: str,
        domain: str = "",
        domain_preferences: Mapping[str, str] | None = None,
        app: str = "",
        app_preferences: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what a run has shown; what cannot be kept is left out."""
        source = f"run {run_id}"
        if task.strip() and steps and not any(gives_orders(text) for text in (task, *steps)):
            self.keep_sop(task, steps, source=source, tainted=True)
        known: Domain | None = next((d for d in DOMAINS if d == domain), None)
        if known is not None and domain_preferences:
            self.touch_profile(domain=known, values=_short(domain_preferences), source=source)
        if app and app_preferences:
            self.touch_profile(app=app, values=_short(app_preferences), source=source)

    # --- macros ---------------------------------------------------------------------------------------------------

    def macros(self) -> list[Macro]:
        """All, by name."""
        rows = self._db.rows("SELECT * FROM macros WHERE owner = ? ORDER BY name", self._owner)
        return [_macro(row) for row in rows]

    def macro(self, name: str) -> Macro | None:
        """The macro of this name, or None."""
        row = self._db.row("SELECT * FROM macros WHERE owner = ? AND name = ?", self._owner, name)
        return None if row is None else _macro(row)

    def keep_macro(self, macro: Macro) -> None:
        """Keep a macro; one of the same name is replaced."""
        self._db.write(
            "INSERT INTO macros (owner, name, body, source, created) VALUES (?,?,?,?,?) "
            "ON CONFLICT (owner, name) DO UPDATE SET body = excluded.body, source = excluded.source",
            self._owner, macro.name, macro.model_dump_json(exclude={"id", "created"}), macro.source, _now(),
        )  # fmt: skip

    # --- the user's own hand --------------------------------------------------------------------------------------

    def edit(self, table: str, row_id: int, text: str) -> bool:
        """Put the user's words in place of a fact's text or a way's steps, one a line; they are then the user's own."""
        if table == "facts":
            sql = "UPDATE facts SET text = ?, vector = ?, source = 'user', tainted = 0 WHERE id = ? AND owner = ?"
            return bool(self._db.write(sql, text.strip()[:400], self._vector(text), row_id, self._owner))
        if table == "sops":
            steps = json.dumps(
                [s.strip()[:300] for s in text.splitlines() if s.strip()][:20], ensure_ascii=False
            )
            sql = "UPDATE sops SET steps = ?, source = 'user', tainted = 0 WHERE id = ? AND owner = ?"
            return bool(self._db.write(sql, steps, row_id, self._owner))
        raise ConfigError(f"Nothing can be edited in {table!r}.", mend="Use facts or sops.")

    def delete(self, table: str, row_id: int) -> bool:
        """Delete a row of `facts`, `sops` or `macros`; whether it was there."""
        if table not in ("facts", "sops", "macros"):
            raise ConfigError(f"There is no table {table!r}.", mend="Use facts, sops or macros.")
        return bool(self._db.write(f"DELETE FROM {table} WHERE id = ? AND owner = ?", row_id, self._owner))

    def forget(self) -> None:
        """Delete all that is kept about the user."""
        with self._db.transaction() as db:
            for table in ("profile", "sops", "facts", "macros"):
                db.execute(f"DELETE FROM {table} WHERE owner = ?", (self._owner,))

    # --- nearness -------------------------------------------------------------------------------------------------

    def _vector(self, text: str) -> bytes | None:
        if self._embed is None:
            return None
        return np.asarray(self._embed([text])[0], dtype=np.float32).tobytes()

    def _nearest(self, query: str, rows: Sequence[Any], column: str, threshold: float, k: int) -> list[Any]:
        """The rows at or above the threshold, the nearest first."""
        if not rows or not query.strip():
            return []
        asked = None if self._embed is None else np.asarray(self._embed([query])[0], dtype=np.float32)
        scored: list[tuple[float, Any]] = []
        for row in rows:
            if asked is not None and row["vector"] is not None:
                score, least = float(asked @ np.frombuffer(row["vector"], dtype=np.float32)), threshold
            else:
                near = similarity if column == "task" else _overlap
                score, least = near(query, row[column]), threshold * LEXICAL
            if score >= least:
                scored.append((score, row))
        scored.sort(key=lambda pair: -pair[0])
        return [row for _, row in scored[:k]]

    def _trim(self, table: str) -> None:
        """Forget the oldest rows beyond what one user may keep, and facts that have expired."""
        self._db.write(
            f"DELETE FROM {table} WHERE owner = ? AND id NOT IN "
            f"(SELECT id FROM {table} WHERE owner = ? ORDER BY id DESC LIMIT {MAX_ROWS})",
            self._owner, self._owner,
        )  # fmt: skip
        if table == "facts":
            self._db.write("DELETE FROM facts WHERE owner = ? AND expires <= ?", self._owner, _now())


def _overlap(a: str, b: str) -> float:
    """Shared content words over those of the shorter text: a fact need not have all words of a task."""
    left, right = set(content_words(a)), set(content_words(b))
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0


def repeats_goal(text: str, goal: str) -> bool:
    """Whether a fact is about one task rather than about an app: it has most of the goal's words."""
    wanted = set(content_words(goal))
    return bool(wanted) and len(wanted & set(content_words(text))) / len(wanted) >= _REPEATS_GOAL


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _short(values: Mapping[str, str]) -> dict[str, str]:
    return {k[:60]: v[:MAX_VALUE] for k, v in list(values.items())[:12] if not gives_orders(v)}


def _sop(row: Any) -> Sop:
    return Sop(**{**{n: row[n] for n in Sop.model_fields}, "steps": json.loads(row["steps"])})


def _fact(row: Any) -> Fact:
    return Fact(**{name: row[name] for name in Fact.model_fields})


def _macro(row: Any) -> Macro:
    body = json.loads(row["body"])
    return Macro.model_validate({**body, "id": row["id"], "created": row["created"], "source": row["source"]})
