"""The run store: runs, their calls, events, messages, snapshots and evidence, in one SQLite file."""

from .ledger import RunLedger
from .store import MAX_MESSAGE, MAX_QUEUED, RunStore
from .types import Event, Evidence, Message, MessageStatus, Run, RunStatus

__all__ = [
    "MAX_MESSAGE",
    "MAX_QUEUED",
    "Event",
    "Evidence",
    "Message",
    "MessageStatus",
    "Run",
    "RunLedger",
    "RunStatus",
    "RunStore",
]
