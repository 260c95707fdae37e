"""Tenfold: agent orchestration on graphs, with the models inside the loop.

Importing this package costs almost nothing; each name below loads its part when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .errors import TenfoldError
    from .settings import Settings, load_settings

_HOMES = {
    "Settings": ".settings",
    "TenfoldError": ".errors",
    "load_settings": ".settings",
}

__all__ = ["Settings", "TenfoldError", "__version__", "load_settings"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tenfold' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
