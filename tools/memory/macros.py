"""Macros: a finished run as steps that are found again by what their controls are, not by where they were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..phone import Action, Element, Tree
from .types import Macro, MacroStep, Selector

_KEPT = frozenset(("tap", "long_press", "swipe", "type", "clear", "key", "open_app"))


def record_macro(
    name: str, goal: str, history: Iterable[Mapping[str, Any]], *, parameters: Mapping[str, str] | None = None
) -> Macro:
    """A macro of a run's steps: those that worked, with selectors in place of numbers and points.

    Args:
        history: Steps as the run's state and events have them.
        parameters: Name → the text that was typed; without them, each typed text that stands in the goal is one.

    Raises:
        pydantic.ValidationError: No step worked.
    """
    steps: list[MacroStep] = []
    found = dict(parameters or {})
    for step in history:
        action = dict(step["action"])
        if action["kind"] not in _KEPT or step["verdict"] not in ("ok", "skipped"):
            continue
        target = step["target"]
        selector = None
        if target is not None:
            selector = Selector(**{k: str(target[k]) for k in Selector.model_fields})
            for name_of_place in ("element", "x", "y"):
                action.pop(name_of_place, None)
        text = str(action.get("text", ""))
        named = parameters is None and action["kind"] == "type" and len(text) > 1
        if named and text.casefold() in goal.casefold() and text not in found.values():
            found[f"text{len(found) + 1}"] = text
        action = {**action, **({"text": _with_names(text, found)} if text else {})}
        steps.append(MacroStep(action=action, selector=selector, expect=str(step.get("expect", ""))))
    return Macro(name=name, goal=goal, steps=steps, parameters=found)


def _with_names(text: str, parameters: Mapping[str, str]) -> str:
    for name, value in sorted(parameters.items(), key=lambda pair: -len(pair[1])):
        if value:
            text = text.replace(value, "{{" + name + "}}")
    return text


def filled(step: MacroStep, parameters: Mapping[str, str]) -> Action:
    """A step's action with its parameters put in."""
    action = dict(step.action)
    text = str(action.get("text", ""))
    for name, value in parameters.items():
        text = text.replace("{{" + name + "}}", value)
    return Action.model_validate({**action, **({"text": text} if text else {})})


def matching(selector: Selector, tree: Tree) -> list[Element]:
    """The elements that a selector means: by id, label and role; the context decides among several.

    A label that has changed is forgiven where the id is there once, and an id where label and role are.
    """
    seen = [e for e in tree.elements() if not selector.package or e.node.package in ("", selector.package)]
    exact = [
        e
        for e in seen
        if e.node.resource_id == selector.resource_id
        and e.label == selector.label
        and e.role == selector.role
    ]
    if len(exact) > 1 and selector.context:
        exact = [e for e in exact if e.context == selector.context]
    if exact:
        return exact
    if selector.label:
        named = [
            e for e in seen if e.label.casefold() == selector.label.casefold() and e.role == selector.role
        ]
        if named:
            return named
    if selector.resource_id:
        return [e for e in seen if e.node.resource_id == selector.resource_id and e.role == selector.role]
    return []
