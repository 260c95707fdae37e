"""Readings as Markdown and as a web page. What a model wrote never becomes live HTML, a link or a remote picture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from ...pages import Block, PageReading
from .tables import Cell, TableReport, table_report

_HEADINGS = {"title": "#", "sub_title": "##"}
_HASHES = re.compile(r"\A#{1,6}[ \t]+")
_OPENS = re.compile(r"<(?=[A-Za-z/!?])")
_DEFINES = re.compile(r"^([ \t]{0,3}\[[^\]\n]{0,200})\]:", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def to_markdown(
    readings: PageReading | Sequence[PageReading], *, images: Mapping[tuple[int, int], str] | None = None
) -> str:
    """Pages as Markdown, a rule between them.

    Simple tables become pipe tables; those with spans become HTML that is built anew from the parsed grid, with all
    text escaped. In other text the openings of tags, links, pictures and definitions are escaped; formulas stay.

    Args:
        images: Paths of saved crops by (page, block), both from 0; blocks without one and without text are left out.
    """
    pages = [readings] if isinstance(readings, PageReading) else readings
    made = ["\n\n".join(_page(reading, number, images or {})) for number, reading in enumerate(pages)]
    return "\n\n---\n\n".join(made) + "\n"


def table_html(report: TableReport) -> str:
    """A table built anew from what was parsed: only `table`, `tr`, `td`, `th` and spans; all text escaped."""
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in report.cells)
    return f"<table>{rows}</table>"


def clean(text: str) -> str:
    """Text without control characters and without those that turn the direction of reading."""
    return _CONTROL.sub("", text)


def heading(block: Block) -> tuple[int, str]:
    """The level of a block's heading, 0 for none, and its text without Markdown's signs."""
    signs = _HEADINGS.get(block.label, "")
    bare = _HASHES.sub("", block.text)
    return len(signs), bare if signs else block.text


def split_tables(text: str) -> list[tuple[bool, str]]:
    """A block's text as parts, each marked whether it is a table in HTML."""
    parts: list[tuple[bool, str]] = []
    at = 0
    while (start := text.find("<table", at)) >= 0:
        end = text.find("</table>", start)
        end = len(text) if end < 0 else end + len("</table>")
        parts += [(False, text[at:start]), (True, text[start:end])]
        at = end
    return [(table, part) for table, part in [*parts, (False, text[at:])] if part.strip()]


def _page(reading: PageReading, page: int, images: Mapping[tuple[int, int], str]) -> list[str]:
    parts: list[str] = []
    for index, block in enumerate(reading.blocks):
        if path := images.get((page, index)):
            parts.append(f"![{block.label if block.label.isidentifier() else 'image'}](<{_path(path)}>)")
        level, text = heading(block)
        if level and text.strip():
            parts.append(f"{'#' * level} {' '.join(_safe(text).split())}")
            continue
        for table, part in split_tables(text):
            parts.append(_table(part) if table else _safe(part.strip()))
    return parts


def _path(path: str) -> str:
    return re.sub(r"[<>\n\r\\]", "", path)


def _safe(text: str) -> str:
    # A closing bracket as an entity opens no link; a backslash there would begin a formula.
    text = _OPENS.sub("&lt;", clean(text))
    return _DEFINES.sub(r"\1&#93;:", text).replace("](", "&#93;(").replace("][", "&#93;[")


def _table(html: str) -> str:
    report = table_report(html)
    if not report.grid:
        return _safe(html)
    spans = any(cell.rowspan > 1 or cell.colspan > 1 for row in report.cells for cell in row)
    if spans or report.holes:
        return table_html(report)
    rows = [[_safe(text or "").replace("|", "\\|").replace("\n", " ") for text in row] for row in report.grid]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * report.columns, *lines[1:]])


def _cell(cell: Cell) -> str:
    tag = "th" if cell.header else "td"
    spans = "".join(
        f' {name}="{value}"'
        for name, value in (("rowspan", cell.rowspan), ("colspan", cell.colspan))
        if value > 1
    )
    return f"<{tag}{spans}>{escape(clean(cell.text)).replace(chr(10), '<br>')}</{tag}>"
