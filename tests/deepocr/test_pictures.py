"""Modes, tiles and preprocessing: the paper's numbers, transformers' tile choice, Pillow's pixels."""

from __future__ import annotations

import ast
import functools
import importlib.util
import io
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from tenfold.errors import DocumentUnreadable
from tenfold.models.deepocr import DeepOcrConfig, ViewSizes, layout, open_picture, tile_grid, views

OFFICIAL = DeepOcrConfig.official()


@pytest.mark.parametrize(
    ("mode", "size", "placeholders", "vision", "grid"),
    [
        ("tiny", (1000, 1400), 73, 64, (0, 0)),
        ("small", (1000, 1400), 111, 100, (0, 0)),
        ("base", (1000, 1400), 273, 256, (0, 0)),
        ("large", (1000, 1400), 421, 400, (0, 0)),
        ("gundam", (1654, 2339), 903, 856, (2, 3)),
        ("gundam", (1080, 2400), 1113, 1056, (2, 4)),
        ("gundam", (640, 640), 273, 256, (0, 0)),
    ],
)
def test_what_a_page_costs(
    mode: str, size: tuple[int, int], placeholders: int, vision: int, grid: tuple[int, int]
) -> None:
    cost = layout(*size, OFFICIAL.modes[mode])
    assert (cost.placeholders, cost.vision_tokens, cost.grid) == (placeholders, vision, grid)


def test_vllms_six_tiles() -> None:
    six = ViewSizes(1024, tile=640, max_tiles=6)
    cost = layout(1080, 2400, six)
    assert (cost.grid, cost.vision_tokens) == ((1, 2), 456)


def test_valid_tokens_by_the_papers_formula() -> None:
    assert layout(1000, 1400, OFFICIAL.modes["base"]).valid_tokens == 183  # ceil(256 * 1000 / 1400)
    assert layout(1000, 1400, OFFICIAL.modes["tiny"]).valid_tokens == 64
    assert layout(1, 9000, OFFICIAL.modes["large"]).valid_tokens == 1  # others divide by zero here


def official_function(name: str) -> Any:
    """A function of transformers' image processor, whose module cannot be imported without torchvision."""
    package = importlib.util.find_spec("transformers.models.unlimited_ocr")
    assert package is not None and package.origin is not None
    source = (Path(package.origin).parent / "image_processing_unlimited_ocr.py").read_text()
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    home: dict[str, Any] = {"lru_cache": functools.lru_cache}
    exec(compile(ast.Module(functions, []), "transformers", "exec"), home)
    return home[name]


def test_tiles_are_chosen_as_transformers_chooses() -> None:
    theirs = official_function("get_optimal_tiled_canvas")
    rng = random.Random(5)
    for _ in range(3000):
        width, height = rng.randint(1, 4000), rng.randint(1, 4000)
        if width <= 640 and height <= 640:
            continue
        columns, rows = theirs((height, width), (640, 640), 2, 9)
        assert tile_grid(width, height, OFFICIAL.modes["gundam"]) == (columns, rows), (width, height)


def test_pixels_are_pillows() -> None:
    picture = Image.effect_noise((300, 200), 90).convert("RGB")
    page = views(picture, "base", OFFICIAL)
    assert page.whole.shape == (3, 1024, 1024) and page.whole[:, 0, 0].tolist() == pytest.approx(
        [127 / 127.5 - 1] * 3
    )
    page = views(Image.new("RGB", (900, 1500), "white"), "gundam", OFFICIAL)
    assert len(page.tiles) == page.grid[0] * page.grid[1] == 6 and page.tiles[0].shape == (3, 640, 640)
    left = Image.new("RGB", (1280, 640), "black")
    left.paste("white", (0, 0, 640, 640))
    page = views(left, "gundam", OFFICIAL)
    assert (
        page.grid == (2, 1)
        and torch.all(page.tiles[0][:, :, :600] == 1)
        and torch.all(page.tiles[1][:, :, 40:] == -1)
    )
    with pytest.raises(ValueError, match="no mode 'huge'"):
        views(left, "huge", OFFICIAL)


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def test_pictures_are_turned_as_their_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert open_picture(encoded(Image.new("RGB", (30, 20)), "JPEG", exif=exif)).size == (20, 30)
    assert open_picture(encoded(Image.new("RGBA", (3, 2)))).mode == "RGB"


def test_hostile_pictures_are_refused_before_they_are_unpacked() -> None:
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 9))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(DocumentUnreadable, match="more than 50000000"):
        open_picture(bomb)
    good = encoded(Image.effect_noise((200, 200), 50))
    for data in (b"", b"GIF89a", good[: len(good) // 2], b"\x89PNG" + bytes(200)):
        with pytest.raises(DocumentUnreadable, match="damaged"):
            open_picture(data)
