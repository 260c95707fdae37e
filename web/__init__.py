"""Run manager, API and page. So far: the driver, which builds what a run needs and drives it in this process."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .accounts import open_accounts
    from .driver import Driver, RunView
    from .services import RunRequest, Services, open_services

_HOMES = {
    "Driver": ".driver",
    "RunRequest": ".services",
    "RunView": ".driver",
    "Services": ".services",
    "open_accounts": ".accounts",
    "open_services": ".services",
}

__all__ = ["Driver", "RunRequest", "RunView", "Services", "open_accounts", "open_services"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
