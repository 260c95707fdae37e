"""What the UiAutomator2 server's parts share: W3C errors and the cache of found elements."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from .selector import Element, SelectorError, UiScrollable, UiSelector, parse, select

W3C_KEY = "element-6066-11e4-a52e-4f735466cecf"

_STATUS = {
    "invalid argument": 400,
    "invalid element state": 400,
    "invalid selector": 400,
    "invalid session id": 404,
    "no such alert": 404,
    "no such element": 404,
    "stale element reference": 404,
    "unknown command": 404,
    "unable to capture screen": 500,
    "unknown error": 500,
    "unsupported operation": 500,
}


class WireError(Exception):
    """A W3C error: its code and a message for the client."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.status = _STATUS[error]


@dataclass(frozen=True)
class Seen:
    """How an element looked when it was found, to know it again."""

    window: str
    path: tuple[int, ...]
    class_name: str
    resource_id: str
    description: str
    text: str
    bounds: str


_BOUNDS = re.compile(r"\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]")


def box_of(element: Element) -> tuple[int, int, int, int]:
    """Left, top, right, bottom; zeros for an element without a place (a toast)."""
    match = _BOUNDS.fullmatch(element.get("bounds") or "")
    return (int(match[1]), int(match[2]), int(match[3]), int(match[4])) if match else (0, 0, 0, 0)


class Cache:
    """Element ids of one session.

    An id lives while its view does: a view whose content or place changed keeps it, and a list's recycled row keeps it
    for its next content. When the view or the whole screen is gone, the id is stale.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}
        self._ids: dict[Seen, str] = {}

    def keep(self, element: Element, window: str) -> dict[str, str]:
        """The reference by which a client names an element from now on."""
        seen = _look(element, window)
        key = self._ids.get(seen)
        if key is None:
            key = self._ids[seen] = str(uuid.uuid4())
            self._seen[key] = seen
        return {"ELEMENT": key, W3C_KEY: key}

    def find(self, key: str, root: Element, window: str) -> Element:
        """The element behind a reference, as it is now.

        Raises:
            WireError: No such reference in this session, or it is stale.
        """
        seen = self._seen.get(key)
        if seen is None:
            raise WireError("no such element", f"The element '{key}' was not found in this session")
        element = _again(seen, root) if seen.window == window else None
        if element is None:
            raise WireError("stale element reference", f"The element '{key}' is not on the screen any more")
        return element


def _look(element: Element, window: str) -> Seen:
    path: list[int] = []
    node = element
    while (above := node.getparent()) is not None:
        path.append(above.index(node))
        node = above
    get = element.get
    return Seen(
        window,
        tuple(reversed(path)),
        get("class") or "",
        get("resource-id") or "",
        get("content-desc") or "",
        get("text") or "",
        get("bounds") or "",
    )


def _again(seen: Seen, root: Element) -> Element | None:
    def kin(element: Element) -> bool:
        return (element.get("class") or "") == seen.class_name and (
            element.get("resource-id") or ""
        ) == seen.resource_id

    def same(element: Element) -> bool:
        return (element.get("text") or "") == seen.text and (
            element.get("content-desc") or ""
        ) == seen.description

    there: Element | None = root
    for step in seen.path:
        there = there[step] if there is not None and step < len(there) else None
    if there is not None and kin(there) and same(there):
        return there
    moved = [e for e in root.iterdescendants() if kin(e) and same(e)]
    if len(moved) == 1 and (seen.text or seen.description):
        return moved[0]
    if there is not None and kin(there) and (seen.resource_id or there.get("bounds") == seen.bounds):
        return there
    return None


_BY_ATTRIBUTE = {"accessibility id": "content-desc", "class name": "class", "id": "resource-id"}


def search(root: Element, strategy: str, value: str, package: str) -> list[Element]:
    """Elements beneath `root` by one of the server's location strategies, in the tree's order.

    Raises:
        WireError: The strategy or the selector is not understood.
    """
    if strategy == "xpath":
        return _xpath(root, value)
    if strategy == "-android uiautomator":
        try:
            selector = parse(value)
        except SelectorError as error:
            raise WireError("invalid selector", f"Could not parse '{value}': {error}") from error
        if isinstance(selector, UiScrollable):
            raise WireError("invalid selector", "UiScrollable cannot be searched for beneath an element")
        return list(select(root, selector))
    attribute = _BY_ATTRIBUTE.get(strategy)
    if attribute is None:
        raise WireError("invalid selector", f"Locator strategy '{strategy}' is not supported")
    wanted = {value}
    if strategy == "id" and ":" not in value:
        wanted |= {f"{package}:id/{value}", f"android:id/{value}"}
    return [e for e in root.iterdescendants() if e.get(attribute) in wanted]


def scrollable_of(strategy: str, value: str) -> tuple[UiSelector, UiSelector, int] | None:
    """If a locator is a UiScrollable: its list, what is looked for in it, and how many swipes at most.

    Raises:
        WireError: It does something else than scroll something into view.
    """
    if strategy != "-android uiautomator" or "UiScrollable" not in value:
        return None
    try:
        selector = parse(value)
    except SelectorError as error:
        raise WireError("invalid selector", f"Could not parse '{value}': {error}") from error
    if not isinstance(selector, UiScrollable):
        return None
    swipes, target = 30, None
    for name, given in selector.calls:
        if name in ("setAsVerticalList", "setAsHorizontalList"):
            continue
        if name == "setMaxSearchSwipes" and given and isinstance(given[0], int):
            swipes = given[0]
        elif name == "scrollIntoView" and given and isinstance(given[0], UiSelector):
            target = given[0]
        elif name == "scrollTextIntoView" and given and isinstance(given[0], str):
            target = UiSelector([("text", given[0])])
        else:
            raise WireError("invalid selector", f"UiScrollable.{name} is not supported")
    if target is None:
        raise WireError("invalid selector", "UiScrollable needs scrollIntoView")
    return selector.container, target, swipes


def _xpath(root: Element, expression: str) -> list[Element]:
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    try:
        found = root.xpath(expression)
    except etree.XPathError as error:
        raise WireError("invalid selector", f"'{expression}' is no valid XPath: {error}") from error
    if not isinstance(found, list):
        raise WireError("invalid selector", f"'{expression}' does not name elements")
    elements = [e for e in found if isinstance(e, etree._Element)]  # pyright: ignore[reportPrivateUsage]
    if len(elements) != len(found):
        raise WireError("invalid selector", f"'{expression}' names something else than elements")
    return elements
