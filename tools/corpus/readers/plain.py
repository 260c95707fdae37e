"""Text, Markdown and HTML; and bytes to text for everything else that is text."""

from __future__ import annotations

import re

from ....errors import DocumentUnreadable
from ...fetch import html_to_text
from .types import Parsed, ReadLimits

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{3,30})", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_TITLE_LINE = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_SAMPLE = 65536


def decode(data: bytes, name: str) -> str:
    """Bytes to text: by byte-order mark, as UTF-8, or by what the bytes look like.

    Raises:
        DocumentUnreadable: The bytes are not text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\x00" in data[:_SAMPLE]:
        raise _not_text(name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _guess(data, name)
    sample = text[:_SAMPLE]
    odd = sum(1 for ch in sample if (ch < " " and ch not in "\t\n\r\f\x1b") or ch == "\ufffd")
    if sample and odd / len(sample) > 0.02:
        raise _not_text(name)
    return text


def _guess(data: bytes, name: str) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE], explain=False).best()
    if best is None:
        raise _not_text(name)
    return data.decode(best.encoding, "replace")


def _not_text(name: str) -> DocumentUnreadable:
    return DocumentUnreadable(
        f"{name!r} is not text or a known document format.", mend="Convert it to PDF, DOCX or plain text."
    )


def read_text(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """Plain text."""
    return Parsed([decode(data, name)], "text/plain")


def read_markdown(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """Markdown as written; the title is its front matter's or its first heading."""
    text = decode(data, name).replace("\r\n", "\n")
    title = published = None
    if front := _FRONT_MATTER.match(text):
        title = _field(front[1], "title")
        published = _iso(_field(front[1], "date"))
        text = text[front.end() :]
    if title is None and (first := _TITLE_LINE.search(text[:_SAMPLE])):
        title = first[1]
    return Parsed([text], "text/markdown", title=title or "", published=published)


def _field(front: str, name: str) -> str | None:
    found = re.search(rf"^{name}:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", front, re.MULTILINE)
    return found[1] if found else None


def _iso(value: str | None) -> str | None:
    found = re.match(r"\d{4}(?:-\d{2}){0,2}", value or "")
    return found[0] if found else None


def read_html(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """The main part of a page, without scripts and what a reader would not see."""
    declared = _CHARSET.search(data[:4096])
    text = ""
    if declared and not data.startswith(tuple(mark for mark, _ in _BOMS)):
        try:
            text = data.decode(declared[1].decode("ascii"), "replace")
        except LookupError:
            text = ""
    page = html_to_text(text or decode(data, name))
    return Parsed([page.text], "text/html", title=page.title, published=page.published)
