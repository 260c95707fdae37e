"""Section 6 of the notes: grounded output with and without tokens, and what hostile output may not do."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.models.reading import parse_grounded

PAGE = (
    "<|ref|>title<|/ref|><|det|>[[100, 50, 900, 90]]<|/det|>\n# Hello\n\n"
    "<|ref|>table<|/ref|><|det|>[[10, 100, 999, 400], [10, 410, 500, 500]]<|/det|>\n"
    "<|ref|>table_caption<|/ref|><|det|>[[10, 80, 300, 99]]<|/det|>\nTable 3: things\n\n"
    "<table><tr><td>1</td></tr></table>\n\n"
    "<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\n  \n"
    "<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\na \\coloneqq b, c \\eqqcolon d<｜end▁of▁sentence｜>"
)


def test_boxes_are_in_pixels_and_a_table_is_attached_by_order() -> None:
    blocks, notes = parse_grounded(PAGE, 2000, 1000)
    assert [b.label for b in blocks] == ["title", "table", "table_caption", "image", "text"]
    assert [b.text for b in blocks] == [
        "# Hello",
        "<table><tr><td>1</td></tr></table>",
        "Table 3: things",
        "",
        "a := b, c =: d",
    ]
    edges = [(x.left, x.top, x.right, x.bottom) for x in blocks[1].boxes]
    assert edges == [(20, 100, 2000, 400), (20, 410, 1001, 500)]  # int(v / 999 * size)
    assert not notes


def test_stripped_tokens_give_the_same_blocks() -> None:
    stripped = re.sub(r"<[|｜].*?[|｜]>", "", PAGE)
    assert "<|" not in stripped
    assert parse_grounded(stripped, 2000, 1000) == parse_grounded(PAGE, 2000, 1000)


def test_lines_as_labels_unlimited_ocr_and_plain_markdown() -> None:
    lines, _ = parse_grounded("<|ref|>Total: 12<|/ref|><|det|>[[1, 1, 9, 9]]<|/det|>\n", 999, 999)
    assert [(b.label, b.text) for b in lines] == [("text", "Total: 12")]
    other, _ = parse_grounded("<|det|>title [1, 2, 30, 40]<|/det|>Hello", 999, 999)
    assert (other[0].label, other[0].text, other[0].boxes[0].right) == ("title", "Hello", 30)
    plain, notes = parse_grounded("# A\n\nb\n\n\nc <table><tr>\n\n</tr></table> d", 10, 10)
    assert [(b.label, b.text) for b in plain] == [
        ("title", "# A"), ("text", "b"), ("text", "c <table><tr>\n\n</tr></table> d"),
    ]  # fmt: skip
    assert not notes and not any(b.boxes for b in plain)


@pytest.mark.parametrize(
    "payload",
    [
        "__import__('os').system('touch pwned')", "[[1, 2, 3]]", "[[1, 2, 3, 4]", "[[1, 2, 3, 1000]]", "[[9, 9, 1, 1]]",
        "[[1.5, 2, 3, 4]]", "[[-1, 2, 3, 4]]", "[]", "", "[[1, 2, 3, 4]] + [[1, 2, 3, 4]]", "[[٣, 2, 9, 9]]",
        "[" * 5000,
        "[[1, 1, 2, 2]" + ", [1, 1, 2, 2]" * 64 + "]",
    ],
)  # fmt: skip
def test_a_payload_that_is_no_list_of_boxes_gives_none_and_a_note(payload: str) -> None:
    blocks, notes = parse_grounded(f"<|ref|>text<|/ref|><|det|>{payload}<|/det|>\nkept", 100, 100)
    assert (blocks[0].text, blocks[0].boxes) == ("kept", ())
    assert notes[0].kind == "grammar" and notes[0].block == 0


def test_text_is_never_lost_and_broken_markers_are_told() -> None:
    blocks, notes = parse_grounded("before <|ref|>text<|/ref|> no det\n\nafter", 10, 10)
    assert " ".join(b.text for b in blocks).split() == ["before", "text", "no", "det", "after"]
    assert notes[0].kind == "grammar"


HOSTILE = {
    "ref": "<|ref|>", "det": "<|det|>", "open": "<|ref|>a<|/ref|><|det|>", "brackets": "[", "stripped": "a[[1,\n",
    "nested": "a[[" + "]" * 1990 + "\n", "tables": "<|ref|>table<|/ref|><|det|>[[1,1,2,2]]<|/det|><table>",
    "plain": "<table\n\n", "tokens": "<|", "lines": "\n", "long": "<|ref|>a<|/ref|><|det|>[[" + "1," * 9000,
    "spaces": "<|ref|>a<|/ref|><|det|>[[1" + " ," * 3990 + "<|/det|>", "quotes": "<｜▁", "good": PAGE,
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_megabyte_of_hostile_output_takes_under_a_second(kind: str) -> None:
    raw = (HOSTILE[kind] * (1_000_000 // len(HOSTILE[kind]) + 1))[:1_000_000]
    spent: list[float] = []
    while len(spent) < 3 and min(spent, default=9.0) >= 1.0:  # other work on the machine may slow one try
        began = time.process_time()
        parse_grounded(raw, 1000, 1000)
        spent.append(time.process_time() - began)
    assert min(spent) < 1.0


PIECES = st.sampled_from(
    ["<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "[[", "]]", "1, 2, 30, 40", "text", "table", "<table>", "</table>",
     "<tr><td>", "\n", "\n\n", "text[[1, 2, 3, 4]]\n", "0", "999", "<|end|>", " ", "한"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join)), st.integers(1, 5000))
def test_any_output_gives_boxes_inside_the_picture(raw: str, size: int) -> None:
    blocks, notes = parse_grounded(raw, size, size + 1)
    for block in blocks:
        assert "<|" not in block.label
        for box in block.boxes:
            assert 0 <= box.left < box.right <= size and 0 <= box.top < box.bottom <= size + 1
    assert all(note.block is None or note.block < len(blocks) for note in notes)
