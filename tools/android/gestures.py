"""Fingers: W3C action sequences and UiAutomator2's gestures, as touches and drags of a virtual Android."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .wires import W3C_KEY, WireError, box_of

if TYPE_CHECKING:
    from .uia import Parameters, UiaServer

_SLOP = 20  # pixels: less is a touch that trembles
_KEYS = {"\ue003": 67, "\ue006": 66, "\ue007": 66, "\ue004": 61}  # W3C's Backspace, Return, Enter, Tab


def perform(uia: UiaServer, sequences: list[Parameters]) -> None:
    """Run W3C action sequences.

    Raises:
        WireError: They are malformed, or need more than one finger or a wheel.
    """
    fingers: list[list[Parameters]] = []
    for sequence in sequences:
        kind, actions = sequence.get("type"), sequence.get("actions")
        if not isinstance(actions, list):
            raise WireError("invalid argument", "a sequence has no list of actions")
        if kind == "pointer":
            if any(a.get("type") == "pointerDown" for a in actions):
                fingers.append(actions)
        elif kind == "key":
            _keys(uia, actions)
        elif kind not in ("none", None):
            raise WireError("unsupported operation", f"actions of type '{kind}' are not supported")
    if len(fingers) > 1:
        raise WireError("unsupported operation", "the virtual device has one finger")
    for actions in fingers:
        _finger(uia, actions)


def _finger(uia: UiaServer, actions: list[Parameters]) -> None:
    x, y, start, seconds = 0.0, 0.0, None, 0.0
    end: tuple[float, float] | None = None
    for action in actions:
        kind = action.get("type")
        if kind == "pointerMove":
            x, y = _target(uia, action, x, y)
            if start is not None:
                seconds, end = seconds + _seconds(action), (x, y)
        elif kind == "pause":
            seconds += _seconds(action) if start is not None else 0.0
        elif kind == "pointerDown":
            start, seconds, end = (x, y), 0.0, (x, y)
        elif kind == "pointerUp" and start is not None and end is not None:
            stroke(uia, start, end, seconds)
            start = None
        elif kind not in ("pointerUp", "pointerCancel"):
            raise WireError("invalid argument", f"'{kind}' is no pointer action")


def stroke(uia: UiaServer, start: tuple[float, float], end: tuple[float, float], seconds: float) -> None:
    """One finger down at `start`, up at `end`."""
    (x1, y1), (x2, y2) = start, end
    if abs(x1 - x2) < _SLOP and abs(y1 - y2) < _SLOP:
        uia.android.touch(round(x1), round(y1), max(seconds, 0.05))
    else:
        uia.android.drag(round(x1), round(y1), round(x2), round(y2), max(seconds, 0.05))


def _seconds(action: Parameters) -> float:
    duration = action.get("duration") or 0
    if not isinstance(duration, int | float) or not 0 <= duration <= 600_000:
        raise WireError("invalid argument", f"a duration of {duration!r}")
    return duration / 1000


def _target(uia: UiaServer, action: Parameters, x: float, y: float) -> tuple[float, float]:
    from .elements import by_reference

    origin = action.get("origin", "viewport")
    dx, dy = number(action, "x"), number(action, "y")
    if origin in ("viewport", None):
        return dx, dy
    if origin == "pointer":
        return x + dx, y + dy
    left, top, right, bottom = box_of(by_reference(uia, origin))
    return (left + right) / 2 + dx, (top + bottom) / 2 + dy


def number(parameters: Parameters, name: str) -> float:
    """A finite number of a request."""
    value = parameters.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e6:
        raise WireError("invalid argument", f"'{name}' is {value!r}, not a number")
    return float(value)


def _keys(uia: UiaServer, actions: list[Parameters]) -> None:
    for action in actions:
        if action.get("type") != "keyDown":
            continue
        value = str(action.get("value") or "")
        if value in _KEYS:
            uia.android.shell(f"input keyevent {_KEYS[value]}")
        elif len(value) == 1 and not "\ue000" <= value <= "\uf8ff":
            uia.android.write(value)
        else:
            raise WireError("unsupported operation", f"the key {value!r} is not supported")


def area_of(uia: UiaServer, parameters: Parameters) -> tuple[float, float, float, float]:
    """Where a gesture happens: an element's box or a given rectangle."""
    from .elements import by_reference

    origin, area = parameters.get("origin"), parameters.get("area")
    if origin:
        return box_of(by_reference(uia, origin))
    if isinstance(area, dict):
        left, top = number(area, "left"), number(area, "top")
        return left, top, left + number(area, "width"), top + number(area, "height")
    raise WireError("invalid argument", "a gesture needs an element or an area")


def point_of(uia: UiaServer, parameters: Parameters, name: str) -> tuple[float, float]:
    """A point of a gesture: an offset from the element's corner, the element's middle, or a point of the screen."""
    from .elements import by_reference

    origin, offset = parameters.get("origin"), parameters.get(name)
    if origin:
        left, top, right, bottom = box_of(by_reference(uia, origin))
        if isinstance(offset, dict):
            return left + number(offset, "x"), top + number(offset, "y")
        return (left + right) / 2, (top + bottom) / 2
    if not isinstance(offset, dict):
        raise WireError("invalid argument", f"a gesture needs an element or '{name}'")
    return number(offset, "x"), number(offset, "y")


def swipe(uia: UiaServer, box: tuple[float, float, float, float], direction: Any, percent: float) -> None:
    """Draw a finger across a box, the way that `direction` names, over a part of its length."""
    left, top, right, bottom = box
    x, y = (left + right) / 2, (top + bottom) / 2
    # A finger may not start on the very edge: that is the system's.
    wide, high = (right - left) * 0.45 * min(percent, 1.0), (bottom - top) * 0.45 * min(percent, 1.0)
    ways = {
        "up": ((x, y + high), (x, y - high)),
        "down": ((x, y - high), (x, y + high)),
        "left": ((x + wide, y), (x - wide, y)),
        "right": ((x - wide, y), (x + wide, y)),
    }
    if direction not in ways:
        raise WireError("invalid argument", f"'{direction}' is no direction")
    start, end = ways[direction]
    uia.android.drag(round(start[0]), round(start[1]), round(end[0]), round(end[1]), 0.4)


def scroll(uia: UiaServer, box: tuple[float, float, float, float], direction: Any, percent: float) -> bool:
    """Show what lies in a direction; True while there is more that way."""
    back = {"up": "down", "down": "up", "left": "right", "right": "left"}.get(str(direction))
    before = uia.android.source()
    swipe(uia, box, back, percent)
    return uia.android.source() != before


def reference(value: Any) -> str:
    """An element's id out of what clients send for one."""
    if isinstance(value, dict):
        value = value.get(W3C_KEY) or value.get("ELEMENT")
    if not isinstance(value, str):
        raise WireError("invalid argument", f"{value!r} is no element")
    return value
