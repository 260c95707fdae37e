"""What read-only databases take and give."""

from __future__ import annotations

import json
from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from ..search import Snapshot

Dialect = Literal["sqlite", "duckdb", "postgres"]
Cell = str | int | float | bool | None


class SqlLimits(BaseModel):
    """Caps of one query.

    Attributes:
        rows: Rows returned; one more is looked at, to say whether there were more.
        bytes: Characters of all cells together.
        cell: Characters of one cell; a longer one ends in an ellipsis.
        seconds: Time of the statement; it is interrupted then.
    """

    model_config = ConfigDict(frozen=True)

    rows: int = Field(default=200, ge=1, le=10_000)
    bytes: int = Field(default=200_000, ge=100)
    cell: int = Field(default=4_000, ge=10)
    seconds: float = Field(default=10.0, gt=0)


class Rows(BaseModel):
    """The answer to a query.

    Attributes:
        types: Of the columns, in the database's own words; "" where it does not say.
        truncated: Whether a cap cut rows or cells off.
        sql: The statement as it was run.
        source: Address of the database, `sql:` and its name.
    """

    model_config = ConfigDict(frozen=True)

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool
    sql: str
    source: str

    def to_text(self) -> str:
        """One line per row, `column: value; column: value`, so that a quote of one line stands by itself."""
        lines = [
            "; ".join(f"{name}: {_show(cell)}" for name, cell in zip(self.columns, row, strict=True))
            for row in self.rows
        ]
        if self.truncated:
            lines.append("(more rows were left out)")
        return "\n".join(lines) if lines else "(no rows)"

    def to_snapshot(self) -> Snapshot:
        """The rows as a source that can be quoted and cited like a page."""
        meta = {
            "untrusted": "1",
            "sql": self.sql,
            "columns": json.dumps(self.columns, ensure_ascii=False),
            "truncated": str(int(self.truncated)),
        }
        title = f"{self.source.removeprefix('sql:')}: {' '.join(self.sql.split())[:120]}"
        return Snapshot.of(self.source, title, self.to_text(), media_type="text/plain", meta=meta)


class Column(BaseModel):
    """A column of a table."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: str


class Table(BaseModel):
    """A table or view, and its first rows."""

    model_config = ConfigDict(frozen=True)

    name: str
    columns: tuple[Column, ...]
    sample: tuple[tuple[Cell, ...], ...] = ()


@runtime_checkable
class Database(Protocol):
    """A database that can only be read."""

    @property
    def name(self) -> str:
        """Short name for prompts and citations."""
        ...

    @property
    def dialect(self) -> Dialect:
        """Which SQL it understands."""
        ...

    async def tables(self) -> list[Table]:
        """The tables and views, with three rows of each."""
        ...

    async def query(self, sql: str) -> Rows:
        """Run one SELECT.

        Raises:
            SqlRefused: Not one plain read.
            ToolError: The database reports an error or the time is over.
        """
        ...


def _show(cell: Cell) -> str:
    return "" if cell is None else " ".join(str(cell).split())
