"""Files to text: every format behind one call, and hostile files held off."""

from .formats import Format, format_of, readable_suffixes
from .pool import ReaderPool, pdf_text
from .scans import UNREAD, Stopped
from .types import Document, ReadLimits, Region, normalise

__all__ = [
    "UNREAD",
    "Document",
    "Format",
    "ReadLimits",
    "ReaderPool",
    "Region",
    "Stopped",
    "format_of",
    "normalise",
    "pdf_text",
    "readable_suffixes",
]
