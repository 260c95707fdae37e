"""The shipped small model: it reads pages that it never saw, and is no larger than promised."""

from __future__ import annotations

import random
import string
from pathlib import Path

import matplotlib
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from tenfold.evals.ocr import normalised_edit_distance
from tenfold.models import deepocr
from tenfold.models.deepocr import DeepOcr, OcrTokenizer, Request, decode, load_small, views

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"
READS, READS_SENSELESS = 0.85, 0.55  # 1 - NED; one that only writes English reaches 0.25 and 0.07
SENTENCES = (
    "The river rose in the night and took the lower bridge with it before the town was awake. "
    "Nobody had counted the boats; some were found in the fields, others never came back at all."
)


@pytest.fixture(scope="module")
def small() -> tuple[DeepOcr, OcrTokenizer]:
    return load_small()


def page(text: str, columns: int, rows: int) -> Image.Image:
    """Text in cells of 16x24 pixels, filled from the left as in a terminal."""
    picture = Image.new("RGB", (columns * 16 + 8, rows * 24 + 8), "white")
    font = ImageFont.truetype(FONT, 19)
    for cell, letter in enumerate(text):
        row, column = divmod(cell, columns)
        where = (4 + column * 16 + 2, 4 + row * 24 + 18)
        ImageDraw.Draw(picture).text(where, letter, fill="black", font=font, anchor="ls")
    return picture


def similarity(
    small: tuple[DeepOcr, OcrTokenizer], texts: list[str], columns: int, rows: int, mode: str
) -> float:
    model, tokenizer = small
    config = model.config.decoder
    pages = [views(page(text, columns, rows), mode, model.config) for text in texts]
    requests = [
        Request([config.bos, *[config.image] * p.layout.placeholders], p, max_tokens=120, no_repeat=None)
        for p in pages
    ]
    read = {index: tokenizer.decode(decoded.ids) for index, decoded in decode(model, requests, rows=16)}
    return sum(1 - normalised_edit_distance(read[i], text) for i, text in enumerate(texts)) / len(texts)


def test_it_is_small_and_of_the_same_class(small: tuple[DeepOcr, OcrTokenizer]) -> None:
    folder = Path(deepocr.__file__).parent / "small"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 15_000_000
    assert type(small[0]) is DeepOcr and small[0].dtype is torch.float32
    assert small[0].config.sam.stem == "conv" and small[0].config.decoder.vocab == 100


def test_its_tokens_are_letters(small: tuple[DeepOcr, OcrTokenizer]) -> None:
    tokenizer = small[1]
    text = string.ascii_letters + string.digits + string.punctuation + " "
    assert tokenizer.count(text) == len(text) and tokenizer.decode(tokenizer.encode(text)) == text


def test_it_reads_what_it_was_not_trained_on(small: tuple[DeepOcr, OcrTokenizer]) -> None:
    sentences = [SENTENCES[at : at + 48].strip() for at in range(0, 132, 11)]
    assert similarity(small, sentences, 8, 6, "128") > READS


def test_another_page_is_not_read_from_the_language(small: tuple[DeepOcr, OcrTokenizer]) -> None:
    """Letters without sense: nothing but the picture can say them."""
    chance = random.Random(5)
    senseless = ["".join(chance.choices(string.ascii_lowercase, k=48)) for _ in range(12)]
    assert similarity(small, senseless, 8, 6, "128") > READS_SENSELESS
