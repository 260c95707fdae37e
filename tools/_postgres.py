"""One PostgreSQL database with the methods of `SqliteFile`: the run store's statements run on both unchanged.

Statements keep to what both dialects speak and mark values with `?`; none of them has a `?` or `%` in a literal.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from ..errors import ConfigError, StoreUnavailable


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """Rows changed."""
        ...

    def fetchone(self) -> Any:
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...


class Statements(Protocol):
    """Inside a transaction: runs statements."""

    def execute(self, sql: str, values: Any = (), /) -> Rows:
        """Run one statement."""
        ...

    def executemany(self, sql: str, values: Any, /) -> Any:
        """Run one statement for each tuple of values."""
        ...


class PostgresDatabase:
    """A connection that the threads of a process share; it is opened again after a cut.

    Args:
        url: As `postgresql://…`. It never gets into an error or a log.
        synced: Whether each write waits until the disk has it.

    Raises:
        ConfigError: psycopg is not installed, or the server cannot be reached.
    """

    def __init__(self, url: str, *, synced: bool = True) -> None:
        self._url = url
        self._synced = synced
        self._lock = threading.RLock()
        self._db: Any = connect(url)
        self._prepare()

    def _prepare(self) -> None:
        if not self._synced:
            self._db.execute("SET synchronous_commit = off")

    def _run(self, sql: str, values: tuple[Any, ...]) -> Any:
        if self._db.closed or self._db.broken:
            try:
                self._db = connect(self._url)
            except ConfigError as error:  # it could be reached when it was opened
                raise StoreUnavailable(error.message, mend=error.mend) from None
            self._prepare()
        return self._db.execute(_marked(sql), tuple(map(_clean, values)))

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Run a read and return its rows."""
        with self._lock, telling():
            return self._run(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Any | None:
        """Run a read and return its first row, or None."""
        with self._lock, telling():
            return self._run(sql, values).fetchone()

    def write(self, sql: str, *values: Any) -> int:
        """Run one write in its own transaction; returns how many rows it changed."""
        with self._lock, telling():
            return self._run(sql, values).rowcount

    @contextmanager
    def transaction(self, *run_ids: str) -> Generator[Statements]:
        """Several statements, all or none; other writers of the same runs wait."""
        with self._lock, telling():
            self._run("SELECT 1", ())
            with self._db.transaction():
                if run_ids:
                    # In one order everywhere, or two servers with the same runs could wait for each other.
                    self._db.execute(
                        "SELECT pg_advisory_xact_lock(hashtextextended(id, 1)) FROM unnest(%s::text[]) AS id",
                        (sorted(set(run_ids)),),
                    )
                yield _Transaction(self._db)

    def close(self) -> None:
        """Close the connection; further calls open it again."""
        with self._lock:
            self._db.close()


@contextmanager
def telling() -> Generator[None]:
    """Say with an error of ours that the server is away; what is wrong with a statement passes.

    Raises:
        StoreUnavailable: What happened, without the driver's words: they may repeat the address.
    """
    import psycopg

    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreUnavailable(
            f"The database does not answer just now ({type(error).__name__}).", mend="Try again."
        ) from error


class _Transaction:
    def __init__(self, db: Any) -> None:
        self._db = db

    def execute(self, sql: str, values: Any = (), /) -> Rows:
        return self._db.execute(_marked(sql), tuple(map(_clean, values)))

    def executemany(self, sql: str, values: Any, /) -> None:
        with self._db.cursor() as cursor:
            cursor.executemany(_marked(sql), [tuple(map(_clean, row)) for row in values])


def connect(url: str) -> Any:
    """A new connection of psycopg, in autocommit, that notices a server that is gone.

    Raises:
        ConfigError: psycopg is not installed, or the server cannot be reached.
    """
    try:
        import psycopg
        from psycopg.rows import dict_row
    except ImportError as error:
        raise ConfigError(
            "PostgreSQL needs psycopg.", mend="Install it with: pip install 'tenfold[web]'"
        ) from error
    try:
        return psycopg.connect(url, autocommit=True, row_factory=cast("Any", dict_row), **NOTICING)
    except psycopg.Error as error:
        where = urlsplit(url).hostname or "the local socket"
        # The driver's message may repeat the address with its password.
        raise ConfigError(
            f"The database on {where!r} cannot be reached ({type(error).__name__}).",
            mend="Check the address, and that the server runs and lets you in.",
        ) from None


NOTICING: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def _marked(sql: str) -> str:
    return sql.replace("?", "%s")


def _clean(value: Any) -> Any:
    """PostgreSQL's text holds no NUL; a replacement of the same length leaves quotes where they are."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) and "\x00" in value else value
