"""PDF: the text of each page, its lines joined to paragraphs; drawn pages without text are scans."""

from __future__ import annotations

import io
import re
from typing import Any

from ....errors import DocumentUnreadable
from ..sentences import CJK, is_item
from .types import Parsed, ReadLimits

_HYPHEN = re.compile(r"(?<=[a-z])[-\u2010]$")
_CLOSED = re.compile(r"[.!?:;…。！？]['\"”’)\]]?$")
_MIN_LINE = 40  # columns; shorter lines are headings, cells and list items
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def read_pdf(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """Raises DocumentUnreadable for an encrypted or damaged file."""
    import pypdf
    from pypdf.errors import DependencyError, PdfReadError

    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):  # many "encrypted" files open without a password
            raise _locked(name)
        pages, scans = _pages(reader, limits)
        title, published = _metadata(reader)
    except (DependencyError, NotImplementedError) as error:
        raise _locked(name) from error
    except PdfReadError as error:
        raise DocumentUnreadable(f"{name!r} is damaged: {error}.", mend="Save it again as PDF.") from error
    if not scans and not any(page.strip() for page in pages):
        raise DocumentUnreadable(
            f"{name!r} has no readable text: it holds neither text nor images.", mend="Save it again as PDF."
        )
    return Parsed(pages, "application/pdf", title=title, paged=True, published=published, scans=scans)


def _locked(name: str) -> DocumentUnreadable:
    return DocumentUnreadable(f"{name!r} is encrypted.", mend="Save a copy without a password.")


def _pages(reader: Any, limits: ReadLimits) -> tuple[list[str], list[int]]:
    """The text of each page, and the indices of those that show something but hold no text."""
    pages: list[str] = []
    scans: list[int] = []
    total = 0
    for index, page in enumerate(reader.pages):
        text = unwrap(page.extract_text())
        if not any(ch.isalnum() for ch in text):
            text = ""
            if _drawn(page):
                scans.append(index)
        total += len(text)
        if total > limits.max_characters:
            raise DocumentUnreadable(
                f"Page {index + 1} is past {limits.max_characters} characters.", mend="Split the file."
            )
        pages.append(text)
    return pages, scans


def _drawn(page: Any) -> bool:
    """Whether anything is drawn on a page; when in doubt, it is."""
    try:
        contents = page.get_contents()
        return contents is not None and bool(contents.get_data().strip())
    except Exception:  # pypdf stumbles over contents that pdfium may still draw
        return True


def _metadata(reader: Any) -> tuple[str, str | None]:
    try:
        info = reader.metadata
        title = str((info.title if info else "") or "")
        found = _DATE.match(str(info.creation_date)) if info and info.creation_date else None
    except Exception:  # a malformed date or title is not worth the file
        return "", None
    return title, found[0] if found else None


def unwrap(page: str) -> str:
    """Join the lines of a paragraph: a page's line ends say where the paper ended, not the thought."""
    out: list[str] = []
    previous = ""
    lines = [line.strip() for line in page.splitlines()]
    width = max((_columns(line) for line in lines), default=0)
    for line in lines:
        if not previous or not line or not _continues(previous, line, width):
            out.append(line)
        elif _HYPHEN.search(previous) and line[0].islower():
            out[-1] = out[-1][:-1] + line
        else:
            out[-1] += ("" if _unspaced(previous[-1], line[0]) else " ") + line
        previous = line
    return "\n".join(out)


def _continues(before: str, line: str, width: int) -> bool:
    if is_item(line) or " | " in before:
        return False
    if line[0].islower():
        return True
    return _columns(before) >= max(_MIN_LINE, 0.7 * width) and not _CLOSED.search(before)


def _columns(line: str) -> int:
    return len(line) + len(CJK.findall(line))


def _unspaced(left: str, right: str) -> bool:
    """Chinese and Japanese lines join without a space, Korean with one."""
    return all(CJK.match(ch) and not "\uac00" <= ch <= "\ud7a3" for ch in (left, right))
