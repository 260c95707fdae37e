"""From a decision to a place on the screen, and to what it would do there: pure functions over one look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import PhoneError
from ...tools.phone import (
    Action,
    ActionClass,
    Element,
    Node,
    Observation,
    Spot,
    Target,
    chain_to,
    classify_action,
    locate,
    words_of,
)
from .planning import package_of


@dataclass(frozen=True, slots=True)
class Grounded:
    """Where an action lands and what it would do there.

    Attributes:
        package: The app that it is done in, or that it opens.
        focus: Whether a field must be touched before it is typed into.
        blind: Whether nothing is known about what lies under the point.
    """

    spot: Spot
    target: Target | None
    classes: frozenset[ActionClass]
    words: str
    package: str
    focus: bool = False
    blind: bool = False


def ground_action(action: Action, seen: Observation, apps: Mapping[str, str]) -> Grounded:
    """Ground an action.

    Raises:
        PhoneError: It lands nowhere; the message is for whoever decided it.
    """
    if action.kind == "open_app":
        package = package_of(action.app, dict(apps))
        return Grounded(locate(action, seen), None, frozenset(), action.app, package or action.app)
    if action.kind in ("key", "wait"):
        return _pressed(action, seen)
    if action.kind in ("type", "clear"):
        return _into_field(action, seen)
    spot = locate(action, seen)
    if spot.element is not None:
        _check_reachable(action, spot, spot.element, seen)
    chain = seen.tree.at(spot.x, spot.y)
    blind = not any(n.takes_touch or n.text or n.description for n in chain)
    if action.kind == "swipe":
        blind = False
    classes = classify_action(action, chain, seen.package, seen.tree)
    target = _target(spot, spot.element or _element_at(seen, chain), chain)
    return Grounded(spot, target, classes, words_of(chain), _package(chain, seen), blind=blind)


def _pressed(action: Action, seen: Observation) -> Grounded:
    field = seen.tree.focused()
    chain = chain_to(seen.tree, field) if field is not None else ()
    classes = classify_action(action, chain, seen.package, seen.tree)
    x, y = field.bounds.center if field is not None else (seen.width // 2, seen.height // 2)
    spot = Spot(x, y, x, y)
    named = action.kind == "key" and action.key == "enter" and field is not None
    target = _target(spot, _element_at(seen, chain), chain) if named else None
    return Grounded(spot, target, classes, words_of(chain) if named else "", seen.package)


def _into_field(action: Action, seen: Observation) -> Grounded:
    """The named field, the field at the point, or the one that has the focus."""
    focused = seen.tree.focused()
    if action.element is not None or action.x is not None:
        spot = locate(action, seen)
        element = spot.element or _element_at(seen, seen.tree.at(spot.x, spot.y))
        if element is None or not element.node.editable:
            what = f"element {action.element}" if action.element is not None else "what lies at that point"
            raise PhoneError(f"{what} takes no text.", mend="Name a field.")
        _check_reachable(action, spot, element, seen)
        node = element.node
    elif focused is not None:
        node, element = focused, None
        x, y = node.bounds.center
        spot = Spot(x, y, x, y)
    else:
        raise PhoneError("No field has the focus.", mend="Name the field's element, or tap it first.")
    chain = chain_to(seen.tree, node)
    classes = classify_action(action, chain, seen.package, seen.tree)
    target = _target(spot, element or _element_at(seen, chain), chain)
    return Grounded(spot, target, classes, words_of(chain), _package(chain, seen), focus=not node.focused)


def _check_reachable(action: Action, spot: Spot, element: Element, seen: Observation) -> None:
    node = element.node
    if not node.enabled and action.kind != "swipe":
        raise PhoneError(f"Element {element.n} is disabled.", mend="Do first what it waits for.")
    if not (0 <= spot.x < seen.width and 0 <= spot.y < seen.height):
        raise PhoneError(f"Element {element.n} lies outside the screen.", mend="Swipe to it first.")
    chain = seen.tree.at(spot.x, spot.y)
    if chain and not any(n is node for n in chain) and action.kind != "swipe":
        over = words_of(chain) or chain[-1].resource_id or "something"
        raise PhoneError(f"Element {element.n} is covered by {over!r}.", mend="Close or move what covers it.")


def _element_at(seen: Observation, chain: Sequence[Node]) -> Element | None:
    """The innermost numbered element among these nodes."""
    for node in reversed(chain):
        for element in seen.tree.elements():
            if element.node is node:
                return element
    return None


def _target(spot: Spot, element: Element | None, chain: Sequence[Node]) -> Target | None:
    node = element.node if element is not None else chain[-1] if chain else None
    if node is None:
        return None
    b = node.bounds
    return Target(
        label=element.label if element is not None else words_of(chain),
        role=element.role if element is not None else "",
        resource_id=node.resource_id,
        package=node.package,
        context=element.context if element is not None else "",
        bounds=[b.left, b.top, b.right, b.bottom],
        point=[spot.x, spot.y],
    )


def _package(chain: Sequence[Node], seen: Observation) -> str:
    return next((n.package for n in reversed(chain) if n.package), seen.package)


def still_there(
    target: Target | None, words: str, classes: Sequence[ActionClass], action: Action, seen: Observation
) -> str:
    """Why what lies under the finger is not what was decided on or approved; "" when it is.

    Label, id, package and what a touch would do must be the same, the node enabled and the topmost.
    """
    if action.kind in ("tap", "long_press", "swipe") and target is not None:
        chain = seen.tree.at(*target["point"])
        found = _element_at(seen, chain)
        node = found.node if found is not None else chain[-1] if chain else None
        if node is None or node.resource_id != target["resource_id"] or node.package != target["package"]:
            return f"{target['label'] or 'The target'!r} is no longer there."
        if words_of(chain) != words:
            return f"There is {words_of(chain)!r} now where {words!r} was."
        if not node.enabled:
            return f"{target['label']!r} is disabled now."
    elif action.kind in ("type", "clear", "key"):
        field = seen.tree.focused()
        chain = chain_to(seen.tree, field) if field is not None else ()
        if target is not None and field is not None and field.resource_id != target["resource_id"]:
            chain = seen.tree.at(*target["point"])
            if not chain or chain[-1].resource_id != target["resource_id"]:
                return "Another field has the focus now."
    else:
        return ""
    now = classify_action(action, chain, seen.package, seen.tree)
    if not now <= set(classes):
        return f"It would now {', '.join(sorted(now - set(classes)))}, which was not decided."
    return ""
