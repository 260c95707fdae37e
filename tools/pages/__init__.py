"""Pages: files to pictures, text to pictures, and folders read page by page, each page once."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .batch import Export, Job, Progress
    from .cluster import read_on_cluster
    from .drawing import text_pages, undrawable
    from .pictures import DPI, picture_suffixes, pictures_of
    from .processes import read_folder
    from .render import count_frames
    from .types import PageLimits, PagePicture

_HOMES = {
    "DPI": ".pictures",
    "Export": ".batch",
    "Job": ".batch",
    "PageLimits": ".types",
    "PagePicture": ".types",
    "Progress": ".batch",
    "count_frames": ".render",
    "picture_suffixes": ".pictures",
    "pictures_of": ".pictures",
    "read_folder": ".processes",
    "read_on_cluster": ".cluster",
    "text_pages": ".drawing",
    "undrawable": ".drawing",
}

__all__ = [
    "DPI",
    "Export",
    "Job",
    "PageLimits",
    "PagePicture",
    "Progress",
    "count_frames",
    "picture_suffixes",
    "pictures_of",
    "read_folder",
    "read_on_cluster",
    "text_pages",
    "undrawable",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
