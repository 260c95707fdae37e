"""Reads an operator's reply in whatever form its model was trained to write it.

Three families: a JSON object as our own prompt asks; ColorAgent's and Qwen's `<tool_call>` or `<answer>` with
a JSON call; UI-TARS's `Action: click(start_box='(x,y)')`. Nothing is evaluated; unknown fields are dropped.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ...models import ParseFailed, parse_reply
from ...tools.phone import Action, CoordinateAdapter
from .decision import Decision, Scenario


class Unreadable(Exception):
    """The reply holds no action; the message says why, for the model that wrote it."""


class _Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


_KINDS: dict[str, str] = {
    **dict.fromkeys("tap click left_click left_single touch double_tap click_element select".split(), "tap"),
    **dict.fromkeys("long_press longpress long_click long_tap press_and_hold".split(), "long_press"),
    **dict.fromkeys("swipe drag slide scroll fling".split(), "swipe"),
    **dict.fromkeys("type input input_text type_text set_text enter_text write text".split(), "type"),
    **dict.fromkeys("clear clear_text erase_text".split(), "clear"),
    **dict.fromkeys("key press keyevent press_key hotkey system_button press_button system".split(), "key"),
    **dict.fromkeys("open open_app launch launch_app start_app awake".split(), "open_app"),
    **dict.fromkeys("wait sleep pause".split(), "wait"),
    **dict.fromkeys("answer reply respond".split(), "answer"),
    **dict.fromkeys("done finish finished complete completed terminate status stop success".split(), "done"),
    **dict.fromkeys("failed fail failure infeasible impossible abort".split(), "failed"),
    **dict.fromkeys("note take_note remember memorize memo".split(), "note"),
    **dict.fromkeys("ask ask_user call_user interact take_over request_user question".split(), "ask"),
}  # fmt: skip
_KEY_NAMES = (
    "back",
    "home",
    "menu",
    "enter",
    "delete",
    "recents",
    "power",
    "volume_up",
    "volume_down",
    "tab",
    "search",
)
_KEYS: dict[str, str] = {
    **{name: name for name in _KEY_NAMES},
    **{f"{verb}_{name}": name for verb in ("press", "navigate", "go", "keycode", "keyboard") for name in _KEY_NAMES},
    "return": "enter", "backspace": "delete", "del": "delete", "keycode_del": "delete", "app_switch": "recents",
    "recent": "recents", "overview": "recents", "app_selector": "recents",
}  # fmt: skip
_FIRST = "coordinate point start_box start_point start position box bbox coordinates start_coordinate".split()
_SECOND = "coordinate2 end_box end_point end to end_coordinate".split()
_OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}
_CALL = re.compile(r"(?:^|\n)\s*(?:Action\s*:\s*)?([a-z_]+)\s*\((.*)\)\s*(?:$|\n)", re.DOTALL | re.IGNORECASE)
_ARGUMENT = re.compile(
    r"(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(\[[^\]]*\]|\([^)]*\)|[^,)]+))"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def read_reply(text: str, adapter: CoordinateAdapter | None = None) -> Decision:
    """The decision in a reply; points are turned into pixels.

    Args:
        text: What the model wrote.
        adapter: From the model's space of points to pixels; None: they are pixels.

    Raises:
        Unreadable: There is none.
    """
    thought = _first(
        text, r"<think(?:ing)?>(.*?)</think(?:ing)?>", r"(?:^|\n)\s*Thought\s*:\s*(.*?)(?=\n\s*Action\s*:|\Z)"
    )
    expect = _first(text, r"<conclusion>(.*?)</conclusion>")
    if not text.strip():
        raise Unreadable("it is empty")
    fields = _fields(text)
    action = _action(fields, adapter)
    said = _word(fields, "thought", "thinking", "reasoning", "reason", "rationale") or thought
    expected = _word(fields, "expect", "expectation", "expected", "conclusion", "summary") or expect
    scenario = _scenario(_word(fields, "scenario", "scenario_type"))
    return Decision(
        thought=said[:4000], action=action, expect=expected[:1000], scenario=scenario, source="model"
    )


def _fields(text: str) -> dict[str, Any]:
    """The call in a reply as one flat object whose `action` is a name."""
    tagged = re.search(r"<(tool_call|answer)>(.*?)(?:</\1>|\Z)", text, re.DOTALL)
    body = tagged[2] if tagged else text
    if not tagged and (call := _written_call(text)) is not None:
        return call
    body = re.sub(r"^\s*\[(?=\s*\{)", "", body)
    try:
        found: dict[str, Any] = dict(parse_reply(body, _Anything).model_extra or {})
    except ParseFailed as error:
        if (call := _written_call(body)) is not None:
            return call
        raise Unreadable(str(error)) from error
    if not found:
        raise Unreadable("it holds no action")
    outer = found
    for name in ("arguments", "parameters", "args", "action_input", "action_inputs", "action"):
        inner = found.get(name)
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            try:
                inner = json.loads(inner)
            except ValueError:
                continue
        if isinstance(inner, dict) and inner:
            rest = {k: v for k, v in found.items() if k != name and not (k == "name" and "action" in inner)}
            found = {**rest, **inner}
    return {**{k: v for k, v in outer.items() if k not in found}, **found}


def _written_call(text: str) -> dict[str, Any] | None:
    """`Action: click(start_box='(10,20)')` as an object."""
    tail = text[text.rfind("Action:") :] if "Action:" in text else text
    match = _CALL.search(tail[:8000])
    if match is None or _name(match[1]) not in {*_KINDS, *_KEYS}:
        return None
    fields: dict[str, Any] = {"action": match[1]}
    for name, single, double, bare in _ARGUMENT.findall(match[2]):
        value = single or double or bare.strip()
        fields[name] = value.replace("\\n", "\n").replace("\\'", "'").replace('\\"', '"')
    return fields


def _action(fields: Mapping[str, Any], adapter: CoordinateAdapter | None) -> Action:
    name = _name(_word(fields, "action", "action_type", "kind", "type", "name", "function"))
    kind = "key" if name in _KEYS else _KINDS.get(name)
    if kind is None:
        raise Unreadable(f"{name!r} is no action" if name else "it names no action")
    values: dict[str, Any] = {"kind": kind}
    values |= _points(fields, adapter)
    if (element := _element(fields)) is not None:
        values["element"] = element
    values |= _own_fields(kind, name, fields, values)
    _need_place(kind, values)
    _add_details(values, fields)
    try:
        return Action.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise Unreadable(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _own_fields(kind: str, name: str, fields: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What only some actions have."""
    text = _word(fields, "text", "content", "value", "message", "answer", "question", "note")
    match kind:
        case "key":
            said = name if name in _KEYS else _name(_word(fields, "key", "button", "text", "name", "content"))
            if said not in _KEYS:
                raise Unreadable(f"{said!r} is no key; keys are {', '.join(_KEY_NAMES)}")
            return {"key": _KEYS[said]}
        case "open_app":
            app = _word(fields, "app", "app_name", "package", "package_name", "text", "content", "name")
            if not app or app == "mobile_use":
                raise Unreadable("open_app names no app")
            return {"app": app}
        case "done":
            status = _name(_word(fields, "status", "goal_status", "result"))
            return {
                "kind": "failed" if status.startswith(("fail", "infeas", "imposs")) else "done",
                "text": text,
            }
        case "swipe":
            return _swipe(name, fields, values)
        case "type" | "answer" | "note" | "ask":
            if not text:
                raise Unreadable(f"{kind} has no text")
            return {"text": text[:8000]}
        case _:
            return {"text": text} if kind == "failed" else {}


def _need_place(kind: str, values: Mapping[str, Any]) -> None:
    placed = "element" in values or "x" in values
    if kind in ("tap", "long_press") and not placed:
        raise Unreadable(f"{kind} says neither an element nor a point")
    if kind == "swipe" and "direction" not in values and "x2" not in values:
        raise Unreadable("swipe says neither a direction nor two points")


def _add_details(values: dict[str, Any], fields: Mapping[str, Any]) -> None:
    seconds = _number(fields, "seconds", "time", "duration", "time_s")
    if seconds is not None:
        values["seconds"] = min(60.0, max(0.0, seconds / 1000 if seconds > 60 else seconds))
    if str(fields.get("replace", fields.get("clear", ""))).lower() in ("true", "1", "yes"):
        values["replace"] = True
    options = fields.get("options")
    if values["kind"] == "ask" and isinstance(options, list):
        values["options"] = [str(o)[:200] for o in options[:12]]


def _swipe(name: str, fields: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    direction = _name(_word(fields, "direction"))
    if direction not in _OPPOSITE or "x2" in values:
        return {}
    # A page that is scrolled down goes up under the finger.
    return {"direction": _OPPOSITE[direction] if name in ("scroll", "fling") else direction}


def _points(fields: Mapping[str, Any], adapter: CoordinateAdapter | None) -> dict[str, float]:
    found: dict[str, float] = {}
    pairs = (("x", "y", _FIRST), ("x2", "y2", _SECOND))
    for x, y, names in pairs:
        point = None
        for name in names:
            point = point or _point(fields.get(name))
        if point is None:
            across, down = (
                _number(fields, x, f"{x}1" if x == "x" else x),
                _number(fields, y, f"{y}1" if y == "y" else y),
            )
            point = None if across is None or down is None else (across, down)
        if point is not None:
            found[x], found[y] = point if adapter is None else adapter.to_pixels(*point)
    return found


def _point(value: Any) -> tuple[float, float] | None:
    """Two numbers; of a box, its middle."""
    numbers: list[float]
    if isinstance(value, dict):
        numbers = [n for n in (_number(value, "x"), _number(value, "y")) if n is not None]
    elif isinstance(value, list | tuple):
        numbers = [float(n) for n in value if isinstance(n, int | float) and not isinstance(n, bool)]
    else:
        numbers = [float(n) for n in _NUMBER.findall(value[:200])] if isinstance(value, str) else []
    if len(numbers) == 4:
        numbers = [(numbers[0] + numbers[2]) / 2, (numbers[1] + numbers[3]) / 2]
    if len(numbers) != 2 or not all(math.isfinite(n) and abs(n) < 1e6 for n in numbers):
        return None
    return numbers[0], numbers[1]


def _element(fields: Mapping[str, Any]) -> int | None:
    for name in ("element", "index", "element_id", "element_number", "number", "id", "target"):
        value = fields.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return int(value)
        if isinstance(value, str) and (match := re.match(r"\s*[\[#(]?\s*(\d{1,4})\b", value)):
            return int(match[1])
    return None


def _number(fields: Mapping[str, Any], *names: str) -> float | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    return None


def _word(fields: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip() if name not in ("text", "content") else value
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and name in ("text", "content", "value", "answer")
        ):
            return str(value)
    return ""


def _name(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().lower())


def _first(text: str, *patterns: str) -> str:
    for pattern in patterns:
        if match := re.search(pattern, text, re.DOTALL | re.IGNORECASE):
            return match[1].strip()
    return ""


def _scenario(text: str) -> Scenario:
    words = text.lower()
    for mark, name in (
        ("choice", "choices"),
        ("anomal", "anomaly"),
        ("environment", "anomaly"),
        ("missing", "missing"),
        ("sensitive", "sensitive"),
    ):
        if mark in words:
            return name  # type: ignore[return-value]
    return "normal"
