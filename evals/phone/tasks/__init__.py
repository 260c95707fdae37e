"""Task templates: one file an app, and those over several apps, with questions, with a profile, with attacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..template import TemplateRegistry

    TEMPLATES: TemplateRegistry

__all__ = ["TEMPLATES"]


def _load() -> TemplateRegistry:
    from importlib import import_module
    from pkgutil import iter_modules

    from ..template import TemplateRegistry

    names = sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    return TemplateRegistry(*(import_module(f"{__name__}.{name}").TEMPLATES for name in names))


def __getattr__(name: str) -> Any:
    if name != "TEMPLATES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = _load()
    return globals()[name]
