"""Evidence from databases: a SELECT that a model writes, and rows found by their words where none is written.

Both go through the run's ledger, and what comes back is a snapshot with one line for each row. So a row is cited
like a sentence of a page.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...agents.edr import MAX_QUOTE, write_sql
from ...errors import TenfoldError
from ...text import content_words
from ...tools.search import Snapshot
from ...tools.sql import Database, Table, describe_schema, quote_name
from .charts import chart_of
from .context import EdrContext
from .state import Card

QUOTES = 6  # rows of one result that become quotes
TABLES = 12  # looked through by words
ROWS = 200


@dataclass
class Found:
    """What the databases gave. `note` says what went wrong, if anything did."""

    cards: list[Card] = field(default_factory=list[Card])
    charts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    queries: list[str] = field(default_factory=list[str])
    note: str = ""


async def ask_databases(context: EdrContext, task: str) -> Found:
    """Have SQL written and run on every database, with one repair each; never raises for a refused statement."""
    found = Found()
    for name, database in sorted((context.databases or {}).items()):
        try:
            schema = await describe_schema(database)
        except TenfoldError as error:
            found.note = found.note or str(error)
            continue
        await _ask(context, task, name, database, schema, found)
    return found


async def _ask(
    context: EdrContext, task: str, name: str, database: Database, schema: str, found: Found
) -> None:
    error = ""
    for _ in range(2):
        written = await write_sql(context.caller, task, schema=schema, dialect=database.dialect, error=error)
        if not written.value.sql:
            return
        found.queries.append(written.value.sql)
        snapshot, value = await context.query(name, written.value.sql)
        if snapshot is not None and value["rows"]:
            found.cards += [_card(snapshot, *span) for span in _lines(snapshot, value)[:QUOTES]]
            if chart_of(task, value["columns"], value["rows"]):  # the state holds no rows for nothing
                found.charts.append(
                    {
                        "title": task,
                        "columns": value["columns"],
                        "rows": value["rows"],
                        "snapshot": snapshot.sha256,
                    }
                )
            return
        error = str(value.get("error") or "It ran, and gave no rows.")
    found.note = found.note or error


async def search_tables(context: EdrContext, task: str) -> Found:
    """Find rows by their words, without SQL from anyone; where no row fits, a table that does is cited itself.

    Read are the first `ROWS` rows of each of the `TABLES` tables whose names and columns are nearest to the task.
    """
    found = Found()
    rows: list[_Row] = []
    about: list[tuple[float, Card]] = []
    wanted = set(content_words(task))
    for name, database in sorted((context.databases or {}).items()):
        try:
            tables = await database.tables()
        except TenfoldError as error:
            found.note = found.note or str(error)
            continue
        near = {table.name: _share(wanted, _words(table)) for table in tables}
        ordered = sorted(tables, key=lambda t: (-near[t.name], t.name))[:TABLES]
        for table in ordered:
            sql = f"SELECT * FROM {_address(table.name, database)} LIMIT {ROWS}"
            snapshot, value = await context.query(name, sql)
            found.queries.append(sql)
            if snapshot is not None and value["rows"]:
                rows += _rows(snapshot, value, near[table.name])
        if ordered and near[ordered[0].name] >= 0.5:
            about.append((near[ordered[0].name], _schema_card(context, name, tables, ordered[0])))
    found.cards = [_card(row.snapshot, row.start, row.end, score) for row, score in _best(wanted, rows)]
    if not found.cards:
        found.cards = [card for _, card in sorted(about, key=lambda pair: -pair[0])[:1]]
    return found


async def table_names(context: EdrContext) -> list[str]:
    """`database: table(column, …)` of everything that can be asked, for the planner; at most 20 lines."""
    lines: list[str] = []
    for name, database in sorted((context.databases or {}).items()):
        try:
            tables = await database.tables()
        except TenfoldError:
            continue  # the task that asks this database says what is wrong
        lines += [f"{name}: {t.name}({', '.join(c.name for c in t.columns[:12])})" for t in tables]
    return lines[:20]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row, its place in its snapshot, the words of its cells, and how near its table is to the task."""

    snapshot: Snapshot
    start: int
    end: int
    words: frozenset[str]
    near: float


def _rows(snapshot: Snapshot, value: Mapping[str, Any], near: float) -> list[_Row]:
    return [
        _Row(
            snapshot, *span, frozenset(content_words(" ".join(str(c) for c in cells if c is not None))), near
        )
        for span, cells in zip(_lines(snapshot, value), value["rows"], strict=False)
    ]


def _best(wanted: set[str], rows: Sequence[_Row]) -> list[tuple[_Row, float]]:
    """The rows that share words with the task, rare words first; a row far behind the best one is chance."""
    common = Counter(word for row in rows for word in row.words & wanted)

    def score(row: _Row) -> float:
        matched = sum(math.log(1 + len(rows) / common[word]) for word in row.words & wanted)
        return matched * (1 + row.near) if matched else 0.0

    ranked = sorted(((row, score(row)) for row in rows), key=lambda pair: -pair[1])
    top = ranked[0][1] if ranked else 0.0
    return [(row, points / top) for row, points in ranked[:QUOTES] if points > 0 and points >= 0.5 * top]


def _lines(snapshot: Snapshot, value: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Where each row stands in the text of a result."""
    spans: list[tuple[int, int]] = []
    start = 0
    for line in snapshot.text.split("\n")[: len(value["rows"])]:
        spans.append((start, start + len(line)))
        start += len(line) + 1
    return spans


def _schema_card(context: EdrContext, name: str, tables: Sequence[Table], table: Table) -> Card:
    """The line that describes a table, quoted from a snapshot that lists them all."""
    lines = [_described(each) for each in tables]
    snapshot = Snapshot.of(f"sql:{name}", f"{name}: tables", "\n".join(lines), media_type="text/plain")
    context.store.put_snapshot(snapshot)
    start = sum(len(line) + 1 for line in lines[: tables.index(table)])
    return _card(snapshot, start, start + len(_described(table)), 0.5)


def _described(table: Table) -> str:
    columns = ", ".join(f"{c.name} {c.type}".strip() for c in table.columns)
    return " ".join(f"Table {table.name} has the columns {columns}.".split())


def _words(table: Table) -> set[str]:
    names = [table.name, *(column.name for column in table.columns)]
    return set(content_words(" ".join(names).replace("_", " ")))


def _share(wanted: set[str], words: set[str]) -> float:
    return len(wanted & words) / len(wanted) if wanted else 0.0


def _address(table: str, database: Database) -> str:
    """A table's name as SQL takes it; outside the usual schema it comes with its schema before it."""
    if database.dialect == "duckdb" and '"."' in table:
        return table  # comes quoted
    parts = table.split(".", 1) if database.dialect == "postgres" else [table]
    return ".".join(quote_name(part) for part in parts)


def _card(snapshot: Snapshot, start: int, end: int, score: float = 1.0) -> Card:
    if end - start > MAX_QUOTE:  # cut at a word
        cut = snapshot.text[start : start + MAX_QUOTE].rfind(" ")
        end = start + (cut if cut > MAX_QUOTE // 2 else MAX_QUOTE)
    return Card(
        snapshot=snapshot.sha256,
        start=start,
        end=end,
        quote=snapshot.text[start:end],
        url=snapshot.url,
        title=snapshot.title,
        engine="sql",
        source_type="database",
        published=snapshot.published,
        score=round(score, 6),
    )
