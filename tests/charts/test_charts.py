"""Charts: checked by reading the drawn file back."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import ValidationError

from tenfold.tools.charts import ChartSpec, render

pytest.importorskip("matplotlib")
SVG = "{http://www.w3.org/2000/svg}"


def spec(kind: str, points: list[tuple[Any, float]], **more: Any) -> ChartSpec:
    series = more.pop("series", [{"name": "s", "points": [{"x": x, "y": y} for x, y in points]}])
    return ChartSpec.model_validate({"kind": kind, "title": "T", "series": series, **more})


def words(data: bytes) -> list[str]:
    return ["".join(node.itertext()).strip() for node in ElementTree.fromstring(data).iter(f"{SVG}text")]


KINDS = {
    "line": spec("line", [(1, 2.5), (2, 3.5)]),
    "bar": spec("bar", [("a", 1), ("b", 2)]),
    "scatter": spec("scatter", [(1, 2.5), (2, 3.5)]),
    "histogram": spec("histogram", [(0, n % 7) for n in range(50)]),
    "pie": spec("pie", [("a", 1), ("b", 3)]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_both_formats(kind: str) -> None:
    from PIL import Image

    svg = render(KINDS[kind])
    assert "T" in words(svg.data) and svg.media_type == "image/svg+xml"
    image = Image.open(io.BytesIO(render(KINDS[kind], format="png", width=640, height=400).data))
    assert image.size == (640, 400)
    assert len(image.convert("RGB").getcolors(100_000) or []) > 5  # something is drawn


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format", ["svg", "png"])
def test_the_same_chart_is_the_same_bytes(kind: str, format: Any) -> None:
    assert render(KINDS[kind], format=format).data == render(KINDS[kind], format=format).data


def test_the_same_bytes_in_another_process_with_other_settings(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 30\naxes.grid: True\ntext.usetex: True\n")
    code = "from tests_charts import KINDS, render\nprint(*(render(s).sha256 for s in KINDS.values()))"
    code = code.replace(
        "from tests_charts import KINDS, render",
        f"""
import importlib.util
spec = importlib.util.spec_from_file_location("charts_test", {__file__!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
KINDS, render = module.KINDS, module.render""",
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == [render(s).sha256 for s in KINDS.values()]


def test_bars_are_as_high_as_their_values() -> None:
    data = render(spec("bar", [("a", 1), ("b", 2), ("c", 5)])).data
    heights = []
    for path in ElementTree.fromstring(data).iter(f"{SVG}path"):
        if "#0072b2" in (path.get("style") or ""):
            ys = [float(y) for _, y in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path.get("d") or "")]
            heights.append(max(ys) - min(ys))
    assert [h / heights[0] for h in heights] == pytest.approx([1, 2, 5], rel=1e-3)


def test_a_line_goes_through_its_values_from_left_to_right() -> None:
    data = render(spec("line", [(3, 30), (1, 10), (2, 40)])).data
    paths = [
        re.findall(r"[ML] ([\d.]+) ([\d.]+)", path.get("d") or "")
        for path in ElementTree.fromstring(data).iter(f"{SVG}path")
        if "stroke: #0072b2" in (path.get("style") or "") and "fill: none" in (path.get("style") or "")
    ]
    xs, ys = zip(*[(float(x), float(y)) for x, y in paths[0]], strict=True)
    assert list(xs) == sorted(xs) and xs[1] - xs[0] == pytest.approx(xs[2] - xs[1])
    assert (ys[0] - ys[1]) / (ys[0] - ys[2]) == pytest.approx(30 / 20, rel=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        r"$\frac{1}{2}$",
        "US$ and $x^2$",
        r"\input{/etc/passwd}",
        "100% & <b>bold</b>",
        "</text><script>alert(1)</script>",
        "{x} %s",
    ],
)
def test_labels_are_words_and_nothing_else(text: str) -> None:
    chart = spec("bar", [(text, 1), ("b", 2)], title=text, x=text, y=text)
    data = render(chart).data
    assert sum(text in word for word in words(data)) >= 3
    root = ElementTree.fromstring(data)
    assert not list(root.iter(f"{SVG}script")) and not list(root.iter(f"{SVG}a"))
    assert render(chart, format="png").data


def test_control_and_direction_characters_are_gone() -> None:
    assert spec("bar", [("a", 1)], title="a\x00b\u202ec\nd\u200b").title == "abc d"


def test_dates_make_a_calendar() -> None:
    data = render(spec("line", [("2020-01-01", 1), ("2023-01-01", 2), ("2021-06-01", 5)])).data
    assert {"2020", "2021", "2022", "2023"} <= {word[:4] for word in words(data)}


def test_several_series_have_a_legend() -> None:
    series = [{"name": n, "points": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]} for n in ("alpha", "", "gamma")]
    assert {"alpha", "series 2", "gamma"} <= set(words(render(spec("line", [], series=series)).data))


def test_korean_is_drawn_or_the_gap_is_told() -> None:
    chart = render(spec("bar", [("동부", 1), ("서부", 2)], title="지역별 매출"), format="png")
    from matplotlib.font_manager import fontManager

    cjk = any(font.name.startswith(("Noto Sans CJK", "Nanum")) for font in fontManager.ttflist)
    assert (chart.warnings == ()) is cjk
    assert all("install a CJK font" in warning for warning in chart.warnings)
    assert "지역별 매출" in words(render(spec("bar", [("동부", 1)], title="지역별 매출")).data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"kind": "radar"}, "Input should be 'line'"),
        ({"series": []}, "at least 1 item"),
        ({"series": [{"points": []}]}, "at least 1 item"),
        ({"series": [{"points": [{"x": 1, "y": float("nan")}]}]}, "cannot be drawn"),
        ({"series": [{"points": [{"x": float("inf"), "y": 1}]}]}, "cannot be drawn"),
        ({"series": [{"points": [{"x": 1, "y": 1}, {"x": "a", "y": 1}]}]}, "use one of them"),
        ({"kind": "scatter", "series": [{"points": [{"x": "a", "y": 1}]}]}, "needs numbers or ISO dates"),
        ({"kind": "bar", "series": [{"points": [{"x": n, "y": 1} for n in range(61)]}]}, "at most 60 categories"),
        ({"kind": "pie", "series": [{"points": [{"x": "a", "y": -1}, {"x": "b", "y": 2}]}]}, "not negative"),
        ({"kind": "pie", "series": [{"points": [{"x": "a", "y": 0}]}]}, "not all zero"),
        ({"kind": "pie", "series": [{"points": [{"x": str(n), "y": 1} for n in range(13)]}]}, "at most 12 slices"),
        ({"series": [{"points": [{"x": n, "y": 1} for n in range(5001)]}]}, "at most 5000 items"),
        ({"series": [{"points": [{"x": n, "y": 1} for n in range(3000)]}] * 2}, "too many"),
        ({"title": "x" * 201}, "at most 200 characters"),
        ({"code": "import os"}, "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_says_why(data: dict[str, Any], reason: str) -> None:
    base = {"kind": "line", "title": "T", "series": [{"points": [{"x": 1, "y": 1}]}]}
    with pytest.raises(ValidationError, match=reason):
        ChartSpec.model_validate({**base, **data})


@pytest.mark.parametrize("size", [(10, 480), (800, 10), (100_000, 480)])
def test_sizes_are_bounded(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is not drawn"):
        render(KINDS["bar"], width=size[0], height=size[1])


def test_extreme_values_are_drawn() -> None:
    for values in ([0, 0], [1e-12, 2e-12], [1e15, -1e15], [5], [1e299, -1e299]):
        assert render(spec("line", list(enumerate(values)))).data
        assert render(spec("bar", [(str(n), v) for n, v in enumerate(values)]), format="png").data


def test_words_for_those_who_cannot_see_it() -> None:
    chart = render(spec("bar", [("north", 1200.5), ("south", 3)], title="Sales", source_ids=["e1", "e2"]))
    assert chart.alt == "bar chart: Sales. s: north 1,200.5, south 3"
    assert chart.source_ids == ("e1", "e2")


def test_threads_draw_without_disturbing_each_other() -> None:
    alone = {kind: render(chart).sha256 for kind, chart in KINDS.items()}
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda kind: (kind, render(KINDS[kind]).sha256), list(KINDS) * 3))
    assert all(alone[kind] == digest for kind, digest in drawn)


def test_the_spec_is_a_json_schema_for_models() -> None:
    schema = ChartSpec.model_json_schema()
    assert set(schema["properties"]) == {"kind", "title", "x", "y", "series", "source_ids"}
    assert ChartSpec.model_validate_json(KINDS["line"].model_dump_json()) == KINDS["line"]
