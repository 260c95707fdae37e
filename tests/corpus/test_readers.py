"""Each format through the guarded process, on files made by other programs' libraries or by hand."""

from __future__ import annotations

import io
import unicodedata

import docx
import openpyxl
import pytest
from PIL import Image, ImageDraw, ImageFont

from tenfold.errors import DocumentUnreadable
from tenfold.models.reading.rapid import RapidReader
from tenfold.tools.corpus import ReaderPool, page_of, pdf_text
from tenfold.tools.corpus.readers import normalise

from .conftest import MakePdf


def test_pdf_pages_and_offsets(pool: ReaderPool, make_pdf: MakePdf) -> None:
    pages = [["First page here."], ["Second page here.", "With more."], [], ["Fourth page."]]
    document = pool.read(make_pdf(*pages, title="A study"), "a.pdf")
    assert document.title == "A study" and document.published == "2024-03-05"
    assert len(document.pages) == 4
    for needle, page in (("First", 1), ("Second", 2), ("With more", 2), ("Fourth", 4)):
        assert page_of(document.pages, document.text.index(needle)) == page
    assert any(note.startswith("page 3: ") for note in document.notes)


def test_pdf_lines_become_paragraphs(pool: ReaderPool, make_pdf: MakePdf) -> None:
    lines = [
        "The quick brown fox jumps over the lazy dog near the recogni-",
        "tion of a river, and the sentence goes on to the third line, which",
        "Ends here.",
        "Next Heading",
        "- item one",
        "- item two",
    ]
    text = pool.read(make_pdf(lines), "a.pdf").text
    assert "the recognition of a river" in text and "line, which Ends here.\n" in text
    assert "\nNext Heading\n- item one\n- item two" in text


@pytest.mark.parametrize(
    "line", ["배터리 시장은 성장했다.", "電池市場は成長した。", "电池市场增长了。", "Größe: 5 µm – naïve"]
)
def test_pdf_in_other_scripts(pool: ReaderPool, make_pdf: MakePdf, line: str) -> None:
    assert pool.read(make_pdf([line]), "a.pdf").text == line


def test_docx_headings_lists_and_tables(pool: ReaderPool) -> None:
    document = docx.Document()
    document.core_properties.title = "Yearly report"
    document.add_heading("Costs", 1)
    document.add_paragraph("They rose by 4 percent.")
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("two", style="List Bullet")
    document.add_heading("Table", 2)
    table = document.add_table(2, 3)
    for i, text in enumerate(["Year", "Cost", "Merged", "2024", "7"]):
        table.cell(i // 3, i % 3).text = text
    table.cell(1, 1).merge(table.cell(1, 2))
    document.add_paragraph("끝.")
    out = io.BytesIO()
    document.save(out)
    got = pool.read(out.getvalue(), "a.docx")
    assert got.title == "Yearly report"
    assert got.text == (
        "# Costs\n\nThey rose by 4 percent.\n\n- one\n- two\n\n## Table\n\nYear | Cost | Merged\n2024 | 7\n\n끝."
    )


def test_xlsx_rows_explain_themselves(pool: ReaderPool) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Prices"
    for row in (
        ["product", "price", "note"],
        ["pear", 3.0, None],
        [None, None, None],
        ["plum", 2.5, "ripe\nnow"],
    ):
        sheet.append(row)
    second = book.create_sheet("Empty")
    second["XFD1048576"] = None
    out = io.BytesIO()
    book.save(out)
    got = pool.read(out.getvalue(), "a.xlsx").text
    assert got == "## Prices\n\nproduct: pear | price: 3\nproduct: plum | price: 2.5 | note: ripe now"


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"name;age\nAnn;30\nBob;41\n", "a.csv", "name: Ann | age: 30\nname: Bob | age: 41"),
        (b'name,text\nAnn,"a, b\nc"\n', "a.csv", "name: Ann | text: a, b c"),
        (b"1,2\n3,4\n", "a.csv", "column 1: 1 | column 2: 2\ncolumn 1: 3 | column 2: 4"),
        (b"x\ty\n1\t2\n", "a.tsv", "x: 1 | y: 2"),
        (b'[{"a": 1, "b": {"c": [1, 2]}}, {"a": null}]', "a.json", "a: 1 | b.c: 1, 2"),
        (b'{"a": [{"b": true}, {"b": "x  y"}]}', "a.json", "a[0].b: true\na[1].b: x y"),
        (b'{"a": 1}\n{"a": 2}\n', "a.jsonl", "a: 1\na: 2"),
        (b"---\ntitle: My page\ndate: 2024-05-06\n---\n# One\n\nText.", "a.md", "# One\n\nText."),
        ("é\r\nb\rc\x00".encode("utf-16"), "a.txt", "é\nb\nc"),
        (b"#!/bin/sh\necho hello\n", "run", "#!/bin/sh\necho hello"),
    ],
)
def test_plain_formats(pool: ReaderPool, data: bytes, name: str, expected: str) -> None:
    assert pool.read(data, name).text == expected


def test_titles_and_dates(pool: ReaderPool) -> None:
    front = pool.read(b"---\ntitle: My page\ndate: 2024-05-06\n---\nText.", "a.md")
    assert (front.title, front.published) == ("My page", "2024-05-06")
    assert pool.read(b"intro\n\n# The heading #\n", "a.md").title == "The heading"
    assert pool.read(b"text", "folder/notes.txt").title == "notes.txt"


def test_html_keeps_what_a_reader_sees(pool: ReaderPool) -> None:
    html = "<html><head><title>T</title><script>evil()</script></head><body><p>Seen.</p>"
    html += "<p style='display:none'>Hidden.</p><style>x{}</style><p>둘째.</p></body>"
    for encoding in ("utf-8", "euc-kr"):
        got = pool.read(html.replace("<head>", f"<head><meta charset={encoding}>").encode(encoding), "a.html")
        assert (got.title, got.text) == ("T", "Seen.\n\n둘째.")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("배터리 시장은 지난해 크게 성장했다. 올해도 성장이 이어질 전망이다.", "cp949"),
        ("電池市場は昨年大きく成長した。今年も成長が続く見込みである。", "shift_jis"),
        ("电池市场去年大幅增长。预计今年将继续增长，企业投资不断增加。", "gb18030"),
        ("Die Größe der Öfen überrascht. Große Mühe für schöne Käufer.", "cp1252"),
    ],
)
def test_old_encodings_are_guessed(pool: ReaderPool, text: str, encoding: str) -> None:
    assert pool.read((text + "\n").encode(encoding) * 5, "a.txt").text.split("\n")[0] == text


def test_text_is_normalised_once() -> None:
    assert normalise("cafe\u0301\r\nx \t\r\n\n\n\ny\u00ad\u202ez\ufeff\x00") == "café\nx\n\nyz"
    hangul = unicodedata.normalize("NFD", "한국")
    assert normalise(hangul) == "한국"
    assert normalise("bad \ud800 surrogate") == "bad ? surrogate"
    for text in ("a\u0301", "\n\n\na", "x\u200b", "\u2028y"):
        assert normalise(normalise(text)) == normalise(text)


def picture(kind: str) -> bytes:
    image = Image.new("RGB", (800, 160), "white")
    font = ImageFont.load_default(size=44)
    ImageDraw.Draw(image).text((20, 50), "Invoice total 4711 euros", fill="black", font=font)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


@pytest.mark.slow
def test_images_and_scanned_pages_by_ocr(pool: ReaderPool) -> None:
    reader = RapidReader()
    assert pool.read(picture("PNG"), "a.png", reader=reader).text == "Invoice total 4711 euros"
    scanned = pool.read(picture("PDF"), "scan.pdf", reader=reader)
    assert scanned.text == "Invoice total 4711 euros" and scanned.pages == (0,)
    (region,) = scanned.regions
    assert (region.start, region.end, region.page) == (0, len(scanned.text), 1)


def test_pdf_text_is_for_the_fetcher(make_pdf: MakePdf) -> None:
    assert pdf_text(make_pdf(["From the web."])) == "From the web."
    with pytest.raises(DocumentUnreadable):
        pdf_text(b"<html>not a pdf")
