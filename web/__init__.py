"""The web chat: what runs work with, the run manager (`web.runs`), AG-UI (`web.agui`), exports and API (`web.api`)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .accounts import open_accounts
    from .runs import Driver, RunView
    from .services import RunRequest, Services, open_services

_HOMES = {
    "Driver": ".runs",
    "RunRequest": ".services",
    "RunView": ".runs",
    "Services": ".services",
    "open_accounts": ".accounts",
    "open_services": ".services",
}

__all__ = ["Driver", "RunRequest", "RunView", "Services", "open_accounts", "open_services"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
