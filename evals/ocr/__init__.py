"""How well pages are read: OmniDocBench's scores, TEDS, Fox's precision."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .metrics import fox_precision, normalised_edit_distance
    from .omnidocbench import PageScore, Truth, load_pages, score_page
    from .trees import table_similarity

_HOMES = {
    "PageScore": ".omnidocbench",
    "Truth": ".omnidocbench",
    "fox_precision": ".metrics",
    "load_pages": ".omnidocbench",
    "normalised_edit_distance": ".metrics",
    "score_page": ".omnidocbench",
    "table_similarity": ".trees",
}

__all__ = [
    "PageScore",
    "Truth",
    "fox_precision",
    "load_pages",
    "normalised_edit_distance",
    "score_page",
    "table_similarity",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
