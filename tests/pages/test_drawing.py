"""Text to pages: nothing is lost, nothing is cut off, and it can be read."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tenfold.errors import ConfigError
from tenfold.tools.pages import text_pages, undrawable

TEXT = "The ledger names every call.\n\n한국어 문장도 그려집니다.\nInvoice 4711: 95 percent."


def opened(pages: list[bytes]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(page)) for page in pages]


def test_pages_have_the_size_that_was_asked_for_and_white_margins() -> None:
    pages = opened(text_pages("word " * 3000, 640, 400, 16, margin=20))
    assert len(pages) > 5 and {page.size for page in pages} == {(640, 400)}
    for page in pages:
        ink = page.point(lambda value: 255 - value).getbbox()
        assert ink is not None and ink[0] >= 18 and ink[1] >= 18 and ink[2] <= 624 and ink[3] <= 386
    (blank,) = opened(text_pages("", 100, 100, 10))
    assert blank.getextrema() == (255, 255)


def test_more_letters_take_more_pages_and_smaller_letters_fewer() -> None:
    counts = [len(text_pages("abc def " * 500, 300, 300, size)) for size in (8, 12, 20)]
    assert counts == sorted(counts) and counts[0] < counts[1] < counts[2]


def test_hangul_is_drawn_and_what_no_font_has_is_named() -> None:
    hangul, other = (opened(text_pages(text, 100, 60, 24, margin=4))[0].tobytes() for text in ("가", "나"))
    assert hangul != other, "two empty boxes would be the same"
    assert undrawable(TEXT + "é “”\t") == frozenset()
    assert undrawable("a😀ก") == {"😀", "ก"}


@pytest.mark.parametrize("size", [(10, 100, 12), (100, 10, 12), (100, 100, 2), (100_000, 100_000, 12)])
def test_a_page_without_room_is_refused(size: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match=r"no room|too large"):
        text_pages("x", *size)
