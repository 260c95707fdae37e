"""Database values to plain JSON cells, within the caps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from .types import Cell, SqlLimits


def collect(raw: Iterable[Sequence[Any]], limits: SqlLimits) -> tuple[tuple[tuple[Cell, ...], ...], bool]:
    """Take rows until a cap is reached; returns them and whether anything was cut off."""
    rows: list[tuple[Cell, ...]] = []
    size, cut = 0, False
    for row in raw:
        if len(rows) == limits.rows:
            return tuple(rows), True
        cells = tuple(to_cell(value) for value in row)
        short = tuple(_shorten(cell, limits.cell) for cell in cells)
        size += sum(len(str(cell)) for cell in short)
        if size > limits.bytes:
            return tuple(rows), True
        cut = cut or short != cells
        rows.append(short)
    return tuple(rows), cut


def to_cell(value: Any) -> Cell:
    """Numbers, text, truth and nothing stay; bytes become hexadecimal, everything else its text (dates: ISO)."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"x'{bytes(value[:2000]).hex()}'"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _shorten(cell: Cell, limit: int) -> Cell:
    if isinstance(cell, str) and len(cell) > limit:
        return cell[: limit - 1] + "…"
    return cell
