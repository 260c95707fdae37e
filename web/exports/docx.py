"""A report as a Word document."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .blocks import Block, blocks


def to_docx(report: Mapping[str, Any]) -> bytes:
    """Write the document. East Asian text gets a font that Word and LibreOffice know."""
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = Document()
    normal: Any = document.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(11)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "Malgun Gothic")
    document.core_properties.author = "Tenfold"
    document.core_properties.created = datetime.now(UTC).replace(tzinfo=None)
    for block in blocks(report):
        _add(document, block)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _add(document: Any, block: Block) -> None:
    from docx.shared import Cm, Pt

    if block.role == "title":
        document.core_properties.title = block.text[:250]
        document.add_heading(block.text, level=0)
        return
    if block.role == "heading":
        document.add_heading(block.text, level=1)
        return
    if block.role == "image":
        document.add_picture(io.BytesIO(block.image), width=Cm(15))
    styles = {"claim": "List Bullet", "quote": "Quote", "image": "Caption"}
    paragraph = document.add_paragraph(style=styles.get(block.role, "Normal"))
    run = paragraph.add_run(block.text)
    if block.role in ("byline", "note", "quote"):
        run.font.size = Pt(9.5)
    run.italic = block.role == "byline" or None
    if block.refs:
        marks = paragraph.add_run("".join(f"[{n}]" for n in block.refs))
        marks.font.superscript = True
    if block.flagged:
        paragraph.add_run(f" ({block.flagged})").italic = True
