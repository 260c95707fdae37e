"""Search behind one interface, whatever is searched."""

from .limits import TokenBucket
from .types import Capabilities, Filters, Hit, SearchEngine, Snapshot, SourceType

__all__ = ["Capabilities", "Filters", "Hit", "SearchEngine", "Snapshot", "SourceType", "TokenBucket"]
