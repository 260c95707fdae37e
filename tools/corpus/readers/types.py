"""What a reader gives, and the limits it keeps."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace

from ....pages import Box

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
# Control characters; and marks that show nothing but can hide text from the reader or split a word: soft hyphens,
# bidi overrides, byte-order marks, tag characters. Zero-width joiners stay: scripts need them.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_TRAILING = re.compile(r"[ \t\u00a0\u3000]+(?=\n|$)")
_BLANKS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much one file may cost.

    Attributes:
        max_bytes: Size of the file.
        max_unpacked_bytes: Size of what a DOCX or XLSX file unpacks to.
        max_characters: Length of its text.
        max_pixels: Width times height of an image.
        max_scans: Pages that are pictures and are read as such; what is beyond is noted.
        seconds: Wall time of parsing it, and of drawing each page of a scan.
        memory_bytes: Address space of the process that reads it.
    """

    max_bytes: int = 100_000_000
    max_unpacked_bytes: int = 300_000_000
    max_characters: int = 10_000_000
    max_pixels: int = 50_000_000
    max_scans: int = 500
    seconds: float = 120.0
    memory_bytes: int = 3 << 30


@dataclass(frozen=True, slots=True)
class Region:
    """Where characters of a document stand on a scanned page.

    Attributes:
        start, end: Offsets into the text.
        page: Number from 1.
        box: In pixels of the page's picture, which is `width` x `height`.
    """

    start: int
    end: int
    page: int
    box: Box
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the reader of one format took out of a file, before the text is normalised.

    Attributes:
        parts: Pages or sections in order.
        paged: Whether each part is a page.
        published: ISO date from the file's own metadata.
        notes: What the reader of the index should know ("page 3 has no text").
        scans: Indices of the parts that are pictures and still have to be read.
        regions: Where the text of those stands; offsets are into the part of their page.
    """

    parts: list[str]
    media_type: str
    title: str = ""
    paged: bool = False
    published: str | None = None
    notes: list[str] = field(default_factory=list[str])
    scans: list[int] = field(default_factory=list[int])
    regions: list[Region] = field(default_factory=list[Region])


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text, normalised; from here on it never changes and every offset is into it.

    Attributes:
        pages: Offset at which each page starts; empty for formats without pages.
        published: ISO date from the file's own metadata.
        regions: Where the text of scanned pages stands, in order of `start`.
        reader: Who read the scanned pages; empty where there are none.
    """

    title: str
    text: str
    media_type: str
    published: str | None = None
    pages: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    reader: str = ""


def normalise(text: str) -> str:
    """NFC, plain line ends, no control or unseen characters, no lone surrogates, at most one blank line."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))
    text = unicodedata.normalize("NFC", text)
    return _BLANKS.sub("\n\n", _TRAILING.sub("", text)).strip("\n")


def assemble(parsed: Parsed, name: str, reader: str = "") -> Document:
    """Normalise the parts of a file and join them by blank lines; empty pages keep their place in the page map."""
    pieces: list[str] = []
    pages: list[int] = []
    at = 0
    for part in parsed.parts:
        text = normalise(part)
        pages.append(at)
        if text:
            pieces.append(text)
            at += len(text) + 2
    # The text of a scanned page is normalised already, so its places hold.
    regions = [
        replace(r, start=r.start + pages[r.page - 1], end=r.end + pages[r.page - 1]) for r in parsed.regions
    ]
    title = " ".join(normalise(parsed.title).split())[:300] or name
    return Document(
        title=title,
        text="\n\n".join(pieces),
        media_type=parsed.media_type,
        published=parsed.published,
        pages=tuple(pages) if parsed.paged else (),
        notes=tuple(parsed.notes),
        regions=tuple(sorted(regions, key=lambda region: region.start)),
        reader=reader,
    )
