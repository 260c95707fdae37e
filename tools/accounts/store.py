"""Users and sessions in one small database beside the run store.

Passwords are kept as Argon2id hashes, session tokens as SHA-256 hashes: a stolen file logs nobody in.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from ...errors import ConfigError, MissingExtra
from .._postgres import PostgresDatabase
from .._sqlite import SqliteFile

SESSION_DAYS = 14
_MIN_PASSWORD, _MAX_PASSWORD = 10, 1024
_NAME = re.compile(r"[^\W_][\w.@+-]{0,63}")
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT, "
    "issuer TEXT, subject TEXT, created DOUBLE PRECISION NOT NULL, UNIQUE (issuer, subject))",
    "CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, user_id TEXT NOT NULL, "
    "created DOUBLE PRECISION NOT NULL, expires DOUBLE PRECISION NOT NULL)",
    "CREATE TABLE IF NOT EXISTS attempts (id TEXT PRIMARY KEY, data TEXT NOT NULL, "
    "expires DOUBLE PRECISION NOT NULL)",
)


class Statements(Protocol):
    """What the store needs of a database; both kinds of file and server connection have it."""

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Run a read and return its rows."""
        ...

    def row(self, sql: str, *values: Any) -> Any:
        """Run a read and return its first row, or None."""
        ...

    def write(self, sql: str, *values: Any) -> int:
        """Run one write; returns how many rows it changed."""
        ...

    def transaction(self, *names: str) -> Any:
        """Several statements, all or none; other transactions of the same names wait."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class _PostgresAccounts(PostgresDatabase):
    """In the schema of the run store: a shared database may well have a table `users` of its own."""

    def _prepare(self) -> None:
        super()._prepare()
        self._db.execute("SET search_path TO tenfold, public")


class User(BaseModel):
    """A person with an account.

    Attributes:
        id: Owner of the person's runs; never shown, never used again.
        issuer: The OpenID provider that vouches for the person, or None for a local account.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    issuer: str | None = None


class Attempt(BaseModel):
    """A login at an OpenID provider that was begun and is not finished."""

    model_config = ConfigDict(frozen=True)

    id: str
    data: dict[str, Any]


class AccountStore:
    """The accounts of one data folder or database.

    Args:
        place: The folder in which `accounts.db` lies, or the address of a PostgreSQL database.

    Raises:
        ConfigError: The database cannot be reached.
    """

    def __init__(self, place: Path | str) -> None:
        self._db: Statements = (
            SqliteFile(place / "accounts.db", synced=True, timeout_s=10.0)
            if isinstance(place, Path)
            else _PostgresAccounts(place)
        )
        with self._db.transaction("schema") as db:  # servers that start together would both make a table
            if not isinstance(place, Path):
                db.execute("CREATE SCHEMA IF NOT EXISTS tenfold")
            for statement in _SCHEMA:
                db.execute(statement)
        self._nobody: str | None = None

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # --- users ----------------------------------------------------------------------------------------------------

    def users(self) -> list[User]:
        """Everybody, by name."""
        return [_user(row) for row in self._db.rows("SELECT * FROM users ORDER BY name")]

    def add(self, name: str, password: str) -> User:
        """Enter a local account.

        Raises:
            ConfigError: The name is taken or not a name, or the password is too short.
        """
        name = _checked_name(name)
        row = (secrets.token_hex(8), name, _hash(_checked(password)), time.time())
        if not self._db.write(
            "INSERT INTO users (id, name, password, created) VALUES (?,?,?,?) ON CONFLICT DO NOTHING", *row
        ):
            raise ConfigError(f"There is already a user {name!r}.", mend="Choose another name.")
        return User(id=row[0], name=name)

    def remove(self, name: str) -> None:
        """Take an account and its sessions away; the person's runs stay, without anybody who may see them.

        Raises:
            ConfigError: There is no such user.
        """
        user = self.named(name)
        self._db.write("DELETE FROM sessions WHERE user_id = ?", user.id)
        self._db.write("DELETE FROM users WHERE id = ?", user.id)

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password and end all its sessions.

        Raises:
            ConfigError: There is no such user, the account is a provider's, or the password is too short.
        """
        user = self.named(name)
        if user.issuer is not None:
            raise ConfigError(
                f"{name!r} logs in through {user.issuer}.", mend="Change the password at that provider."
            )
        self._db.write("UPDATE users SET password = ? WHERE id = ?", _hash(_checked(password)), user.id)
        self._db.write("DELETE FROM sessions WHERE user_id = ?", user.id)

    def named(self, name: str) -> User:
        """The user of this name.

        Raises:
            ConfigError: There is none.
        """
        row = self._db.row("SELECT * FROM users WHERE name = ?", name.strip().casefold())
        if row is None:
            raise ConfigError(f"There is no user {name!r}.", mend="`tenfold users list` shows them.")
        return _user(row)

    def check_password(self, name: str, password: str) -> User | None:
        """The user whose name and password these are, or None. Takes as long for a name that does not exist."""
        row = self._db.row("SELECT * FROM users WHERE name = ?", name.strip().casefold())
        stored = row["password"] if row is not None else None
        if self._nobody is None:
            self._nobody = _hash(secrets.token_hex(16))
        known = stored or self._nobody
        right = len(password) <= _MAX_PASSWORD and _hasher().verify(password, known)
        return _user(row) if right and stored is not None else None

    def from_provider(self, issuer: str, subject: str, name: str) -> User:
        """The account of a person whom an OpenID provider vouches for; made at the first login.

        The provider's subject is the identity. Its name is only a label: somebody who calls himself like a local user
        there does not become that user here.
        """
        row = self._db.row("SELECT * FROM users WHERE issuer = ? AND subject = ?", issuer, subject)
        if row is None:
            label = re.sub(r"[^\w.@+-]", "", name.casefold()).strip("_.@+-")[:40] or "user"
            for n in range(1, 1000):
                self._db.write(
                    "INSERT INTO users (id, name, issuer, subject, created) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
                    secrets.token_hex(8), label if n == 1 else f"{label}-{n}", issuer, subject, time.time(),
                )  # fmt: skip
                row = self._db.row("SELECT * FROM users WHERE issuer = ? AND subject = ?", issuer, subject)
                if row is not None:
                    break
        return _user(row)

    # --- sessions -------------------------------------------------------------------------------------------------

    def open_session(self, user: User, *, days: float = SESSION_DAYS) -> str:
        """Begin a session and return its token, which is shown once and kept as a hash."""
        token, now = secrets.token_urlsafe(32), time.time()
        self._db.write("DELETE FROM sessions WHERE expires < ?", now)
        self._db.write(
            "INSERT INTO sessions (token, user_id, created, expires) VALUES (?,?,?,?)",
            _digest(token), user.id, now, now + days * 86400,
        )  # fmt: skip
        return token

    def session_user(self, token: str) -> User | None:
        """Whose session this is, or None when it ended or never was."""
        row = self._db.row(
            "SELECT users.* FROM sessions JOIN users ON users.id = sessions.user_id "
            "WHERE sessions.token = ? AND sessions.expires > ?",
            _digest(token), time.time(),
        )  # fmt: skip
        return None if row is None else _user(row)

    def close_session(self, token: str) -> None:
        """End a session."""
        self._db.write("DELETE FROM sessions WHERE token = ?", _digest(token))

    # --- logins at a provider -------------------------------------------------------------------------------------

    def begin_attempt(self, data: dict[str, Any], *, seconds: float = 600.0) -> Attempt:
        """Keep what a login at a provider needs at its return."""
        attempt = Attempt(id=secrets.token_urlsafe(32), data=data)
        self._db.write("DELETE FROM attempts WHERE expires < ?", time.time())
        self._db.write(
            "INSERT INTO attempts (id, data, expires) VALUES (?,?,?)",
            _digest(attempt.id), json.dumps(data), time.time() + seconds,
        )  # fmt: skip
        return attempt

    def take_attempt(self, attempt_id: str) -> Attempt | None:
        """What was kept, once; None when it is too old, used or unknown."""
        key = _digest(attempt_id)
        row = self._db.row("SELECT data FROM attempts WHERE id = ? AND expires > ?", key, time.time())
        if row is None or not self._db.write("DELETE FROM attempts WHERE id = ?", key):
            return None
        return Attempt(id=attempt_id, data=json.loads(row["data"]))


def _user(row: Any) -> User:
    return User(id=row["id"], name=row["name"], issuer=row["issuer"])


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _checked_name(name: str) -> str:
    name = name.strip().casefold()
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be a user's name.",
            mend="Use 1 to 64 letters, digits and . _ @ + -, a letter first.",
        )
    return name


def _checked(password: str) -> str:
    if not _MIN_PASSWORD <= len(password) <= _MAX_PASSWORD:
        raise ConfigError(
            f"The password has {len(password)} characters.",
            mend=f"Use {_MIN_PASSWORD} to {_MAX_PASSWORD}; a few words are best.",
        )
    return password


def _hasher() -> Any:
    try:
        from pwdlib import PasswordHash
        from pwdlib.hashers.argon2 import Argon2Hasher
    except ImportError as error:
        raise MissingExtra("Accounts", "web") from error
    return PasswordHash((Argon2Hasher(),))


def _hash(password: str) -> str:
    return _hasher().hash(password)
