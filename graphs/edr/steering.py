"""Applying steering: typed operations change the state, and each says what it did.

Pure: takes the state's parts and what was found so far, returns new parts and an effect that a person can read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ...agents.edr import Operation
from ...text import content_words, mentions
from . import constraints as rules
from . import todo as todos
from .state import Constraint, Limits, Todo


@dataclass
class Steered:
    """The parts of the state that steering may change, and what has been done to them.

    Attributes:
        sources: Evidence id to what the rules look at.
        hidden: Evidence id to the constraint that hides it, or ''.
        engines: Source types that this run can search.
        effect: What the message did, for the person who sent it.
        refused: Why parts of it were not done.
    """

    todo: Todo
    constraints: list[Constraint]
    limits: Limits
    sources: Mapping[str, rules.Source]
    hidden: dict[str, str]
    engines: frozenset[str]
    loop: int
    message: int = 0
    stop: bool = False
    rewrite: bool = False
    effect: dict[str, Any] = field(default_factory=dict[str, Any])
    refused: list[str] = field(default_factory=list[str])

    def note(self, name: str, *values: Any) -> None:
        """Add to the effect."""
        self.effect.setdefault(name, []).extend(values)


def apply_message(steered: Steered, operations: Sequence[Operation], *, message: int) -> Steered:
    """Apply all that one message asks for.

    Returns:
        A new `Steered` whose `effect` and `refused` are this message's own.
    """
    after = deepcopy(steered)
    after.message, after.effect, after.refused = message, {}, []
    for operation in operations:
        refusal = _APPLY[operation.kind](after, operation)
        if refusal:
            after.refused.append(refusal)
    return after


class TodoEdit(BaseModel):
    """A person's edit of the list; `base_version` is the version that they saw."""

    model_config = ConfigDict(extra="forbid")

    base_version: int = Field(ge=0)
    operations: list[todos.TodoOperation] = Field(min_length=1, max_length=50)


def apply_edit(steered: Steered, edit: TodoEdit, *, message: int) -> Steered:
    """Apply a person's edit of the list; what changed under their hands is refused, the rest is done.

    Returns:
        A new `Steered` whose `effect` and `refused` are this edit's own.
    """
    after = deepcopy(steered)
    after.message, after.effect, after.refused = message, {}, []
    before = {item["id"]: item["status"] for item in steered.todo["items"]}
    result = todos.apply(
        steered.todo, edit.operations, by="user", loop=steered.loop, base_version=edit.base_version
    )
    after.todo, after.refused = result.todo, result.refused
    if result.added:
        after.note("tasks_added", *result.added)
    if result.merged:
        after.note("tasks_raised", *result.merged)
    for item_id in dict.fromkeys(result.changed):
        item = todos.find(result.todo, item_id)
        assert item
        restored = item["status"] == "pending" and before[item_id] in (
            "done",
            "failed",
            "cancelled",
            "blocked",
        )
        gone = item["status"] == "cancelled" != before[item_id]
        after.note("tasks_restored" if restored else "tasks_cancelled" if gone else "tasks_changed", item_id)
    return after


def _constrain(steered: Steered, operation: Operation, predicate: dict[str, Any]) -> str:
    kind = operation.kind
    twin = next((c for c in rules.active(steered.constraints, kind) if c["predicate"] == predicate), None)
    if twin:
        steered.note("already_in_force", twin["id"])
        return ""
    constraint = Constraint(
        id=f"c{len(steered.constraints) + 1}",
        kind=kind,
        text=operation.text,
        predicate=predicate,
        status="active",
        from_message=steered.message,
    )
    steered.constraints.append(constraint)
    steered.note("constraints", {"id": constraint["id"], "kind": kind, "text": operation.text})
    _rehide(steered)
    return ""


def _rehide(steered: Steered) -> None:
    """Hide and show evidence as the constraints in force now say."""
    changes = rules.effect_on_evidence(steered.hidden, steered.sources, steered.constraints)
    steered.hidden.update(changes)
    if gone := [e for e, why in changes.items() if why]:
        steered.note("evidence_hidden", *gone)
    if back := [e for e, why in changes.items() if not why]:
        steered.note("evidence_shown", *back)
    steered.rewrite = steered.rewrite or bool(changes)


def _focus(steered: Steered, operation: Operation) -> str:
    if not content_words(operation.text):
        return "The focus names no subject."
    refusal = _constrain(steered, operation, {"terms": [operation.text]})
    for item in todos.open_items(steered.todo):
        if mentions(item["title"], operation.text) and not item["locked_by_user"]:
            item["priority"] = min(100, item["priority"] + 20)
            steered.note("tasks_raised", item["id"])
    if not any(mentions(i["title"], operation.text) for i in steered.todo["items"]):
        _add(steered, operation, operation.text)
    return refusal


def _exclude(steered: Steered, operation: Operation) -> str:
    if not content_words(operation.text, drop_generic=True):
        return "The exclusion names no subject."
    refusal = _constrain(steered, operation, {"terms": [operation.text]})
    for item in todos.open_items(steered.todo):
        if mentions(item["title"], operation.text):
            _change(
                steered,
                todos.SetStatus(id=item["id"], status="cancelled", note=f"excluded: {operation.text}"),
            )
            steered.note("tasks_cancelled", item["id"])
    return refusal


def _prioritize(steered: Steered, operation: Operation) -> str:
    chosen = [i["id"] for i in todos.open_items(steered.todo) if mentions(i["title"], operation.text)]
    if chosen:
        _change(steered, todos.Reorder(ids=chosen))
        steered.note("tasks_first", *chosen)
        return ""
    return _add(steered, operation, operation.text, priority=100)


def _source_policy(steered: Steered, operation: Operation) -> str:
    wanted = set(operation.source_types)
    if wanted and not wanted & steered.engines:
        return (
            f"This run searches {', '.join(sorted(steered.engines)) or 'nothing'}; none of it is "
            f"{' or '.join(sorted(wanted))}, so the rule would leave no source. Start a run with such a source."
        )
    if not (wanted or operation.domains_allow or operation.domains_deny or operation.urls_deny):
        return "The rule names no kind of source, no domain and no address."
    names = ("source_types", "domains_allow", "domains_deny", "urls_deny")
    return _constrain(steered, operation, {n: getattr(operation, n) for n in names if getattr(operation, n)})


def _time_window(steered: Steered, operation: Operation) -> str:
    start, end = operation.date_from, operation.date_to
    if not (start or end) or (start and end and start > end):
        return f"The time window from {start} to {end} is empty."
    return _constrain(steered, operation, {k: v for k, v in (("date_from", start), ("date_to", end)) if v})


def _style(steered: Steered, operation: Operation) -> str:
    predicate = {n: getattr(operation, n) for n in ("language", "max_words") if getattr(operation, n)}
    steered.rewrite = True
    return _constrain(steered, operation, predicate or {"wish": operation.text})


def _budget(steered: Steered, operation: Operation) -> str:
    if operation.amount is None or operation.unit is None:
        return "The budget needs an amount and a unit: tokens, usd, minutes or loops."
    whole = operation.unit in ("tokens", "loops")
    value = max(1, int(operation.amount)) if whole else operation.amount
    before = getattr(steered.limits, operation.unit)
    try:
        steered.limits = Limits.model_validate({**steered.limits.model_dump(), operation.unit: value})
    except ValueError as error:
        return f"The budget cannot be {value} {operation.unit}: {error}"
    steered.note("budget", {"unit": operation.unit, "from": before, "to": value})
    return ""


def _add_task(steered: Steered, operation: Operation) -> str:
    if not content_words(operation.text):
        return "The request names no subject."
    excluded = rules.excluded_by(operation.text, steered.constraints)
    if excluded:
        return f"{operation.text!r} falls under rule {excluded}; withdraw it first (“undo {excluded}”)."
    return _add(steered, operation, operation.text)


def _add(steered: Steered, operation: Operation, title: str, *, priority: int = 95) -> str:
    result = _change(
        steered, todos.Add(title=title[:300], priority=priority, origin="steer", detail=operation.text)
    )
    if result.merged:
        steered.note("tasks_raised", *result.merged)
    if result.added:
        steered.note("tasks_added", *result.added)
    return " ".join(result.refused)


def _cancel_task(steered: Steered, operation: Operation) -> str:
    items = steered.todo["items"]
    ids = (
        [operation.task_id]
        if operation.task_id
        else [i["id"] for i in items if mentions(i["title"], operation.text)]
    )
    if not ids:
        return f"No item of the list is about {operation.text!r}."
    refusals: list[str] = []
    for item_id in ids:
        result = _change(
            steered, todos.SetStatus(id=item_id, status="cancelled", note="cancelled by the user")
        )
        refusals += result.refused
        if not result.refused:
            steered.note("tasks_cancelled", item_id)
    return " ".join(refusals)


def _undo(steered: Steered, operation: Operation) -> str:
    in_force = rules.active(steered.constraints)
    wanted = operation.text.strip()
    chosen = [c for c in in_force if wanted in ("", c["id"]) or (wanted and mentions(c["text"], wanted))][-1:]
    if not chosen:
        return f"No rule in force matches {wanted!r}." if wanted else "There is no rule to undo."
    chosen[0]["status"] = "withdrawn"
    steered.note("withdrawn", chosen[0]["id"])
    steered.rewrite = steered.rewrite or chosen[0]["kind"] == "style"
    for item in steered.todo["items"]:
        if (
            item["status"] == "cancelled"
            and item["note"] == f"excluded: {(chosen[0]['predicate'].get('terms') or [''])[0]}"
        ):
            _change(steered, todos.SetStatus(id=item["id"], status="pending"))
            steered.note("tasks_restored", item["id"])
    _rehide(steered)
    return ""


def _stop(steered: Steered, operation: Operation) -> str:
    steered.stop = True
    steered.note("stopping", True)
    return ""


def _change(steered: Steered, *operations: Any) -> todos.Applied:
    result = todos.apply(steered.todo, operations, by="user", loop=steered.loop)
    steered.todo = result.todo
    return result


_APPLY: dict[str, Callable[[Steered, Operation], str]] = {
    "focus": _focus,
    "exclude": _exclude,
    "prioritize": _prioritize,
    "source_policy": _source_policy,
    "time_window": _time_window,
    "style": _style,
    "budget": _budget,
    "add_task": _add_task,
    "cancel_task": _cancel_task,
    "undo": _undo,
    "stop": _stop,
}
