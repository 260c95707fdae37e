"""DOCX and XLSX, after the archive they come in was checked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from ....errors import DocumentUnreadable
from .tables import row_lines
from .types import Parsed, ReadLimits

_MAX_RATIO = 200  # XML packs 10 to 50 to one; a bomb a thousand
_SMALL = 20_000_000  # bytes; below this any ratio is harmless
_MAX_ENTRIES = 10_000
_HEAD = 65536
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def check_archive(data: bytes, name: str, limits: ReadLimits) -> None:
    """Refuse an archive that unpacks to too much, or whose XML declares entities.

    The declared sizes are enough: Python's zipfile never unpacks an entry beyond them, and a file that lies
    fails its checksum.

    Raises:
        DocumentUnreadable: Damaged, a bomb, or holding a DTD.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
        unpacked, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
        # Overlapping entries share packed bytes: the file's own size is what they can come from.
        ratio = unpacked / max(1, min(packed, len(data)))
        if unpacked > limits.max_unpacked_bytes or (unpacked > _SMALL and ratio > _MAX_RATIO):
            raise DocumentUnreadable(
                f"{name!r} unpacks from {len(data)} to {unpacked} bytes, as a zip bomb does.",
                mend="Save the document again without its media, or split it.",
            )
        if len(entries) > _MAX_ENTRIES:
            raise DocumentUnreadable(f"{name!r} has {len(entries)} parts.", mend="Split the document.")
        if any(e.flag_bits & 1 for e in entries):
            raise DocumentUnreadable(f"{name!r} is encrypted.", mend="Save a copy without a password.")
        for entry in entries:
            if entry.filename.endswith((".xml", ".rels")):
                _check_dtd(archive, entry, name)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise DocumentUnreadable(
            f"{name!r} is damaged: {error}.", mend="Open and save it again in its program."
        ) from error


def _check_dtd(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
    """Office files never carry a DTD; entity bombs and external entities need one."""
    with archive.open(entry) as file:
        head = file.read(_HEAD).replace(b"\x00", b"")  # UTF-16 hides the letters between zeros
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise DocumentUnreadable(
            f"{name!r} declares XML entities in {entry.filename!r}, as an entity bomb does.",
            mend="Save it again in its program.",
        )


def read_docx(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """Paragraphs and tables in order; headings are marked as in Markdown."""
    check_archive(data, name, limits)
    import docx

    document: Any = docx.Document(io.BytesIO(data))
    properties = document.core_properties
    written: datetime | None = properties.modified or properties.created
    blocks = list(_blocks(document))
    return Parsed(
        ["\n\n".join(block for block in blocks if block)],
        DOCX,
        title=properties.title or "",
        published=written.date().isoformat() if written else None,
    )


def _blocks(container: Any) -> Iterator[str]:
    from docx.table import Table

    items: list[str] = []
    for block in container.iter_inner_content():
        if isinstance(block, Table):
            text, item = "\n".join(_table_rows(block)), False
        else:
            text, item = _paragraph(block)
        if item:
            items.append(text)
            continue
        if items:
            yield "\n".join(items)
            items = []
        yield text
    yield "\n".join(items)


def _paragraph(paragraph: Any) -> tuple[str, bool]:
    """The paragraph's text, and whether it is a list item."""
    text: str = paragraph.text.strip()
    style: str = (paragraph.style.name if paragraph.style is not None else "") or ""
    if not text:
        return "", False
    if style == "Title":
        return f"# {text}", False
    if style.startswith("Heading"):
        level = style.removeprefix("Heading").strip()
        return f"{'#' * min(6, int(level) if level.isdigit() else 1)} {' '.join(text.split())}", False
    if style.startswith("List"):
        return f"- {' '.join(text.split())}", True
    return text, False


def _table_rows(table: Any) -> Iterator[str]:
    for row in table.rows:
        cells: list[str] = []
        seen: set[int] = set()
        for cell in row.cells:
            if id(cell._tc) not in seen:  # a merged cell is listed once for each column it spans
                seen.add(id(cell._tc))
                cells.append(" ".join(cell.text.split()))
        if any(cells):
            yield " | ".join(cells)


def read_xlsx(data: bytes, name: str, limits: ReadLimits) -> Parsed:
    """Each sheet under its name, each row as one line of "column: value" cells; formulas by their last value."""
    check_archive(data, name, limits)
    import openpyxl

    book: Any = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    parts: list[str] = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # a declared size of a million columns would be filled with empty cells
        rows = ([_cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True))
        lines = list(row_lines(rows, limits))
        if lines:
            parts.append(f"## {sheet.title}\n\n" + "\n".join(lines))
    written: datetime | None = book.properties.modified or book.properties.created
    title = book.properties.title or ""
    return Parsed(parts, XLSX, title=title, published=written.date().isoformat() if written else None)


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
