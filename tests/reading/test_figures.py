"""Figures: each kind with its validator; truths are known, since the tests make them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenfold.models.reading import (
    Caption,
    Chart,
    Geometry,
    Molecule,
    parse_figure,
    parse_geometry,
    redraw_figure,
)
from tenfold.models.reading.redraw import numbers_of

TRIANGLE: dict[str, Any] = {
    "Line": {
        "line": ["(0, 0) -- (6, 8)", "(0, 0) -- (6, 0)", "(6, 0) -- (6, 8)"],
        "line_type": ["--", "--", "dashed"],
        "line_endpoint": ["A: (0, 0)", "B: (6, 0)", "C: (6, 8)"],
    },
    "Circle": {"circle_center": ["O: (3, 4)"], "radius": [5]},
}
CHART = (
    "<table><tr><th>year</th><th>North</th><th>note</th></tr><tr><td>2020</td><td>1,234</td><td>x</td></tr>"
    "<tr><td>2021</td><td>1.5</td><td>y</td></tr></table>"
)


def dark(png: bytes) -> int:
    """Pixels that are not white."""
    grey = Image.open(io.BytesIO(png)).convert("L")
    return sum(grey.histogram()[:200])


def test_geometry_is_a_checked_drawing_and_is_drawn_again() -> None:
    figure = parse_figure(f"```python\n{TRIANGLE!r}\n```")
    assert isinstance(figure, Geometry)
    drawing = figure.drawing
    assert [(s.start.x, s.end.y, s.style) for s in drawing.segments] == [
        (0, 8, "--"),
        (0, 0, "--"),
        (6, 8, "dashed"),
    ]
    assert [p.name for p in drawing.points] == ["A", "B", "C"] and drawing.circles[0].radius == 5
    drawn = redraw_figure(figure)
    empty = redraw_figure(parse_figure("{'Line': {'line': ['(29, 29) -- (30, 30)']}}"))
    assert drawn and empty and dark(drawn) > dark(empty) + 500


@pytest.mark.parametrize(
    "text",
    [
        "{'Line': __import__('os').system('touch pwned')}",
        "{'Line': {'line': ['(0, 0) -- (1e9, 1)']}}",
        "{}",
        "{'Line': {'line': [open('/etc/passwd').read()]}}",
        "{'Circle': {'circle_center': ['O: (0, 0)'], 'radius': []}}",
        "{'Circle': {'circle_center': ['O: (0, 0)'], 'radius': [float('nan')]}}",
        "{'Line': {'line': ['(0,0)--(99999,1)']}}",
        "{" * 3000,
        "{'a': " + "-" * 9000 + "1}",
        "{'Line': {'line': [" + "'(0, 0) -- (1, 1)'," * 900 + "]}}",
        "{'a': 9" + "9" * 30000,
        "{'Circle': {'circle_center': ['O: (0, 0)'], 'radius': [-3]}}",
        "[1]",
        "{'Line': {'line': 'x'}}",
        "{[]: 1}",
    ],
)
def test_geometry_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_geometry(text)
    figure = parse_figure(text, "geometry")
    assert isinstance(figure, Caption) and figure.notes[0].kind == "figure"


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.text("{}[]()'\"-:,.0123 LineCrck", max_size=80).map(lambda t: "{" + t))
)
def test_any_text_is_a_figure_or_a_caption(text: str) -> None:
    assert isinstance(parse_figure(text), Caption | Chart | Geometry | Molecule)


def test_a_chart_is_its_table_with_its_faults_and_series() -> None:
    figure = parse_figure(CHART)
    assert isinstance(figure, Chart) and figure.notes == ()
    assert numbers_of(figure.table) == (["2020", "2021"], [("North", [1234.0, 1.5])])
    drawn = redraw_figure(figure)
    assert drawn and dark(drawn) > 3000
    cut = parse_figure(CHART[:-40])
    assert isinstance(cut, Chart) and cut.notes[0].kind == "table"
    assert redraw_figure(parse_figure("<table><tr><td>a</td></tr></table>")) is None
    assert isinstance(parse_figure("no table here", "chart"), Caption)


def test_molecules_are_checked_by_rdkit() -> None:
    chem = pytest.importorskip("rdkit.Chem")
    aspirin = parse_figure("O=C(C)Oc1ccccc1C(=O)O")
    assert isinstance(aspirin, Molecule) and aspirin.canonical == "CC(=O)Oc1ccccc1C(=O)O"
    assert aspirin.inchi_key == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"
    drawn = redraw_figure(aspirin)
    assert drawn and dark(drawn) > 1000
    assert isinstance(parse_figure("<smiles>CCO</smiles>"), Molecule)
    for wrong in ("C1CC", "C(C)(C)(C)(C)C", "", "hello world", "C" * 3000):
        figure = parse_figure(wrong, "molecule")
        assert isinstance(figure, Caption) and figure.notes, wrong
    assert chem.MolFromSmiles("").GetNumAtoms() == 0  # why the empty text is refused before RDKit sees it


def test_a_natural_image_is_a_caption() -> None:
    figure = parse_figure("A dog sleeps on a lawn.", "image")
    assert figure == Caption("A dog sleeps on a lawn.") and redraw_figure(figure) is None
