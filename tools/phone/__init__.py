"""Phones: the device port, its adapters, and what is read from a screen."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .coordinates import CoordinateAdapter, Scale, scale_of, self_test, smart_resize
    from .crosscheck import Disagreement, agreement
    from .listing import describe, line_of, quoted
    from .port import Device, DeviceInfo, Feature, Key, Observation
    from .settling import Clocked, Settled, settle
    from .source import parse_source
    from .tree import Bounds, Element, Node, Tree, chain_to

# No module here is called like a name in it: importing the module would hide the name.
_HOMES = {
    "Bounds": ".tree",
    "Clocked": ".settling",
    "CoordinateAdapter": ".coordinates",
    "Device": ".port",
    "DeviceInfo": ".port",
    "Disagreement": ".crosscheck",
    "Element": ".tree",
    "Feature": ".port",
    "Key": ".port",
    "Node": ".tree",
    "Observation": ".port",
    "Scale": ".coordinates",
    "Settled": ".settling",
    "Tree": ".tree",
    "agreement": ".crosscheck",
    "chain_to": ".tree",
    "describe": ".listing",
    "line_of": ".listing",
    "parse_source": ".source",
    "quoted": ".listing",
    "scale_of": ".coordinates",
    "self_test": ".coordinates",
    "settle": ".settling",
    "smart_resize": ".coordinates",
}

__all__ = [
    "Bounds",
    "Clocked",
    "CoordinateAdapter",
    "Device",
    "DeviceInfo",
    "Disagreement",
    "Element",
    "Feature",
    "Key",
    "Node",
    "Observation",
    "Scale",
    "Settled",
    "Tree",
    "agreement",
    "chain_to",
    "describe",
    "line_of",
    "parse_source",
    "quoted",
    "scale_of",
    "self_test",
    "settle",
    "smart_resize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
