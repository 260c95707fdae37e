"""Readers of pages, and what makes their readings fit to be believed.

Engines (`open_reader`), the grammar of grounded output, loops, cross-reading, tables, figures, and export.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .grammar import parse_grounded
    from .layout import Line, blocks_of, order_lines
    from .periods import Period, RepetitionWatch, find_period

_HOMES = {
    "Line": ".layout",
    "Period": ".periods",
    "RepetitionWatch": ".periods",
    "blocks_of": ".layout",
    "find_period": ".periods",
    "order_lines": ".layout",
    "parse_grounded": ".grammar",
}

__all__ = [
    "Line",
    "Period",
    "RepetitionWatch",
    "blocks_of",
    "find_period",
    "order_lines",
    "parse_grounded",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
