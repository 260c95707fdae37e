"""Optical memory: old parts of a history as pages that fade with age, their words kept and given back on demand."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fading import FadingPolicy, Fidelity
    from .memory import Fragment, OpticalMemory, Segment
    from .tool import recall_tool

_HOMES = {
    "FadingPolicy": ".fading",
    "Fidelity": ".fading",
    "Fragment": ".memory",
    "OpticalMemory": ".memory",
    "Segment": ".memory",
    "recall_tool": ".tool",
}

__all__ = ["FadingPolicy", "Fidelity", "Fragment", "OpticalMemory", "Segment", "recall_tool"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
