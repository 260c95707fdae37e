"""Search behind one interface, whatever is searched."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .types import Capabilities, Filters, Hit, OwnsUrls, SearchEngine, Snapshot, SourceType

if TYPE_CHECKING:
    from .cache import SearchCache
    from .fusion import fuse
    from .hub import SearchHub, SearchResult
    from .langchain import as_langchain_tools
    from .limits import TokenBucket
    from .record import Recorded, RecordMode
    from .registry import EngineStatus, build_hub, describe_engines
    from .urls import canonical_url

# Loaded with their first use; langchain_core alone costs a second.
_HOMES = {
    "EngineStatus": ".registry",
    "RecordMode": ".record",
    "Recorded": ".record",
    "SearchCache": ".cache",
    "SearchHub": ".hub",
    "SearchResult": ".hub",
    "TokenBucket": ".limits",
    "as_langchain_tools": ".langchain",
    "build_hub": ".registry",
    "canonical_url": ".urls",
    "describe_engines": ".registry",
    "fuse": ".fusion",
}

__all__ = [
    "Capabilities",
    "EngineStatus",
    "Filters",
    "Hit",
    "OwnsUrls",
    "RecordMode",
    "Recorded",
    "SearchCache",
    "SearchEngine",
    "SearchHub",
    "SearchResult",
    "Snapshot",
    "SourceType",
    "TokenBucket",
    "as_langchain_tools",
    "build_hub",
    "canonical_url",
    "describe_engines",
    "fuse",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
