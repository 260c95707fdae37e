"""What a chart is: data and words, never code. Everything a model may say about a chart is in here."""

from __future__ import annotations

import math
import unicodedata
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

ChartKind = Literal["line", "bar", "scatter", "histogram", "pie"]
MAX_POINTS = 5_000
MAX_BARS = 60
MAX_SLICES = 12


def _plain_text(text: str) -> str:
    """Control and invisible characters out: a label is one line of visible text."""
    kept = "".join(
        " " if ch in "\t\r\n" else ch for ch in text if ch in "\t\r\n" or unicodedata.category(ch)[0] != "C"
    )
    return " ".join(kept.split())


def _finite(number: float) -> float:
    if not math.isfinite(number) or abs(number) > 1e300:
        raise ValueError(f"{number!r} cannot be drawn; leave the point out")
    return number


Text = Annotated[str, Field(max_length=200), AfterValidator(_plain_text)]
Number = Annotated[float, AfterValidator(_finite)]


class Point(BaseModel):
    """One value.

    Attributes:
        x: A number, an ISO date, or the name of a category or slice; ignored in a histogram.
        y: The value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: Number | Text = ""
    y: Number


class Series(BaseModel):
    """Values that belong together: one line, one colour."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text = ""
    points: tuple[Point, ...] = Field(min_length=1, max_length=MAX_POINTS)


class ChartSpec(BaseModel):
    """A chart to draw.

    Attributes:
        x: Label of the horizontal axis, with its unit.
        y: Label of the vertical axis, with its unit.
        source_ids: Evidence or sources that the numbers come from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ChartKind
    title: Text
    x: Text = ""
    y: Text = ""
    series: tuple[Series, ...] = Field(min_length=1, max_length=12)
    source_ids: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _drawable(self) -> ChartSpec:
        points = [point for series in self.series for point in series.points]
        if len(points) > MAX_POINTS:
            raise ValueError(f"{len(points)} points are too many; at most {MAX_POINTS} are drawn")
        if self.kind != "histogram" and len({isinstance(point.x, str) for point in points}) > 1:
            raise ValueError("x is a number in one point and a name in another; use one of them")
        if self.kind == "scatter" and isinstance(points[0].x, str) and not self.dates:
            raise ValueError("a scatter chart needs numbers or ISO dates for x")
        if self.kind == "bar" and len({point.x for point in points}) > MAX_BARS:
            raise ValueError(f"a bar chart shows at most {MAX_BARS} categories; group the rest")
        if self.kind == "pie":
            self._check_pie()
        return self

    def _check_pie(self) -> None:
        values = [point.y for point in self.series[0].points]
        if len(self.series) > 1 or len(values) > MAX_SLICES:
            raise ValueError(f"a pie has one series of at most {MAX_SLICES} slices; use bars")
        if min(values) < 0 or sum(values) <= 0:
            raise ValueError("the slices of a pie are not negative and not all zero; use bars")

    @property
    def dates(self) -> bool:
        """Whether every x is an ISO date, so that the axis is a calendar."""
        return all(_is_date(point.x) for series in self.series for point in series.points)

    @property
    def alt(self) -> str:
        """The chart in words, for readers who cannot see it and for text-only reports."""
        parts = [f"{self.kind} chart: {self.title}"]
        for series in self.series:
            shown = ", ".join(_say(point, self.kind) for point in series.points[:12])
            more = f" … ({len(series.points)} values)" if len(series.points) > 12 else ""
            parts.append(f"{series.name or self.y or 'values'}: {shown}{more}")
        return ". ".join(parts)


def _is_date(x: float | str) -> bool:
    if not isinstance(x, str):
        return False
    try:
        date.fromisoformat(x)
    except ValueError:
        return False
    return True


def _say(point: Point, kind: ChartKind) -> str:
    value = f"{point.y:,.10g}"
    if kind == "histogram":
        return value
    x = point.x if isinstance(point.x, str) else f"{point.x:.10g}"
    return f"{x} {value}"
