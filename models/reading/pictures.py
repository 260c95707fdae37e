"""Pictures of pages as arrays: opened once, turned upright, limited in size."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from ...errors import DocumentUnreadable, MissingExtra

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 64_000_000
"""A page of A3 at 480 dots per inch; above that a picture is a bomb or a poster."""


def open_picture(data: bytes, name: str = "picture") -> Image:
    """A PNG or JPEG as an upright RGB image of PIL.

    Raises:
        DocumentUnreadable: No picture, damaged, or more than `MAX_PIXELS`.
        MissingExtra: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise MissingExtra("Reading pages", "ocr") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is the one below
            image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
        if image.width * image.height > MAX_PIXELS:
            raise DocumentUnreadable(
                f"{name!r} has {image.width} x {image.height} pixels, more than {MAX_PIXELS:,}.",
                mend="Scale the picture down.",
            )
        return ImageOps.exif_transpose(image).convert("RGB")
    except Image.DecompressionBombError as error:
        raise DocumentUnreadable(
            f"{name!r} has more than {MAX_PIXELS:,} pixels.", mend="Scale the picture down."
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # Pillow raises them all for damaged files
        raise DocumentUnreadable(
            f"{name!r} is no readable PNG or JPEG: {error}.", mend="Save the picture again."
        ) from error


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
