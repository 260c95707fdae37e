"""The run manager: served graphs, the queue, pause, resume, answer, finish, fork, and the log as it grows."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .driver import Driver, RunView
    from .edr import EdrInput, ServedEdr
    from .fork import Checkpoint
    from .manager import RunManager
    from .phone import PhoneInput, ServedPhone, images_of, open_memory
    from .served import Emit, GraphRegistry, ServedGraph, serve_compiled
    from .shipped import default_registry
    from .stream import GraphStream
    from .views import RunViews

_HOMES = {
    "Checkpoint": ".fork",
    "Driver": ".driver",
    "EdrInput": ".edr",
    "Emit": ".served",
    "GraphRegistry": ".served",
    "GraphStream": ".stream",
    "PhoneInput": ".phone",
    "RunManager": ".manager",
    "RunView": ".driver",
    "RunViews": ".views",
    "ServedEdr": ".edr",
    "ServedGraph": ".served",
    "ServedPhone": ".phone",
    "default_registry": ".shipped",
    "images_of": ".phone",
    "open_memory": ".phone",
    "serve_compiled": ".served",
}

__all__ = [
    "Checkpoint",
    "Driver",
    "EdrInput",
    "Emit",
    "GraphRegistry",
    "GraphStream",
    "PhoneInput",
    "RunManager",
    "RunView",
    "RunViews",
    "ServedEdr",
    "ServedGraph",
    "ServedPhone",
    "default_registry",
    "images_of",
    "open_memory",
    "serve_compiled",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
