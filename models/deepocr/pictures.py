"""Pictures to tensors: modes, tiles, how many tokens a page costs (arXiv 2510.18234, section 3.2.2 and table 1)."""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import DocumentUnreadable, MissingExtra
from .config import QUERY, DeepOcrConfig, ViewSizes

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from torch import Tensor

MAX_PIXELS = 50_000_000
_GREY = (127, 127, 127)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a page costs in a mode.

    Attributes:
        placeholders: Tokens in the decoder's context: vision tokens, one newline a row, one separator.
        vision_tokens: The paper's count, 64 x 64 pixels each.
        valid_tokens: Without those that only cover padding (paper, eq. 1).
        grid: (columns, rows) of local tiles; (0, 0) without.
    """

    placeholders: int
    vision_tokens: int
    valid_tokens: int
    grid: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Views:
    """A page as the encoder takes it, normalised to -1..1.

    Attributes:
        whole: The global view, [3, S, S] fp32.
        tiles: Local views row by row, each [3, T, T] fp32.
        grid: (columns, rows) of the tiles.
    """

    whole: Tensor
    tiles: tuple[Tensor, ...]
    grid: tuple[int, int]
    layout: Layout


def tile_grid(width: int, height: int, sizes: ViewSizes) -> tuple[int, int]:
    """(columns, rows) of tiles whose aspect is nearest the page's; (0, 0) if the page needs none.

    Ties go to more tiles if the page has more than half their pixels.
    """
    if not sizes.tile or (width <= sizes.tile and height <= sizes.tile):
        return 0, 0
    best, nearest = (1, 1), math.inf
    most = sizes.max_tiles
    grids = [(c, r) for c in range(1, most + 1) for r in range(1, most + 1) if 2 <= c * r <= most]
    for columns, rows in sorted(grids, key=lambda g: (g[0] * g[1], g[0])):
        distance = abs(width / height - columns / rows)
        many = width * height > 0.5 * sizes.tile**2 * columns * rows
        if distance < nearest or (distance == nearest and many):
            best, nearest = (columns, rows), distance
    return best


def layout(width: int, height: int, sizes: ViewSizes) -> Layout:
    """What a page of width x height pixels costs."""
    side = sizes.base // QUERY
    columns, rows = tile_grid(width, height, sizes)
    local = sizes.tile // QUERY
    tiles = columns * rows * local**2
    placeholders = side * (side + 1) + 1
    if tiles:
        placeholders += rows * local * (columns * local + 1)
    valid = math.ceil(side**2 * min(width, height) / max(width, height)) if sizes.pad else side**2
    return Layout(placeholders, side**2 + tiles, valid + tiles, (columns, rows))


def open_picture(data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    """A picture, turned as its EXIF says, in RGB.

    Raises:
        DocumentUnreadable: No picture, damaged, or over `max_pixels`; the pixels are counted before they are unpacked.
        MissingExtra: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise MissingExtra("Reading pictures", "deepocr") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below
            picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))  # others may start programs
        if picture.width * picture.height > max_pixels:
            raise Image.DecompressionBombError
        return ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError as error:
        raise DocumentUnreadable(
            f"The picture has more than {max_pixels} pixels.", mend="Scale it down."
        ) from error
    except (OSError, SyntaxError, ValueError) as error:  # Pillow raises all three for damaged files
        raise DocumentUnreadable(f"The picture is damaged: {error}.", mend="Save it again as PNG.") from error


def views(picture: Picture, mode: str, config: DeepOcrConfig) -> Views:
    """The views of a page in `mode`; resized by Pillow, as the model was trained (section 1.6 of our notes).

    Raises:
        ValueError: A mode that the configuration does not have.
    """
    from PIL import ImageOps

    if mode not in config.modes:
        raise ValueError(f"no mode {mode!r}; there are {', '.join(config.modes)}")
    sizes = config.modes[mode]
    cost = layout(picture.width, picture.height, sizes)
    square = (sizes.base, sizes.base)
    whole = ImageOps.pad(picture, square, color=_GREY) if sizes.pad else picture.resize(square)
    columns, rows = cost.grid
    tiles: list[Tensor] = []
    if columns:
        t = sizes.tile
        sheet = picture.resize((columns * t, rows * t))
        corners = [(c * t, r * t) for r in range(rows) for c in range(columns)]
        tiles = [_normalised(sheet.crop((x, y, x + t, y + t))) for x, y in corners]
    return Views(_normalised(whole), tuple(tiles), cost.grid, cost)


def _normalised(picture: Any) -> Tensor:
    import numpy as np
    import torch

    pixels = torch.from_numpy(np.array(picture, dtype=np.uint8)).permute(2, 0, 1).float()
    return (pixels / 255 - 0.5) / 0.5
