"""The run manager: served graphs, the queue, pause, resume, answer, finish, fork, and the log as it grows."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .edr import EdrInput, ServedEdr
    from .fork import Checkpoint
    from .manager import RunManager
    from .served import Emit, GraphRegistry, ServedGraph, default_registry, serve_compiled
    from .stream import GraphStream
    from .views import RunViews

_HOMES = {
    "Checkpoint": ".fork",
    "EdrInput": ".edr",
    "Emit": ".served",
    "GraphRegistry": ".served",
    "GraphStream": ".stream",
    "RunManager": ".manager",
    "RunViews": ".views",
    "ServedEdr": ".edr",
    "ServedGraph": ".served",
    "default_registry": ".served",
    "serve_compiled": ".served",
}

__all__ = [
    "Checkpoint",
    "EdrInput",
    "Emit",
    "GraphRegistry",
    "GraphStream",
    "RunManager",
    "RunViews",
    "ServedEdr",
    "ServedGraph",
    "default_registry",
    "serve_compiled",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
