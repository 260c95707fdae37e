"""All task templates, by name."""

from __future__ import annotations

from .template import TemplateRegistry


def all_templates() -> TemplateRegistry:
    """The templates of every file of `tasks`."""
    from .tasks import TEMPLATES

    return TEMPLATES
