"""Images: how many pages they are; what is on them is read as of any scan."""

from __future__ import annotations

from ...pages import count_frames
from .types import Parsed, ReadLimits


def read_image(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """A part for each page, all of them still to be read.

    Raises:
        MissingExtra: Pillow is not installed.
        DocumentUnreadable: Damaged, or too many pixels.
    """
    frames = count_frames(data, name, limits.max_pixels)
    return Parsed([""] * frames, "image/*", paged=frames > 1, scans=list(range(frames)))
