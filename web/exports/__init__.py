"""A report as a file to take away: Markdown, HTML, JSON, DOCX and PDF."""

from .files import MEDIA_TYPES, Kind, file_name, write

__all__ = ["MEDIA_TYPES", "Kind", "file_name", "write"]
