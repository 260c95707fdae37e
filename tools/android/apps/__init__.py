"""The apps: one file each, registered when it is loaded."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

__all__ = ["load"]


@cache
def load() -> None:
    """Import every app of this folder, which registers it."""
    for module in sorted(m.name for m in iter_modules(__path__)):
        import_module(f"{__name__}.{module}")
