"""Tables in HTML as grids: what is wrong with them is reported and never repaired."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_CELLS = 50_000
"""Slots of a grid; a table that claims more is reported and not laid out."""

_MAX_SPAN = 1000  # HTML's own limit for colspan
_MAX_HTML = 2_000_000  # characters
_NUMBER = re.compile(
    r"[-+−(]?[$€£¥₩]?\s?\d{1,3}(?:[ ,.'\u00a0]?\d{3})*(?:[.,]\d+)?\)?\s?(?:%|[kKMB]|[a-zA-Zµ°]{1,3})?\*{0,3}"
)
_EMPTY = frozenset({"", "-", "–", "—", "n/a", "na", "nan", "."})


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as written: its text, whether it is a heading, and how many rows and columns it claims."""

    text: str
    header: bool = False
    rowspan: int = 1
    colspan: int = 1


@dataclass(frozen=True, slots=True)
class TableReport:
    """A table's grid and its faults.

    Attributes:
        grid: Text of each slot, row by row; None for a slot that no cell covers. Spans repeat their text.
        cells: Cells as written, row by row.
        holes: Slots (row, column) that no cell covers.
        overlaps: Slots that two cells claim.
        ragged: Rows whose cells, spans counted, do not fill the table's width.
        odd_numbers: Slots that are no numbers in a column of numbers.
        problems: All of it in words; empty for a sound table.
    """

    grid: tuple[tuple[str | None, ...], ...]
    cells: tuple[tuple[Cell, ...], ...]
    holes: tuple[tuple[int, int], ...] = ()
    overlaps: tuple[tuple[int, int], ...] = ()
    ragged: tuple[int, ...] = ()
    odd_numbers: tuple[tuple[int, int], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of the grid."""
        return len(self.grid)

    @property
    def columns(self) -> int:
        """Columns of the grid."""
        return len(self.grid[0]) if self.grid else 0


@dataclass
class _Grid:
    slots: dict[tuple[int, int], Cell] = field(default_factory=dict[tuple[int, int], Cell])
    overlaps: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    full: bool = False


def table_report(html: str) -> TableReport:
    """Parse the first table of an HTML text and say what is wrong with it.

    Spans are laid out as a browser does (HTML, 4.9.12 "Forming a table"). A row that is too short, which a browser
    shows without a word, is `ragged`, and its empty slots are `holes`; a table cut off in the middle shows the same
    way. In a column where two of three slots below the headings are numbers, the others should be numbers or empty.
    """
    rows, problems = _cells(html)
    if not rows:
        return TableReport((), (), problems=(*problems, "There is no row in it."))
    grid = _laid_out(rows)
    height = len(rows)
    width = max((column for _, column in grid.slots), default=-1) + 1
    if grid.full or height * width > MAX_CELLS:
        return TableReport((), (), problems=(*problems, f"It claims more than {MAX_CELLS:,} slots."))
    holes = [(r, c) for r in range(height) for c in range(width) if (r, c) not in grid.slots]
    ragged = [r for r in range(height) if any((r, c) not in grid.slots for c in range(width))]
    odd = _odd_numbers(grid, rows, height, width)
    if holes:
        word = "hole" if len(holes) == 1 else "holes"
        problems.append(
            f"{len(holes)} {word} in {'row' if len(ragged) == 1 else 'rows'} {_some([r + 1 for r in ragged])}: "
            f"{width} columns are expected."
        )
    if grid.overlaps:
        problems.append(
            f"{len(grid.overlaps)} slots are claimed twice, the first in row {grid.overlaps[0][0] + 1}."
        )
    for row, column in odd[:5]:
        problems.append(
            f"Row {row + 1}, column {column + 1}: {grid.slots[row, column].text[:40]!r} is no number, "
            "but the column holds numbers."
        )
    text = tuple(
        tuple(c.text if (c := grid.slots.get((r, k))) else None for k in range(width)) for r in range(height)
    )
    cells = tuple(tuple(row) for row in rows)
    return TableReport(
        text, cells, tuple(holes), tuple(grid.overlaps), tuple(ragged), tuple(odd), tuple(problems)
    )


def is_number(text: str) -> bool:
    """Whether a cell holds one number: with sign, thousands, currency, percent, a short unit or a mark."""
    return _NUMBER.fullmatch(text.strip()) is not None


def _cells(html: str) -> tuple[list[list[Cell]], list[str]]:
    import lxml.etree as etree
    from lxml import html as parser

    problems: list[str] = []
    if len(html) > _MAX_HTML:
        return [], [f"It has {len(html):,} characters, more than {_MAX_HTML:,}."]
    start = html.find("<table")
    if start < 0:
        return [], ["There is no <table> in it."]
    if "</table>" not in html[start:]:
        problems.append("It is not closed: the text may have been cut off.")
    try:
        # Null characters end libxml2's text early; a table has none.
        root = parser.fragment_fromstring(f"<div>{html[start:]}</div>".replace("\0", ""))
    except (etree.LxmlError, ValueError) as error:
        return [], [*problems, f"It cannot be parsed: {error}."]
    table = root.find(".//table")
    if table is None:
        return [], [*problems, "There is no <table> in it."]
    rows: list[list[Cell]] = []
    for row in table.iter("tr"):
        if next(row.iterancestors("table")) is not table:
            continue  # a table inside a cell is that cell's text
        rows.append([_cell(c, problems) for c in row if c.tag in ("td", "th")])
    return rows, problems


def _cell(element: object, problems: list[str]) -> Cell:
    from lxml import html as parser

    assert isinstance(element, parser.HtmlElement)
    for line_break in element.iter("br"):
        line_break.tail = f"\n{line_break.tail or ''}"
    text = "\n".join(" ".join(line.split()) for line in element.text_content().split("\n")).strip()
    spans: list[int] = []
    for name in ("rowspan", "colspan"):
        value = (element.get(name) or "1").strip()
        if value.isascii() and value.isdigit() and len(value) < 6 and 1 <= int(value) <= _MAX_SPAN:
            spans.append(int(value))
        else:
            problems.append(f"A cell has {name}={value[:20]!r}.")
            spans.append(1)
    return Cell(text, element.tag == "th", spans[0], spans[1])


def _laid_out(rows: list[list[Cell]]) -> _Grid:
    grid, claims = _Grid(), 0
    for r, row in enumerate(rows):
        column = 0
        for cell in row:
            while (r, column) in grid.slots:
                column += 1
            for dr in range(min(cell.rowspan, len(rows) - r)):
                for dc in range(cell.colspan):
                    claims += 1
                    if claims > MAX_CELLS:
                        grid.full = True
                        return grid
                    place = (r + dr, column + dc)
                    if place in grid.slots:
                        grid.overlaps.append(place)
                    else:
                        grid.slots[place] = cell
            column += cell.colspan
    return grid


def _odd_numbers(grid: _Grid, rows: list[list[Cell]], height: int, width: int) -> list[tuple[int, int]]:
    first = next((r for r, row in enumerate(rows) if r > 0 and not any(c.header for c in row)), 1)
    odd: list[tuple[int, int]] = []
    for column in range(width):
        body = [
            (r, cell.text)
            for r in range(first, height)
            if (cell := grid.slots.get((r, column))) and cell.text.strip().casefold() not in _EMPTY
        ]
        numeric = sum(is_number(text) for _, text in body)
        if len(body) >= 3 and numeric * 3 >= len(body) * 2:
            odd += [(r, column) for r, text in body if not is_number(text)]
    return sorted(odd)


def _some(rows: list[int]) -> str:
    shown = ", ".join(map(str, rows[:5]))
    return f"{shown} …" if len(rows) > 5 else shown
