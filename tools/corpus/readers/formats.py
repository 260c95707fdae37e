"""Which reader a file gets: by what it begins with, then by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import PurePath
from typing import Any, Literal

from ....errors import DocumentUnreadable, TenfoldError
from ..._confined import Part
from .types import Document, Parsed, ReadLimits, assemble

Format = Literal["pdf", "docx", "xlsx", "html", "markdown", "csv", "json", "image", "text"]
Reader = Callable[[bytes, str, ReadLimits], Parsed]

_BY_SUFFIX: dict[str, Format] = {
    ".pdf": "pdf", ".docx": "docx", ".xlsx": "xlsx", ".xlsm": "xlsx",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".md": "markdown", ".markdown": "markdown", ".mdx": "markdown",
    ".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".png": "image", ".jpg": "image", ".jpeg": "image", ".webp": "image", ".gif": "image",
    ".bmp": "image", ".tif": "image", ".tiff": "image",
}  # fmt: skip
_PLAIN = {".txt", ".text", ".rst", ".org", ".tex", ".log", ".xml", ".yaml", ".yml", ".toml"}
_READERS: dict[Format, tuple[str, str]] = {
    "pdf": (".pdf", "read_pdf"),
    "docx": (".office", "read_docx"),
    "xlsx": (".office", "read_xlsx"),
    "html": (".plain", "read_html"),
    "markdown": (".plain", "read_markdown"),
    "csv": (".tables", "read_csv"),
    "json": (".tables", "read_json"),
    "image": (".images", "read_image"),
    "text": (".plain", "read_text"),
}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"


def format_of(data: bytes, name: str) -> Format:
    """The format of a file.

    Raises:
        DocumentUnreadable: Old or password-protected Office formats, and archives that are no document.
    """
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(_OLD_OFFICE):
        raise DocumentUnreadable(
            f"{name!r} is an old or a password-protected Office file.",
            mend="Save it as DOCX or XLSX without a password.",
        )
    found = _BY_SUFFIX.get(PurePath(name).suffix.lower(), "text")
    if data.startswith(_ZIP) and found not in ("docx", "xlsx"):
        raise DocumentUnreadable(f"{name!r} is an archive.", mend="Unpack it into the folder.")
    if found in ("docx", "xlsx") and not data.startswith(_ZIP):
        raise DocumentUnreadable(
            f"{name!r} is not a {found.upper()} file, or is damaged.", mend="Save it again."
        )
    return found


def readable_suffixes() -> frozenset[str]:
    """The endings that the readers know; a file without one of them is read as text when it stands in a folder."""
    return frozenset(_BY_SUFFIX) | _PLAIN


def parse_job(data: bytes, name: str, args: dict[str, Any]) -> Iterator[Part]:
    """Read a file in the confined process: a whole document, or one whose scanned pages are still to be read."""
    found = parse(data, name, ReadLimits(**args["limits"]))
    yield {"document" if isinstance(found, Document) else "parsed": asdict(found)}, b""


def parse(data: bytes, name: str, limits: ReadLimits) -> Document | Parsed:
    """Read a file's bytes in this process; `ReaderPool` does it in a guarded one.

    Args:
        data: The whole file.
        name: Its name, for its suffix and for messages.
        limits: What it may cost; time and memory are the pool's to enforce.

    Returns:
        The document, or what there is of it where pages are scans.

    Raises:
        DocumentUnreadable: The file is empty, encrypted, damaged, too large or of an unknown kind.
        MissingExtra: An image, and Pillow is not installed.
    """
    if not data:
        raise DocumentUnreadable(f"{name!r} is empty.", mend="Remove it, or write it again.")
    module, function = _READERS[format_of(data, name)]
    reader: Reader = getattr(import_module(module, __package__), function)
    try:
        parsed = reader(data, name, limits)
    except (TenfoldError, MemoryError):
        raise
    except Exception as error:
        # Parsers of hostile input raise whatever they stumbled on; all of it means the same to the user.
        raise DocumentUnreadable(
            f"{name!r} is damaged: {type(error).__name__}: {str(error)[:200]}.", mend="Save it again."
        ) from error
    if parsed.scans:
        return parsed
    document = assemble(parsed, PurePath(name).name)
    if len(document.text) > limits.max_characters:
        raise DocumentUnreadable(
            f"{name!r} has {len(document.text)} characters; the limit is {limits.max_characters}.",
            mend="Split the file.",
        )
    if not any(ch.isalnum() for ch in document.text):
        raise DocumentUnreadable(f"{name!r} holds no text.", mend="Remove it from the folder.")
    return document
