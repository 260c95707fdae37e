"""The graphs that come with Tenfold."""

from __future__ import annotations

from ..services import Services
from .edr import ServedEdr
from .phone import ServedPhone
from .served import GraphRegistry


def default_registry(services: Services) -> GraphRegistry:
    """All of them, over these services."""
    return GraphRegistry(ServedEdr(services), ServedPhone(services))
