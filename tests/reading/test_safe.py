"""Recovery from loops, and cross-reading, with engines whose answers are known."""

from __future__ import annotations

from typing import Any

from pages_world import Known, draw, png
from PIL import Image

from tenfold.models.reading import SafeReader, cross_read, splice
from tenfold.models.reading.pictures import has_ink, open_picture
from tenfold.models.reading.safe import quiet_row
from tenfold.pages import Block, Box, Note, PageReading

LOOP = Note(kind="repetition", message="From character 9 the text repeats itself.")
PAGE = draw([(50, 100, "One line"), (50, 560, "Another line")])
A, B, C = "The harvest was poor this year", "Prices rose by 12.5 percent", "Nobody bought any turnips"


def said(*texts: str, finish: str = "end", **more: Any) -> dict[str, Any]:
    return {"blocks": texts, "finish": finish, "notes": (LOOP,) if finish == "repetition" else (), **more}


def test_a_loop_is_read_again_in_another_mode() -> None:
    reader = Known(lambda n, mode: said(A, B) if mode == "gundam" else said(A, finish="repetition"))
    reading = SafeReader(reader).read([PAGE], mode="base")[0]
    assert reading.text == f"{A}\n\n{B}" and reading.finish == "end" and reading.mode == "gundam"
    assert reading.output_tokens == 20 and [n.kind for n in reading.notes] == ["recovered"]
    assert [mode for mode, _, _ in reader.asked] == ["base", "gundam"]


def test_an_engine_without_modes_reads_two_halves_and_boxes_move_down() -> None:
    box = Box(left=1, top=2, right=30, bottom=40)
    upper_half = said(Block(label="text", text=A, boxes=(box,)))
    told = Note(kind="grammar", message="x", block=0)
    lower_half = said(Block(label="text", text=B, boxes=(box,)), notes=(told,))
    answers = [said(A, finish="repetition"), upper_half, lower_half]
    reader = Known(lambda n, mode: answers[n], vision=0)
    reading = SafeReader(reader).read([PAGE])[0]
    upper, lower = reader.asked[1][2], reader.asked[2][2]
    assert upper[1] + lower[1] == 700 and 130 < upper[1] < 560  # cut between the lines
    assert [b.boxes[0].top for b in reading.blocks] == [2, 2 + upper[1]]
    assert reading.height == 700 and reading.notes[0].block == 1 and reading.finish == "end"


def test_what_is_missing_is_spliced_from_the_second_engine_where_it_belongs() -> None:
    reader = Known(
        lambda n, mode: said(A, C, finish="repetition") if n == 0 else said(A, finish="repetition")
    )
    second = Known(lambda n, mode: said(A, B, C), name="letters")
    reading = SafeReader(reader, second, cross=False).read([PAGE], mode="large")[0]
    assert [b.text for b in reading.blocks] == [A, B, C] and reading.finish == "spliced"
    assert [b.engine for b in reading.blocks] == [None, "letters", None]
    assert [n.kind for n in reading.notes] == ["repetition", "repetition", "recovered"]


def test_a_page_without_letters_keeps_nothing_of_a_loop_and_a_blank_one_is_not_read() -> None:
    reader = Known(lambda n, mode: said("a a a a", finish="repetition"))
    second = Known(lambda n, mode: said(), name="letters")
    told: list[int] = []
    blank = png(Image.new("RGB", (300, 300), (250, 250, 245)))
    readings = SafeReader(reader, second).read([blank, PAGE], on_page=lambda i, r: told.append(i))
    assert [r.blocks for r in readings] == [(), ()] and sorted(told) == [0, 1]
    assert "no text" in readings[1].notes[-1].message and readings[0].notes[0].kind == "recovered"
    assert len(reader.asked) == 2  # the page and its retry; never the blank one
    assert has_ink(open_picture(PAGE)) and not has_ink(open_picture(blank))


def test_without_help_the_loop_stays_told_and_figures_are_not_cross_read() -> None:
    reader = Known(lambda n, mode: said(A, finish="repetition"))
    reading = SafeReader(reader).read([PAGE], mode="gundam")[0]
    assert reading.finish == "repetition" and reading.text == A
    second = Known(lambda n, mode: said(B), name="letters")
    assert SafeReader(Known(lambda n, mode: said(A)), second).read([PAGE], task="describe")[0].notes == ()
    assert second.asked == []
    assert quiet_row(Image.new("RGB", (50, 100))) is None


def reading(*texts: str | Block, engine: str = "model") -> PageReading:
    blocks = tuple(t if isinstance(t, Block) else Block(label="text", text=t) for t in texts)
    return PageReading(
        engine=engine, mode="auto", task="markdown", width=900, height=900, blocks=blocks, raw=""
    )


def test_words_that_the_second_engine_does_not_see_are_told_by_block() -> None:
    notes = cross_read(
        reading(A, "Prices rose by 72.5 percent", "# Nobody bought any **turnips**", "\\(\\alpha_{tik}\\)"),
        reading(
            "The harvestwas poor this",
            "year Prices rose by 12.5 percent",
            "Nobodybought anyturnips",
            engine="cpu",
        ),
    )
    assert [(n.kind, n.block) for n in notes] == [("unconfirmed", 1)] and "72.5" in notes[0].message


def test_lines_that_only_the_second_engine_sees_are_missing() -> None:
    faint = Block(label="text", text="Coffee stain poetry", confidence=0.4)
    box = Box(left=1, top=2, right=3, bottom=4)
    notes = cross_read(reading(A), reading(A, Block(label="text", text=B, boxes=(box,)), faint, engine="cpu"))
    assert [n.kind for n in notes] == ["missing"] and "[1, 2, 3, 4]" in notes[0].message


UNREAD = Note(kind="missing", message="3 of 4 lines could not be read.")


def test_a_script_that_the_second_engine_cannot_read_accuses_nobody() -> None:
    page = reading("월세는 145만 원이며 매월 냅니다", "Turnips cost 31 euros", "계약 145 2027 보증금")
    second = reading("22", "Turnips cost 13 euros", engine="cpu").model_copy(update={"notes": (UNREAD,)})
    notes = cross_read(page, second)
    assert [(n.kind, n.block) for n in notes] == [("unconfirmed", 1), ("unconfirmed", None)]
    assert "'31'" in notes[0].message and "could not read Hangul" in notes[1].message
    # Where it read every line that it saw, Hangul that it does not see is invented.
    read_all = cross_read(page, second.model_copy(update={"notes": ()}))
    assert [n.block for n in read_all] == [0, 1, 2]


def test_a_loop_on_a_page_that_the_second_engine_cannot_read_is_kept_up_to_the_loop() -> None:
    reader = Known(lambda n, mode: said("월세는 매월 냅니다", finish="repetition"))
    second = Known(lambda n, mode: said(notes=(UNREAD,)), name="letters")
    found = SafeReader(reader, second).read([PAGE], mode="base")[0]
    assert found.text == "월세는 매월 냅니다" and found.finish == "repetition"


def test_a_block_cut_in_the_middle_is_completed() -> None:
    cut = reading(f"{A}. {B}", C)
    whole = reading(f"{A}. {B}, and in the towns of the north by even more than that. ", C, engine="cpu")
    assert [n.kind for n in cross_read(cut, whole)] == ["missing"]
    spliced = splice(cut, whole)
    assert [b.text for b in spliced.blocks][1].startswith("and in the towns of the north by even more")
    assert [b.engine for b in spliced.blocks] == [None, "cpu", None]
    assert cross_read(whole, cut)[0].kind == "unconfirmed"


def test_boxes_say_where_a_word_must_stand() -> None:
    here, there = (Box(left=0, top=t, right=500, bottom=t + 50) for t in (0, 600))
    model = reading(Block(label="text", text="profit", boxes=(there,)))
    cpu = reading(
        Block(label="text", text="profit", boxes=(here,)), Block(label="text", text="losses", boxes=(there,))
    )
    assert [n.kind for n in cross_read(model, cpu)] == ["unconfirmed", "missing"]


def test_korean_tables_and_splicing_into_an_empty_reading() -> None:
    table = Block(label="table", text="<table><tr><td>매출</td><td>1,234</td></tr></table>")
    assert cross_read(reading(table), reading("매출 1234")) == []
    assert cross_read(reading(table), reading("매입 1234"))[0].block == 0
    assert splice(reading(), reading(A, engine="cpu")).blocks[0].engine == "cpu"
