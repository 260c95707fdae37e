"""Reads page sources: UiAutomator2's (tags are class names) and `uiautomator dump`'s (tags are `node`)."""

from __future__ import annotations

import re
from typing import NoReturn
from xml.parsers import expat

from ...errors import PhoneError
from .tree import Bounds, Node, Tree

MAX_CHARACTERS = 64_000_000
MAX_NODES = 500_000

# What XML 1.0 cannot hold; apps put such characters into labels, and some servers pass them on.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,8})|(\d{1,8}));")
_BOUNDS = re.compile(r"\[(-?\d{1,7}),(-?\d{1,7})\]\[(-?\d{1,7}),(-?\d{1,7})\]")
_NOWHERE = Bounds(0, 0, 0, 0)


def parse_source(xml: str) -> Tree:
    """Read UiAutomator2's page source or a `uiautomator dump`.

    Attributes may be absent, in any order, or unknown. Document types are refused, so there are no entities to expand;
    depth is bounded by memory only. Characters that XML forbids become U+FFFD.

    Raises:
        PhoneError: It is not well-formed XML of either dialect, or is larger than any screen.
    """
    if len(xml) > MAX_CHARACTERS:
        _refuse(f"has {len(xml):,} characters, more than {MAX_CHARACTERS:,}")
    start, end = xml.find("<"), xml.rfind(">")  # `uiautomator dump /dev/tty` says more behind the document
    if start < 0:
        _refuse(f"is no XML: {xml[:60]!r}")
    text = _REFERENCE.sub(_allowed_reference, _ILLEGAL.sub("\ufffd", xml[start : end + 1]))
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        _refuse(f"is not well-formed XML ({error})")
    return builder.tree()


class _Builder:
    """Nodes from the bottom up, without recursion: children are done when their parent ends."""

    def __init__(self) -> None:
        self.root: dict[str, str] | None = None
        self.open: list[tuple[str, dict[str, str], list[Node]]] = []
        self.roots: list[Node] = []
        self.count = 0

    def doctype(self, *_: object) -> None:
        _refuse("declares a document type")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.root is None:
            if tag != "hierarchy":
                _refuse(f"starts with <{tag[:60]}>, not <hierarchy>")
            self.root = attributes
            return
        self.count += 1
        if self.count > MAX_NODES:
            _refuse(f"has more than {MAX_NODES:,} nodes")
        self.open.append((tag, attributes, []))

    def end(self, tag: str) -> None:
        if not self.open:
            return  # </hierarchy>
        _, attributes, children = self.open.pop()
        node = _node(tag, attributes, tuple(children))
        (self.open[-1][2] if self.open else self.roots).append(node)

    def tree(self) -> Tree:
        root = self.root or {}
        return Tree(
            roots=tuple(self.roots),
            rotation=_number(root.get("rotation", "")) % 4,
            width=max(0, _number(root.get("width", ""))),
            height=max(0, _number(root.get("height", ""))),
        )


def _node(tag: str, attributes: dict[str, str], children: tuple[Node, ...]) -> Node:
    get = attributes.get

    def flag(name: str) -> bool:
        return get(name) == "true"

    return Node(
        class_name=get("class") or ("" if tag == "node" else tag),
        package=get("package", ""),
        text=get("text", ""),
        description=get("content-desc", ""),
        resource_id=get("resource-id", ""),
        hint=get("hint", ""),
        bounds=_bounds(get("bounds", "")),
        clickable=flag("clickable"),
        long_clickable=flag("long-clickable"),
        checkable=flag("checkable"),
        checked=get("checked") in ("true", "partial"),
        enabled=get("enabled") != "false",
        focusable=flag("focusable"),
        focused=flag("focused"),
        scrollable=flag("scrollable"),
        selected=flag("selected"),
        password=flag("password"),
        children=children,
        displayed=get("displayed", get("visible-to-user")) != "false",
        drawing_order=_number(get("drawing-order", "")),
        showing_hint=flag("showing-hint"),
        input_type=max(0, _number(get("input-type", ""))),
        error=get("error", ""),
        pane_title=get("pane-title", ""),
    )


def _bounds(text: str) -> Bounds:
    match = _BOUNDS.fullmatch(text.strip())
    if match is None:
        return _NOWHERE
    left, top, right, bottom = map(int, match.groups())
    return Bounds(left, top, right, bottom)


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"-?[0-9]{1,10}", text) else 0


def _allowed_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    legal = code <= 0x10FFFF and not _ILLEGAL.match(chr(code))
    return match[0] if legal else "\ufffd"


def _refuse(why: str) -> NoReturn:
    raise PhoneError(
        f"The page source {why}.",
        mend="Look at the screen again; if it persists, restart the UiAutomator2 server on the device.",
    )
