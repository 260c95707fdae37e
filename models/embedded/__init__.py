"""Chat models that run in this process, on llama.cpp."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chat import EmbeddedChat
    from .engine import Engine, EngineShape, close_engines, get_engine, serve

_HOMES = {
    "EmbeddedChat": ".chat",
    "Engine": ".engine",
    "EngineShape": ".engine",
    "close_engines": ".engine",
    "get_engine": ".engine",
    "serve": ".engine",
}

__all__ = ["EmbeddedChat", "Engine", "EngineShape", "close_engines", "get_engine", "serve"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tenfold.models.embedded' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
