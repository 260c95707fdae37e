"""Charts of query results: which rows make one, and where it stands in a report. No model is asked, nothing drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ...tools.charts import ChartKind, ChartSpec, Point, Series
from ...tools.runs import Evidence
from ...tools.sql import Cell
from . import constraints as rules
from .state import Constraint

ROWS = range(2, 41)  # one value is a sentence, and more than 40 cannot be read
COLUMNS = 4
MOST = 6  # charts in one report
SPREAD = 100.0  # measures whose largest values differ by more cannot be read off one axis

_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_KEY = re.compile(r"(?:^|_)(?:id|uuid|rowid|key|code|zip)$", re.IGNORECASE)
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d|21\d\d")
_YEAR_NAME = re.compile(r"year|(?:^|_)(?:yr|fy)|date|년|연도|年|jahr|ann[eé]e|año", re.IGNORECASE)
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


def chart_of(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> ChartSpec | None:
    """A line over dates or years, else bars; None when the rows are no chart.

    Args:
        title: What was asked.
        columns: One label and one to four measures, in any order; columns of keys such as `id` count as neither.
        rows: 2 to 40, each with a label of its own. Nothing is added up or sorted away: what is not plainly a
            chart is left to the quotes.
    """
    if len(rows) not in ROWS or any(len(row) != len(columns) for row in rows):
        return None
    cells = list(zip(*rows, strict=True))
    measures = [n for n, column in enumerate(cells) if _is_measure(columns[n], column)]
    others = [n for n in range(len(columns)) if n not in measures and not _KEY.search(columns[n])]
    if not others and (years := [n for n in measures if _are_years(columns[n], cells[n])]):
        others, measures = years[:1], [n for n in measures if n != years[0]]
    if len(others) != 1 or not 1 <= len(measures) <= COLUMNS:
        return None
    labels = [_label(cell) for cell in cells[others[0]]]
    if len(set(labels)) < len(labels) or "" in labels:
        return None
    values = {columns[n]: [_value(cell) for cell in cells[n]] for n in measures}
    return _spec(title, columns[others[0]], labels, _of_one_scale(values))


def _spec(
    title: str, axis: str, labels: Sequence[str], values: Mapping[str, Sequence[float | None]]
) -> ChartSpec | None:
    kind, xs = _places(labels)
    series = [
        Series(
            name=_short(name),
            points=tuple(Point(x=x, y=y) for x, y in zip(xs, ys, strict=True) if y is not None),
        )
        for name, ys in values.items()
        if any(y is not None for y in ys)
    ]
    if not series or all(len(s.points) < 2 for s in series):
        return None
    measure = series[0].name if len(series) == 1 else ""
    return ChartSpec(kind=kind, title=_short(title), x=_short(axis), y=measure, series=tuple(series))


def _places(labels: Sequence[str]) -> tuple[ChartKind, list[float | str]]:
    """How labels stand on the axis: years as numbers and months as days, so that a gap in time is a gap."""
    if all(_YEAR.fullmatch(label) for label in labels):
        return "line", [float(label) for label in labels]
    days = [_day(label) for label in labels]
    if all(days):
        return "line", list(days)
    return "bar", [_short(label, 80) for label in labels]


def _day(label: str) -> str:
    """The ISO date of a day or month, or ''."""
    text = f"{label}-01" if _MONTH.fullmatch(label) else re.sub(r"[T ]00:00(?::00(?:\.0+)?)?$", "", label)
    try:
        return date.fromisoformat(text).isoformat() if len(text) == 10 else ""
    except ValueError:
        return ""


def _is_measure(name: str, cells: Sequence[Cell]) -> bool:
    """Numbers, or decimals that came as text; a number with a leading zero is a code."""
    return not _KEY.search(name) and any(c is not None for c in cells) and all(map(_is_number, cells))


def _is_number(cell: Cell) -> bool:
    if isinstance(cell, str):
        return _NUMBER.fullmatch(cell) is not None
    return cell is None or not isinstance(cell, bool)


def _are_years(name: str, cells: Sequence[Cell]) -> bool:
    """Four digits are a year where the column says so, or where they came as text (SQLite's `strftime`)."""
    said = _YEAR_NAME.search(name) is not None or all(isinstance(cell, str) for cell in cells)
    return said and all(_YEAR.fullmatch(_label(cell)) for cell in cells)


def _label(cell: Cell) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _value(cell: Cell) -> float | None:
    number = None if cell is None else float(cell)
    return number if number is not None and abs(number) <= 1e300 else None


def _of_one_scale(values: Mapping[str, list[float | None]]) -> dict[str, list[float | None]]:
    """The first measure and those of its magnitude; beside millions, a share of one is a line on the ground."""
    tops = {
        name: max((abs(v) for v in column if v is not None), default=0.0) for name, column in values.items()
    }
    first = next(iter(tops.values()))
    return {
        name: column
        for name, column in values.items()
        if first == 0 or tops[name] == 0 or 1 / SPREAD <= tops[name] / first <= SPREAD
    }


def _short(text: str, limit: int = 120) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def placed(
    found: Sequence[Mapping[str, Any]],
    evidence: Mapping[str, Evidence],
    constraints: Sequence[Constraint],
) -> list[tuple[ChartSpec, Evidence]]:
    """The charts of a report, each with a quote of the source that it rests on.

    Left out: rows of which no quote may be cited, rows that hold what a person excluded, and repeats.

    Args:
        found: What research tasks brought: title, columns, rows, snapshot.
        evidence: What may be cited.
        constraints: The person's rules.
    """
    charts: dict[str, tuple[ChartSpec, Evidence]] = {}
    for result in found:
        sha = str(result["snapshot"])
        quote = next((e for e in evidence.values() if e.snapshot == sha), None)
        if quote is None or sha in charts:
            continue
        if any(rules.excluded_by(" ".join(map(_label, row)), constraints) for row in result["rows"]):
            continue
        if spec := chart_of(result["title"], result["columns"], result["rows"]):
            charts[sha] = (spec.model_copy(update={"source_ids": (quote.id,)}), quote)
    return list(charts.values())[:MOST]
