"""Points as models say them: which space their numbers are in, and the way to pixels and back."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...errors import MissingExtra, PhoneError
from .port import Device

Scale = Literal["absolute", "resized", "0-999", "0-1000", "0-1"]
SCALES: tuple[Scale, ...] = ("absolute", "resized", "0-1000", "0-999", "0-1")


def smart_resize(
    height: int, width: int, factor: int = 28, min_pixels: int = 3_136, max_pixels: int = 1_003_520
) -> tuple[int, int]:
    """The size to which Qwen's vision models resize a picture before they see it (qwen-vl-utils' rule).

    Sides are multiples of `factor`, the area lies between the two limits, the aspect is kept as nearly as that allows.

    Returns:
        Height and width.

    Raises:
        ValueError: A side is not positive, or one is more than 200 times the other.
    """
    if min(height, width) <= 0 or max(height, width) / min(height, width) > 200:
        raise ValueError(f"no picture that a model resizes: {width}x{height}")
    high = max(factor, round(height / factor) * factor)
    wide = max(factor, round(width / factor) * factor)
    if high * wide > max_pixels:
        beta = math.sqrt(height * width / max_pixels)
        high = max(factor, math.floor(height / beta / factor) * factor)
        wide = max(factor, math.floor(width / beta / factor) * factor)
    elif high * wide < min_pixels:
        beta = math.sqrt(min_pixels / (height * width))
        high = math.ceil(height * beta / factor) * factor
        wide = math.ceil(width * beta / factor) * factor
    return high, wide


@dataclass(frozen=True)
class CoordinateAdapter:
    """Between a model's numbers and pixels of one screen.

    Args:
        scale: The model's space. "0-999" counts pixels of a 1000x1000 picture, so 999 is the last one; "0-1000" and
            "0-1" measure, so 1000 and 1 are the far edge.
        width, height: The screen in pixels.
        resized: For "resized": width and height of the picture as the model sees it; else by `smart_resize`.
    """

    scale: Scale
    width: int
    height: int
    resized: tuple[int, int] | None = field(default=None, kw_only=True)

    def to_pixels(self, x: float, y: float) -> tuple[int, int]:
        """A point as the model says it, in pixels, held inside the screen.

        Raises:
            PhoneError: A number is not finite.
        """
        if not (math.isfinite(x) and math.isfinite(y)):
            raise PhoneError(f"The point ({x}, {y}) is no point.", mend="Ask the model again.")
        fx, fy = self._factors()
        return _inside(_round(x * fx), self.width), _inside(_round(y * fy), self.height)

    def to_model(self, x: int, y: int) -> tuple[float, float]:
        """A pixel as the model would say it: whole numbers, but for "0-1"."""
        fx, fy = self._factors()
        if self.scale == "0-1":
            return x / fx, y / fy
        return float(_round(x / fx)), float(_round(y / fy))

    def _factors(self) -> tuple[float, float]:
        """Pixels to one unit of the model, across and down."""
        if self.scale == "absolute":
            return 1.0, 1.0
        if self.scale == "resized":
            wide, high = self.resized or smart_resize(self.height, self.width)[::-1]
            return self.width / wide, self.height / high
        if self.scale == "0-999":
            return (self.width - 1) / 999, (self.height - 1) / 999
        steps = 1000 if self.scale == "0-1000" else 1
        return self.width / steps, self.height / steps


def _round(value: float) -> int:
    return math.floor(value + 0.5)


def _inside(value: int, size: int) -> int:
    return min(max(value, 0), size - 1)


# By the families' own documentation and code; the first that matches counts.
_FAMILIES: tuple[tuple[str, Scale], ...] = (
    (r"qwen-?3", "0-999"),
    (r"qwen-?2[.-]?5.*vl|qwen2_5_vl", "resized"),
    (r"qwen-?2-?vl", "0-1000"),
    (r"gui-?owl-?1[.-]5", "0-999"),
    (r"gui-?owl|coloragent", "resized"),
    (r"ui-?tars-?1[.-]5", "resized"),
    (r"ui-?tars|doubao|seed-", "0-1000"),
    (r"autoglm|cogagent|glm-4", "0-999"),
    (r"gemini|internvl|os-?atlas|agentcpm|minicpm", "0-1000"),
    (r"showui|aguvis", "0-1"),
)


def scale_of(model: str) -> Scale:
    """The space in which a model of this name probably says points: a guess, which `self_test` proves or corrects."""
    name = model.lower()
    for pattern, scale in _FAMILIES:
        if re.search(pattern, name):
            return scale
    return "absolute"


Ask = Callable[[bytes, str], "str | Sequence[float]"]

_QUESTION = "Give the coordinates of the centre of the red disc, as two numbers: x, y."
_TARGET = (0.73, 0.62)  # of width and height: where the scales part widely on every phone
_RADIUS = 0.03  # of the width


def self_test(ask: Ask, device: Device, *, guess: Scale = "absolute") -> Scale:
    """Find a model's scale by one tap on a known target: a red disc on a picture of the device's size.

    Nothing is touched on the device.

    Args:
        ask: Called with a PNG and a question; gives the model's reply as text, or two or four numbers.
        device: Its screen size counts.
        guess: Preferred when the reply hits under several scales (`scale_of`).

    Raises:
        PhoneError: The reply has no point, or hits under no scale.
    """
    seen = device.observe(screenshot=False)
    x, y = _point(ask(_calibration(seen.width, seen.height), _QUESTION))
    aim_x, aim_y = seen.width * _TARGET[0], seen.height * _TARGET[1]
    reach = 2 * _RADIUS * seen.width
    misses: dict[Scale, float] = {}
    for scale in (guess, *SCALES):
        got_x, got_y = CoordinateAdapter(scale, seen.width, seen.height).to_pixels(x, y)
        misses[scale] = math.hypot(got_x - aim_x, got_y - aim_y)
        if misses[scale] <= reach:
            return scale
    nearest = min(misses, key=lambda scale: misses[scale])
    raise PhoneError(
        f"The model's point ({x:g}, {y:g}) misses the target under every scale; the nearest is {nearest}, "
        f"{misses[nearest]:.0f} pixels off.",
        mend="Use a model that can point, or let it choose elements by number.",
    )


def _calibration(width: int, height: int) -> bytes:
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingExtra("The coordinate self-test", "phone") from None
    picture = Image.new("RGB", (width, height), "white")
    x, y, r = width * _TARGET[0], height * _TARGET[1], width * _RADIUS
    ImageDraw.Draw(picture).ellipse((x - r, y - r, x + r, y + r), fill=(220, 0, 0))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


_NUMBER = r"-?\d{1,7}(?:\.\d{1,20})?"


def _point(reply: str | Sequence[float]) -> tuple[float, float]:
    """Two numbers are a point, four a box; of a text, those in the last brackets or else the last ones."""
    if isinstance(reply, str):
        grouped = re.findall(rf"[\[(<>]\s*({_NUMBER}(?:[,\s]+{_NUMBER}){{1,3}})\s*[\])<]", reply[-4_000:])
        numbers = [float(n) for n in re.findall(_NUMBER, grouped[-1] if grouped else reply[-4_000:])]
        numbers = numbers if grouped else numbers[-2:]
    else:
        numbers = [float(n) for n in reply]
    if len(numbers) == 4:
        return (numbers[0] + numbers[2]) / 2, (numbers[1] + numbers[3]) / 2
    if len(numbers) != 2:
        raise PhoneError(
            f"The model's reply holds no point: {str(reply)[:120]!r}.",
            mend="Use a model that can point, or let it choose elements by number.",
        )
    return numbers[0], numbers[1]
