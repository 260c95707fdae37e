"""A report as a PDF with its fonts inside: what is Korean is read on every machine."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import MissingExtra
from .blocks import Block, blocks, plain

_ONE_AT_A_TIME = threading.Lock()  # reportlab keeps its fonts in one table
_FALLBACK = {
    "ja": "HeiseiKakuGo-W5",
    "zh": "STSong-Light",
}  # not inside the file: readers bring these themselves


def to_pdf(report: Mapping[str, Any]) -> bytes:
    """Write the document.

    Raises:
        MissingExtra: reportlab or the font is not installed.
    """
    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.lib.units import cm
        from reportlab.platypus import SimpleDocTemplate
    except ImportError as error:
        raise MissingExtra("PDF export", "web") from error
    out = io.BytesIO()
    with _ONE_AT_A_TIME:
        styles = _styles(_fonts(), _FALLBACK.get(report["language"]))
        document = SimpleDocTemplate(
            out, pagesize=A4, leftMargin=2.2 * cm, rightMargin=2.2 * cm, topMargin=2 * cm, bottomMargin=2 * cm,
            title=plain(report["title"])[:250], author="Tenfold", lang=report["language"],
        )  # fmt: skip
        flow = [part for block in blocks(report) for part in _set(block, styles)]
        document.build(flow, onFirstPage=_number, onLaterPages=_number)
    return out.getvalue()


@cache
def _fonts() -> tuple[str, str]:
    """The names of the plain and the bold font, once they are loaded."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    # Found and not imported: the package changes matplotlib's settings when it is imported.
    spec = find_spec("koreanize_matplotlib")
    if spec is None or spec.origin is None:
        raise MissingExtra("PDF export", "web")
    folder = Path(spec.origin).parent / "fonts"
    pdfmetrics.registerFont(TTFont("Nanum", str(folder / "NanumGothic.ttf")))
    pdfmetrics.registerFont(TTFont("Nanum-Bold", str(folder / "NanumGothicBold.ttf")))
    pdfmetrics.registerFontFamily(
        "Nanum", normal="Nanum", bold="Nanum-Bold", italic="Nanum", boldItalic="Nanum-Bold"
    )
    return "Nanum", "Nanum-Bold"


def _styles(fonts: tuple[str, str], fallback: str | None) -> dict[str, Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    plain, bold = fonts
    if fallback:
        pdfmetrics.registerFont(UnicodeCIDFont(fallback))
        plain = bold = fallback
    body = ParagraphStyle(
        "body", fontName=plain, fontSize=10.5, leading=16, spaceAfter=4, wordWrap="CJK" if fallback else None
    )
    grey = HexColor("#555555")

    def like(name: str, **changes: Any) -> Any:
        return ParagraphStyle(name, parent=body, **changes)

    return {
        "title": like("title", fontName=bold, fontSize=18, leading=25, spaceAfter=6),
        "heading": like("heading", fontName=bold, fontSize=13, leading=19, spaceBefore=12, keepWithNext=1),
        "byline": like("byline", fontSize=9, leading=14, textColor=grey, spaceAfter=8),
        "claim": like("claim", leftIndent=12, bulletIndent=2),
        "quote": like("quote", fontSize=9, leading=14, leftIndent=24, textColor=grey),
        "source": like("source", fontSize=9.5, leading=14, spaceBefore=4),
        "note": like("note", fontSize=9.5, leading=14),
        "image": like("image", fontSize=9, leading=14, textColor=grey),
    }


def _set(block: Block, styles: Mapping[str, Any]) -> list[Any]:
    from reportlab.lib.units import cm
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Image, Paragraph

    # Paragraph reads markup: what comes from outside is escaped.
    text = escape(block.text, quote=False)
    if block.refs:
        text += f" <super size=8>{''.join(f'[{n}]' for n in block.refs)}</super>"
    if block.flagged:
        text += f" ({escape(block.flagged)})"
    paragraph = Paragraph(text, styles[block.role], bulletText="•" if block.role == "claim" else None)
    if block.role != "image":
        return [paragraph]
    width, height = ImageReader(io.BytesIO(block.image)).getSize()
    wide = min(15 * cm, 18 * cm * width / height)
    return [Image(io.BytesIO(block.image), width=wide, height=wide * height / width), paragraph]


def _number(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(document.pagesize[0] - 60, 30, str(document.page))
    canvas.restoreState()
