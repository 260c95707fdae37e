"""Phones: the device port, its adapters, and what is read from a screen."""

from .port import Device, DeviceInfo, Feature, Key, Observation
from .source import parse_source
from .tree import Bounds, Element, Node, Tree

__all__ = [
    "Bounds",
    "Device",
    "DeviceInfo",
    "Element",
    "Feature",
    "Key",
    "Node",
    "Observation",
    "Tree",
    "parse_source",
]
