"""The HTTP face: FastAPI application, login, security, streams, uploads, exports, metrics, logs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app, door_for
    from .logs import redact, set_up
    from .serve import address, calm_gc, listen, server

_HOMES = {
    "address": ".serve",
    "calm_gc": ".serve",
    "create_app": ".app",
    "door_for": ".app",
    "listen": ".serve",
    "redact": ".logs",
    "server": ".serve",
    "set_up": ".logs",
}

__all__ = ["address", "calm_gc", "create_app", "door_for", "listen", "redact", "server", "set_up"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
