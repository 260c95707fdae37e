"""The state of a research run: plain JSON, small, and whole in every checkpoint.

What is large (texts, quotes, calls, events) lies in the run store; the state holds ids.
"""

from __future__ import annotations

import operator
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["pending", "in_progress", "done", "failed", "blocked", "cancelled"]
Origin = Literal["query", "gap", "steer", "user_edit"]
StopReason = Literal["", "answered", "loops", "budget", "stopped"]


class TodoItem(TypedDict):
    """One sub-question; the program owns it, a model or a person only proposes changes."""

    id: str
    title: str
    detail: str
    status: Status
    priority: int
    origin: Origin
    depends_on: list[str]
    tool_hint: str
    acceptance: str
    attempts: int
    evidence_ids: list[str]
    queries: list[str]
    note: str
    created_loop: int
    updated_by: str
    locked_by_user: bool


class Todo(TypedDict):
    """The list; `version` grows by one with every change."""

    version: int
    next_id: int
    items: list[TodoItem]


class Constraint(TypedDict):
    """A rule from a person, enforced by code until it is withdrawn.

    `predicate` holds what the kind needs: `terms`, `source_types`, `domains_allow`, `domains_deny`, `urls_deny`,
    `date_from`, `date_to`, `language`, `max_words`.
    """

    id: str
    kind: str
    text: str
    predicate: dict[str, Any]
    status: Literal["active", "withdrawn"]
    from_message: int


class Card(TypedDict):
    """A quote on its way from a research task to the store."""

    snapshot: str
    start: int
    end: int
    quote: str
    url: str
    title: str
    engine: str
    source_type: str
    published: str | None
    score: float


class Outcome(TypedDict):
    """What one research task came back with."""

    task_id: str
    status: Literal["found", "nothing", "failed", "preempted"]
    cards: list[Card]
    queries: list[str]
    dropped: list[str]
    charts: list[dict[str, Any]]
    note: str
    blocked: dict[str, str]


class ClaimState(TypedDict):
    """A sentence of the report. `verdict`: supported, unverified or dropped; `why` says what failed."""

    text: str
    evidence: list[str]
    verdict: Literal["unchecked", "supported", "unverified", "dropped"]
    extractive: bool
    why: str


class SectionState(TypedDict):
    """A section; `tries` counts how often it was written."""

    id: str
    title: str
    evidence: list[str]
    claims: list[ClaimState]
    tries: int


class Limits(BaseModel):
    """Caps as a run starts with them; steering may change them."""

    model_config = ConfigDict(extra="forbid")

    tokens: int | None = Field(default=None, gt=0)
    usd: float | None = Field(default=None, gt=0)
    minutes: float | None = Field(default=None, gt=0)
    loops: int = Field(default=3, ge=1, le=50)


class RunOptions(BaseModel):
    """What a run may be asked to do, validated before it starts.

    Attributes:
        approve_plan: Show the plan and wait before anything is searched.
        clarify: Allow one question back.
        unverified: Whether a claim that fails its check twice is marked in the report or left out.
        max_tasks: The most sub-questions of the first plan.
        parallel: Research tasks at the same time.
        attempts: How often a sub-question is tried before it counts as failed.
        limits: Caps.
    """

    model_config = ConfigDict(extra="forbid")

    approve_plan: bool = False
    clarify: bool = False
    unverified: Literal["drop", "mark"] = "drop"
    max_tasks: int = Field(default=5, ge=1, le=12)
    parallel: int = Field(default=4, ge=1, le=16)
    attempts: int = Field(default=2, ge=1, le=5)
    limits: Limits = Field(default_factory=lambda: Limits())


def keyed(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Reducer of `sections`: later entries win; a `None` value clears what is there first."""
    return {
        **({} if right.get("__clear__") else left),
        **{k: v for k, v in right.items() if k != "__clear__"},
    }


def gathered(left: list[Any], right: list[Any] | None) -> list[Any]:
    """Reducer of `outcomes`: parallel tasks add, and `None` empties the list."""
    return [] if right is None else operator.add(left, right)


class EdrState(TypedDict):
    """All that a run needs to go on after its process was killed."""

    run_id: str
    question: str
    brief: str
    language: str
    today: str
    options: dict[str, Any]
    feedback: list[str]
    plan_round: int
    plan_approved: bool
    todo: Todo
    constraints: list[Constraint]
    inbox_cursor: int
    loop: int
    extra_loops: int
    gaps: list[str]
    disagreements: list[list[str]]
    blocked: dict[str, str]
    charts: list[dict[str, Any]]
    outcomes: Annotated[list[Outcome], gathered]
    sections: Annotated[dict[str, SectionState], keyed]
    stop_reason: StopReason
    rewrite: bool
    finished: bool


def initial_state(run_id: str, question: str, *, today: str, options: RunOptions) -> EdrState:
    """The state that a run starts from."""
    return EdrState(
        run_id=run_id,
        question=question.strip(),
        brief="",
        language="en",
        today=today,
        options=options.model_dump(),
        feedback=[],
        plan_round=0,
        plan_approved=False,
        todo=Todo(version=0, next_id=1, items=[]),
        constraints=[],
        inbox_cursor=0,
        loop=0,
        extra_loops=0,
        gaps=[],
        disagreements=[],
        blocked={},
        charts=[],
        outcomes=[],
        sections={},
        stop_reason="",
        rewrite=False,
        finished=False,
    )
