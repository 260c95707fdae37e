"""Read-only SQL over SQLite, DuckDB, CSV, JSON, Parquet and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .describe import describe_schema, open_database
from .statement import Statement, check_statement, quote_name
from .types import Cell, Column, Database, Dialect, Rows, SqlLimits, Table

if TYPE_CHECKING:
    from .langchain import as_langchain_tools

__all__ = [
    "Cell",
    "Column",
    "Database",
    "Dialect",
    "Rows",
    "SqlLimits",
    "Statement",
    "Table",
    "as_langchain_tools",
    "check_statement",
    "describe_schema",
    "open_database",
    "quote_name",
]


def __getattr__(name: str) -> Any:
    if name == "as_langchain_tools":  # loaded with its first use; langchain_core alone costs a second
        from .langchain import as_langchain_tools

        return as_langchain_tools
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
