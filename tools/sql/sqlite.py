"""SQLite files, opened so that nothing can be written: mode=ro, an authorizer, limits, and a clock.

The authorizer is asked by SQLite's own compiler about every table read and every function called, after views and
triggers are expanded; what it does not know is denied.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from ...errors import SqlRefused, ToolError
from .cells import collect
from .statement import check_statement, quote_name
from .types import Cell, Column, Dialect, Rows, SqlLimits, Table

_ALLOWED_ACTIONS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_FUNCTIONS = frozenset(
    """abs acos asin atan atan2 avg ceil ceiling changes char coalesce concat concat_ws cos count cume_dist date
    datetime degrees dense_rank exp first_value floor format glob group_concat hex ifnull iif instr json json_array
    json_array_length json_each json_extract json_group_array json_group_object json_object json_quote json_tree
    json_type json_valid julianday lag last_value lead length like likelihood likely ln log log10 log2 lower ltrim
    match max median min mod nth_value ntile nullif octet_length percent_rank percentile pi pow power printf quote
    radians random rank regexp replace round row_number rtrim sign sin sqrt strftime string_agg substr substring sum
    tan time timediff total trim trunc typeof unhex unicode unixepoch unlikely upper bm25 highlight snippet -> ->>
    """.split()
)
# Known to the sqlite3 shell or to an extension; elsewhere they would only be called unknown.
_REACHING = frozenset("edit fsdir fts3_tokenizer load_extension lsmode readfile writefile".split())
_STEPS = 5_000  # virtual machine steps between two looks at the clock: some 0.1 ms


class SqliteDatabase:
    """A SQLite file that can only be read.

    Args:
        path: The file.
        limits: Caps of each query.
        immutable: The file cannot change while it is open (read-only media): no locks, no side files.

    Raises:
        ToolError: No such file, or not a SQLite database.
    """

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, *, limits: SqlLimits | None = None, immutable: bool = False) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.limits = limits or SqlLimits()
        self._immutable = immutable
        if not self.path.is_file():
            raise ToolError(f"{str(path)!r} is not a file.", mend="Give the path of a SQLite database.")

    async def tables(self) -> list[Table]:
        """The tables and views, with three rows of each."""
        return await asyncio.to_thread(self._tables)

    async def query(self, sql: str) -> Rows:
        """Run one SELECT, within the limits.

        Raises:
            SqlRefused: Not one plain read.
            ToolError: SQLite reports an error, or the time is over.
        """
        statement = check_statement(sql)
        if reaching := statement.functions & _REACHING:
            raise SqlRefused(f"The statement calls {min(reaching)!r}.", mend="Leave that function out.")
        return await asyncio.to_thread(self._query, statement.sql)

    def _query(self, sql: str) -> Rows:
        with open_read_only(self.path, self.limits, immutable=self._immutable) as connection:
            _run(connection, sql, "EXPLAIN QUERY PLAN ").close()  # compiled and authorized, not yet run
            cursor = _run(connection, sql)
            columns = tuple(entry[0] for entry in cursor.description or ())
            rows, truncated = collect(_steps(cursor, sql), self.limits)
        types = tuple(_type_of([row[n] for row in rows]) for n in range(len(columns)))
        return Rows(
            columns=columns, types=types, rows=rows, truncated=truncated, sql=sql, source=f"sql:{self.name}"
        )

    def _tables(self) -> list[Table]:
        listing = (
            "SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c "
            "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite^_%' ESCAPE '^' ORDER BY m.rowid, c.cid"
        )
        columns: dict[str, list[Column]] = {}
        connection = _connect(self.path, self._immutable)
        try:
            for table, name, kind in _steps(_run(connection, listing), listing):
                columns.setdefault(str(table), []).append(Column(name=str(name), type=str(kind)))
        finally:
            connection.close()
        return [Table(name=t, columns=tuple(c), sample=self._sample(t)) for t, c in columns.items()]

    def _sample(self, table: str) -> tuple[tuple[Cell, ...], ...]:
        try:
            return self._query(f"SELECT * FROM {quote_name(table)} LIMIT 3").rows
        except ToolError:  # a view over something that is gone, a virtual table whose module is not here
            return ()


@contextmanager
def open_read_only(
    path: Path, limits: SqlLimits, *, immutable: bool = False
) -> Generator[sqlite3.Connection]:
    """A connection on which nothing but SELECT compiles, and that is interrupted when the time is over."""
    connection = _connect(path, immutable)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.setlimit(
            sqlite3.SQLITE_LIMIT_LENGTH, 10_000_000
        )  # else printf('%*c', 1e9) takes the memory
        connection.setlimit(sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000)
        connection.set_authorizer(_authorize)
        deadline = time.monotonic() + limits.seconds
        connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
        yield connection
    finally:
        connection.close()


def _connect(path: Path, immutable: bool) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.resolve()))}?mode=ro{'&immutable=1' if immutable else ''}"
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=2.0)
        # A schema made by someone else may call functions from views, defaults and generated columns.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise ToolError(
            f"{str(path)!r} cannot be read as SQLite ({error}).", mend="Check that the file is whole."
        ) from error
    return connection


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action in _ALLOWED_ACTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _run(connection: sqlite3.Connection, sql: str, prefix: str = "") -> sqlite3.Cursor:
    try:
        return connection.execute(prefix + sql)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _explain(error, sql) from error


def _steps(cursor: sqlite3.Cursor, sql: str) -> Iterator[tuple[object, ...]]:
    try:
        yield from cursor
    except sqlite3.Error as error:
        raise _explain(error, sql) from error


def _explain(error: Exception, sql: str) -> ToolError:
    text, shown = str(error), " ".join(sql.split())[:200]
    if "interrupted" in text:
        return ToolError(
            f"The query took too long: {shown!r}.", mend="Ask for less, or raise the limit of seconds."
        )
    refused = ("not authorized", "prohibited", "readonly", "one statement", "unsafe use", "too many attached")
    if any(mark in text for mark in refused):
        return SqlRefused(
            f"SQLite does not allow this as a read ({text}): {shown!r}.", mend="Write one plain SELECT."
        )
    return ToolError(f"SQLite reports {text!r} for {shown!r}.", mend="Correct the statement.")


def _type_of(cells: list[Cell]) -> str:
    """SQLite types values, not columns: the type of the first value that is not NULL."""
    first = next((cell for cell in cells if cell is not None), None)
    if isinstance(first, str):
        return "TEXT"
    return "" if first is None else "REAL" if isinstance(first, float) else "INTEGER"
