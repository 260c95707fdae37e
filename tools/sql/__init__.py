"""Read-only SQL over SQLite, DuckDB, CSV, JSON, Parquet and PostgreSQL."""

from .describe import describe_schema, open_database
from .statement import Statement, check_statement, quote_name
from .types import Cell, Column, Database, Dialect, Rows, SqlLimits, Table

__all__ = [
    "Cell",
    "Column",
    "Database",
    "Dialect",
    "Rows",
    "SqlLimits",
    "Statement",
    "Table",
    "check_statement",
    "describe_schema",
    "open_database",
    "quote_name",
]
