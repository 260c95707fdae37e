"""One role each: its prompt, its structured output, its parser and its fallback.

Here at the door stands what is no role's own: a history as the content of a message.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._history import history_content

_HOMES = {"history_content": "._history"}

__all__ = ["history_content"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
