"""A screen as a text-only model reads it: one numbered line an element, what the screen says as quoted data."""

from __future__ import annotations

import json
import re
import unicodedata

from .port import Observation
from .tree import Element, Node

_LABEL = 160
_CONTENT = 240
_CONTEXT = 80


def describe(observation: Observation, *, limit: int = 12_000) -> str:
    """The indexed list of a screen.

    Everything that the screen says stands in JSON quotes on the line of its element: it can open no line of its own
    and no quote. What stands in password fields is never shown.

    Args:
        observation: One look.
        limit: Characters; elements that do not fit are counted at the end.
    """
    o = observation
    lines = [
        f"screen {o.width}x{o.height}, app {_name(o.package)}/{_name(o.activity)}, "
        f"keyboard {'shown' if o.keyboard else 'hidden'}, device time {_name(o.time)}"
    ]
    room = limit - len(lines[0])
    elements = o.tree.elements()
    for done, element in enumerate(elements):
        line = line_of(element)
        room -= len(line) + 1
        if room < 0:
            lines.append(f"({len(elements) - done} more elements are not listed)")
            break
        lines.append(line)
    if not elements:
        lines.append("(no elements: the device gives no tree of this screen)")
    return "\n".join(lines)


def line_of(element: Element) -> str:
    """One element's line: number, role, quoted words, state."""
    node = element.node
    parts = [f"{element.n} [{element.role}]"]
    if element.label:
        parts.append(quoted(element.label, _LABEL))
    elif tail := _tail(node.resource_id):
        parts.append(f"id={tail}")
    if element.context:
        parts.append(f"(near {quoted(element.context, _CONTEXT)})")
    parts += _state(element)
    return " ".join(parts)


def quoted(text: str, length: int) -> str:
    """Text as data: one line in JSON quotes, without characters that are not seen or turn the writing round."""
    cut = text[: length * 2]
    seen = (
        cut
        if cut.isprintable()
        else "".join(" " if c in "\n\r\t" else c for c in cut if c in "\n\r\t\u200d" or not _unseen(c))
    )
    seen = " ".join(seen.split())
    if len(seen) > length:
        seen = seen[: length - 1] + "…"
    return json.dumps(seen, ensure_ascii=False)


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _state(element: Element) -> list[str]:
    node = element.node
    words: list[str] = []
    if element.role == "field":
        words.append(_content(node, element.label))
    if element.checked is not None:
        words.append("on" if element.checked else "off")
    for present, word in (
        (not node.enabled, "disabled"),
        (node.selected, "selected"),
        (node.focused, "focused"),
        (node.scrollable, "scrollable"),
        (node.long_clickable and not node.clickable, "long press only"),
    ):
        if present:
            words.append(word)
    if node.error:
        words.append(f"error={quoted(node.error, _LABEL)}")
    return words


def _content(node: Node, label: str) -> str:
    if node.password:
        return "(secret, filled)" if node.content else "(secret, empty)"
    if not node.content:
        return "(empty)"
    return "" if node.content == label and not node.hint else f"= {quoted(node.content, _CONTENT)}"


def _name(text: str) -> str:
    """Package, activity, time: names that need no quotes once everything else is taken out."""
    return re.sub(r"[^\w.$/:+\-]", "", text)[:120] or "unknown"


def _tail(resource_id: str) -> str:
    return re.sub(r"[^\w.\-]", "", resource_id.rpartition("/")[2])[:60]
