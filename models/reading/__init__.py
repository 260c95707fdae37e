"""Readers of pages, and what makes their readings fit to be believed.

Engines (`open_reader`), the grammar of grounded output, loops, cross-reading, tables, figures, and export.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .crossing import cross_read, missing_blocks
    from .export import table_html, to_markdown
    from .figures import Caption, Chart, Figure, Geometry, Molecule, parse_figure
    from .geometry import Drawing, parse_geometry
    from .grammar import parse_grounded
    from .layout import Line, blocks_of, order_lines
    from .network import NetworkReader
    from .opening import FORMS, EngineState, engines, open_reader, open_safe
    from .periods import Period, RepetitionWatch, find_period
    from .rapid import RapidReader
    from .redraw import redraw_figure
    from .safe import SafeReader, splice
    from .server import ServerReader
    from .tables import Cell, TableReport, table_report
    from .tesseract import TesseractReader
    from .webpage import crop_of, to_html

_HOMES = {
    "Caption": ".figures",
    "Cell": ".tables",
    "Chart": ".figures",
    "Drawing": ".geometry",
    "EngineState": ".opening",
    "FORMS": ".opening",
    "Figure": ".figures",
    "Geometry": ".figures",
    "Line": ".layout",
    "Molecule": ".figures",
    "NetworkReader": ".network",
    "Period": ".periods",
    "RapidReader": ".rapid",
    "RepetitionWatch": ".periods",
    "SafeReader": ".safe",
    "ServerReader": ".server",
    "TableReport": ".tables",
    "TesseractReader": ".tesseract",
    "blocks_of": ".layout",
    "crop_of": ".webpage",
    "cross_read": ".crossing",
    "engines": ".opening",
    "find_period": ".periods",
    "missing_blocks": ".crossing",
    "open_reader": ".opening",
    "open_safe": ".opening",
    "order_lines": ".layout",
    "parse_figure": ".figures",
    "parse_geometry": ".geometry",
    "parse_grounded": ".grammar",
    "redraw_figure": ".redraw",
    "splice": ".safe",
    "table_html": ".export",
    "table_report": ".tables",
    "to_html": ".webpage",
    "to_markdown": ".export",
}

__all__ = [
    "FORMS",
    "Caption",
    "Cell",
    "Chart",
    "Drawing",
    "EngineState",
    "Figure",
    "Geometry",
    "Line",
    "Molecule",
    "NetworkReader",
    "Period",
    "RapidReader",
    "RepetitionWatch",
    "SafeReader",
    "ServerReader",
    "TableReport",
    "TesseractReader",
    "blocks_of",
    "crop_of",
    "cross_read",
    "engines",
    "find_period",
    "missing_blocks",
    "open_reader",
    "open_safe",
    "order_lines",
    "parse_figure",
    "parse_geometry",
    "parse_grounded",
    "redraw_figure",
    "splice",
    "table_html",
    "table_report",
    "to_html",
    "to_markdown",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
