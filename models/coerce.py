"""Bend a JSON value towards a pydantic model: what a reader would accept, a parser should too.

"3" is 3, a lone text is a list of one, "Yes" is true, "High" is the literal "high", "Search Query" is the field
`search_query`; unknown keys are dropped. Values that resist stay as they are, for pydantic to judge.
"""

from __future__ import annotations

import re
import types
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

_TRUE = frozenset({"yes", "true", "y", "1", "on"})
_FALSE = frozenset({"no", "false", "n", "0", "off"})
_DEPTH = 32


def coerce(value: Any, kind: Any, depth: int = 0) -> Any:
    """`value`, bent towards the type `kind` where that is safe."""
    if depth > _DEPTH:
        return value
    origin = get_origin(kind)
    if origin is Literal:
        return _literal(value, get_args(kind))
    if origin in (Union, types.UnionType):
        return _union(value, get_args(kind), depth)
    if origin in (list, set, tuple, frozenset) or kind is list:
        return _list(value, kind, depth)
    if origin is dict:
        return _dict(value, get_args(kind), depth)
    if isinstance(kind, type):
        return _plain(value, kind, depth)
    return value


def coerce_model(value: Any, model: type[BaseModel], depth: int = 0) -> Any:
    """A JSON value as the fields of `model`; a list goes to its only list, a text to its only text."""
    fields = model.model_fields
    if not isinstance(value, dict):
        field = _lone_field(model, value)
        return value if field is None else {field: coerce(value, fields[field].annotation, depth + 1)}
    names = {_folded(alias): alias for name in fields for alias in (name, fields[name].alias or name)}
    kinds = {alias: f.annotation for name, f in fields.items() for alias in (name, f.alias or name)}
    if model.model_config.get("extra") == "allow":
        names |= {_folded(str(key)): str(key) for key in value if _folded(str(key)) not in names}
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = key if key in kinds else names.get(_folded(str(key)))
        if name is not None and (name not in found or key == name):
            found[name] = coerce(item, kinds.get(name), depth + 1)
    if not found and len(value) == 1:  # {"answer": {...}}: the object is wrapped in another one
        inner = next(iter(value.values()))
        return coerce_model(inner, model, depth + 1) if isinstance(inner, dict) and depth < _DEPTH else found
    return found


def _lone_field(model: type[BaseModel], value: Any) -> str | None:
    """The one field that a bare list or text can be meant for."""
    fields = model.model_fields
    if isinstance(value, list):
        lists = [name for name, f in fields.items() if get_origin(f.annotation) in (list, tuple, set)]
        return lists[0] if len(lists) == 1 else None
    required = [name for name, f in fields.items() if f.is_required()]
    if isinstance(value, str) and len(required) == 1 and fields[required[0]].annotation is str:
        return required[0]
    return None


def _folded(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.lower()) or name


def _literal(value: Any, options: tuple[Any, ...]) -> Any:
    if value in options or not isinstance(value, str | int | float):
        return value
    folded = _folded(str(value))
    return next((option for option in options if _folded(str(option)) == folded), value)


def _union(value: Any, kinds: tuple[Any, ...], depth: int) -> Any:
    if value is None and type(None) in kinds:
        return None
    if (
        isinstance(value, str)
        and type(None) in kinds
        and value.strip().lower() in ("", "null", "none", "n/a")
    ):
        return None
    rest = [kind for kind in kinds if kind is not type(None)]
    return coerce(value, rest[0], depth + 1) if len(rest) == 1 else value


def _list(value: Any, kind: Any, depth: int) -> Any:
    arguments = [a for a in get_args(kind) if a is not Ellipsis]
    item = arguments[0] if arguments else Any
    if get_origin(kind) is tuple and len(arguments) > 1 and Ellipsis not in get_args(kind):
        return value
    if value is None:
        return []
    if isinstance(value, str):
        value = [part for part in (_unbulleted(line) for line in value.splitlines()) if part]
    if isinstance(value, dict) and not _is_model(item):
        value = list(value.values())  # {"1": "a", "2": "b"}
    if not isinstance(value, list):
        value = [value]
    return [coerce(part, item, depth + 1) for part in value]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _dict(value: Any, kinds: tuple[Any, ...], depth: int) -> Any:
    if not isinstance(value, dict) or len(kinds) != 2:
        return value
    return {str(key): coerce(item, kinds[1], depth + 1) for key, item in value.items()}


def _plain(value: Any, kind: type, depth: int) -> Any:
    if issubclass(kind, BaseModel):
        return coerce_model(value, kind, depth)
    if kind is bool:
        return _bool(value)
    if kind is int or kind is float:
        return _number(value, kind)
    if kind is str:
        return _text(value)
    return value


def _bool(value: Any) -> Any:
    word = str(value).strip().strip(".!").lower()
    return True if word in _TRUE else False if word in _FALSE else value


def _number(value: Any, kind: type) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    if isinstance(value, str):
        # "3", "1,200", "85%", "4/5" and "about 7" name one number; the first is meant
        match = re.search(r"-?\d[\d,]*(?:\.\d+)?", value)
        if match is None or len(value) > 60:
            return value
        value = float(match[0].replace(",", ""))
    return int(value) if kind is int and isinstance(value, float) and value.is_integer() else value


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n".join(value)
    return value


def _unbulleted(line: str) -> str:
    return re.sub(r"^\s*(?:[-*•·–]|\(?\d{1,3}[.):]|#+)\s+", "", line).strip()
