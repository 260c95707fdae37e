"""A page reader that reads what it is told to: for tests of what stands around a reader."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from tenfold.pages import Block, Box, Mode, OnPage, PageReading, Task


class PlainReader:
    """Gives page after page of texts, one block each, 20 pixels under one another; then begins again."""

    def __init__(self, *pages: Sequence[str], name: str = "plain") -> None:
        self.name, self.pages, self.reads = name, pages, 0
        self.sizes: list[tuple[int, int]] = []

    def read(
        self,
        pictures: Sequence[bytes],
        *,
        mode: Mode = "auto",
        task: Task = "markdown",
        on_page: OnPage | None = None,
    ) -> list[PageReading]:
        readings: list[PageReading] = []
        for index, png in enumerate(pictures):
            size = Image.open(io.BytesIO(png)).size
            self.sizes.append(size)
            texts = self.pages[self.reads % len(self.pages)]
            self.reads += 1
            blocks = tuple(
                Block(
                    label="text", text=text, boxes=(Box(left=0, top=20 * n, right=100, bottom=20 * n + 18),)
                )
                for n, text in enumerate(text for text in texts if text)
            )
            readings.append(
                PageReading(
                    engine=self.name,
                    mode=mode,
                    task=task,
                    width=size[0],
                    height=size[1],
                    blocks=blocks,
                    raw="",
                )
            )
            if on_page is not None:
                on_page(index, readings[-1])
        return readings
