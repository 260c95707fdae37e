"""From an action to touches: where it lands on this screen, and the calls of the port that it is."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import PhoneError
from .action import Action, Direction
from .port import Device, Observation
from .tree import Bounds, Element

_SPAN = 0.6  # share of an area that a swipe crosses


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an action lands.

    Attributes:
        x, y: Where the finger comes down, in pixels.
        x2, y2: Where a swipe ends; the same point for everything else.
        element: What it is done to; None where only coordinates say so, or the whole screen is meant.
    """

    x: int
    y: int
    x2: int
    y2: int
    element: Element | None = None


def locate(action: Action, seen: Observation) -> Spot:
    """Where an action lands on this screen: the element's number goes before coordinates.

    Raises:
        PhoneError: There is no element of that number, the point lies outside, or nothing says where.
    """
    if action.element is not None:
        element = next((e for e in seen.tree.elements() if e.n == action.element), None)
        if element is None:
            count = len(seen.tree.elements())
            raise PhoneError(f"There is no element {action.element}.", mend=f"The screen has 1 to {count}.")
        return _within(element.node.bounds, action.direction, element)
    if action.x is not None and action.y is not None:
        x2, y2 = (
            action.x2 if action.x2 is not None else action.x,
            action.y2 if action.y2 is not None else action.y,
        )
        spot = Spot(round(action.x), round(action.y), round(x2), round(y2))
        for x, y in ((spot.x, spot.y), (spot.x2, spot.y2)):
            if not (0 <= x < seen.width and 0 <= y < seen.height):
                raise PhoneError(
                    f"The point ({x}, {y}) lies outside the screen.",
                    mend=f"It has {seen.width} x {seen.height} pixels.",
                )
        return spot
    if action.kind == "swipe":
        return _within(
            Bounds(0, seen.height // 6, seen.width, seen.height * 5 // 6), action.direction or "up", None
        )
    if action.kind in ("tap", "long_press"):
        raise PhoneError(f"The {action.kind} says not where.", mend="Name an element, or x and y.")
    return Spot(seen.width // 2, seen.height // 2, seen.width // 2, seen.height // 2)


def _within(bounds: Bounds, direction: Direction | None, element: Element | None) -> Spot:
    x, y = bounds.center
    if direction is None:
        return Spot(x, y, x, y, element)
    dx = round((bounds.right - bounds.left) * _SPAN / 2) * {"left": -1, "right": 1}.get(direction, 0)
    dy = round((bounds.bottom - bounds.top) * _SPAN / 2) * {"up": -1, "down": 1}.get(direction, 0)
    return Spot(x - dx, y - dy, x + dx, y + dy, element)


def perform(device: Device, action: Action, spot: Spot) -> None:
    """Do an action that touches the phone; `wait` is left to who settles, and what only speaks is not done here.

    Raises:
        PhoneError: The device is gone or refuses.
    """
    match action.kind:
        case "tap":
            device.tap(spot.x, spot.y)
        case "long_press":
            device.long_press(spot.x, spot.y, action.seconds or 1.0)
        case "swipe":
            device.swipe(spot.x, spot.y, spot.x2, spot.y2, action.seconds or 0.5)
        case "type" | "clear":
            if spot.element is not None and not spot.element.node.focused:
                device.tap(spot.x, spot.y)
            if action.kind == "clear" or action.replace:
                device.clear()
            if action.kind == "type" and action.text:
                device.type(action.text)
        case "key":
            device.key(action.key or "back")
        case "open_app":
            device.open_app(action.app or action.text)
        case _:
            pass
