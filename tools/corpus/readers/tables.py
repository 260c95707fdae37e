"""CSV and JSON: each row or record is one line of "column: value" cells, so that a found line explains itself."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ....errors import DocumentUnreadable
from .plain import decode
from .types import Parsed, ReadLimits

_MAX_CELL = 1_000_000  # characters


def row_lines(rows: Iterable[Sequence[str]], limits: ReadLimits) -> Iterator[str]:
    """Lines of `column: value | column: value`; the first row that is not empty names the columns.

    A first row with numbers in it is data; the columns are then numbered.
    """
    header: list[str] | None = None
    total = 0
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        if not any(cells):
            continue
        if header is None:
            header = _header(cells)
            if any(header):
                continue
        line = " | ".join(_cell(header, i, cell) for i, cell in enumerate(cells) if cell)
        total += len(line) + 1
        if total > limits.max_characters:
            raise DocumentUnreadable(
                f"A table has more than {limits.max_characters} characters.", mend="Split the file."
            )
        yield line


def _header(cells: list[str]) -> list[str]:
    named = [cell for cell in cells if cell]
    plain = len(set(named)) == len(named) and not any(_is_number(cell) for cell in named)
    return cells if plain else [""] * len(cells)


def _cell(header: list[str], i: int, value: str) -> str:
    name = header[i] if i < len(header) else ""
    return f"{name or f'column {i + 1}'}: {value}"


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "").rstrip("%"))
    except ValueError:
        return False
    return True


def read_csv(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """Comma, tab, semicolon or bar separated values."""
    text = decode(data, name)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:  # one column, or nothing regular
        dialect = csv.excel_tab if name.lower().endswith(".tsv") else csv.excel
    csv.field_size_limit(_MAX_CELL)
    try:
        lines = list(row_lines(csv.reader(io.StringIO(text, newline=""), dialect), limits))
    except csv.Error as error:
        raise DocumentUnreadable(
            f"{name!r} is not readable as CSV: {error}.", mend="Repair the file."
        ) from error
    return Parsed(["\n".join(lines)], "text/csv")


def read_json(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """JSON or JSON lines; a list of records gives a line for each, anything else a line for each value."""
    text = decode(data, name)
    try:
        value = _load(text, name)
        lines = list(_records(value)) if isinstance(value, list) else list(_leaves(value, ""))
    except RecursionError as error:
        raise DocumentUnreadable(f"{name!r} is nested too deeply.", mend="Flatten the JSON.") from error
    except ValueError as error:
        raise DocumentUnreadable(f"{name!r} is not valid JSON: {error}.", mend="Repair the file.") from error
    return Parsed(["\n".join(lines)], "application/json")


def _load(text: str, name: str) -> Any:
    if name.lower().endswith((".jsonl", ".ndjson")):
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return json.loads(text)


def _records(values: list[Any]) -> Iterator[str]:
    for value in values:
        line = " | ".join(_leaves(value, ""))
        if line:
            yield line


def _leaves(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        if all(not isinstance(inner, dict | list) for inner in value):
            if value:
                yield f"{path or 'values'}: " + ", ".join(_scalar(inner) for inner in value)
            return
        for i, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{i}]")
    elif value is not None and value != "":
        yield f"{path}: {_scalar(value)}" if path else _scalar(value)


def _scalar(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value)
