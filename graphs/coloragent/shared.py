"""What a run shows of itself: keyed values of the shared state document, and steps in words."""

from __future__ import annotations

from typing import Any

from ...tools.phone import Action, DeviceInfo
from ...tools.runs import Message
from .state import Memo, Pending, Permissions, PhoneState, Seen, Step, Subtask, Target

Paths = dict[str, Any]


def screen(seen: Seen, target: Target | None = None, *, listed: str) -> Paths:
    """What the phone shows, as a picture's hash and as a list, and where it is about to be touched."""
    shown = ("image", "width", "height", "package", "activity")
    mark = None
    if target is not None:
        mark = {"bounds": target["bounds"], "point": target["point"], "label": target["label"]}
    return {"/phone/screen": {**{name: seen[name] for name in shown}, "target": mark, "list": listed}}


def subtasks(values: list[Subtask], current: str) -> Paths:
    """The parts of the task."""
    return {"/phone/subtasks": {"current": current, "items": values}}


def permissions(value: Permissions) -> Paths:
    """What the task may do."""
    return {"/phone/permissions": dict(value)}


def device(info: DeviceInfo) -> Paths:
    """Which phone it is."""
    names = ("serial", "model", "release", "sdk", "width", "height", "density", "virtual")
    return {"/phone/device": {name: getattr(info, name) for name in names}}


def step(value: Step) -> Paths:
    """One step."""
    return {f"/phone/steps/{value['n']}": dict(value)}


def memory(values: list[Memo]) -> Paths:
    """What was noted on the way."""
    return {"/phone/memory": list(values)}


def questions(values: list[dict[str, str]]) -> Paths:
    """What the user was asked, and answered."""
    return {"/phone/questions": list(values)}


def answer(text: str, outcome: dict[str, str]) -> Paths:
    """How it ended."""
    return {"/phone/answer": {"text": text, **outcome}}


def message(value: Message) -> Paths:
    """A message and what became of it."""
    return {f"/messages/{value.seq}": value.model_dump(exclude={"run_id"})}


def action_words(action: dict[str, Any], target: Target | None) -> str:
    """An action as people say it."""
    what = target["label"] or target["resource_id"].rpartition("/")[2] or target["role"] if target else ""
    where = f" {what!r}" if what else ""
    done = Action.model_validate(action)
    match done.kind:
        case "type":
            return f"type {done.text!r} into{where or ' the focused field'}"
        case "open_app":
            return f"open the app {done.app!r}"
        case "key":
            return f"press {done.key}"
        case "swipe":
            return f"swipe {done.direction or 'from point to point'}{where}"
        case "wait":
            return "wait"
        case "note" | "answer" | "ask" | "done" | "failed":
            return f"{done.kind} {done.text!r}" if done.text else done.kind
        case _:
            return f"{done.kind.replace('_', ' ')}{where}"


def line(value: Step) -> str:
    """A step as a line for a model: what was done and what came of it."""
    said = action_words(value["action"], value["target"])
    why = f": {value['why']}" if value["why"] and value["verdict"] != "ok" else ""
    return f"{value['n']}. {said} → {value['verdict']}{why}"


def lines(state: PhoneState, *, subtask: str | None = None) -> list[str]:
    """The steps of the run, or of one part."""
    return [line(s) for s in state["history"] if subtask is None or s["subtask"] == subtask]


def approval_text(pending: Pending) -> str:
    """What a person is asked to approve, in words."""
    return action_words(pending["action"], pending["target"])
