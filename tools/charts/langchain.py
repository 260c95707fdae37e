"""Charts as a LangChain tool: a data spec in, the chart in words out, the drawing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from langchain_core.tools import BaseTool, StructuredTool, ToolException

from ...errors import TenfoldError
from .._langchain import wrong_arguments
from .render import Chart, ChartFormat, render
from .spec import ChartKind, ChartSpec, Series


def as_langchain_tool(*, format: ChartFormat = "svg") -> BaseTool:
    """The tool `draw_chart`, whose arguments are a `ChartSpec`: data and words, never code.

    The model reads the chart in words; the `Chart` with its bytes is the message's `artifact`. A spec that cannot
    be drawn comes back as the text of a tool message with `status="error"`.

    Args:
        format: `svg` or `png`.
    """

    def draw(
        kind: ChartKind,
        title: str,
        series: Sequence[Series],
        x: str = "",
        y: str = "",
        source_ids: Sequence[str] = (),
    ) -> tuple[str, Chart]:
        spec = ChartSpec(kind=kind, title=title, x=x, y=y, series=tuple(series), source_ids=tuple(source_ids))
        try:
            chart = render(spec, format=format)
        except TenfoldError as error:  # matplotlib is not installed
            raise ToolException(str(error)) from error
        return "\n".join(["Drawn.", chart.alt, *chart.warnings]), chart

    return StructuredTool.from_function(
        func=draw,
        name="draw_chart",
        description=(
            "Draw a line, bar, scatter, histogram or pie chart from numbers that you have from a source. "
            "x is a number, an ISO date or a name; give the unit in the label of each axis."
        ),
        args_schema=ChartSpec,
        response_format="content_and_artifact",
        handle_tool_error=True,
        handle_validation_error=partial(wrong_arguments, whole="chart"),
    )
