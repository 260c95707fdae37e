"""The virtual Android: apps with real state behind a screen, a shell, faults, and the protocols of a true device.

Results on it are results on Tenfold's virtual Android, never on Android.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adb import AdbServer
    from .app import App, Screen, register
    from .device import Snapshot, VirtualAndroid
    from .faults import Faults
    from .inprocess import InProcessDevice
    from .kit import Kit
    from .serving import Served, serve, wait_forever
    from .shell import Shell
    from .uia import UiaServer
    from .view import View

_HOMES = {
    "AdbServer": ".adb",
    "App": ".app",
    "Faults": ".faults",
    "InProcessDevice": ".inprocess",
    "Kit": ".kit",
    "Screen": ".app",
    "Served": ".serving",
    "Shell": ".shell",
    "Snapshot": ".device",
    "UiaServer": ".uia",
    "View": ".view",
    "VirtualAndroid": ".device",
    "register": ".app",
    "serve": ".serving",
    "wait_forever": ".serving",
}

__all__ = [
    "AdbServer",
    "App",
    "Faults",
    "InProcessDevice",
    "Kit",
    "Screen",
    "Served",
    "Shell",
    "Snapshot",
    "UiaServer",
    "View",
    "VirtualAndroid",
    "register",
    "serve",
    "wait_forever",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
