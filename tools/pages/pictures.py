"""Files to pictures: the side that asks. What opens the file stands in `render.py` and runs in a confined process."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Collection, Generator, Sequence
from functools import lru_cache

from ...errors import DocumentUnreadable
from .._confined import ConfinedPool
from .._folder import too_large
from .types import PageLimits, PagePicture

DPI = 144
"""Dots per inch at which a PDF is drawn unless it is said otherwise: what DeepSeek-OCR's own PDF script uses."""

OnProblem = Callable[[int, str], None]
"""Called with a page's number and why it could not be drawn."""

_SUFFIXES = frozenset(".pdf .png .jpg .jpeg .webp .gif .bmp .tif .tiff .ppm".split())


def picture_suffixes() -> frozenset[str]:
    """The endings of files that `pictures_of` takes."""
    return _SUFFIXES


def pictures_of(
    data: bytes,
    name: str,
    limits: PageLimits | None = None,
    *,
    dpi: float = DPI,
    pages: Sequence[int] | None = None,
    skip: Collection[int] = (),
    on_count: Callable[[int], None] | None = None,
    on_problem: OnProblem | None = None,
    pool: ConfinedPool | None = None,
) -> Generator[PagePicture]:
    """Draw the pages of a PDF, or of an image, in a process that can be killed.

    Pages are drawn as they are taken: one is ready while the one before is being read.

    Args:
        data: The whole file.
        name: Its name, for messages.
        limits: What it may cost.
        dpi: Dots per inch of a PDF page; an image keeps its own pixels.
        pages: Numbers from 1 of the pages to draw, in this order; None is all.
        skip: Numbers of pages that are not drawn.
        on_count: Told how many pages the file has, before the first.
        on_problem: Told of a page that cannot be drawn; the others follow. Without it such a page is an error.
        pool: The processes to use; its own limits on time and memory hold then.

    Raises:
        DocumentUnreadable: Encrypted, damaged, too large, too slow, or no PDF and no image.
        MissingExtra: The extra `ocr` is not installed.
    """
    limits = limits or PageLimits()
    if not data:
        raise DocumentUnreadable(f"{name!r} is empty.", mend="Remove it, or write it again.")
    if len(data) > limits.max_bytes:
        raise too_large(name, len(data), limits.max_bytes)
    args = {
        "dpi": dpi,
        "pages": None if pages is None else list(pages),
        "skip": sorted(skip),
        "max_pages": limits.max_pages,
        "max_pixels": limits.max_pixels,
    }
    pool = pool or _shared(limits.seconds, limits.memory_bytes)
    for part, png in pool.run(".pages.render:pages_job", data, name, args):
        if "count" in part:
            if on_count is not None:
                on_count(part["count"])
        elif "problem" not in part:
            yield PagePicture(part["number"], png, part["width"], part["height"])
        elif on_problem is not None:
            on_problem(part["number"], part["problem"])
        else:
            raise DocumentUnreadable(
                f"Page {part['number']} of {name!r} cannot be drawn: {part['problem']}.",
                mend="Save it again, or leave the page out.",
            )


@lru_cache(maxsize=4)
def _shared(seconds: float, memory_bytes: int) -> ConfinedPool:
    pool = ConfinedPool(size=2, seconds=seconds, memory_bytes=memory_bytes)
    atexit.register(pool.close, wait=False)  # an error may hold a file that is half drawn
    return pool
