"""All task templates, by name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from . import tasks
from .template import TemplateRegistry


@cache
def all_templates() -> TemplateRegistry:
    """The templates of every file of `tasks`."""
    names = sorted(m.name for m in iter_modules(tasks.__path__) if not m.name.startswith("_"))
    return TemplateRegistry(
        *(getattr(import_module(f"{tasks.__name__}.{name}"), "TEMPLATES", ()) for name in names)
    )
