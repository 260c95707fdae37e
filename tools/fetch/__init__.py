"""The guarded HTTP fetcher, and HTML to readable text."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .policy import USER_AGENT, FetchPolicy

if TYPE_CHECKING:
    from .fetcher import Fetcher, PdfReader
    from .guard import Resolver, why_blocked
    from .html import HtmlText, html_to_text

# httpx costs a third of a second; it is loaded with the first of these names.
_HOMES = {
    "Fetcher": ".fetcher",
    "HtmlText": ".html",
    "PdfReader": ".fetcher",
    "Resolver": ".guard",
    "html_to_text": ".html",
    "why_blocked": ".guard",
}

__all__ = [
    "USER_AGENT",
    "FetchPolicy",
    "Fetcher",
    "HtmlText",
    "PdfReader",
    "Resolver",
    "html_to_text",
    "why_blocked",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
