"""The state of a phone task: plain JSON, small, and whole in every checkpoint. Pictures are hashes."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from ...text import detect_language
from ...tools.phone import ActionClass, Target

Verdict = Literal["ok", "wrong", "no_change", "uncertain", "skipped", "refused"]
Evidence = Literal["tree", "readback", "probe", "model", "rule"]
Reason = Literal["", "done", "answered", "failed", "steps", "budget", "stopped", "refused"]
FAILURES: frozenset[str] = frozenset(("wrong", "no_change", "refused"))


class Modules(BaseModel):
    """What may be switched off, to see what it is worth. The guard has no switch."""

    model_config = ConfigDict(extra="forbid")

    personalise: bool = True
    classify: bool = True
    orchestrate: bool = True
    retrieve: bool = True
    action_reflection: bool = True
    trajectory_reflection: bool = True
    global_reflection: bool = True
    hand_over: bool = True
    ask: bool = True


class PhoneLimits(BaseModel):
    """Caps of a run."""

    model_config = ConfigDict(extra="forbid")

    tokens: int | None = Field(default=None, gt=0)
    usd: float | None = Field(default=None, gt=0)
    minutes: float | None = Field(default=None, gt=0)


class PhoneOptions(BaseModel):
    """What a run may be asked to do, validated before it starts.

    Attributes:
        modules: Switches.
        max_steps: The most decisions of the run.
        confirm: Show the plan, the apps and the foreseen classes, and wait, before anything is touched.
        approve: Whether every gated action is asked about, or only those of classes that were not agreed to before.
        pictures: Whether screens are kept as pictures always, only for a policy that looks at them, or never.
        packages: Apps that the task may use besides those that the plan names; with `only` none but these.
        only: See `packages`.
        learn: Whether a finished run leaves knowledge and a way of working in the user's memory.
        limits: Caps.
    """

    model_config = ConfigDict(extra="forbid")

    modules: Modules = Field(default_factory=lambda: Modules())
    max_steps: int = Field(default=50, ge=1, le=500)
    confirm: bool = True
    approve: Literal["each", "unforeseen"] = "each"
    pictures: Literal["always", "policy", "never"] = "always"
    packages: list[str] = Field(default=[], max_length=50)
    only: bool = False
    learn: bool = False
    limits: PhoneLimits = Field(default_factory=lambda: PhoneLimits())


class Permissions(TypedDict):
    """What the task may do without leaving what was agreed; no packages means any app."""

    packages: list[str]
    classes: list[ActionClass]
    granted: bool


class Subtask(TypedDict):
    """One part of the task."""

    id: str
    goal: str
    app: str
    depends_on: list[str]
    status: Literal["pending", "in_progress", "done", "failed"]
    returns: str
    replans: int
    why: str


class Memo(TypedDict):
    """A text carried along. What was read from a screen is tainted: it is data for ever."""

    text: str
    source: str
    tainted: bool


class Seen(TypedDict):
    """One look, without its tree: a resumed run looks anew."""

    image: str
    package: str
    activity: str
    keyboard: bool
    width: int
    height: int
    time: str
    signature: str
    orders: list[dict[str, str]]


class Step(TypedDict):
    """One decision and what came of it."""

    n: int
    subtask: str
    thought: str
    action: dict[str, Any]
    target: Target | None
    expect: str
    verdict: Verdict
    evidence: Evidence
    why: str
    before: str
    after: str
    image: str
    source: str
    rule: str
    classes: list[ActionClass]
    app: str
    signature: str


class Difference(TypedDict):
    """A place where tree and picture differ: `not_drawn` words, or a drawing with `no_node`.

    `bounds` are left, top, right, bottom; `at_target` says whether it lies where the finger would come down.
    """

    kind: Literal["not_drawn", "no_node"]
    bounds: list[int]
    text: str
    at_target: bool


class Pending(TypedDict):
    """A decision on its way to the phone.

    Attributes:
        action: Grounded: points in pixels.
        classes: What it would do, read from the screen that it was decided on.
        words: What its control is called.
        package: The app that it is done in, or that it opens.
        spot: Where the finger comes down and, of a swipe, where it ends: x, y, x2, y2.
        focus: Whether the field must be touched before typing.
        signature: Of the screen that it was decided on.
        blind: Whether nothing is known about what lies under its point.
        error: What the device said against it.
        replayed: Whether it may or may not have been done before the process died.
        disagreements: Of a gated action, where the tree and the picture of the screen tell different things.
    """

    n: int
    thought: str
    expect: str
    source: str
    action: dict[str, Any]
    target: Target | None
    classes: list[ActionClass]
    words: str
    package: str
    spot: list[int]
    focus: bool
    signature: str
    blind: bool
    error: str
    replayed: bool
    disagreements: list[Difference]


class Approval(TypedDict):
    """Why a pending action may be done: `by` is a rule or the user."""

    n: int
    by: Literal["rule", "user"]
    rule: str


class Counters(TypedDict):
    """What is counted."""

    step: int
    ground: int
    fallbacks: int
    checks: int
    reflected: int
    looked: int


class Claim(TypedDict):
    """Why the task, or its part, is to end; `doubt` says why it is not known whether that is so."""

    kind: Reason
    text: str
    checked: bool
    doubt: NotRequired[str]


class PhoneState(TypedDict):
    """All that a run needs to go on after its process was killed."""

    run_id: str
    goal: str
    owner: str
    language: str
    options: dict[str, Any]
    permissions: Permissions
    task_type: str
    subtasks: list[Subtask]
    current: str
    memory: list[Memo]
    knowledge: list[str]
    sop: list[str]
    profile: str
    meant: str
    observation: Seen | None
    screens: list[str]
    history: list[Step]
    pending: Pending | None
    approval: Approval | None
    question: dict[str, Any] | None
    questions: list[dict[str, str]]
    corrections: list[str]
    plan_feedback: list[str]
    counters: Counters
    feedback: list[str]
    acknowledged: list[str]
    assessed: list[str]
    claim: Claim | None
    answer: str
    outcome: dict[str, str]
    inbox_cursor: int
    finished: bool


def initial_state(
    run_id: str, goal: str, *, owner: str = "local", options: PhoneOptions | None = None
) -> PhoneState:
    """The state that a run starts from."""
    goal = goal.strip()
    return PhoneState(
        run_id=run_id,
        goal=goal,
        owner=owner,
        language=detect_language(goal),
        options=(options or PhoneOptions()).model_dump(),
        permissions=Permissions(packages=[], classes=[], granted=False),
        task_type="D",
        subtasks=[],
        current="",
        memory=[],
        knowledge=[],
        sop=[],
        profile="",
        meant=goal,
        observation=None,
        screens=[],
        history=[],
        pending=None,
        approval=None,
        question=None,
        questions=[],
        corrections=[],
        plan_feedback=[],
        counters=Counters(step=0, ground=0, fallbacks=0, checks=0, reflected=0, looked=0),
        feedback=[],
        acknowledged=[],
        assessed=[],
        claim=None,
        answer="",
        outcome={},
        inbox_cursor=0,
        finished=False,
    )


def modules_of(state: PhoneState) -> Modules:
    """The switches."""
    return Modules.model_validate(state["options"]["modules"])


def subtask_of(state: PhoneState) -> Subtask:
    """The part that is worked on."""
    return next(s for s in state["subtasks"] if s["id"] == state["current"])


def changed(subtasks: list[Subtask], id: str, **values: Any) -> list[Subtask]:
    """The parts, one of them changed."""
    return [{**s, **values} if s["id"] == id else s for s in subtasks]  # type: ignore[misc]


def next_subtask(subtasks: list[Subtask]) -> Subtask | None:
    """The first part that waits for nothing."""
    done = {s["id"] for s in subtasks if s["status"] == "done"}
    return next((s for s in subtasks if s["status"] == "pending" and done >= set(s["depends_on"])), None)
