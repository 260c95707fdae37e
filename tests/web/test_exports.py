"""Reports as files: each is read back by a reader that is not ours."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from edr_world import World
from lxml import html as lxml_html
from pypdf import PdfReader

from tenfold.web.exports import file_name, write

HOSTILE = '<script>alert(1)</script> "&\x00\x0b\ud800 {{x}}'
KOREAN = "한국의 강은 얼마나 긴가? 낙동강 510 km"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    import asyncio

    world = World(tmp_path_factory.mktemp("exports"))
    asyncio.run(world.go(world.begin()))
    return world.report()


def changed(report: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return json.loads(json.dumps(report)) | changes


def words_of_pdf(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())


def words_of_docx(data: bytes) -> str:
    return " ".join(p.text for p in Document(io.BytesIO(data)).paragraphs)


def test_every_claim_and_quote_is_in_the_pdf_and_in_the_docx(report: dict[str, Any]) -> None:
    pdf, docx = words_of_pdf(write(report, "pdf")), words_of_docx(write(report, "docx"))
    claims = [c["text"] for s in report["sections"] for c in s["claims"]]
    quotes = [q["quote"] for s in report["sources"] for q in s["quotes"]]
    assert claims and quotes
    for text in [*claims, *quotes]:
        assert " ".join(text.split()) in docx
        assert " ".join(text.split()).replace(" ", "") in pdf.replace(" ", "")


def test_korean_is_read_back_from_a_pdf_that_has_its_font_inside(report: dict[str, Any]) -> None:
    data = write(changed(report, title=KOREAN, language="ko"), "pdf")
    assert KOREAN.replace(" ", "") in words_of_pdf(data).replace(" ", "")
    fonts: Any = PdfReader(io.BytesIO(data)).pages[0]["/Resources"]["/Font"]
    inside = [f.get_object() for f in fonts.values() if "Nanum" in str(f.get_object()["/BaseFont"])]
    assert inside and all("/FontFile2" in f["/FontDescriptor"] for f in inside)


@pytest.mark.parametrize("language", ["en", "ko", "ja", "zh"])
def test_text_from_outside_is_only_text(report: dict[str, Any], language: str) -> None:
    hostile = changed(report, title=HOSTILE, language=language)
    for section in hostile["sections"]:
        section["title"] = HOSTILE
        for claim in section["claims"]:
            claim["text"] = HOSTILE
    for source in hostile["sources"]:
        source["title"], source["url"] = HOSTILE, "javascript:alert(1)"
    assert "<script>alert(1)</script>" in words_of_docx(write(hostile, "docx"))
    assert "<script>alert(1)</script>".replace(" ", "") in words_of_pdf(write(hostile, "pdf")).replace(
        " ", ""
    )
    page = lxml_html.fromstring(write(hostile, "html"))
    assert not page.xpath("//script | //*[@onclick] | //a[starts-with(@href,'javascript')]")
    assert json.loads(write(hostile, "json").decode("utf-8", "replace"))["sections"]
    with zipfile.ZipFile(io.BytesIO(write(hostile, "docx"))) as parts:
        assert not [n for n in parts.namelist() if "vba" in n.lower()]


def test_a_chart_is_drawn_in_both(report: dict[str, Any]) -> None:
    spec = {
        "kind": "bar", "title": "강의 길이", "x": "강", "y": "km",
        "series": [{"name": "길이", "points": [{"x": "낙동강", "y": 510}, {"x": "한강", "y": 494}]}],
    }  # fmt: skip
    with_chart = changed(report, charts=[{"spec": spec, "source": 1}], language="ko")
    assert PdfReader(io.BytesIO(write(with_chart, "pdf"))).pages[0].images or any(
        page.images for page in PdfReader(io.BytesIO(write(with_chart, "pdf"))).pages
    )
    assert len(Document(io.BytesIO(write(with_chart, "docx"))).inline_shapes) == 1


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", "etc-passwd.md"),
        ("", "report.md"),
        ("강은 얼마나?", "강은-얼마나.md"),
        ("a" * 500, "a" * 60 + ".md"),
    ],
)
def test_the_name_of_the_download_is_only_a_name(title: str, name: str) -> None:
    assert file_name(title, "md") == name
    assert Path(name).name == name
