"""rapidocr (PP-OCR, weights in its wheel) as a reader of pages: any CPU, no network."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from ...errors import CapabilityMissing, MissingExtra
from ...pages import Block, Box, Mode, Note, OnPage, PageReading, Task
from .layout import Line, blocks_of
from .pictures import open_picture

_DOUBT = 0.8  # upright lines score over 0.9, those upside down about 0.6
_LOCK = threading.Lock()  # the engine keeps its state of a call in itself


class RapidReader:
    """Reads lines with rapidocr and puts them in reading order; tasks `markdown`, `ocr` and `text`.

    The engine is loaded with the first page: it takes over a second, and most runs meet no scan.

    Raises:
        MissingExtra: rapidocr is not installed.
    """

    def __init__(self) -> None:
        if find_spec("rapidocr") is None:
            raise _missing()

    @property
    def name(self) -> str:
        """The package and its version, which fix the weights."""
        return f"rapidocr {version('rapidocr')}"

    def read(
        self,
        pictures: Sequence[bytes],
        *,
        mode: Mode = "auto",
        task: Task = "markdown",
        on_page: OnPage | None = None,
    ) -> list[PageReading]:
        """Read pictures one after the other.

        Raises:
            CapabilityMissing: The task needs a model that understands pictures.
            DocumentUnreadable: A picture is damaged or too large.
        """
        only_text(task, "rapidocr")
        return one_by_one(pictures, lambda data, index: self._page(data, index, mode, task), on_page)

    def _page(self, data: bytes, index: int, mode: Mode, task: Task) -> PageReading:
        import numpy as np

        began = time.perf_counter()
        picture = open_picture(data, f"picture {index}")
        pixels = np.asarray(picture)[:, :, ::-1]  # trained on BGR, as OpenCV reads
        lines, unread = self._lines(pixels)
        blocks = blocks_of(lines, by_line=task == "ocr")
        if lines and _sureness(lines) < _DOUBT:
            turned, unread_turned = self._lines(np.ascontiguousarray(pixels[::-1, ::-1]))
            if _sureness(turned) > _sureness(lines):
                lines, unread = turned, unread_turned
                blocks = [_turned(b, picture.size) for b in blocks_of(lines, by_line=task == "ocr")]
        return PageReading(
            engine=self.name,
            mode=mode,
            task=task,
            width=picture.width,
            height=picture.height,
            blocks=tuple(blocks),
            raw="\n".join(line.text for line in lines),
            seconds=time.perf_counter() - began,
            notes=_unread_note(unread, len(lines) + unread),
        )

    def _lines(self, pixels: Any) -> tuple[list[Line], int]:
        """The lines that were read, and the number of those that were seen and not read."""
        with _LOCK:
            # The engine's own check for lines upside down turns many long upright ones over (rapidocr 3.10).
            engine = _engine()
            engine.seen = 0
            found, seen = engine(pixels, use_cls=False), engine.seen
        lines = lines_of(found, pixels.shape[1], pixels.shape[0])
        return lines, max(0, seen - len(lines))


def _unread_note(unread: int, seen: int) -> tuple[Note, ...]:
    """What is said of lines that are there and could not be read: a page in Hangul must not pass for an empty one."""
    if not unread:
        return ()
    message = (
        f"{unread} of {seen} lines could not be read: too faint or small, or in letters that rapidocr does not have "
        "(it has Latin, Greek, Chinese and Japanese)."
    )
    return (Note(kind="missing", message=message),)


def _turned(block: Block, size: tuple[int, int]) -> Block:
    """A block of a page that was read upside down, in the pixels of the picture."""
    boxes = tuple(
        Box(left=size[0] - b.right, top=size[1] - b.bottom, right=size[0] - b.left, bottom=size[1] - b.top)
        for b in block.boxes
    )
    return block.model_copy(update={"boxes": boxes})


def _sureness(lines: list[Line]) -> float:
    """The mean score by letters; 0 without lines."""
    letters = sum(len(line.text) for line in lines)
    return sum((line.score or 0.0) * len(line.text) for line in lines) / letters if letters else 0.0


def lines_of(found: Any, width: int, height: int) -> list[Line]:
    """Lines of a rapidocr output; a tilted quadrilateral becomes the upright box around it, inside the picture."""
    if getattr(found, "boxes", None) is None or getattr(found, "txts", None) is None:
        return []
    lines: list[Line] = []
    for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
        xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
        left, right = (min(width, max(0, round(x))) for x in (min(xs), max(xs)))
        top, bottom = (min(height, max(0, round(y))) for y in (min(ys), max(ys)))
        if text.strip() and right > left and bottom > top:
            box = Box(left=left, top=top, right=right, bottom=bottom)
            lines.append(Line(text.strip(), box, min(1.0, max(0.0, float(score)))))
    return lines


def only_text(task: Task, engine: str) -> None:
    """Refuse what an engine of letters cannot do.

    Raises:
        CapabilityMissing: The task is `figure` or `describe`.
    """
    if task in ("figure", "describe"):
        raise CapabilityMissing(
            f"{engine} reads letters and cannot do the task {task!r}.",
            mend="Use deepocr:FOLDER or openai:URL#MODEL.",
        )


def one_by_one(
    pictures: Sequence[bytes], page: Callable[[bytes, int], PageReading], on_page: OnPage | None
) -> list[PageReading]:
    """Read pictures in their order and tell of each."""
    readings: list[PageReading] = []
    for index, data in enumerate(pictures):
        reading = page(data, index)
        readings.append(reading)
        if on_page is not None:
            on_page(index, reading)
    return readings


def _missing() -> MissingExtra:
    return MissingExtra("Reading pages with rapidocr", "ocr")


@lru_cache(maxsize=1)
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise _missing() from error

    class Counting(RapidOCR):
        """Counts the lines that it sees: its output leaves out those whose letters it does not know."""

        seen = 0

        def recognize_txt(self, img: list[Any]) -> Any:
            self.seen = len(img)
            return super().recognize_txt(img)

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return Counting(params={"Global.log_level": "error", "EngineConfig.onnxruntime.intra_op_num_threads": 1})
