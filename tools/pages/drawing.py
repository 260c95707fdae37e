"""Text to pictures of pages, with Pillow's FreeType and fonts that come in wheels."""

from __future__ import annotations

import io

from ...errors import ConfigError, MissingExtra

_LEAST_FONT = 4  # pixels; below it letters are smudges
_MOST_PIXELS = 50_000_000


def text_pages(text: str, width: int, height: int, font_px: int, *, margin: int | None = None) -> list[bytes]:
    """Set a text on white pages, black, one column, lines broken at words.

    Latin letters are drawn in Pillow's own font, Hangul and what else it has in NanumGothic (koreanize-matplotlib, in
    the extra `ocr`). A letter that neither has becomes the font's empty box: ask `undrawable` before.

    Args:
        text: Line breaks are kept; runs of spaces are not.
        width, height: Of a page in pixels.
        font_px: Size of the letters in pixels.
        margin: Pixels around the text; the letters' size unless given.

    Returns:
        Grey PNGs in order; one empty page for an empty text.

    Raises:
        ConfigError: The page has no room for a line, or more than 50 million pixels.
        MissingExtra: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageDraw

        from .._lettering import line_height, runs, wrap
    except ImportError as error:
        raise MissingExtra("Drawing text on pages", "ocr") from error
    margin = font_px if margin is None else margin
    room = width - 2 * margin
    step = line_height(max(font_px, 1))
    if font_px < _LEAST_FONT or room < 2 * font_px or height - 2 * margin < step:
        raise ConfigError(
            f"A page of {width} x {height} pixels has no room for letters of {font_px} pixels.",
            mend="Give a larger page, smaller letters of at least 4 pixels, or a smaller margin.",
        )
    if width * height > _MOST_PIXELS:
        raise ConfigError(f"A page of {width} x {height} pixels is too large.", mend="Give a smaller page.")
    per_page = (height - 2 * margin) // step
    lines = [line for part in text.expandtabs(4).split("\n") for line in wrap(part, font_px, room)]
    pages: list[bytes] = []
    for first in range(0, max(1, len(lines)), per_page):
        page = Image.new("L", (width, height), 255)
        pen = ImageDraw.Draw(page)
        for row, line in enumerate(lines[first : first + per_page]):
            x = float(margin)
            for piece, face in runs(line, font_px):
                # On one base line, whatever font the piece is in.
                pen.text((x, margin + row * step + font_px), piece, fill=0, font=face, anchor="ls")
                x += face.getlength(piece)
        out = io.BytesIO()
        page.save(out, "PNG", compress_level=1)
        pages.append(out.getvalue())
    return pages


def undrawable(text: str) -> frozenset[str]:
    """Letters of a text that no font here has a picture of; a page would show empty boxes for them.

    Raises:
        MissingExtra: Pillow is not installed.
    """
    try:
        from .._lettering import drawable

        return frozenset(letter for letter in set(text) if not drawable(letter))
    except ImportError as error:
        raise MissingExtra("Drawing text on pages", "ocr") from error
