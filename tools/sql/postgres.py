"""PostgreSQL, read through a server-side cursor in a read-only transaction.

`DECLARE CURSOR` takes a SELECT and nothing else, the extended protocol takes one statement and nothing else, and
the transaction takes no write, whatever a function does. What could still be done from a read (files of the
server, other servers, locks, sleeping) is done by volatile functions, so those are refused by the server's own
catalogue. The best fence stands in the server: connect as a role that was granted SELECT on what may be seen.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import MissingExtra, SqlRefused, ToolError
from .cells import collect
from .statement import Statement, check_statement, quote_name
from .types import Column, Dialect, Rows, SqlLimits, Table

if TYPE_CHECKING:
    from psycopg import AsyncConnection, AsyncCursor

# Volatile, yet they only make values.
_HARMLESS = ("clock_timestamp", "gen_random_uuid", "random", "random_normal", "timeofday", "uuidv4", "uuidv7")
# Not volatile in the catalogue of every version, yet they run SQL, read files or show secrets.
_DENIED = (
    "cursor_to_xml", "database_to_xml", "query_to_xml", "query_to_xml_and_xmlschema", "schema_to_xml",
    "table_to_xml", "ts_rewrite", "ts_stat", "pg_show_all_settings", "pg_hba_file_rules", "pg_ident_file_mappings",
    "pg_show_all_file_settings", "pg_get_userbyid", "has_parameter_privilege", "current_setting",
)  # fmt: skip
_DENIED_PREFIXES = (
    "dblink",
    "lo_",
    "loread",
    "lowrite",
    "pg_read",
    "pg_ls",
    "pg_stat_file",
    "pg_file",
    "pg_sleep",
)
_SECRET_TABLES = frozenset(
    {"pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings", "pg_largeobject"}
)
_LOOK_UP = """SELECT DISTINCT proname FROM pg_catalog.pg_proc
    WHERE proname = ANY(%s) AND provolatile = 'v' AND NOT proname = ANY(%s)"""
_LISTING = """SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema NOT IN ('information_schema', 'pg_catalog')
    ORDER BY table_schema, table_name, ordinal_position LIMIT 5000"""


class PostgresDatabase:
    """A PostgreSQL database that can only be read.

    Args:
        dsn: `postgresql://user@host/name`; the password is better left to PGPASSWORD or a .pgpass file.
        limits: Caps of each query.

    Raises:
        MissingExtra: psycopg is not installed.
    """

    dialect: Dialect = "postgres"

    def __init__(self, dsn: str, *, limits: SqlLimits | None = None) -> None:
        if find_spec("psycopg") is None:
            raise MissingExtra("SQL over PostgreSQL", "sql")
        self._dsn = dsn
        self.name = urlsplit(dsn).path.strip("/") or "postgres"  # never the whole DSN: it may hold a password
        self.limits = limits or SqlLimits()

    async def tables(self) -> list[Table]:
        """The tables and views that the role may see, with three rows of each."""
        columns: dict[tuple[str, str], list[Column]] = {}
        async with self._reading(_LISTING) as connection:
            for schema, table, name, kind in await (await connection.execute(_LISTING)).fetchall():
                columns.setdefault((schema, table), []).append(Column(name=name, type=kind))
        tables: list[Table] = []
        for (schema, table), found in columns.items():
            full = f"{quote_name(schema)}.{quote_name(table)}"
            sample = (await self._run(Statement(f"SELECT * FROM {full} LIMIT 3", frozenset()))).rows
            shown = table if schema == "public" else f"{schema}.{table}"
            tables.append(Table(name=shown, columns=tuple(found), sample=sample))
        return tables

    async def query(self, sql: str) -> Rows:
        """Run one SELECT, within the limits.

        Raises:
            SqlRefused: Not one plain read.
            ToolError: The server cannot be reached, reports an error, or the time is over.
        """
        statement = check_statement(sql)
        _refuse_secrets(statement)
        return await self._run(statement)

    async def _run(self, statement: Statement) -> Rows:
        sql = statement.sql
        async with self._reading(sql) as connection:
            await _refuse_volatile(connection, statement)
            async with connection.cursor(name="tenfold") as cursor:
                await cursor.execute(_query(sql))
                columns = tuple(entry.name for entry in cursor.description or ())
                types = _types(connection, cursor)
                rows, truncated = collect(await cursor.fetchmany(self.limits.rows + 1), self.limits)
        return Rows(
            columns=columns, types=types, rows=rows, truncated=truncated, sql=sql, source=f"sql:{self.name}"
        )

    @asynccontextmanager
    async def _reading(self, sql: str) -> AsyncGenerator[AsyncConnection[Any]]:
        """One connection, one read-only transaction, always rolled back."""
        import psycopg

        try:
            connection = await psycopg.AsyncConnection.connect(
                self._dsn, connect_timeout=10, options=self._options(), application_name="tenfold"
            )
        except psycopg.Error as error:
            raise ToolError(
                f"The database {self.name!r} cannot be reached ({_first_line(error)}).",
                mend="Check host, port, role and password.",
            ) from error
        try:
            await connection.set_read_only(True)
            yield connection
        except psycopg.Error as error:
            raise _explain(error, sql) from error
        finally:
            await connection.close()  # without a commit: the server rolls back

    def _options(self) -> str:
        milliseconds = int(self.limits.seconds * 1000)
        return (
            f"-c default_transaction_read_only=on -c statement_timeout={milliseconds} -c lock_timeout=2000 "
            f"-c idle_in_transaction_session_timeout={milliseconds * 2}"
        )


def _query(sql: str) -> Any:
    from psycopg.sql import SQL

    return SQL(sql)  # pyright: ignore[reportArgumentType]  # psycopg wants a literal; this one was checked


def _types(connection: AsyncConnection[Any], cursor: AsyncCursor[Any]) -> tuple[str, ...]:
    known = connection.adapters.types
    found = [known.get(entry.type_code) for entry in cursor.description or ()]
    return tuple(entry.name if entry else "" for entry in found)


def _refuse_secrets(statement: Statement) -> None:
    lower = statement.sql.lower()
    for table in _SECRET_TABLES:
        if table in lower:
            raise SqlRefused(
                f"The statement reads {table!r}.", mend="Ask only for the tables that are listed."
            )
    if 'u&"' in lower or "u&'" in lower:
        raise SqlRefused("The statement spells a name with U& escapes.", mend="Write the name itself.")


async def _refuse_volatile(connection: AsyncConnection[Any], statement: Statement) -> None:
    names = sorted(statement.functions)
    denied = [name for name in names if name in _DENIED or name.startswith(_DENIED_PREFIXES)]
    if names and not denied:
        cursor = await connection.execute(_LOOK_UP, (names, list(_HARMLESS)))
        denied = [row[0] for row in await cursor.fetchall()]
    if denied:
        raise SqlRefused(
            f"The statement calls {denied[0]!r}, which can do more than read.",
            mend="Leave that function out.",
        )


def _explain(error: Exception, sql: str) -> ToolError:
    from psycopg import errors

    shown, line = " ".join(sql.split())[:200], _first_line(error)
    if isinstance(error, errors.QueryCanceled | errors.LockNotAvailable):
        return ToolError(
            f"The query took too long ({line}): {shown!r}.", mend="Ask for less, or raise the limit."
        )
    refused = (
        errors.ReadOnlySqlTransaction,
        errors.InsufficientPrivilege,
        errors.InvalidCursorDefinition,
        errors.FeatureNotSupported,
    )
    if isinstance(error, refused) or "multiple commands" in line or "cannot insert multiple" in line:
        return SqlRefused(
            f"PostgreSQL does not allow this as a read ({line}): {shown!r}.", mend="Write one plain SELECT."
        )
    return ToolError(f"PostgreSQL reports {line!r} for {shown!r}.", mend="Correct the statement.")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
