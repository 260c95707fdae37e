"""Scans: read by whatever reader there is, and cited with page and box."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edr_world import World
from PIL import Image
from reader_world import PlainReader

from tenfold.errors import DocumentUnreadable, MissingExtra
from tenfold.graphs.edr import render
from tenfold.models.reading import open_reader
from tenfold.pages import Box, Note, PageReading
from tenfold.tools.corpus import Corpus, CorpusEngine, ReaderPool, ReadLimits, place_of
from tenfold.tools.pages import text_pages
from tenfold.tools.search import SearchHub


class OneVector:
    """An embedder that says nothing: search goes by words alone."""

    name, dimension = "one", 2

    def embed(self, texts: Sequence[str]) -> Any:
        return np.tile(np.array([[1.0, 0.0]], np.float32), (len(texts), 1))


def scan(*pages: bytes) -> bytes:
    """A PDF whose pages are pictures, 144 dots per inch, without a letter of text."""
    frames = [Image.open(io.BytesIO(page)) for page in pages]
    out = io.BytesIO()
    frames[0].save(out, "PDF", save_all=True, append_images=frames[1:], resolution=144)
    return out.getvalue()


def page(text: str) -> bytes:
    return text_pages(text, 900, 500, 24, margin=60)[0]


def test_scanned_pages_take_their_place_among_the_others(make_pdf: Callable[..., bytes]) -> None:
    import pypdf

    book = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf(["First page, with text of its own."])))
    book.append(io.BytesIO(scan(page("x"), page("y"))))
    book.append(io.BytesIO(make_pdf(["The last page has text, too."])))
    out = io.BytesIO()
    book.write(out)
    reader = PlainReader(["Alpha  \r\nomega\u200b", "", "<table><tr><td>a<td>1</table>"], ["Second scan."])
    with ReaderPool(size=1) as pool:
        found = pool.read(out.getvalue(), "a.pdf", reader=reader)
    table = "a | 1"
    assert found.text == (
        f"First page, with text of its own.\n\nAlpha\nomega\n\n{table}\n\nSecond scan.\n\nThe last page has text, too."
    )
    assert [found.text[at:].split("\n")[0] for at in found.pages] == [
        "First page, with text of its own.", "Alpha", "Second scan.", "The last page has text, too.",
    ]  # fmt: skip
    assert [(found.text[r.start : r.end], r.page, r.box.top) for r in found.regions] == [
        ("Alpha\nomega", 2, 0), (table, 2, 20), ("Second scan.", 3, 0),
    ]  # fmt: skip
    assert found.reader == "plain" and reader.sizes == [(1250, 695)] * 2  # 200 dots per inch


class Doubtful(PlainReader):
    def read(self, pictures: Sequence[bytes], **options: Any) -> list[PageReading]:
        notes = tuple(Note(kind="missing", message=f"{n} of 9 lines could not be read.") for n in range(1, 9))
        return [found.model_copy(update={"notes": notes}) for found in super().read(pictures, **options)]


def test_what_a_reader_could_not_read_is_told_with_the_document() -> None:
    with ReaderPool(size=1) as pool:
        found = pool.read(scan(page("x"), page("y")), "a.pdf", reader=Doubtful(["one"], ["two"]))
    assert found.text == "one\n\ntwo"
    assert found.notes == tuple(
        f"page {number}: {n} of 9 lines could not be read." for number in (1, 2) for n in (1, 2, 3)
    )
    with (
        ReaderPool(size=1) as pool,
        pytest.raises(DocumentUnreadable, match=r"'a\.pdf': page 1: 1 of 9 lines could not be read\. Give"),
    ):
        pool.read(scan(page("x")), "a.pdf", reader=Doubtful([]))


def test_without_a_reader_scans_are_named_and_images_refused(make_pdf: Callable[..., bytes]) -> None:
    import pypdf

    book = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf(["Some text."])))
    book.append(io.BytesIO(scan(page("x"))))
    out = io.BytesIO()
    book.write(out)
    with ReaderPool(size=1) as pool:
        found = pool.read(out.getvalue(), "a.pdf")
        assert (found.text, found.reader) == (
            "Some text.",
            "unread",
        ) and "page 2: only a picture" in found.notes[0]
        with pytest.raises(MissingExtra, match=r"tenfold\[ocr\]"):
            pool.read(page("x"), "a.png")
        with pytest.raises(DocumentUnreadable, match="no readable text: page 1: only a picture"):
            pool.read(scan(page("x")), "scan.pdf")


def test_a_book_of_scans_is_read_as_far_as_the_limit() -> None:
    reader = PlainReader(["one"], ["two"], ["three"])
    with ReaderPool(ReadLimits(max_scans=2), size=1) as pool:
        found = pool.read(scan(page("1"), page("2"), page("3")), "a.pdf", reader=reader)
    assert found.text == "one\n\ntwo" and "from page 3 on: not read, the limit is 2" in found.notes[0]


async def test_another_reader_reads_the_scans_again_and_an_old_index_is_kept(tmp_path: Path) -> None:
    docs, index = tmp_path / "docs", tmp_path / "index"
    docs.mkdir()
    (docs / "scan.pdf").write_bytes(scan(page("x")))
    (docs / "note.txt").write_text("A note.")
    with Corpus.open(index, OneVector()) as corpus:
        report = await corpus.index(docs)
        assert report.added == 1 and "only a picture" in dict(report.failed)["scan.pdf"]
    first = PlainReader(["walrus"])
    with Corpus.open(index, OneVector(), reader=first) as corpus:
        assert (await corpus.index(docs)).added == 1
        report = await corpus.index(docs)
        assert (report.unchanged, first.reads) == (2, 1)
    second = PlainReader(["narwhal"], name="better")
    with Corpus.open(index, OneVector(), reader=second) as corpus:
        report = await corpus.index(docs)
        assert (report.changed, report.unchanged) == (1, 1) and corpus.document("scan.pdf").text == "narwhal"
    as_version_1(index / "index.sqlite")
    with Corpus.open(index, OneVector(), reader=second) as corpus:
        assert "narwhal" in [p.text for p in await corpus.search("narwhal")]  # searched as it is
        assert corpus.document("scan.pdf").regions == ()
        report = await corpus.index(docs)
        assert (report.changed, report.unchanged) == (1, 1)
        (region,) = corpus.document("scan.pdf").regions
        assert region.box == Box(left=0, top=0, right=100, bottom=18)


def as_version_1(path: Path) -> None:
    """Take from an index what version 1 did not have."""
    db = sqlite3.connect(path)
    db.execute("ALTER TABLE documents DROP COLUMN regions")
    db.execute("ALTER TABLE documents DROP COLUMN reader")
    db.execute("PRAGMA user_version=1")
    db.commit()
    db.close()


async def test_a_stopped_index_run_leaves_a_scan_for_the_next(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.pdf").write_bytes(scan(*[page("x")] * 12))
    reader = PlainReader(*[[f"page {n}"] for n in range(12)])
    with ReaderPool(size=1) as pool, pytest.raises(Exception, match="stopped"):
        pool.read(
            (tmp_path / "docs/a.pdf").read_bytes(), "a.pdf", reader=reader, stop=lambda: reader.reads > 0
        )
    assert reader.reads == 8  # one batch


QUESTION = "How does a ledger keep calls from being repeated?"
LEDGER = (
    "A ledger records every finished call of a run. A call that stands in the ledger is not paid for again."
)


@pytest.mark.slow
async def test_a_scan_in_the_documents_is_cited_with_page_and_box(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    drawn = (
        page("Annual weather notes.\n\nIt rained in March and the sun was seen in May."),
        page(f"\n\n\n{LEDGER}"),
    )
    (docs / "scanned.pdf").write_bytes(scan(*drawn))
    reader = open_reader("rapidocr")
    with Corpus.open(tmp_path / "index", OneVector(), reader=reader) as corpus:
        await corpus.index(docs)
        world = World(tmp_path / "data")
        world.library = SearchHub([CorpusEngine(corpus)])
        world.library.source_types = frozenset({"document"})
        await world.go(world.begin(QUESTION))
        report = world.report()
    (source,) = report["sources"]
    assert source["url"] == "doc:scanned.pdf"
    assert any("ledger" in q["quote"].lower() for q in source["quotes"])
    for quote in source["quotes"]:
        for box in quote["boxes"]:
            shown = f"p. {box['page']}, box {box['left']},{box['top']}–{box['right']},{box['bottom']} of 1250×695 px"
            assert shown in quote["place"]
        assert f"`{quote['id']}` ({quote['start']}–{quote['end']}; {quote['place']})" in render(report, "md")
        assert f"({quote['place']})" in render(report, "html")
        # What the boxes hold, cut out of the drawn pages and read again, is what is quoted (but for lost spaces).
        (*again,) = reader.read([inside(drawn[box["page"] - 1], box) for box in quote["boxes"]])
        assert "".join(quote["quote"].split()) in "".join("".join(one.text.split()) for one in again)
        assert all(box["bottom"] - box["top"] < 150 for box in quote["boxes"])  # a paragraph, not the page
    assert {box["page"] for quote in source["quotes"] for box in quote["boxes"]} >= {2}


def inside(png: bytes, box: dict[str, int]) -> bytes:
    """A page with nothing left on it but what stands in a box."""
    picture = Image.open(io.BytesIO(png)).convert("L")
    left, top, right, bottom = (
        round(box[side] * picture.width / box["width"]) for side in ("left", "top", "right", "bottom")
    )
    cut = Image.new("L", picture.size, 255)
    cut.paste(picture.crop((left, top, right, bottom)), (left, top))
    out = io.BytesIO()
    cut.save(out, "PNG")
    return out.getvalue()


def test_the_place_of_a_quote_in_words() -> None:
    first, second = [0, 10, 1, 5, 6, 50, 60, 100, 200], [20, 30, 2, 1, 2, 3, 4, 9, 9]
    meta = {"pages": "[0, 20]", "regions": json.dumps([first, second])}
    assert str(place_of(meta, 12, 18)) == "p. 1"  # between the boxes
    assert str(place_of(meta, 0, 10)) == "p. 1, box 5,6–50,60 of 100×200 px"
    assert str(place_of(meta, 5, 25)) == "p. 1, box 5,6–50,60 of 100×200 px; p. 2, box 1,2–3,4 of 9×9 px"
    assert str(place_of({}, 0, 5)) == ""
