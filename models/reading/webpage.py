"""Readings as one web page without scripts: each page's picture with its boxes beside what was read."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from ...pages import Block, Box, Note, PageReading
from .export import clean, heading, split_tables, table_html
from .figures import Caption, Chart, Figure, Geometry
from .pictures import open_picture
from .tables import table_report

if TYPE_CHECKING:
    from PIL.Image import Image

_WIDTH = 1100  # pixels of the page's picture in the export
_UNSURE = 0.8  # a block of less confidence is marked
_STYLE = """
:root{color-scheme:light;--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--mark:#b54708}
*{box-sizing:border-box}body{margin:0;background:#f5f6f8;color:var(--ink);font:15px/1.55 system-ui,sans-serif}
header,section{max-width:1500px;margin:0 auto;padding:20px 24px}h1{font-size:20px;margin:0}
.meta{color:var(--soft);font-size:13px;margin:2px 0 14px}
.pair{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:24px;align-items:start}
.pair.alone{grid-template-columns:minmax(0,900px)}@media(max-width:900px){.pair{grid-template-columns:minmax(0,1fr)}}
.sheet{position:sticky;top:12px;max-height:calc(100vh - 24px);overflow:auto;background:#fff;
border:1px solid var(--line)}
.sheet svg{display:block;width:100%;height:auto}
rect{fill:#2563eb;fill-opacity:.07;stroke:#2563eb;stroke-width:1.5;vector-effect:non-scaling-stroke}
a:hover rect,a:focus rect{fill-opacity:.22}a.flag rect{stroke:var(--mark);fill:var(--mark)}
.text{background:#fff;border:1px solid var(--line);padding:8px 0}
.block{display:grid;grid-template-columns:34px minmax(0,1fr);padding:7px 18px 7px 8px;border-left:3px solid transparent}
.block:target{background:#eaf1ff;border-color:#2563eb}.block.flag{border-color:var(--mark)}
.number{color:var(--soft);font-size:12px;text-decoration:none;text-align:right;padding:3px 9px 0 0}
.body p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}.body h2,.body h3{margin:0;font-size:19px;line-height:1.35}
.body h3{font-size:16px}.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:13px;margin:4px 0}
td,th{border:1px solid var(--line);padding:3px 8px;text-align:left;vertical-align:top}th{background:#f5f6f8}
.small{color:var(--soft);font-size:12px}.note{color:var(--mark);font-size:13px;margin:2px 0 0}
ul.notes{margin:0 0 14px;padding-left:18px;color:var(--mark);font-size:13px}
.both{display:flex;flex-wrap:wrap;gap:12px;margin-top:6px}.both figure{margin:0;flex:1 1 220px;max-width:290px}
.both img{max-width:100%;max-height:300px;border:1px solid var(--line);display:block}
"""


@dataclass(frozen=True)
class _Extras:
    page: int
    picture: Image | None
    figures: Mapping[tuple[int, int], Figure]


def to_html(
    readings: PageReading | Sequence[PageReading],
    *,
    pictures: Sequence[bytes] = (),
    figures: Mapping[tuple[int, int], Figure] | None = None,
    title: str = "Pages",
    language: str = "",
) -> str:
    """A whole document that needs nothing else, has no script, and asks the browser to load nothing.

    Tables are built anew from the parsed grid; all other text is escaped. A number leads from a box to its block.

    Args:
        pictures: The pages' pictures, in the order of the readings; then boxes are drawn, and image blocks are cropped.
        figures: Parsed figures by (page, block), both from 0; each is shown beside its crop, drawn again.
        title: Of the document.
        language: BCP 47 tag of the text, where it is known.

    Raises:
        DocumentUnreadable: A picture is damaged or too large.
        MissingExtra: Figures are given and what draws them is not installed.
    """
    pages = [readings] if isinstance(readings, PageReading) else readings
    sections: list[str] = []
    for number, reading in enumerate(pages):
        picture = open_picture(pictures[number], f"picture {number}") if number < len(pictures) else None
        sections.append(_section(reading, _Extras(number, picture, figures or {})))
    lang = f' lang="{escape(language)}"' if language else ""
    safe = escape(clean(title))
    return (
        f'<!doctype html>\n<html{lang}><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe}</title><style>{_STYLE}</style></head>"
        f"<body><header><h1>{safe}</h1></header>{''.join(sections)}</body></html>\n"
    )


def _section(reading: PageReading, extras: _Extras) -> str:
    by_block: dict[int, list[Note]] = {}
    for note in reading.notes:
        if note.block is not None:
            by_block.setdefault(note.block, []).append(note)
    general = [n for n in reading.notes if n.block is None or n.block >= len(reading.blocks)]
    notes = "".join(f"<li>{escape(clean(n.message))}</li>" for n in general)
    blocks = "".join(
        _block(block, index, by_block.get(index, []), extras) for index, block in enumerate(reading.blocks)
    )
    sheet = _sheet(reading, by_block, extras) if extras.picture is not None else ""
    return (
        f'<section aria-label="Page {extras.page + 1}"><div class="meta">{_meta(reading, extras.page)}</div>'
        + (f'<ul class="notes">{notes}</ul>' if notes else "")
        + f'<div class="pair{"" if sheet else " alone"}">{sheet}'
        + f'<div class="text">{blocks or _NOTHING}</div></div></section>'
    )


_NOTHING = '<div class="block"><span></span><div class="body small">No text.</div></div>'


def _meta(reading: PageReading, page: int) -> str:
    parts = [f"Page {page + 1}", reading.engine, f"{reading.width} x {reading.height} px"]
    if reading.vision_tokens:
        parts += [f"mode {reading.mode}", f"{reading.vision_tokens} vision tokens"]
    if reading.output_tokens:
        parts.append(f"{reading.output_tokens} tokens written")
    return escape(clean(" · ".join([*parts, f"{reading.seconds:.1f} s"])))


def _sheet(reading: PageReading, flagged: Mapping[int, list[Note]], extras: _Extras) -> str:
    assert extras.picture is not None
    marks: list[str] = []
    size = max(12, reading.width // 60)
    for index, block in enumerate(reading.blocks):
        for box in block.boxes:
            name = f"p{extras.page + 1}b{index + 1}"
            flag = ' class="flag"' if flagged.get(index) else ""
            marks.append(
                f'<a href="#{name}"{flag}><title>{index + 1} {escape(clean(block.label))}</title>'
                f'<rect x="{box.left}" y="{box.top}" width="{max(0, box.right - box.left)}" '
                f'height="{max(0, box.bottom - box.top)}"/><text x="{box.left + 3}" y="{box.top + size}" '
                f'font-size="{size}" fill="#1d4ed8">{index + 1}</text></a>'
            )
    return (
        f'<div class="sheet"><svg viewBox="0 0 {reading.width} {reading.height}" role="img" '
        f'aria-label="Page {extras.page + 1} with its boxes"><image href="{_data_url(extras.picture, _WIDTH)}" '
        f'width="{reading.width}" height="{reading.height}"/>{"".join(marks)}</svg></div>'
    )


def _block(block: Block, index: int, notes: Sequence[Note], extras: _Extras) -> str:
    name = f"p{extras.page + 1}b{index + 1}"
    about = [block.label]
    if block.engine:
        about.append(f"read by {block.engine}")
    if block.confidence is not None and block.confidence < _UNSURE:
        about.append(f"confidence {block.confidence:.2f}")
    plain = about in (["text"], ["title"], ["sub_title"])
    small = "" if plain else f'<div class="small">{escape(clean(" · ".join(about)))}</div>'
    told = "".join(f'<p class="note">{escape(clean(note.message))}</p>' for note in notes)
    return (
        f'<div class="block{" flag" if notes else ""}" id="{name}"><a class="number" href="#{name}">{index + 1}</a>'
        f'<div class="body">{small}{_content(block)}{_figure(block, index, extras)}{told}</div></div>'
    )


def _content(block: Block) -> str:
    level, text = heading(block)
    if level and text.strip():
        tag = f"h{level + 1}"
        return f"<{tag}>{escape(clean(text.strip()))}</{tag}>"
    parts: list[str] = []
    for table, part in split_tables(text):
        report = table_report(part) if table else None
        if report is None or not report.grid:
            parts.append(f"<p>{escape(clean(part.strip()))}</p>")
        else:
            problems = "".join(f'<p class="note">{escape(clean(p))}</p>' for p in report.problems)
            parts.append(f'<div class="scroll">{table_html(report)}</div>{problems}')
    return "".join(parts)


def _figure(block: Block, index: int, extras: _Extras) -> str:
    figure = extras.figures.get((extras.page, index))
    crop = ""
    if extras.picture is not None and block.boxes and (figure is not None or block.label == "image"):
        crop = _captioned(crop_of(extras.picture, block.boxes[0]), "As on the page")
    if figure is None:
        return f'<div class="both">{crop}</div>' if crop else ""
    from .redraw import redraw_figure

    drawn = redraw_figure(figure)
    again = _captioned(drawn, "Drawn again from what was read") if drawn else ""
    notes = "".join(f'<p class="note">{escape(clean(note.message))}</p>' for note in figure.notes)
    return f'<div class="both">{crop}{again}</div>{_said(figure)}{notes}'


def _said(figure: Figure) -> str:
    if isinstance(figure, Chart):
        return f'<div class="scroll">{table_html(figure.table)}</div>'
    if isinstance(figure, Caption):
        return f"<p>{escape(clean(figure.text))}</p>"
    if isinstance(figure, Geometry):
        drawing = figure.drawing
        return f'<p class="small">{len(drawing.segments)} lines, {len(drawing.circles)} circles</p>'
    return f'<p class="small">{escape(clean(figure.canonical))}</p>'


def crop_of(picture: Image, box: Box) -> bytes:
    """A box of a page as PNG; at least one pixel."""
    left, top = min(box.left, picture.width - 1), min(box.top, picture.height - 1)
    right, bottom = (
        max(left + 1, min(box.right, picture.width)),
        max(top + 1, min(box.bottom, picture.height)),
    )
    out = io.BytesIO()
    picture.crop((left, top, right, bottom)).save(out, "PNG")
    return out.getvalue()


def _captioned(png: bytes, caption: str) -> str:
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return (
        f'<figure><img src="{url}" alt="{caption}"><figcaption class="small">{caption}</figcaption></figure>'
    )


def _data_url(picture: Image, width: int) -> str:
    small = picture.copy()
    small.thumbnail((width, 4 * width))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=82)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
