"""The engines that any machine has, on pages drawn here."""

from __future__ import annotations

import difflib
import io
import shutil
from pathlib import Path

import pytest
from pages_world import draw, png
from PIL import Image

from tenfold.errors import CapabilityMissing, ConfigError, DocumentUnreadable
from tenfold.models.reading import TesseractReader, engines, open_reader
from tenfold.models.reading.tesseract import blocks_of_tsv
from tenfold.tools.pages import text_pages

LEFT = ["The harvest of this year", "was poor, and prices rose", "in every market town."]
RIGHT = ["Nobody bought turnips;", "the carts went home full", "and the horses tired."]
COLUMNS = draw(
    [(60, 30, "REPORT OF THE GRANARY")]
    + [(60, 120 + 40 * i, t) for i, t in enumerate(LEFT)]
    + [(520, 120 + 40 * i, t) for i, t in enumerate(RIGHT)],
    (960, 300),
)  # fmt: skip
needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


def test_rapidocr_reads_two_columns_in_order() -> None:
    reader = open_reader("rapidocr")
    reading = reader.read([COLUMNS])[0]
    words = reading.text.replace(" ", "")
    wanted = "".join(["REPORT OF THE GRANARY", *LEFT, *RIGHT]).replace(" ", "")
    assert words.replace("\n", "") == wanted
    assert all(b.confidence and b.confidence > 0.8 and b.boxes for b in reading.blocks)
    assert (reading.width, reading.height, reading.vision_tokens) == (960, 300, 0)
    assert reader.name.startswith("rapidocr 3")
    assert reading.notes == ()
    blank = reader.read([draw([], (200, 200))])[0]
    assert blank.blocks == () and blank.finish == "end"


def test_rapidocr_reads_long_lines_and_pages_upside_down() -> None:
    # With its own check for turned lines on, rapidocr 3.10 turns this line over and reads nonsense.
    long = (
        "Tenfold turns a question into a report in which every statement is checked against a stored quote. "
        "It runs on"
    )
    page = draw([(30, 40, long)], (1000, 110), 18)
    turned = png(Image.open(io.BytesIO(page)).rotate(180))
    for reading, top in zip(open_reader("rapidocr").read([page, turned]), (40, 110 - 60), strict=True):
        assert abs(reading.blocks[0].boxes[0].top - top) < 12
        assert difflib.SequenceMatcher(None, reading.text, long).ratio() > 0.95


def test_lines_that_rapidocr_cannot_read_are_told_of() -> None:
    # Its letters have no Hangul. A page half of which is left out must not look like a page that was read.
    page = text_pages("임대차 계약서\n월세는 매월 냅니다\nThe rent is due on the third day", 700, 300, 28)
    reading = open_reader("rapidocr").read(page)[0]
    assert "third" in reading.text
    assert [note.kind for note in reading.notes] == ["missing"]
    assert reading.notes[0].message.startswith("2 of 3 lines could not be read")


@needs_tesseract
def test_tesseract_reads_two_columns_in_order() -> None:
    # It takes short columns for one block: here they are four times as long.
    left, right = LEFT * 4, RIGHT * 4
    texts = [(60, 30 + 40 * i, t) for i, t in enumerate(left)] + [
        (520, 30 + 40 * i, t) for i, t in enumerate(right)
    ]
    page = draw(texts, (960, 560))
    reading = open_reader("tesseract").read([page])[0]
    assert "".join(reading.text.split()) == "".join("".join([*left, *right]).split())
    lines = open_reader("tesseract:eng").read([page], task="ocr")[0]
    assert [b.text for b in lines.blocks] == [*left, *right]
    box = lines.blocks[1].boxes[0]
    assert 50 <= box.left <= 70 and 65 <= box.top <= 85 and box.right < 520


@needs_tesseract
def test_tesseracts_languages_are_no_options() -> None:
    for wrong in ("--help", "../eng", "eng;ls", "eng+", "xxx"):
        with pytest.raises(ConfigError):
            TesseractReader(wrong)


def test_tesseract_where_it_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="apt-get install tesseract-ocr"):
        open_reader("tesseract")
    state = next(s for s in engines() if s.form == "tesseract")
    assert state.missing and state.mend


def test_a_tsv_with_strange_rows() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    rows = [
        "4\t1\t1\t1\t1\t0\t5\t5\t90\t10\t-1\t",
        '5\t1\t1\t1\t1\t1\t5\t5\t40\t10\t96\t"quoted',
        "5\t1\t1\t1\t1\t2\t50\t5\t40\t10\t50\thar-",
        "5\t1\t1\t1\t2\t1\t5\t20\t40\t10\t96\tvest",
        "5\t1\t2\t1\t1\t1\t5\t50\t400\t10\t-1\t ",
        "5\t1\t2\t1\t1\t2\t5\t50\t400\t10\t-1\tx",
    ]
    blocks = blocks_of_tsv("\n".join([head, *rows]), 100, 100)
    assert [b.text for b in blocks] == ['"quoted harvest', "x"]
    assert blocks[0].boxes[0].bottom == 30 and blocks[1].boxes[0].right == 100 and blocks[1].confidence == 0
    assert blocks[0].confidence == pytest.approx((7 * 0.96 + 4 * 0.5 + 4 * 0.96) / 15)


def test_what_an_engine_of_letters_cannot_do_and_damaged_pictures() -> None:
    reader = open_reader("auto")
    with pytest.raises(CapabilityMissing):
        reader.read([COLUMNS], task="figure")
    with pytest.raises(DocumentUnreadable):
        reader.read([COLUMNS[:100]])
    huge = COLUMNS[:16] + (60_000).to_bytes(4, "big") * 2 + COLUMNS[24:]
    with pytest.raises(DocumentUnreadable):
        reader.read([huge])
