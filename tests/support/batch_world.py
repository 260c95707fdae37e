"""Folders of PDFs whose pages all differ in width, and a reader that writes down what it reads."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tenfold.pages import Block, Mode, Note, OnPage, PageReading, Task


def scan(pages: int, first: int = 0) -> bytes:
    """A PDF of pictures; page `n` (from 0) is 100 + first + n points wide."""
    frames = [Image.new("L", (100 + first + n, 120), 255 - n) for n in range(pages)]
    out = io.BytesIO()
    frames[0].save(out, "PDF", save_all=True, append_images=frames[1:], resolution=72)
    return out.getvalue()


def make(path: Path, pages: int, first: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(scan(pages, first))


def as_text(readings: Sequence[PageReading]) -> str:
    return "|".join(reading.text for reading in readings)


@dataclass(frozen=True)
class OneReader:
    """Makes readers; each page is noted on disk before and after it is read. The page as wide as `poison` kills."""

    log: Path
    delay_s: float = 0.0
    poison: int = 0
    doubt: str = ""

    def __call__(self) -> Reader:
        return Reader(self)


@dataclass(frozen=True)
class Reader:
    made_by: OneReader
    name: str = "one"

    def read(
        self,
        pictures: Sequence[bytes],
        *,
        mode: Mode = "auto",
        task: Task = "markdown",
        on_page: OnPage | None = None,
    ) -> list[PageReading]:
        return [self._read(png, mode, task) for png in pictures]

    def _read(self, png: bytes, mode: Mode, task: Task) -> PageReading:
        width, height = Image.open(io.BytesIO(png)).size
        self._note(f"begin {width}")
        if width == self.made_by.poison:
            os._exit(9)
        time.sleep(self.made_by.delay_s)
        self._note(f"end {width}")
        blocks = (Block(label="text", text=f"width {width}"),)
        notes = (Note(kind="missing", message=self.made_by.doubt),) if self.made_by.doubt else ()
        return PageReading(
            engine=self.name,
            mode=mode,
            task=task,
            width=width,
            height=height,
            blocks=blocks,
            raw="",
            notes=notes,
        )

    def _note(self, line: str) -> None:
        handle = os.open(self.made_by.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{line}\n".encode())
        os.fsync(handle)
        os.close(handle)
