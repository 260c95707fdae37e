"""Charts from a data spec, never from generated code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .render import Chart, ChartFormat, render
from .spec import ChartKind, ChartSpec, Point, Series

if TYPE_CHECKING:
    from .langchain import as_langchain_tool

__all__ = [
    "Chart",
    "ChartFormat",
    "ChartKind",
    "ChartSpec",
    "Point",
    "Series",
    "as_langchain_tool",
    "render",
]


def __getattr__(name: str) -> Any:
    if name == "as_langchain_tool":  # loaded with its first use; langchain_core alone costs a second
        from .langchain import as_langchain_tool

        return as_langchain_tool
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
