"""Fonts and line breaks. Pillow's own font draws Latin; koreanize-matplotlib's NanumGothic, if there, the rest."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont


@cache
def font(size: int) -> FreeTypeFont:
    """Pillow's built-in font at a size in pixels."""
    from PIL import ImageFont

    loaded = ImageFont.load_default(size)
    assert isinstance(loaded, ImageFont.FreeTypeFont), "Pillow was built without FreeType"
    return loaded


@cache
def _other_font(size: int) -> FreeTypeFont | None:
    from PIL import ImageFont

    spec = find_spec("koreanize_matplotlib")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "fonts" / "NanumGothic.ttf"
    return ImageFont.truetype(path, int(size * 0.92)) if path.is_file() else None


@cache
def _foreign(letter: str) -> bool:
    """Whether Pillow's font has no picture of a letter."""
    return not letter.isascii() and _lacks(letter, font(32))


@cache
def drawable(letter: str) -> bool:
    """Whether a font that is here has a picture of a letter; white space needs none."""
    if letter.isspace() or not _foreign(letter):
        return True
    other = _other_font(32)
    return other is not None and not _lacks(letter, other)


def _lacks(letter: str, face: FreeTypeFont) -> bool:
    """A font without a letter draws the same box as for what is never a letter."""
    return _drawn(letter, face) == _drawn("\uffff", face)


def _drawn(letter: str, face: FreeTypeFont) -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("L", (48, 48))
    ImageDraw.Draw(image).text((4, 4), letter, fill=255, font=face)
    return image.tobytes()


@lru_cache(maxsize=4096)
def runs(text: str, size: int) -> tuple[tuple[str, FreeTypeFont], ...]:
    """A line in pieces, each with the font that has its letters."""
    other = _other_font(size) if any(map(_foreign, text)) else None
    if other is None:
        return ((text, font(size)),)
    pieces: list[tuple[str, FreeTypeFont]] = []
    for letter in text:
        chosen = other if _foreign(letter) else font(size)
        if pieces and pieces[-1][1] is chosen:
            pieces[-1] = (pieces[-1][0] + letter, chosen)
        else:
            pieces.append((letter, chosen))
    return tuple(pieces)


@lru_cache(maxsize=16384)
def width(text: str, size: int) -> int:
    """Pixels that one line takes."""
    return round(sum(face.getlength(piece) for piece, face in runs(text, size)))


def line_height(size: int) -> int:
    """Pixels from one line to the next."""
    return round(size * 1.34)


@lru_cache(maxsize=4096)
def wrap(text: str, size: int, room: int, lines: int = 0) -> tuple[str, ...]:
    """Break text into lines no wider than `room` pixels; at most `lines` (0: any number), the last with an ellipsis."""
    out: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            candidate = f"{line} {word}" if line else word
            if width(candidate, size) <= room:
                line = candidate
                continue
            if line:
                out.append(line)
            while width(word, size) > room and len(word) > 1:
                cut = _fits(word, size, room)
                out.append(word[:cut])
                word = word[cut:]
            line = word
        out.append(line)
    if lines and len(out) > lines:
        last = out[lines - 1]
        while last and width(last + "…", size) > room:
            last = last[:-1]
        out = [*out[: lines - 1], last.rstrip() + "…"]
    return tuple(out)


def _fits(word: str, size: int, room: int) -> int:
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if width(word[:middle], size) <= room:
            low = middle
        else:
            high = middle - 1
    return low
