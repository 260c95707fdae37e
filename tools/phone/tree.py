"""The accessibility tree: one model for UiAutomator2's source and `uiautomator dump`."""

from __future__ import annotations

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

    def contains(self, x: int, y: int) -> bool:
        """Whether a point lies inside."""
        return self.left <= x < self.right and self.top <= y < self.bottom


@dataclass(frozen=True, slots=True)
class Node:
    """One view. Absent attributes are "" or False: older servers send fewer."""

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
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all beneath, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Element:
    """Something that a person would call one thing on the screen, as it is numbered for a model.

    Attributes:
        n: Its number, from 1.
        node: The node that takes the touch.
        path: Ancestors of the node, outermost first.
        label: Its words: own text or description, else those of its children joined (a row whose words lie in its
            non-clickable children).
        role: button, field, switch, checkbox, item, text, image, tab, list …
        context: Words near it that tell it from its like, such as the row that a switch stands in.
    """

    n: int
    node: Node
    path: tuple[Node, ...]
    label: str
    role: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """What stands in the active window (or windows)."""

    roots: tuple[Node, ...] = ()
    rotation: int = 0
    _elements: list[Element] = field(default_factory=list[Element], compare=False, repr=False)

    def walk(self) -> Iterator[Node]:
        """All nodes, parents first."""
        for root in self.roots:
            yield from root.walk()

    def elements(self) -> list[Element]:
        """What can be acted on or read, in reading order."""
        raise NotImplementedError

    def at(self, x: int, y: int) -> tuple[Node, ...]:
        """The chain of nodes under a point: outermost first, the topmost and innermost last; empty outside."""
        raise NotImplementedError

    def focused(self) -> Node | None:
        """The field that would take typed text."""
        raise NotImplementedError

    def signature(self, package: str, activity: str, keyboard: bool) -> str:
        """Digest for `Observation.signature`."""
        raise NotImplementedError


def parse_source(xml: str) -> Tree:
    """Read UiAutomator2's page source or a `uiautomator dump`.

    Raises:
        PhoneError: It is not well-formed XML of either dialect.
    """
    raise NotImplementedError
