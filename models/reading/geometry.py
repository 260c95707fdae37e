"""Plane geometry as DeepSeek-OCR writes it: a Python literal, checked against a schema and never evaluated."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

AXIS = 15.0
"""Coordinates reach from -15 to 15 (arXiv 2409.13811, slow perception, whose data the model was trained on)."""

_MAX_CHARS, _MAX_DEPTH = 20_000, 6
_NUMBER = r"\s{0,4}(-?[0-9]{1,6}(?:\.[0-9]{1,9})?)\s{0,4}"
_POINT = re.compile(rf"\({_NUMBER},{_NUMBER}\)")
_SEGMENT = re.compile(
    rf"\s{{0,4}}\({_NUMBER},{_NUMBER}\)\s{{0,4}}--\s{{0,4}}\({_NUMBER},{_NUMBER}\)\s{{0,4}}"
)
_NAMED = re.compile(
    rf"\s{{0,4}}([A-Za-z][A-Za-z0-9_']{{0,7}})\s{{0,4}}:\s{{0,4}}\({_NUMBER},{_NUMBER}\)\s{{0,4}}"
)


class Point(BaseModel):
    """A point of the plane; `name` is the letter beside it, empty where there is none."""

    model_config = ConfigDict(frozen=True)
    x: float = Field(ge=-2 * AXIS, le=2 * AXIS)
    y: float = Field(ge=-2 * AXIS, le=2 * AXIS)
    name: str = ""


class Segment(BaseModel):
    """A line between two points; `style` is the model's word for how it is drawn ("--")."""

    model_config = ConfigDict(frozen=True)
    start: Point
    end: Point
    style: str = ""


class Circle(BaseModel):
    """A circle by centre and radius, both in units of the axes."""

    model_config = ConfigDict(frozen=True)
    center: Point
    radius: float = Field(gt=0, le=4 * AXIS)


class Drawing(BaseModel):
    """A checked drawing."""

    model_config = ConfigDict(frozen=True)
    segments: tuple[Segment, ...] = Field(default=(), max_length=500)
    points: tuple[Point, ...] = Field(default=(), max_length=500)
    circles: tuple[Circle, ...] = Field(default=(), max_length=500)


def _segment(value: Any) -> Any:
    if not isinstance(value, str) or not (found := _SEGMENT.fullmatch(value)):
        raise ValueError(f"{str(value)[:40]!r} is not '(x, y) -- (x, y)'")
    x1, y1, x2, y2 = map(float, found.groups())
    return Segment(start=Point(x=x1, y=y1), end=Point(x=x2, y=y2))


def _named(value: Any) -> Any:
    if isinstance(value, str) and (found := _NAMED.fullmatch(value)):
        return Point(name=found[1], x=float(found[2]), y=float(found[3]))
    if isinstance(value, str) and (bare := _POINT.fullmatch(value.strip())):
        return Point(x=float(bare[1]), y=float(bare[2]))
    raise ValueError(f"{str(value)[:40]!r} is not 'A: (x, y)'")


class _Lines(BaseModel):
    model_config = ConfigDict(extra="ignore")
    line: list[Annotated[Segment, BeforeValidator(_segment)]] = Field(default=[], max_length=500)
    line_type: list[str] = Field(default=[], max_length=500)
    line_endpoint: list[Annotated[Point, BeforeValidator(_named)]] = Field(default=[], max_length=500)


class _Circles(BaseModel):
    model_config = ConfigDict(extra="ignore")
    circle_center: list[Annotated[Point, BeforeValidator(_named)]] = Field(default=[], max_length=500)
    radius: list[float] = Field(default=[], max_length=500)


class _Written(BaseModel):
    model_config = ConfigDict(extra="ignore")
    Line: _Lines = _Lines()
    Circle: _Circles = _Circles()


def parse_geometry(text: str) -> Drawing:
    """A model's literal as a drawing.

    The literal is `{'Line': {'line': ['(x, y) -- (x, y)'], 'line_type': ['--'], 'line_endpoint': ['A: (x, y)']},
    'Circle': {'circle_center': ['O: (x, y)'], 'radius': [r]}}`; a fence of code around it is taken off.

    Raises:
        ValueError: What in it is no such drawing.
    """
    text = re.sub(r"\A\s*```\w{0,10}\n?|```\s*\Z", "", text).strip()
    if len(text) > _MAX_CHARS:
        raise ValueError(f"{len(text):,} characters, more than {_MAX_CHARS:,}")
    if not text.startswith("{") or _depth(text) > _MAX_DEPTH:
        raise ValueError("no dictionary, or one nested too deeply")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # "\(" in a hostile string
            # Only literals: names, calls and attributes are errors, and size and depth are bounded above.
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(f"no literal: {error}") from error
    try:
        written = _Written.model_validate(value)
        drawing = _drawing(written)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where or 'the drawing'}: {first['msg']}") from error
    if not (drawing.segments or drawing.circles):
        raise ValueError("neither a line nor a circle")
    return drawing


def _drawing(written: _Written) -> Drawing:
    lines, circles = written.Line, written.Circle
    if len(circles.circle_center) != len(circles.radius):
        raise ValueError(f"{len(circles.circle_center)} centres and {len(circles.radius)} radii")
    styles = [style[:16] for style in lines.line_type] + [""] * len(lines.line)
    return Drawing(
        segments=tuple(
            s.model_copy(update={"style": style}) for s, style in zip(lines.line, styles, strict=False)
        ),
        points=tuple(lines.line_endpoint),
        circles=tuple(
            Circle(center=c, radius=r) for c, r in zip(circles.circle_center, circles.radius, strict=True)
        ),
    )


def _depth(text: str) -> int:
    """How deeply brackets nest, strings not told apart: an upper estimate that costs no recursion."""
    depth = deepest = 0
    for letter in text:
        if letter in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in ")]}":
            depth -= 1
    return deepest
