"""Charts from a data spec, never from generated code."""

from .render import Chart, ChartFormat, render
from .spec import ChartKind, ChartSpec, Point, Series

__all__ = ["Chart", "ChartFormat", "ChartKind", "ChartSpec", "Point", "Series", "render"]
