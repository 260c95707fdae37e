"""The run store: runs, their calls, events, messages, snapshots and evidence, in SQLite or PostgreSQL."""

from .database import RunLock, database_errors
from .images import ImageStore, blacken
from .ledger import RunLedger
from .log import EventLog
from .store import MAX_MESSAGE, MAX_QUEUED, RunStore, new_id
from .types import Event, Evidence, Message, MessageKind, MessageStatus, Run, RunStatus

__all__ = [
    "MAX_MESSAGE",
    "MAX_QUEUED",
    "Event",
    "EventLog",
    "Evidence",
    "ImageStore",
    "Message",
    "MessageKind",
    "MessageStatus",
    "Run",
    "RunLedger",
    "RunLock",
    "RunStatus",
    "RunStore",
    "blacken",
    "database_errors",
    "new_id",
]
