"""A parsed figure drawn again, so that a person sees at a glance whether it was read right."""

from __future__ import annotations

import io
from typing import Any

from ...errors import MissingExtra
from .figures import Chart, Figure, Geometry, Molecule
from .geometry import AXIS, Drawing
from .tables import TableReport, is_number

_STYLES = {
    "--": "-",
    "-": "-",
    "dashed": "--",
    "..": ":",
    "dotted": ":",
}  # "--" is how the model joins two points


def redraw_figure(figure: Figure) -> bytes | None:
    """A PNG of about 480 x 360 pixels of a chart, molecule or drawing; None for a caption or a chart without numbers.

    Raises:
        MissingExtra: matplotlib (extra `charts`) or RDKit (extra `chem`) is not installed.
    """
    match figure:
        case Molecule():
            return _molecule(figure.canonical)
        case Geometry():
            return _geometry(figure.drawing)
        case Chart():
            return _chart(figure.table)
        case _:
            return None


def numbers_of(table: TableReport) -> tuple[list[str], list[tuple[str, list[float]]]]:
    """A chart's labels, and its series (name, values) in the table's columns; no series where nothing is a number."""
    if table.rows < 2 or table.columns < 2:
        return [], []
    head, body = table.grid[0], table.grid[1:]
    series: list[tuple[str, list[float]]] = []
    for column in range(1, table.columns):
        cells = [row[column] or "" for row in body]
        if all(is_number(cell) for cell in cells):
            series.append((head[column] or f"column {column + 1}", [_value(cell) for cell in cells]))
    return [row[0] or "" for row in body], series


def _value(cell: str) -> float:
    digits = "".join(c for c in cell if c.isdigit() or c in ".,-−")
    digits = digits.replace("−", "-")
    last = max(digits.rfind("."), digits.rfind(","))
    both = "." in digits and "," in digits
    # "1,234" is a thousand and "1,5" is one and a half: a lone comma before three digits groups.
    if last >= 0 and (both or digits[last] == "." or len(digits) - last - 1 != 3):
        whole, part = digits[:last].replace(",", "").replace(".", ""), digits[last + 1 :]
        return float(f"{whole or '0'}.{part or '0'}")
    return float(digits.replace(",", "") or 0)


def _axes() -> tuple[Any, Any]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise MissingExtra("Drawing figures again", "charts") from error
    canvas = Canvas(figsize=(4.8, 3.6), dpi=100, layout="tight")
    FigureCanvasAgg(canvas)  # no window and no global state, as pyplot has
    return canvas, canvas.add_subplot()


def _png(canvas: Any) -> bytes:
    out = io.BytesIO()
    canvas.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _plain(text: str) -> str:
    """A label without mathtext: a model's dollar signs are no formula of matplotlib's."""
    return text.replace("$", r"\$")[:40]


def _chart(table: TableReport) -> bytes | None:
    labels, series = numbers_of(table)
    if not series:
        return None
    canvas, axes = _axes()
    places = range(len(labels))
    if len(labels) > 12:
        for name, values in series:
            axes.plot(places, values, label=_plain(name))
    else:
        width = 0.8 / len(series)
        for number, (name, values) in enumerate(series):
            axes.bar([p + number * width for p in places], values, width, label=_plain(name))
    axes.set_xticks([p + 0.4 - 0.4 / len(series) for p in places] if len(labels) <= 12 else list(places))
    axes.set_xticklabels([_plain(label) for label in labels], rotation=30, ha="right", fontsize=8)
    axes.legend(fontsize=8)
    return _png(canvas)


def _geometry(drawing: Drawing) -> bytes:
    from matplotlib.patches import Circle as Ring

    canvas, axes = _axes()
    for segment in drawing.segments:
        ends = ([segment.start.x, segment.end.x], [segment.start.y, segment.end.y])
        axes.plot(*ends, _STYLES.get(segment.style, "-"), color="black", linewidth=1.2)
    for circle in drawing.circles:
        axes.add_patch(Ring((circle.center.x, circle.center.y), circle.radius, fill=False))
    for point in [*drawing.points, *(circle.center for circle in drawing.circles if circle.center.name)]:
        axes.plot(point.x, point.y, "o", color="black", markersize=3)
        axes.annotate(_plain(point.name), (point.x, point.y), xytext=(4, 4), textcoords="offset points")
    axes.set_xlim(-AXIS, AXIS)
    axes.set_ylim(-AXIS, AXIS)
    axes.set_aspect("equal")
    return _png(canvas)


def _molecule(smiles: str) -> bytes:
    try:
        from rdkit import Chem
        from rdkit.Chem.Draw import rdMolDraw2D
    except ImportError as error:
        raise MissingExtra("Drawing molecules", "chem") from error
    drawer = rdMolDraw2D.MolDraw2DCairo(480, 360)
    drawer.DrawMolecule(Chem.MolFromSmiles(smiles))
    drawer.FinishDrawing()
    return bytes(drawer.GetDrawingText())
