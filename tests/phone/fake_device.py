"""A device that shows what a test tells it to, on a clock of its own."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from tenfold.errors import PhoneError
from tenfold.tools.phone import DeviceInfo, Feature, Key, Observation, parse_source


class Shown:
    """A `Device` that only looks; each look shows the next source, the last one for ever."""

    features: frozenset[Feature] = frozenset({"screenshot", "tree"})

    def __init__(self, *sources: str, width: int = 1080, height: int = 2400) -> None:
        self.sources = list(sources)
        self.width, self.height = width, height
        self.now = 0.0
        self.pictures = 0
        self.looks = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now

    def info(self) -> DeviceInfo:
        return DeviceInfo("shown", "Shown", "13", 33, self.width, self.height, 420)

    def observe(self, *, screenshot: bool = True) -> Observation:
        source = self.sources[min(self.looks, len(self.sources) - 1)]
        self.looks += 1
        self.pictures += screenshot
        png = b"png" if screenshot else None
        tree = parse_source(source)
        return Observation(
            tree, png, "p", "a", False, self.width, self.height, 0, "2026-03-12T09:30:00+00:00"
        )

    def refuse(self) -> PhoneError:
        return PhoneError("This device only shows.")

    def tap(self, x: int, y: int) -> None:
        raise self.refuse()

    def long_press(self, x: int, y: int, seconds: float = 1.0) -> None:
        raise self.refuse()

    def swipe(self, x1: int, y1: int, x2: int, y2: int, seconds: float = 0.5) -> None:
        raise self.refuse()

    def type(self, text: str) -> None:
        raise self.refuse()

    def clear(self) -> None:
        raise self.refuse()

    def key(self, name: Key) -> None:
        raise self.refuse()

    def open_app(self, app: str) -> str:
        raise self.refuse()

    def apps(self) -> dict[str, str]:
        return {}

    def shell(self, args: Sequence[str]) -> str:
        raise self.refuse()

    def close(self) -> None:
        pass


def drawn(*texts: tuple[int, int, str], width: int = 1080, height: int = 2400) -> bytes:
    """A white screen with words at places, as PNG."""
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    for x, y, text in texts:
        pen.text((x, y), text, fill="black", font_size=42)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()
