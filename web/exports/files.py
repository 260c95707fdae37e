"""One door for all kinds of file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from ...graphs.coloragent import render_report
from ...graphs.edr import render

Kind = Literal["md", "html", "json", "docx", "pdf"]
MEDIA_TYPES: dict[Kind, str] = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


def write(report: Mapping[str, Any], kind: Kind) -> bytes:
    """Write a report.

    Raises:
        MissingExtra: The writer of this kind is not installed.
    """
    if kind == "docx":
        from .docx import to_docx

        return to_docx(report)
    if kind == "pdf":
        from .pdf import to_pdf

        return to_pdf(report)
    if report.get("kind") == "phone":
        return render_report(report, kind).encode("utf-8", "replace")
    return render(report, kind).encode("utf-8", "replace")


def file_name(title: str, kind: Kind) -> str:
    """A name for the download: the title's words, nothing that a file system minds."""
    words = re.sub(r"[^\w가-힣]+", "-", title).strip("-_")[:60].rstrip("-_")
    return f"{words or 'report'}.{kind}"
