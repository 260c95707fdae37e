"""Rendered pages and page readers whose answers are known."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from tenfold.pages import Block, Mode, OnPage, PageReading, Task


def draw(texts: Sequence[tuple[int, int, str]], size: tuple[int, int] = (1000, 700), px: int = 26) -> bytes:
    """A white page with each text at its place, as PNG."""
    page = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(px)
    for left, top, text in texts:
        pen.text((left, top), text, fill="black", font=font)
    return png(page)


def png(page: Image.Image) -> bytes:
    """A picture as PNG."""
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


class Known:
    """A reader that says what it is told, and remembers what it was asked."""

    def __init__(self, answer: Callable[[int, Mode], Any], name: str = "known", vision: int = 256) -> None:
        self._answer, self.name, self._vision = answer, name, vision
        self.asked: list[tuple[Mode, Task, tuple[int, int]]] = []

    def read(
        self,
        pictures: Sequence[bytes],
        *,
        mode: Mode = "auto",
        task: Task = "markdown",
        on_page: OnPage | None = None,
    ) -> list[PageReading]:
        made: list[PageReading] = []
        for index, data in enumerate(pictures):
            size = Image.open(io.BytesIO(data)).size
            given = self._answer(len(self.asked), mode)
            self.asked.append((mode, task, size))
            blocks = tuple(
                b if isinstance(b, Block) else Block(label="text", text=b) for b in given["blocks"]
            )
            made.append(
                PageReading(
                    engine=self.name, mode="base" if mode == "auto" else mode, task=task, width=size[0],
                    height=size[1], raw="", vision_tokens=self._vision, output_tokens=10, seconds=1.0,
                    **{**given, "blocks": blocks},
                )
            )  # fmt: skip
            if on_page is not None:
                on_page(index, made[-1])
        return made
