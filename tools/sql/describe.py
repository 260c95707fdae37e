"""Opening a database by its address, and telling a model what is in it."""

from __future__ import annotations

from pathlib import Path

from ...errors import ConfigError
from .types import Cell, Database, SqlLimits, Table

_SQLITE = frozenset({".db", ".sqlite", ".sqlite3", ".db3"})
_DUCKDB = frozenset({".csv", ".tsv", ".json", ".jsonl", ".parquet", ".duckdb", ".ddb"})


def open_database(address: str | Path, *, limits: SqlLimits | None = None) -> Database:
    """Open a database for reading.

    Args:
        address: A file (`.sqlite .db .csv .tsv .json .jsonl .parquet .duckdb`) or `postgresql://…`.
        limits: Caps of each query.

    Raises:
        ConfigError: Neither; `MissingExtra` when the part that reads it is not installed.
        ToolError: The file is not there or damaged.
    """
    if str(address).startswith(("postgresql://", "postgres://")):
        from .postgres import PostgresDatabase

        return PostgresDatabase(str(address), limits=limits)
    path = Path(str(address).removeprefix("sqlite:///")).expanduser()
    if path.suffix.lower() in _SQLITE or str(address).startswith("sqlite:///"):
        from .sqlite import SqliteDatabase

        return SqliteDatabase(path, limits=limits)
    if path.suffix.lower() in _DUCKDB:
        from .duck import DuckDatabase

        return DuckDatabase(path, limits=limits)
    raise ConfigError(
        f"{str(address)!r} is not a database that can be opened.",
        mend=f"Give a file with one of {sorted(_SQLITE | _DUCKDB)} or a postgresql:// address.",
    )


async def describe_schema(database: Database, *, max_tables: int = 30, max_columns: int = 40) -> str:
    """Tables, columns, types and three rows of each, for a prompt; what is left out is said."""
    tables = await database.tables()
    parts = [f"{database.dialect} database {database.name!r}"]
    parts += [_describe(table, max_columns) for table in tables[:max_tables]]
    if len(tables) > max_tables:
        parts.append(f"({len(tables) - max_tables} more tables)")
    return "\n\n".join(parts)


def _describe(table: Table, max_columns: int) -> str:
    columns = table.columns[:max_columns]
    lines = [f"{table.name}({', '.join(f'{c.name} {c.type}'.strip() for c in columns)})"]
    if len(table.columns) > max_columns:
        lines.append(f"  ({len(table.columns) - max_columns} more columns)")
    lines += ["  " + " | ".join(_short(cell) for cell in row[:max_columns]) for row in table.sample]
    return "\n".join(lines)


def _short(cell: Cell) -> str:
    text = "NULL" if cell is None else " ".join(str(cell).split())
    return text if len(text) <= 40 else text[:39] + "…"
