"""What the rendering of pages gives, and the limits it keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageLimits:
    """How much one file may cost.

    Attributes:
        max_bytes: Size of the file.
        max_pages: Pages of a PDF, frames of a TIFF.
        max_pixels: Width times height of a picture. A PDF page beyond it is drawn with fewer dots per inch.
        seconds: Wall time of drawing one page.
        memory_bytes: Address space of the process that draws.
    """

    max_bytes: int = 100_000_000
    max_pages: int = 2_000
    max_pixels: int = 50_000_000
    seconds: float = 60.0
    memory_bytes: int = 3 << 30


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page as a picture.

    Attributes:
        number: Of the page, from 1.
        png: RGB, upright, without alpha.
        width, height: In pixels; of an image file those of the file, after its EXIF turn.
    """

    number: int
    png: bytes
    width: int
    height: int
