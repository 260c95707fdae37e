"""Phones: the device port, its adapters, and what is read from a screen."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .action import TOUCHES, Action, ActionKind, Direction, Target
    from .appium import AppiumDevice
    from .checks import Check, doctor, find_adb
    from .classify import classify_action, words_of
    from .coordinates import CoordinateAdapter, Scale, scale_of, self_test, smart_resize
    from .crosscheck import Disagreement, agreement
    from .listing import describe, line_of, quoted
    from .opening import APPIUM_URL, DeviceSpec, open_device
    from .performing import Spot, locate, perform
    from .policy import (
        Anomaly,
        Judgement,
        Rule,
        SafetyPolicy,
        fill_secrets,
        find_orders,
        foreseen_classes,
        gives_orders,
        hide_secrets,
        secret_names,
    )
    from .port import Device, DeviceInfo, Feature, Key, Observation
    from .privacy import secret_boxes, without_secrets
    from .probes import PROBES, Probe, probe_of, read_probe, wanted_switch
    from .settling import Clocked, Settled, settle
    from .source import parse_source
    from .tree import Bounds, Element, Node, Tree, chain_to
    from .words import ActionClass

# No module here is called like a name in it: importing the module would hide the name.
_HOMES = {
    "APPIUM_URL": ".opening",
    "PROBES": ".probes",
    "TOUCHES": ".action",
    "Action": ".action",
    "ActionClass": ".words",
    "ActionKind": ".action",
    "Anomaly": ".policy",
    "AppiumDevice": ".appium",
    "Bounds": ".tree",
    "Check": ".checks",
    "Clocked": ".settling",
    "CoordinateAdapter": ".coordinates",
    "Device": ".port",
    "DeviceInfo": ".port",
    "DeviceSpec": ".opening",
    "Direction": ".action",
    "Disagreement": ".crosscheck",
    "Element": ".tree",
    "Feature": ".port",
    "Judgement": ".policy",
    "Key": ".port",
    "Node": ".tree",
    "Observation": ".port",
    "Probe": ".probes",
    "Rule": ".policy",
    "SafetyPolicy": ".policy",
    "Scale": ".coordinates",
    "Settled": ".settling",
    "Spot": ".performing",
    "Target": ".action",
    "Tree": ".tree",
    "agreement": ".crosscheck",
    "chain_to": ".tree",
    "classify_action": ".classify",
    "describe": ".listing",
    "doctor": ".checks",
    "fill_secrets": ".policy",
    "find_adb": ".checks",
    "find_orders": ".policy",
    "foreseen_classes": ".policy",
    "gives_orders": ".policy",
    "hide_secrets": ".policy",
    "line_of": ".listing",
    "locate": ".performing",
    "open_device": ".opening",
    "parse_source": ".source",
    "perform": ".performing",
    "probe_of": ".probes",
    "quoted": ".listing",
    "read_probe": ".probes",
    "scale_of": ".coordinates",
    "secret_boxes": ".privacy",
    "secret_names": ".policy",
    "self_test": ".coordinates",
    "settle": ".settling",
    "smart_resize": ".coordinates",
    "wanted_switch": ".probes",
    "without_secrets": ".privacy",
    "words_of": ".classify",
}

__all__ = [
    "APPIUM_URL",
    "PROBES",
    "TOUCHES",
    "Action",
    "ActionClass",
    "ActionKind",
    "Anomaly",
    "AppiumDevice",
    "Bounds",
    "Check",
    "Clocked",
    "CoordinateAdapter",
    "Device",
    "DeviceInfo",
    "DeviceSpec",
    "Direction",
    "Disagreement",
    "Element",
    "Feature",
    "Judgement",
    "Key",
    "Node",
    "Observation",
    "Probe",
    "Rule",
    "SafetyPolicy",
    "Scale",
    "Settled",
    "Spot",
    "Target",
    "Tree",
    "agreement",
    "chain_to",
    "classify_action",
    "describe",
    "doctor",
    "fill_secrets",
    "find_adb",
    "find_orders",
    "foreseen_classes",
    "gives_orders",
    "hide_secrets",
    "line_of",
    "locate",
    "open_device",
    "parse_source",
    "perform",
    "probe_of",
    "quoted",
    "read_probe",
    "scale_of",
    "secret_boxes",
    "secret_names",
    "self_test",
    "settle",
    "smart_resize",
    "wanted_switch",
    "without_secrets",
    "words_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
