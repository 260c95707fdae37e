"""The accessibility tree: one model for UiAutomator2's source and `uiautomator dump`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bounds:
    """A rectangle in screen pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def center(self) -> tuple[int, int]:
        """The middle pixel."""
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2

    @property
    def empty(self) -> bool:
        """Whether no pixel lies inside."""
        return self.right <= self.left or self.bottom <= self.top

    def contains(self, x: int, y: int) -> bool:
        """Whether a point lies inside."""
        return self.left <= x < self.right and self.top <= y < self.bottom

    def clip(self, other: Bounds) -> Bounds:
        """What both cover; empty when they do not meet."""
        return Bounds(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )


_EDITABLE = re.compile(r"EditText|AutoComplete|SearchEdit")


@dataclass(frozen=True, slots=True)
class Node:
    """One view. Absent attributes are "" or False: older servers send fewer.

    Attributes:
        displayed: False when the device says that the view is not to be seen.
        drawing_order: Place among its siblings, higher over lower; 0 when the device does not say.
        showing_hint: Whether `text` is the hint of an empty field.
        input_type: Android's InputType bits; 0 when the view takes no text or the device does not say.
        error: The complaint that a field shows about its content.
        pane_title: The title of a dialog or pane.
    """

    class_name: str
    package: str
    text: str
    description: str
    resource_id: str
    hint: str
    bounds: Bounds
    clickable: bool = False
    long_clickable: bool = False
    checkable: bool = False
    checked: bool = False
    enabled: bool = True
    focusable: bool = False
    focused: bool = False
    scrollable: bool = False
    selected: bool = False
    password: bool = False
    children: tuple[Node, ...] = field(default=(), repr=False)
    displayed: bool = True
    drawing_order: int = 0
    showing_hint: bool = False
    input_type: int = 0
    error: str = ""
    pane_title: str = ""

    @property
    def editable(self) -> bool:
        """Whether it takes typed text."""
        return bool(self.input_type or _EDITABLE.search(self.class_name))

    @property
    def content(self) -> str:
        """What a person typed into a field or reads in a view: `text`, unless that is only a hint."""
        return "" if self.showing_hint else self.text

    @property
    def takes_touch(self) -> bool:
        """Whether a touch ends here instead of falling through to what lies beneath."""
        return (
            self.clickable
            or self.long_clickable
            or self.scrollable
            or self.editable
            or self.class_name.endswith("WebView")
        )

    def walk(self) -> Iterator[Node]:
        """This node and all beneath, parents first."""
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True, slots=True)
class Element:
    """Something that a person would call one thing on the screen, as it is numbered for a model.

    Attributes:
        n: Its number, from 1.
        node: The node that takes the touch.
        path: Ancestors of the node, outermost first.
        label: Its words: own text or description, else those of its children joined (a row whose words lie in its
            non-clickable children). A field is called by its description or hint before its content, so that it
            keeps its name while it is filled in; the content of a password field is never a label.
        role: button, field, switch, checkbox, radio, item, link, text, image, tab, list, slider, dropdown, toast.
        context: Words near it that tell it from its like, such as the row that a switch stands in.
        checked: State of its switch or box (its own, or that of a row's child); None when it has none.
    """

    n: int
    node: Node
    path: tuple[Node, ...]
    label: str
    role: str
    context: str = ""
    checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """What stands in the active window (or windows).

    Attributes:
        roots: Windows, the lowest first.
        rotation: Quarter turns, as the source says.
        width, height: The screen as the source says; 0 when it does not (`uiautomator dump`).
    """

    roots: tuple[Node, ...] = ()
    rotation: int = 0
    _elements: list[Element] = field(default_factory=list[Element], compare=False, repr=False)
    width: int = 0
    height: int = 0
    _digest: list[bytes] = field(default_factory=list[bytes], compare=False, repr=False)

    @property
    def screen(self) -> Bounds:
        """Where nodes can be seen: the screen of the source, widened to the windows (it may leave out the bars)."""
        right, bottom = self.width, self.height
        for root in self.roots:
            right, bottom = max(right, root.bounds.right), max(bottom, root.bounds.bottom)
        return Bounds(0, 0, right, bottom)

    def walk(self) -> Iterator[Node]:
        """All nodes, parents first."""
        for root in self.roots:
            yield from root.walk()

    def elements(self) -> list[Element]:
        """What can be acted on or read, in reading order; at most 2,000."""
        if not self._elements:
            from .elements import number

            self._elements.extend(number(self))
        return list(self._elements)

    def at(self, x: int, y: int) -> tuple[Node, ...]:
        """The chain of nodes that a touch at a point meets: outermost first, the innermost last; empty outside.

        As Android hands a touch on: higher drawing order before lower, later siblings before earlier, children before
        parents; a view that takes no touches lets it through to what lies beneath. Where nothing takes it, the chain
        is that of the topmost view.
        """
        top: tuple[Node, ...] = ()
        for root in reversed(self.roots):
            chain, taken = _dispatch(root, x, y)
            if taken:
                return chain
            top = top or chain
        return top

    def focused(self) -> Node | None:
        """The field that would take typed text."""
        last = None
        for node in self.walk():
            if node.focused and node.editable and node.displayed:
                last = node
        return last

    def signature(self, package: str, activity: str, keyboard: bool) -> str:
        """Digest for `Observation.signature`."""
        if not self._digest:  # a look is compared several times in a step
            digest = hashlib.sha256()
            waiting: list[tuple[int, Node]] = [(0, root) for root in reversed(self.roots)]
            while waiting:
                depth, node = waiting.pop()
                digest.update(_facts(depth, node).encode(errors="replace"))
                waiting.extend((depth + 1, child) for child in reversed(node.children))
            self._digest.append(digest.digest())
        front = f"{package}\0{activity}\0{keyboard}\0{self.rotation}\0".encode(errors="replace")
        return hashlib.sha256(front + self._digest[0]).hexdigest()[:32]


def chain_to(tree: Tree, wanted: Node) -> tuple[Node, ...]:
    """A node of this tree with its ancestors, outermost first; empty when the tree does not hold this very node."""
    waiting: list[tuple[int, Node]] = [(0, root) for root in reversed(tree.roots)]
    path: list[Node] = []
    while waiting:
        depth, node = waiting.pop()
        del path[depth:]
        path.append(node)
        if node is wanted:
            return tuple(path)
        waiting.extend((depth + 1, child) for child in reversed(node.children))
    return ()


_TICKING = re.compile(r"clock|battery|date_smaller_text", re.IGNORECASE)
_STATUS_BAR = "com.android.systemui"


def _facts(depth: int, node: Node) -> str:
    ticks = node.package == _STATUS_BAR and _TICKING.search(node.resource_id)
    words = ("", "") if ticks else (node.text, node.description)
    b = node.bounds
    flags = "".join(
        "01"[flag]
        for flag in (
            node.clickable, node.checked, node.enabled, node.focused, node.scrollable, node.selected, node.displayed,
            node.showing_hint,
        )
    )  # fmt: skip
    parts = (node.class_name, node.package, *words, node.resource_id, node.hint, node.error, flags)
    return f"{depth}\1{b.left},{b.top},{b.right},{b.bottom}\1" + "\1".join(parts) + "\2"


def _under(node: Node, x: int, y: int) -> list[Node]:
    """Children that the point meets, the topmost last. A child without an area may still hold some that have one."""
    hit = [
        c
        for c in node.children
        if c.displayed and (c.bounds.contains(x, y) or (c.bounds.empty and c.children))
    ]
    hit.sort(key=lambda child: child.drawing_order)  # stable: later siblings stay over earlier
    return hit


def _dispatch(root: Node, x: int, y: int) -> tuple[tuple[Node, ...], bool]:
    """The chain beneath a window's root that a touch meets, and whether anything takes it."""
    if not root.displayed or not (root.bounds.contains(x, y) or root.bounds.empty):
        return (), False
    path, waiting = [root], [_under(root, x, y)]
    topmost: tuple[Node, ...] = ()
    while path:
        if waiting[-1]:
            child = waiting[-1].pop()
            path.append(child)
            waiting.append(_under(child, x, y))
            continue
        node = path[-1]
        if node.bounds.contains(x, y):
            topmost = topmost or tuple(path)
            if node.takes_touch:
                return _innermost(path, x, y), True
        path.pop()
        waiting.pop()
    return topmost, False


def _innermost(path: list[Node], x: int, y: int) -> tuple[Node, ...]:
    """From the node that takes the touch on down to what is seen at the point."""
    chain = list(path)
    while hit := [c for c in _under(chain[-1], x, y) if c.bounds.contains(x, y)]:
        chain.append(hit[-1])
    return tuple(chain)
