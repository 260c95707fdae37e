"""Reading order and paragraphs from lines."""

from __future__ import annotations

import random

from tenfold.models.reading import Line, blocks_of, order_lines
from tenfold.pages import Box


def line(text: str, left: int, top: int, width: int, height: int = 20, score: float = 0.9) -> Line:
    return Line(text, Box(left=left, top=top, right=left + width, bottom=top + height), score)


def column(name: str, left: int, tops: range, width: int = 380) -> list[Line]:
    return [line(f"{name}{i}", left, top, width - (i % 3)) for i, top in enumerate(tops)]


def read(lines: list[Line]) -> list[str]:
    mixed = list(lines)
    random.Random(3).shuffle(mixed)
    return [ln.text for region in order_lines(mixed) for ln in region]


def test_two_columns_under_a_heading_with_a_figure_across_them() -> None:
    upper = [*column("a", 50, range(100, 300, 26)), *column("b", 470, range(100, 300, 26))]
    across = [line("FIGURE", 60, 320, 780)]
    lower = [*column("c", 50, range(360, 600, 26)), *column("d", 470, range(360, 600, 26))]
    lines = [line("HEAD", 100, 40, 700), *upper, *across, *lower]
    assert read(lines) == [ln.text for ln in lines]


def test_three_columns_a_box_that_leans_over_and_one_column() -> None:
    three = [ln for n, name in enumerate("abc") for ln in column(name, 40 + 300 * n, range(50, 400, 25), 280)]
    three[3] = line("a3", 40, 50 + 3 * 25, 285)  # 5 pixels into the gutter
    assert read(three) == [ln.text for ln in three]
    one = column("x", 50, range(50, 500, 25), 700)
    assert read(one) == [ln.text for ln in one]


def test_a_table_and_a_numbered_list_are_read_by_rows() -> None:
    table = [line(f"r{r}c{c}", 50 + 150 * c, 50 + 30 * r, 60) for r in range(6) for c in range(4)]
    assert read(table) == [ln.text for ln in table]
    numbered = [
        ln for i in range(6) for ln in (line(f"{i}.", 50, 30 * i, 18), line(f"t{i}", 90, 30 * i, 500))
    ]
    assert read(numbered) == [ln.text for ln in numbered]


def test_paragraphs_are_joined_words_mended_and_confidence_weighted() -> None:
    lines = [
        line("A large heading", 50, 10, 400, 44),
        line("The first para-", 50, 100, 700, score=1.0),
        line("graph goes on", 50, 126, 700, score=0.5),
        line("and ends.", 50, 152, 200, score=0.5),
        line("The second begins", 50, 178, 700),
        line("後半は", 50, 300, 690),
        line("続く", 50, 326, 700),
    ]
    blocks = blocks_of(lines)
    assert [(b.label, b.text) for b in blocks] == [
        ("title", "A large heading"),
        ("text", "The first paragraph goes on and ends."),
        ("text", "The second begins"),
        ("text", "後半は続く"),
    ]
    assert blocks[1].confidence is not None and abs(blocks[1].confidence - (15 + 6.5 + 4.5) / 37) < 1e-9
    assert blocks[1].boxes == (Box(left=50, top=100, right=750, bottom=172),)
    assert [b.text for b in blocks_of(lines, by_line=True)] == [ln.text for ln in lines]
    assert blocks_of([]) == []
