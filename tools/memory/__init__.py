"""What is kept about a user: profile, ways of working, facts about apps, macros."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .macros import filled, matching, record_macro
    from .store import Memory, repeats_goal
    from .types import DOMAINS, Domain, Fact, Macro, MacroStep, Profile, Selector, Sop

_HOMES = {
    "DOMAINS": ".types",
    "Domain": ".types",
    "Fact": ".types",
    "Macro": ".types",
    "MacroStep": ".types",
    "Memory": ".store",
    "Profile": ".types",
    "Selector": ".types",
    "Sop": ".types",
    "filled": ".macros",
    "matching": ".macros",
    "record_macro": ".macros",
    "repeats_goal": ".store",
}

__all__ = [
    "DOMAINS",
    "Domain",
    "Fact",
    "Macro",
    "MacroStep",
    "Memory",
    "Profile",
    "Selector",
    "Sop",
    "filled",
    "matching",
    "record_macro",
    "repeats_goal",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
