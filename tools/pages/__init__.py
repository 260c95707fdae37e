"""Pages: files to pictures, text to pictures, and folders read page by page, each page once."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .drawing import text_pages, undrawable
    from .pictures import DPI, pictures_of
    from .render import count_frames
    from .types import PageLimits, PagePicture

_HOMES = {
    "DPI": ".pictures",
    "PageLimits": ".types",
    "PagePicture": ".types",
    "count_frames": ".render",
    "pictures_of": ".pictures",
    "text_pages": ".drawing",
    "undrawable": ".drawing",
}

__all__ = ["DPI", "PageLimits", "PagePicture", "count_frames", "pictures_of", "text_pages", "undrawable"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
