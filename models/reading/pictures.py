"""Pictures of pages: opened once, turned upright, limited in kind and size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import DocumentUnreadable
from .. import deepocr

if TYPE_CHECKING:
    from PIL.Image import Image


def open_picture(data: bytes, name: str = "picture") -> Image:
    """A PNG or JPEG as an upright RGB image of PIL; none of Pillow's other decoders is reached.

    Raises:
        DocumentUnreadable: No PNG or JPEG, damaged, or more than `deepocr`'s limit of pixels.
        MissingExtra: Pillow is not installed.
    """
    if not data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise DocumentUnreadable(f"{name!r} is neither PNG nor JPEG.", mend="Save the picture as PNG.")
    try:
        return deepocr.open_picture(data)
    except DocumentUnreadable as error:
        raise DocumentUnreadable(f"{name!r}: {error.message}", mend=error.mend) from error


def has_ink(picture: Image, *, contrast: int = 24) -> bool:
    """Whether anything stands on a page: false for one tone, or noise below `contrast` grey levels."""
    grey = picture.convert("L")
    grey.thumbnail((512, 512))
    histogram = grey.histogram()
    total, seen, low, high = sum(histogram), 0, None, 255
    for level, count in enumerate(histogram):  # the darkest and brightest 0.01 % are dust
        seen += count
        if low is None and seen > total * 0.0001:
            low = level
        if seen >= total * 0.9999:
            high = level
            break
    return high - (low or 0) >= contrast
