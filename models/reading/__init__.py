"""Readers of pages, and what makes their readings fit to be believed.

Engines (`open_reader`), the grammar of grounded output, loops, cross-reading, tables, figures, and export.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .crossing import cross_read, missing_blocks
    from .grammar import parse_grounded
    from .layout import Line, blocks_of, order_lines
    from .network import NetworkReader
    from .opening import FORMS, EngineState, engines, open_reader
    from .periods import Period, RepetitionWatch, find_period
    from .rapid import RapidReader
    from .safe import SafeReader, splice
    from .server import ServerReader
    from .tables import Cell, TableReport, table_report
    from .tesseract import TesseractReader

_HOMES = {
    "Cell": ".tables",
    "EngineState": ".opening",
    "FORMS": ".opening",
    "Line": ".layout",
    "NetworkReader": ".network",
    "Period": ".periods",
    "RapidReader": ".rapid",
    "RepetitionWatch": ".periods",
    "SafeReader": ".safe",
    "ServerReader": ".server",
    "TableReport": ".tables",
    "TesseractReader": ".tesseract",
    "blocks_of": ".layout",
    "cross_read": ".crossing",
    "engines": ".opening",
    "find_period": ".periods",
    "missing_blocks": ".crossing",
    "open_reader": ".opening",
    "order_lines": ".layout",
    "parse_grounded": ".grammar",
    "splice": ".safe",
    "table_report": ".tables",
}

__all__ = [
    "FORMS",
    "Cell",
    "EngineState",
    "Line",
    "NetworkReader",
    "Period",
    "RapidReader",
    "RepetitionWatch",
    "SafeReader",
    "ServerReader",
    "TableReport",
    "TesseractReader",
    "blocks_of",
    "cross_read",
    "engines",
    "find_period",
    "missing_blocks",
    "open_reader",
    "order_lines",
    "parse_grounded",
    "splice",
    "table_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
