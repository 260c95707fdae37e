"""Numbers what a person would call one thing on the screen: rows with their words, buttons, fields, texts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from .tree import Bounds, Element, Node, Tree

MAX_ELEMENTS = 2_000
_WORDS = 8  # of a subtree: more than this is a page, not the label of a thing
_LABEL = 300  # characters
_NEAR = 5  # ancestors that are asked for context


@dataclass(slots=True)
class _Spot:
    """A node on the way: where it stands, and what its subtree says."""

    node: Node
    parent: _Spot | None
    box: Bounds
    acts: bool
    in_web: bool
    words: list[str] = field(default_factory=list[str])  # of the whole subtree
    lifted: list[str] = field(default_factory=list[str])  # of the part that does not act for itself
    checkable: Node | None = None
    owner: _Spot | None = None  # the acting ancestor whose label may hold this node's words


def number(tree: Tree) -> list[Element]:
    """Elements of a tree in reading order, numbered from 1."""
    spots = _spots(tree)
    _gather(spots)
    chosen: list[tuple[_Spot, str, str]] = []
    labels: dict[int, str] = {}
    for spot in spots:
        if spot.box.empty or not spot.node.displayed:
            continue
        label = labels[id(spot)] = _label(spot)
        if _is_element(spot, label, labels):
            chosen.append((spot, label, _role(spot)))
    ordered = _reading_order(chosen)[:MAX_ELEMENTS]
    contexts = _contexts(ordered)
    return [
        Element(n, spot.node, _path(spot), label, role, context, _checked(spot))
        for n, ((spot, label, role), context) in enumerate(zip(ordered, contexts, strict=True), 1)
    ]


def _spots(tree: Tree) -> list[_Spot]:
    """Every node, parents first, clipped to the screen; what is under something hidden is left out."""
    screen, found = tree.screen, list[_Spot]()
    waiting: list[tuple[Node, _Spot | None]] = [(root, None) for root in reversed(tree.roots)]
    while waiting:
        node, parent = waiting.pop()
        if not node.displayed and not node.children:
            continue
        web = node.class_name.endswith("WebView") or (parent is not None and parent.in_web)
        acts = node.clickable or node.long_clickable or node.editable or node.scrollable
        box = node.bounds.clip(screen)
        if _toast(node):  # it says no place: over everything, low on the screen
            box = Bounds(0, screen.bottom - 1, max(screen.right, 1), max(screen.bottom, 1))
        spot = _Spot(node, parent, box, acts, web)
        if parent is not None:
            spot.owner = parent if parent.acts else parent.owner
            if not acts and node.checkable and not _row(spot.owner):
                spot.acts = True
        found.append(spot)
        waiting.extend((child, spot) for child in reversed(node.children))
    return found


def _toast(node: Node) -> bool:
    return node.class_name.endswith("widget.Toast")


def _row(owner: _Spot | None) -> bool:
    """Whether an acting ancestor answers for the boxes in it: a row does, a list does not."""
    return owner is not None and owner.node.clickable and not owner.node.scrollable


def _gather(spots: list[_Spot]) -> None:
    """Words and boxes rise to the parents; children come after parents in the list, so backwards."""
    for spot in reversed(spots):
        own = _own_words(spot.node) if spot.node.displayed and not spot.box.empty else ""
        if own:
            spot.words.insert(0, own)
            spot.lifted.insert(0, own)
        if spot.node.checkable:
            spot.checkable = spot.node
        parent = spot.parent
        if parent is None:
            continue
        parent.words[:0] = spot.words[: _WORDS + 1]
        del parent.words[2 * _WORDS :]
        if not spot.acts:
            parent.lifted[:0] = spot.lifted[: _WORDS + 1]
            del parent.lifted[2 * _WORDS :]
            parent.checkable = spot.checkable or parent.checkable


_SLIDER = re.compile(r"SeekBar|Slider")


def _own_words(node: Node) -> str:
    if _SLIDER.search(node.class_name):  # its text is only its position
        words = ", ".join(part for part in (node.description, node.text) if part)
    elif node.editable:
        words = node.description or node.hint or ("" if node.password else node.text)
    else:
        words = ("" if node.password else node.text) or node.description
    return " ".join(words.split())[:_LABEL]


def _label(spot: _Spot) -> str:
    own = _own_words(spot.node)
    if own or not spot.acts or spot.node.scrollable or len(spot.lifted) > _WORDS:
        return own
    return ", ".join(dict.fromkeys(spot.lifted))[:_LABEL]


def _is_element(spot: _Spot, label: str, labels: dict[int, str]) -> bool:
    node, owner = spot.node, spot.owner
    if spot.acts:
        # A page-wide sheet that only catches touches for what lies in it is not a thing to a person.
        sheet = not label and spot.words and not node.editable and not node.scrollable
        return not sheet
    if not label:
        return False
    if owner is None or id(owner) not in labels or owner.node.editable:
        return True
    return label not in labels[id(owner)]


_ROLES = (
    (r"ToggleButton|Switch", "switch"),
    (r"CheckBox|CheckedTextView", "checkbox"),
    (r"RadioButton", "radio"),
    (r"SeekBar|Slider|RatingBar", "slider"),
    (r"Spinner$", "dropdown"),
    (r"TabView|\$Tab$|TabItem", "tab"),
    (r"widget\.Toast$", "toast"),
    (r"Button$|Chip$", "button"),
)


def _role(spot: _Spot) -> str:
    node = spot.node
    if node.editable:
        return "field"
    for pattern, role in _ROLES:
        if re.search(pattern, node.class_name):
            return role
    if node.scrollable:
        return "list"
    image = "Image" in node.class_name
    if not spot.acts:
        return "image" if image else "text"
    inner = spot.checkable
    if inner is not None:
        role = next((role for pattern, role in _ROLES if re.search(pattern, inner.class_name)), "checkbox")
        return role if role in ("switch", "checkbox", "radio") else "checkbox"
    if spot.in_web:
        return "link"
    return "button" if image else "item"


def _checked(spot: _Spot) -> bool | None:
    return None if spot.checkable is None else spot.checkable.checked


_Chosen = tuple[_Spot, str, str]


def _reading_order(chosen: list[_Chosen]) -> list[_Chosen]:
    """Line by line, left to right. Lists come before what is in them; a line holds what stands level."""
    chosen = sorted(chosen, key=lambda c: (c[0].box.top, c[0].box.left))
    lines: list[list[_Chosen]] = []
    for item in chosen:
        box, first = item[0].box, lines[-1][0][0].box if lines else None
        if first is not None and _level(first, box) and "list" not in (item[2], lines[-1][0][2]):
            lines[-1].append(item)
        else:
            lines.append([item])
    return [item for line in lines for item in sorted(line, key=lambda c: c[0].box.left)]


def _level(first: Bounds, box: Bounds) -> bool:
    tall, low = first.bottom - first.top, box.bottom - box.top
    return first.top <= box.center[1] < first.bottom and tall <= 3 * low and low <= 3 * tall


def _contexts(ordered: list[_Chosen]) -> list[str]:
    """For what has no words, a switch of its own, or its like elsewhere: the words around it, then its place."""
    alike = Counter((label, role) for _, label, role in ordered)
    contexts: list[str] = []
    for spot, label, role in ordered:
        wanted = role != "list" and (not label or alike[label, role] > 1 or spot.node.checkable)
        contexts.append(_around(spot, label) if wanted else "")
    keys = [(label, role, context) for (_, label, role), context in zip(ordered, contexts, strict=True)]
    total, seen = Counter(keys), Counter[tuple[str, str, str]]()
    for i, key in enumerate(keys):
        seen[key] += 1
        if total[key] > 1:
            place = f"{seen[key]} of {total[key]}"
            contexts[i] = f"{key[2]} ({place})" if key[2] else place
    return contexts


def _around(spot: _Spot, label: str) -> str:
    own, above = set(spot.words) | {label}, spot.parent
    for _ in range(_NEAR):
        if above is None:
            return ""
        near = [word for word in dict.fromkeys(above.words) if word not in own]
        if near:
            # More than a row's words: a whole list says nothing about one thing in it.
            return ", ".join(near[:3])[:_LABEL] if len(near) <= _WORDS else ""
        above = above.parent
    return ""


def _path(spot: _Spot) -> tuple[Node, ...]:
    path: list[Node] = []
    above = spot.parent
    while above is not None:
        path.append(above.node)
        above = above.parent
    return tuple(reversed(path))
