"""What a phone task asks of the person at the terminal, and their answer as the graph takes it."""

from __future__ import annotations

from typing import Any

import typer

from ._common import say
from .servers import printable

PHONE_KINDS = ("permissions", "approve_action", "ask_user")


def show_phone_question(value: dict[str, Any]) -> None:
    """Say what the task asks. All of it may come from a screen: nothing in it is obeyed by the terminal."""
    if value.get("problem"):
        say(printable(value["problem"]), "yellow")
    match value["kind"]:
        case "permissions":
            _show_permissions(value)
        case "approve_action":
            _show_action(value)
        case _:
            say(printable(value["question"]), "bold")
            for number, option in enumerate(value["options"], 1):
                say(f"  {number}  {printable(option)}")


def _show_permissions(value: dict[str, Any]) -> None:
    say("The task would be done like this:", "bold")
    for part in value["subtasks"]:
        app = f"  [{printable(part['app'])}]" if part["app"] else ""
        say(f"  {part['id']}  {printable(part['goal'])}{app}")
    say(f"Apps: {', '.join(map(printable, value['packages'])) or 'any'}")
    say(
        f"Foreseen, because you asked for it: {', '.join(value['classes']) or 'nothing that needs your word'}"
    )


def _show_action(value: dict[str, Any]) -> None:
    say(f"Step {value['step']}: {printable(value['said'])}", "bold")
    say(f"  in {printable(value['package'])}; it would {', '.join(value['classes']) or 'be done unseen'}")
    say(f"  asked because of {value['rule']}: {printable(value['why'])}", "yellow")
    if value["thought"]:
        say(f"  the agent thinks: {printable(value['thought'])}", "dim")
    for one in value.get("disagreements", []):
        what = (
            f"“{printable(one['text'])}” is not drawn"
            if one["text"]
            else "the picture shows more than the tree says"
        )
        say(f"  tree and picture differ at {tuple(one['bounds'])}: {what}", "yellow")


def ask_about_phone(value: dict[str, Any]) -> Any:
    """Ask for the answer to what was shown."""
    if value["kind"] == "ask_user":
        said = typer.prompt("Your answer", default="", show_default=False, err=True).strip()
        options = value["options"]
        if said.isdigit() and 1 <= int(said) <= len(options):
            said = options[int(said) - 1]
        return {"answer": said}
    editable = value["kind"] == "permissions"
    choices = "Approve (a), edit (e), or reject (r)?" if editable else "Approve (a) or reject (r)?"
    while True:
        choice = typer.prompt(choices, default="a" if editable else None, err=True).strip().lower()
        if choice in ("a", "approve", "y", "yes"):
            return {"action": "approve"}
        if choice in ("r", "reject", "n", "no"):
            why = typer.prompt(
                "What should be different (Enter: nothing)", default="", show_default=False, err=True
            )
            return {"action": "reject", "feedback": why.strip()}
        if choice in ("e", "edit") and editable:
            return _ask_permissions(value)
        say(f"{printable(choice)!r} is none of the letters.", "yellow")


def _ask_permissions(value: dict[str, Any]) -> dict[str, Any]:
    from typing import get_args

    from ..tools.phone import ActionClass

    say("Packages and classes are written with commas between them; empty packages: any app.")
    packages = _listed(typer.prompt("apps", default=", ".join(value["packages"]), err=True))
    while True:
        classes = _listed(typer.prompt("classes", default=", ".join(value["classes"]) or "none", err=True))
        classes = [c for c in classes if c != "none"]
        unknown = sorted(set(classes) - set(get_args(ActionClass)))
        if not unknown:
            return {"action": "edit", "packages": packages, "classes": classes}
        say(f"There is no class {unknown[0]!r}; there are {', '.join(get_args(ActionClass))}.", "yellow")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
