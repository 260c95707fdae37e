"""CSV, TSV, JSON and Parquet files, and DuckDB databases, through DuckDB without hands.

A data file is loaded first; then access to files and network is switched off and the configuration locked, and
only then is a statement read: by DuckDB's own parser, whose tree must hold reads alone, in a read-only
transaction.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ...errors import MissingExtra, SqlRefused, ToolError
from .cells import collect
from .statement import check_statement, quote_name
from .types import Column, Dialect, Rows, SqlLimits, Table

if TYPE_CHECKING:
    import duckdb

LOADERS = {
    ".csv": "read_csv(?)",
    ".tsv": "read_csv(?, delim = '\t')",
    ".json": "read_json(?)",
    ".jsonl": "read_json(?, format = 'newline_delimited')",
    ".parquet": "read_parquet(?)",
}
_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "unnest"})
_DENIED = frozenset(
    """current_query currval current_setting getenv getvariable nextval parse_path setseed txid_current write_log
    """.split()
)
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "memory_limit": "1GB",
    "threads": "2",
}


class DuckDatabase:
    """A data file or a DuckDB database that can only be read.

    Args:
        path: `.csv .tsv .json .jsonl .parquet` (one table, named after the file) or `.duckdb .ddb`.
        limits: Caps of each query.

    Raises:
        MissingExtra: duckdb is not installed.
        ToolError: No such file, or not what its name says.
    """

    dialect: Dialect = "duckdb"

    def __init__(self, path: Path, *, limits: SqlLimits | None = None) -> None:
        self.path = Path(path)
        self.name = self.path.name
        self.limits = limits or SqlLimits()
        if not self.path.is_file():
            raise ToolError(f"{str(path)!r} is not a file.", mend="Give the path of a data file.")
        self._connection = _open(self.path)
        self._one_at_a_time = threading.Lock()

    async def tables(self) -> list[Table]:
        """The tables and views, with three rows of each."""
        return await asyncio.to_thread(self._tables)

    async def query(self, sql: str) -> Rows:
        """Run one SELECT, within the limits.

        Raises:
            SqlRefused: Not one plain read.
            ToolError: DuckDB reports an error, or the time is over.
        """
        statement = check_statement(sql)
        return await asyncio.to_thread(self._query, statement.sql)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def _query(self, sql: str) -> Rows:
        with self._reading(sql) as connection:
            check_tree(connection, sql)
            connection.execute(f"EXPLAIN {sql}").fetchall()
            # Wrapped, because execute() computes the whole result before the first row is taken.
            connection.execute(f"SELECT * FROM ({sql}) LIMIT {self.limits.rows + 1}")
            columns = tuple(str(entry[0]) for entry in connection.description or ())
            types = tuple(str(entry[1]) for entry in connection.description or ())
            rows, truncated = collect(connection.fetchall(), self.limits)
        return Rows(
            columns=columns, types=types, rows=rows, truncated=truncated, sql=sql, source=f"sql:{self.name}"
        )

    def _tables(self) -> list[Table]:
        listing = (
            "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema NOT IN ('information_schema', 'pg_catalog') "
            "ORDER BY table_schema, table_name, ordinal_position"
        )
        columns: dict[str, list[Column]] = {}
        with self._reading(listing) as connection:
            for schema, table, name, kind in connection.execute(listing).fetchall():
                full = quote_name(table) if schema == "main" else f"{quote_name(schema)}.{quote_name(table)}"
                columns.setdefault(full, []).append(Column(name=str(name), type=str(kind)))
        return [
            Table(
                name=_unquoted(full),
                columns=tuple(found),
                sample=self._query(f"SELECT * FROM {full} LIMIT 3").rows,
            )
            for full, found in columns.items()
        ]

    @contextmanager
    def _reading(self, sql: str) -> Generator[duckdb.DuckDBPyConnection]:
        """A read-only transaction that is interrupted when the time is over."""
        import duckdb

        with self._one_at_a_time:
            cursor = self._connection.cursor()
            clock = threading.Timer(self.limits.seconds, cursor.interrupt)
            clock.daemon = True
            try:
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                clock.start()
                yield cursor
            except duckdb.Error as error:
                raise _explain(error, sql) from error
            finally:
                clock.cancel()
                cursor.close()


def check_tree(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Have DuckDB parse the statement and refuse everything but one tree of reads.

    Raises:
        SqlRefused: Several statements, a write anywhere in the tree, a function that reaches outside.
    """
    reply = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    tree: dict[str, Any] = json.loads(reply[0]) if reply else {}
    shown = " ".join(sql.split())[:200]
    if tree.get("error"):
        message = str(tree.get("error_message"))
        if tree.get("error_type") == "parser":
            raise ToolError(f"DuckDB cannot parse {shown!r}: {message}", mend="Correct the statement.")
        raise SqlRefused(
            f"DuckDB does not take this as a SELECT ({message}): {shown!r}.", mend="Write one SELECT."
        )
    if len(tree.get("statements", ())) != 1:
        raise SqlRefused(f"There is more than one statement: {shown!r}.", mend="Write one SELECT.")
    for item in _walk(tree):
        if reason := _why_refused(item):
            raise SqlRefused(
                f"The statement {reason}: {shown!r}.", mend="Write one plain SELECT over the tables."
            )


def _why_refused(item: dict[str, Any]) -> str | None:
    kind = str(item.get("type", ""))
    if kind.endswith("_NODE") and kind not in _NODES:
        return f"holds a {kind.removesuffix('_QUERY_NODE').removesuffix('_NODE')}"
    if kind == "TABLE_FUNCTION":
        name = str((item.get("function") or {}).get("function_name", "")).lower()
        return None if name in _TABLE_FUNCTIONS else f"reads from the function {name!r}"
    if kind == "SHOW_REF":
        return "asks for settings"
    name = str(item.get("function_name", "")).lower()
    return f"calls {name!r}" if name in _DENIED or name.startswith(("pg_", "duckdb_", "pragma_")) else None


def _walk(tree: Any) -> Iterator[dict[str, Any]]:
    rest: list[Any] = [tree]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            record = cast("dict[str, Any]", item)
            yield record
            rest += record.values()
        elif isinstance(item, list):
            rest += cast("list[Any]", item)


def _open(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtra("SQL over data files", "sql") from error
    loader = LOADERS.get(path.suffix.lower())
    try:
        if loader is None:
            connection = duckdb.connect(str(path), read_only=True, config=_CONFIG)
        else:
            connection = duckdb.connect(":memory:", config=_CONFIG)
            connection.execute(
                f"CREATE TABLE {quote_name(_table_name(path))} AS SELECT * FROM {loader}", [str(path)]
            )
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        raise ToolError(
            f"{str(path)!r} cannot be read ({_first_line(error)}).", mend="Check that the file is whole."
        ) from error
    return connection


def _table_name(path: Path) -> str:
    """The file's name as an identifier that needs no quotes."""
    name = re.sub(r"\W+", "_", path.stem).strip("_").lower()
    return name if name and not name[0].isdigit() else f"t_{name}".rstrip("_")


def _explain(error: Exception, sql: str) -> ToolError:
    import duckdb

    shown, line = " ".join(sql.split())[:200], _first_line(error)
    if isinstance(error, duckdb.InterruptException):
        return ToolError(
            f"The query took too long: {shown!r}.", mend="Ask for less, or raise the limit of seconds."
        )
    if isinstance(error, duckdb.PermissionException | duckdb.TransactionException):
        return SqlRefused(
            f"DuckDB does not allow this as a read ({line}): {shown!r}.", mend="Write one plain SELECT."
        )
    return ToolError(f"DuckDB reports {line!r} for {shown!r}.", mend="Correct the statement.")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if '"."' not in name else name
