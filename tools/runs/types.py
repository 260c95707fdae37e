"""What the run store hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

RunStatus = Literal[
    "queued", "running", "paused", "waiting_human", "interrupted", "completed", "failed", "cancelled"
]
MessageStatus = Literal["queued", "applied", "rejected"]
MessageKind = Literal["text", "todo", "operations", "finish"]


class Run(BaseModel):
    """One run of a graph.

    Attributes:
        active_s: Seconds of running time so far; paused and waiting time is not in it.
        inbox_open: Whether messages are still taken.
        owner: Whose run it is; `local` without accounts.
        thread: The conversation that the run belongs to.
        parent: The run that it was forked from.
        attempt: How often it was handed to the queue; 0 for a run that a terminal drives.
        client_id: The owner's own name for the request: the same again is the same run.
        wanted: `pause` or `cancel` when somebody asked for it and the run has not yet stopped.
        answers: What a person answered and no drive has yet brought to an end, by interrupt id.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    graph: str
    question: str
    status: RunStatus
    options: dict[str, Any]
    created: str
    ended: str | None = None
    error: str | None = None
    active_s: float = 0.0
    inbox_open: bool = True
    owner: str = "local"
    thread: str = ""
    parent: str | None = None
    attempt: int = 0
    client_id: str | None = None
    wanted: str = ""
    answers: dict[str, Any] = {}


class Message(BaseModel):
    """A steering message and what became of it; `body` is JSON unless `kind` is text."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    seq: int
    client_id: str
    kind: MessageKind = "text"
    body: str
    status: MessageStatus
    reason: str = ""
    effect: dict[str, Any] = {}
    loop: int | None = None
    at: str = ""


class Evidence(BaseModel):
    """A quote that stands at `text[start:end]` of a stored snapshot.

    Attributes:
        id: `e1`, `e2` …, unique within the run.
        snapshot: SHA-256 of the snapshot's text.
        hidden_by: Id of the constraint that hides it; empty while it may be used.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    task_id: str
    snapshot: str
    start: int
    end: int
    quote: str
    url: str
    title: str
    engine: str
    source_type: str
    published: str | None = None
    score: float = 0.0
    loop: int = 0
    hidden_by: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a run's log; `seq` counts from 1 without gaps. Not validated: there are thousands a second."""

    run_id: str
    seq: int
    at: str
    type: str
    data: dict[str, Any]
