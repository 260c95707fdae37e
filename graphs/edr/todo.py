"""The todo list: one pure function applies every change, whoever asks for it.

A planner, a reflection, a steering message and a person's edit all come as operations. Each is applied or refused
with a reason; nothing is ever merged into a task with another year, number or name (defects D4, D5), and no item can
be left in a state from which nothing takes it up again (D8).
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ...text import same_subject
from .state import Origin, Status, Todo, TodoItem

OPEN: tuple[Status, ...] = ("pending", "in_progress", "blocked")


class _Operation(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Add(_Operation):
    """A new item; when an open one asks the same, that one is kept, with the higher priority of the two."""

    op: Literal["add"] = "add"
    title: str = Field(min_length=1, max_length=300)
    detail: str = ""
    acceptance: str = ""
    priority: int = Field(default=50, ge=0, le=100)
    origin: Origin = "query"
    depends_on: list[str] = []
    tool_hint: str = "any"


class Edit(_Operation):
    """Change an item's words or priority; a person's edit locks it against later changes by a model."""

    op: Literal["edit"] = "edit"
    id: str
    title: str | None = Field(default=None, min_length=1, max_length=300)
    detail: str | None = None
    acceptance: str | None = None
    priority: int | None = Field(default=None, ge=0, le=100)
    depends_on: list[str] | None = None
    tool_hint: str | None = None


class SetStatus(_Operation):
    """Block, unblock (pending), cancel, or mark as done."""

    op: Literal["status"] = "status"
    id: str
    status: Literal["pending", "blocked", "done", "cancelled"]
    note: str = ""


class Reorder(_Operation):
    """Put the named items first, in this order; the others keep theirs behind them."""

    op: Literal["reorder"] = "reorder"
    ids: list[str]


TodoOperation = Annotated[Add | Edit | SetStatus | Reorder, Field(discriminator="op")]


@dataclass
class Applied:
    """The list after the operations, what they did, and what was refused and why."""

    todo: Todo
    changed: list[str] = field(default_factory=list[str])
    added: list[str] = field(default_factory=list[str])
    merged: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])


def apply(
    todo: Todo,
    operations: Sequence[TodoOperation],
    *,
    by: Literal["planner", "reflector", "user"],
    loop: int,
    base_version: int | None = None,
) -> Applied:
    """Apply operations in order.

    Args:
        todo: The list; not changed.
        operations: What to do.
        by: Who asks. Only a person may change an item that a person has locked.
        loop: The loop in which this happens.
        base_version: The version that the caller saw. When the list has moved on since, an edit of an item that
            changed meanwhile is refused, and everything else is applied.
    """
    result = Applied(todo=deepcopy(todo))
    stale = base_version is not None and base_version != todo["version"]
    for operation in operations:
        refusal = _apply_one(result, operation, by=by, loop=loop, stale=stale)
        if refusal:
            result.refused.append(refusal)
    if result.changed or result.added or result.merged:
        result.todo["version"] += 1
    return result


def _apply_one(result: Applied, operation: TodoOperation, *, by: str, loop: int, stale: bool) -> str:
    todo = result.todo
    if isinstance(operation, Add):
        return _add(result, operation, by=by, loop=loop)
    if isinstance(operation, Reorder):
        return _reorder(result, operation, by=by)
    item = find(todo, operation.id)
    if item is None:
        return f"There is no item {operation.id!r}."
    if item["locked_by_user"] and by != "user":
        return f"{item['id']} was edited by a person; a model may not change it."
    if stale and item["updated_by"] != by and isinstance(operation, Edit):
        return f"{item['id']} changed after you read the list (version {todo['version']}); look again."
    if isinstance(operation, SetStatus):
        if item["status"] in ("done", "cancelled") and operation.status != "pending":
            return f"{item['id']} is already {item['status']}."
        item["status"] = operation.status
        item["note"] = operation.note or item["note"]
        if operation.status == "pending":
            item["attempts"] = 0
    else:
        for name in ("title", "detail", "acceptance", "priority", "depends_on", "tool_hint"):
            value = getattr(operation, name)
            if value is not None:
                item[name] = value  # type: ignore[literal-required]
        item["locked_by_user"] = item["locked_by_user"] or by == "user"
    item["updated_by"] = by
    result.changed.append(item["id"])
    return ""


def _add(result: Applied, operation: Add, *, by: str, loop: int) -> str:
    todo = result.todo
    unknown = [d for d in operation.depends_on if find(todo, d) is None]
    if unknown:
        return f"{operation.title!r} depends on unknown items {unknown}."
    for item in todo["items"]:
        if item["status"] != "cancelled" and same_subject(item["title"], operation.title):
            if item["status"] in OPEN:
                item["priority"] = max(item["priority"], operation.priority)
                result.merged.append(item["id"])
                return ""
            if by != "user":
                return f"{operation.title!r} was already asked as {item['id']}."
    item_id = f"t{todo['next_id']}"
    todo["next_id"] += 1
    todo["items"].append(
        TodoItem(
            id=item_id,
            title=operation.title,
            detail=operation.detail,
            status="pending",
            priority=operation.priority,
            origin=operation.origin,
            depends_on=operation.depends_on,
            tool_hint=operation.tool_hint,
            acceptance=operation.acceptance,
            attempts=0,
            evidence_ids=[],
            queries=[],
            note="",
            created_loop=loop,
            updated_by=by,
            locked_by_user=by == "user",
        )
    )
    result.added.append(item_id)
    return ""


def _reorder(result: Applied, operation: Reorder, *, by: str) -> str:
    todo = result.todo
    known = [i for i in (find(todo, item_id) for item_id in operation.ids) if i is not None]
    if len(known) != len(operation.ids):
        return f"Reorder names unknown items among {operation.ids}."
    rest = [item for item in todo["items"] if item not in known]
    top = 100
    for item in known:
        item["priority"], item["updated_by"] = top, by
        top = max(0, top - 1)
    for item in rest:
        item["priority"] = min(item["priority"], top)
    result.changed += [item["id"] for item in known]
    return ""


def find(todo: Todo, item_id: str) -> TodoItem | None:
    """The item with this id, or None."""
    return next((item for item in todo["items"] if item["id"] == item_id), None)


def ready(todo: Todo, *, limit: int) -> list[TodoItem]:
    """The open items to work on next: highest priority first, those that wait for others left out.

    A dependency that failed or was cancelled no longer holds an item up: it is worked on with what there is.
    """
    ended = {item["id"] for item in todo["items"] if item["status"] in ("done", "failed", "cancelled")}
    able = [
        i
        for i in todo["items"]
        if i["status"] in ("pending", "in_progress") and set(i["depends_on"]) <= ended
    ]
    if not able:  # a circle of dependencies must not stop the run
        able = [i for i in todo["items"] if i["status"] in ("pending", "in_progress")]
    order = {item["id"]: place for place, item in enumerate(todo["items"])}
    return sorted(able, key=lambda item: (-item["priority"], order[item["id"]]))[:limit]


def open_items(todo: Todo) -> list[TodoItem]:
    """Items that research may still take up; blocked ones wait for a person."""
    return [item for item in todo["items"] if item["status"] in ("pending", "in_progress")]


def lines(todo: Todo) -> list[str]:
    """One line an item, for prompts and logs."""
    return [f"{i['id']} [{i['status']}] {i['title']}" for i in todo["items"]]
