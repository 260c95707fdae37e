"""The chart tool, called the way an agent calls it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool

from tenfold.tools.charts import ChartSpec, as_langchain_tool, render

SPEC: dict[str, Any] = {
    "kind": "bar", "title": "Mined", "x": "country", "y": "tonnes", "source_ids": ["e1"],
    "series": [{"name": "2024", "points": [{"x": "Chile", "y": 49000}, {"x": "China", "y": 41000}]}],
}  # fmt: skip


def call(tool: Any, **arguments: Any) -> Any:
    return tool.ainvoke({"type": "tool_call", "id": "1", "name": tool.name, "args": arguments})


@pytest.mark.parametrize("format", ["svg", "png"])
async def test_a_spec_becomes_words_for_the_model_and_a_drawing_for_the_reader(format: Any) -> None:
    pytest.importorskip("matplotlib")
    message = await call(as_langchain_tool(format=format), **SPEC)
    assert message.status == "success"
    assert "bar chart: Mined" in message.content and "Chile 49,000" in message.content
    chart = message.artifact
    assert chart.data.startswith(b"<?xml" if format == "svg" else b"\x89PNG")
    assert chart.sha256 == hashlib.sha256(chart.data).hexdigest() and chart.source_ids == ("e1",)
    assert chart == render(ChartSpec.model_validate(SPEC), format=format)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "radar"}, "kind: Input should be 'line'"),
        ({"series": []}, "series: Tuple should have at least 1 item"),
        ({"series": [{"points": [{"x": "a", "y": "lots"}]}]}, "series.0.points.0.y: Input should be a valid number"),
        ({"series": [{"points": [{"x": "a", "y": -1}, {"x": "b", "y": 2}]}], "kind": "pie"}, "use bars"),
        ({"code": "import os"}, "code: Extra inputs are not permitted"),
    ],
)  # fmt: skip
async def test_a_spec_that_cannot_be_drawn_is_told_what_is_wrong(change: dict[str, Any], told: str) -> None:
    message = await call(as_langchain_tool(), **{**SPEC, **change})
    assert message.status == "error" and told in message.content


def test_the_schema_that_a_model_sees_names_every_part() -> None:
    schema = json.dumps(convert_to_openai_tool(as_langchain_tool()))
    for word in ("draw_chart", "histogram", "points", "source_ids"):
        assert f'"{word}"' in schema


def test_years_are_whole_on_the_axis() -> None:
    pytest.importorskip("matplotlib")
    points = [{"x": year, "y": year - 2019} for year in (2020, 2021, 2023)]
    spec = ChartSpec.model_validate({"kind": "line", "title": "T", "series": [{"points": points}]})
    drawn = render(spec).data.decode()
    assert re.findall(r">(\d{4}(?:\.\d+)?)<", drawn) == ["2020", "2021", "2022", "2023"]
