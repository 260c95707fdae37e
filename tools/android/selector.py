"""UiAutomator's selectors as clients write them: `new UiSelector().text("Wi-Fi").instance(0)` and `UiScrollable`.

Only calls that are known are read; the text is parsed, never run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Element = Any  # lxml's _Element: it ships no types


class SelectorError(Exception):
    """The text is no selector that is understood; the message says where."""


@dataclass
class UiSelector:
    """Conditions in the order in which they were written."""

    conditions: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])


@dataclass
class UiScrollable:
    """A list and what is done with it."""

    container: UiSelector
    calls: list[tuple[str, list[Any]]] = field(default_factory=list[tuple[str, list[Any]]])


_TOKEN = re.compile(r'\s*(?:(new)\b|([A-Za-z_][\w.]*)|(-?\d+)|"((?:[^"\\]|\\.)*)"|([().,;]))')
_ATTRIBUTES = {
    "text": "text",
    "description": "content-desc",
    "resourceId": "resource-id",
    "className": "class",
    "packageName": "package",
}
_FLAGS = {
    "checked": "checked",
    "checkable": "checkable",
    "clickable": "clickable",
    "enabled": "enabled",
    "focusable": "focusable",
    "focused": "focused",
    "longClickable": "long-clickable",
    "scrollable": "scrollable",
    "selected": "selected",
}


def parse(text: str) -> UiSelector | UiScrollable:
    """Read a selector.

    Raises:
        SelectorError: It is none, or uses what is not known.
    """
    tokens = _Tokens(text)
    value = _expression(tokens)
    tokens.skip(";")
    if tokens.peek() is not None:
        raise SelectorError(f"'{text}' goes on after its end")
    return value


class _Tokens:
    def __init__(self, text: str) -> None:
        self.text = text
        self.items: list[tuple[str, Any]] = []
        self.at = 0
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise SelectorError(f"cannot read '{text[position : position + 30]}'")
            position = match.end()
            if match[1]:
                self.items.append(("new", "new"))
            elif match[2]:
                self.items.append(("name", match[2]))
            elif match[3]:
                self.items.append(("value", int(match[3])))
            elif match[4] is not None:
                self.items.append(("value", _unescape(match[4])))
            else:
                self.items.append((match[5], match[5]))

    def peek(self) -> str | None:
        return self.items[self.at][0] if self.at < len(self.items) else None

    def take(self, kind: str) -> Any:
        if self.peek() != kind:
            raise SelectorError(f"expected '{kind}' in '{self.text}'")
        self.at += 1
        return self.items[self.at - 1][1]

    def skip(self, kind: str) -> bool:
        if self.peek() == kind:
            self.at += 1
            return True
        return False


def _unescape(text: str) -> str:
    plain = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(
        r"\\(u[0-9a-fA-F]{4}|.)",
        lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 5 else plain.get(m[1], m[1]),
        text,
    )


def _expression(tokens: _Tokens) -> UiSelector | UiScrollable:
    tokens.skip("new")
    name = str(tokens.take("name")).rpartition(".")[2]
    arguments = _arguments(tokens)
    if name == "UiSelector" and not arguments:
        value: UiSelector | UiScrollable = UiSelector()
    elif name == "UiScrollable" and len(arguments) == 1 and isinstance(arguments[0], UiSelector):
        value = UiScrollable(arguments[0])
    else:
        raise SelectorError(f"'{name}' is neither UiSelector() nor UiScrollable(UiSelector)")
    while tokens.skip("."):
        call, given = str(tokens.take("name")), _arguments(tokens)
        if isinstance(value, UiSelector):
            value.conditions.append(_condition(call, given))
        else:
            value.calls.append((call, given))
    return value


def _arguments(tokens: _Tokens) -> list[Any]:
    tokens.take("(")
    arguments: list[Any] = []
    while not tokens.skip(")"):
        if tokens.peek() == "value":
            arguments.append(tokens.take("value"))
        elif tokens.peek() == "name" and tokens.items[tokens.at][1] in ("true", "false"):
            arguments.append(tokens.take("name") == "true")
        else:
            arguments.append(_expression(tokens))
        tokens.skip(",")
    return arguments


def _condition(name: str, given: list[Any]) -> tuple[str, Any]:
    if len(given) != 1:
        raise SelectorError(f"'{name}' takes one argument")
    value = given[0]
    base = re.sub(r"(Contains|StartsWith|Matches)$", "", name)
    known: type | None = None
    if base in _ATTRIBUTES:
        known = str
    elif name in _FLAGS:
        known = bool
    elif name in ("index", "instance"):
        known = int
    elif name in ("childSelector", "fromParent"):
        known = UiSelector
    if known is None or type(value) is not known:
        raise SelectorError(f"UiSelector has no {name}({type(value).__name__})")
    if name.endswith("Matches"):
        try:
            re.compile(value)
        except re.error as error:
            raise SelectorError(f"'{value}' is no regular expression: {error}") from error
    return name, value


def select(root: Element, selector: UiSelector) -> Iterator[Element]:
    """Elements beneath `root` in the tree's order that meet a selector."""
    plain = [c for c in selector.conditions if c[0] not in ("instance", "childSelector", "fromParent")]
    chosen = dict(c for c in selector.conditions if c[0] in ("instance", "childSelector", "fromParent"))
    found = (e for e in root.iterdescendants() if all(_meets(e, name, value) for name, value in plain))
    if "instance" in chosen:
        found = iter([e for n, e in enumerate(found) if n == chosen["instance"]])
    if "childSelector" in chosen:
        return _within(found, chosen["childSelector"], lambda e: e)
    if "fromParent" in chosen:
        return _within(found, chosen["fromParent"], lambda e: e.getparent())
    return found


def _within(
    found: Iterator[Element], inner: UiSelector, where: Callable[[Element], Element]
) -> Iterator[Element]:
    seen: set[Element] = set()
    for outer in found:
        for element in select(where(outer), inner):
            if element not in seen:
                seen.add(element)
                yield element


def _meets(element: Element, name: str, value: Any) -> bool:
    if name in _FLAGS:
        return (element.get(_FLAGS[name]) == "true") == value
    if name == "index":
        return element.get("index") == str(value)
    for base, attribute in _ATTRIBUTES.items():
        if not name.startswith(base):
            continue
        there: str = element.get(attribute) or ""
        if name == base:
            return there == value
        if name == base + "Contains":
            return value.lower() in there.lower()
        if name == base + "StartsWith":
            return there.lower().startswith(value.lower())
        if name == base + "Matches":
            return re.fullmatch(value, there, re.DOTALL) is not None
    return False
