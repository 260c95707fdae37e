"""What a person says about a plan: approve it, edit it, reject it. Words in, the graph's answer out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import typer

from ..errors import ConfigError
from ._common import say
from .phone_ask import PHONE_KINDS, ask_about_phone, show_phone_question

_FORMS = "“add TITLE”, “drop t2”, “first t3”, or “t2 NEW TITLE”"
_PRIORITY = 90  # what a person adds by hand comes before most of the planner's own items


def edits(lines: Sequence[str], items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The answer that edits a plan and approves it.

    Args:
        lines: Edits, each in one of the forms “add TITLE”, “drop t2”, “first t3 t1”, “t2 NEW TITLE”.
        items: The plan's items; an edit must name one of them.

    Raises:
        ConfigError: A line has none of the forms, or names no item of the plan.
    """
    known = {item["id"] for item in items}
    return {"action": "edit", "operations": [_edit(line.strip(), known) for line in lines]}


def _edit(line: str, known: set[str]) -> dict[str, Any]:
    word, _, rest = line.partition(" ")
    rest = rest.strip()
    if word == "add" and rest:
        return {"op": "add", "title": rest, "priority": _PRIORITY, "origin": "user_edit"}
    if word in ("drop", "first") and rest:
        ids = [_known(name, known) for name in re.split(r"[,\s]+", rest)]
        if word == "first":
            return {"op": "reorder", "ids": ids}
        if len(ids) == 1:
            return {"op": "status", "id": ids[0], "status": "cancelled", "note": "dropped by you"}
    if re.fullmatch(r"t\d+", word) and rest:
        return {"op": "edit", "id": _known(word, known), "title": rest}
    raise ConfigError(f"{line!r} is not an edit of a plan.", mend=f"Write {_FORMS}.")


def _known(name: str, known: set[str]) -> str:
    if name not in known:
        raise ConfigError(f"The plan has no item {name!r}.", mend=f"It has {', '.join(sorted(known))}.")
    return name


def open_items(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of a plan that waits for approval."""
    return [item for item in value["todo"]["items"] if item["status"] != "cancelled"]


def choices_of(value: dict[str, Any]) -> tuple[str, ...]:
    """The options of `tenfold resume` that answer what the run asks."""
    if value["kind"] in ("clarify", "ask_user"):
        return ("--answer",)
    return ("--approve", "--reject") if value["kind"] in PHONE_KINDS else ("--approve", "--edit", "--reject")


def show_question(value: dict[str, Any]) -> None:
    """Say what the run asks."""
    if value["kind"] in PHONE_KINDS:
        return show_phone_question(value)
    if value["kind"] == "clarify":
        return say(value["question"], "bold")
    if value.get("problem"):
        say(value["problem"], "yellow")
    say("The plan:", "bold")
    for item in open_items(value):
        say(f"  {item['id']}  {item['title']}")


def ask(value: dict[str, Any]) -> Any:
    """Ask the person at the terminal what the run asks."""
    show_question(value)
    if value["kind"] in PHONE_KINDS:
        return ask_about_phone(value)
    if value["kind"] == "clarify":
        return {
            "answer": typer.prompt(
                "Your answer (Enter: go on without)", default="", show_default=False, err=True
            )
        }
    while True:
        choice = typer.prompt("Approve (a), edit (e), or reject it and say why (r)?", default="a", err=True)
        match choice.strip().lower():
            case "a" | "approve" | "y" | "yes":
                return {"action": "approve"}
            case "r" | "reject":
                return {"action": "reject", "feedback": typer.prompt("What should be different?", err=True)}
            case "e" | "edit":
                return _ask_edits(open_items(value))
            case _:
                say(f"{choice!r} is none of a, e and r.", "yellow")


def _ask_edits(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    say(f"One edit a line: {_FORMS}. An empty line ends and approves.")
    lines: list[str] = []
    while line := typer.prompt("edit", default="", show_default=False, err=True).strip():
        try:
            edits([line], items)
            lines.append(line)
        except ConfigError as error:
            say(str(error), "yellow")
    return edits(lines, items)
