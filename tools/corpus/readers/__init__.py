"""Files to text: every format behind one call, and hostile files held off."""

from .formats import Format, format_of, read_bytes, readable_suffixes
from .pool import ReaderPool, pdf_text, too_large
from .types import Document, ReadLimits, normalise

__all__ = [
    "Document",
    "Format",
    "ReadLimits",
    "ReaderPool",
    "format_of",
    "normalise",
    "pdf_text",
    "read_bytes",
    "readable_suffixes",
    "too_large",
]
