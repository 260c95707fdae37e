"""Scans: pages that are pictures, drawn in the confined process and read by whatever page reader there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

from ....errors import DocumentUnreadable, MissingExtra, ToolError
from ....pages import Block, PageReader, PageReading
from ..._confined import ConfinedPool
from ...fetch import html_to_text
from ...pages import PageLimits, PagePicture, pictures_of
from .types import Parsed, ReadLimits, Region, normalise

DPI = 200  # what scanners and OCR engines are used to
UNREAD = "unread"
"""What `Document.reader` says of a scan that no reader was there for."""

_BATCH = 8  # pictures that an engine may read side by side
_NOTES = 3  # of a page that the index keeps; a reading of a model may have dozens


class Stopped(ToolError):
    """Whoever wanted the document does not want it any more."""


def read_scans(
    parsed: Parsed,
    data: bytes,
    name: str,
    *,
    limits: ReadLimits,
    reader: PageReader | None,
    pool: ConfinedPool,
    stop: Callable[[], bool],
) -> str:
    """Fill in the parts of a file that are scans, with the places of their text.

    Returns:
        The reader's name, or `UNREAD`.

    Raises:
        DocumentUnreadable: Nothing in the whole file can be read.
        MissingExtra: An image, and there is no reader.
    """
    if reader is None:
        if parsed.media_type.startswith("image/"):
            raise MissingExtra("Reading images", "ocr")
        hint = "only a picture, and no page reader is installed (pip install 'tenfold[ocr]')"
        parsed.notes.extend(f"page {scan + 1}: {hint}" for scan in parsed.scans)
    else:
        _read(parsed, data, name, limits, reader, pool, stop)
    if not any(part.strip() for part in parsed.parts):
        what = f"OCR sees no text in {name!r}" if reader else f"{name!r} has no readable text"
        hint = f": {parsed.notes[0].rstrip('.')}" if parsed.notes else ""
        raise DocumentUnreadable(f"{what}{hint}.", mend="Give a sharper scan, or run OCR on it.")
    return reader.name if reader else UNREAD


def _read(
    parsed: Parsed,
    data: bytes,
    name: str,
    limits: ReadLimits,
    reader: PageReader,
    pool: ConfinedPool,
    stop: Callable[[], bool],
) -> None:
    def problem(number: int, why: str) -> None:
        parsed.notes.append(f"page {number}: {why}")

    scans = parsed.scans[: limits.max_scans]
    if len(parsed.scans) > len(scans):
        first = parsed.scans[len(scans)] + 1
        parsed.notes.append(f"scanned pages from page {first} on: not read, the limit is {limits.max_scans}")
    pictures = pictures_of(
        data,
        name,
        PageLimits(max_bytes=limits.max_bytes, max_pixels=limits.max_pixels),
        dpi=DPI,
        pages=[scan + 1 for scan in scans],
        on_problem=problem,
        pool=pool,
    )
    total = sum(len(part) for part in parsed.parts)
    with closing(pictures):  # a reader that fails must not keep the pool's process
        for batch in _batches(pictures, stop):
            for picture, reading in zip(batch, reader.read([p.png for p in batch]), strict=True):
                text, regions = placed(reading, picture.number)
                if not text and not reading.notes:
                    problem(picture.number, "no text")
                for note in reading.notes[:_NOTES]:
                    problem(picture.number, note.message)
                total += len(text)
                if total > limits.max_characters:
                    raise DocumentUnreadable(
                        f"Page {picture.number} is past {limits.max_characters} characters.",
                        mend="Split the file.",
                    )
                parsed.parts[picture.number - 1] = text
                parsed.regions.extend(regions)


def _batches(pictures: Iterator[PagePicture], stop: Callable[[], bool]) -> Iterator[list[PagePicture]]:
    batch: list[PagePicture] = []
    for picture in pictures:
        if stop():
            raise Stopped("The reading was stopped.")
        batch.append(picture)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def placed(reading: PageReading, page: int) -> tuple[str, list[Region]]:
    """A page's text, and for each of its blocks where it stands; offsets are into this page's text."""
    pieces: list[str] = []
    regions: list[Region] = []
    at = 0
    for block in reading.blocks:
        text = normalise(_plain(block)).strip()
        if not text:
            continue
        pieces.append(text)
        regions += [
            Region(at, at + len(text), page, box, reading.width, reading.height) for box in block.boxes
        ]
        at += len(text) + 2
    return "\n\n".join(pieces), regions


def _plain(block: Block) -> str:
    """A table as rows of text, like the tables of every other format; the rest as it is."""
    return html_to_text(block.text).text if "<table" in block.text[:200].lower() else block.text
