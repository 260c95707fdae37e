"""Read a structured value out of what a model wrote, however it wrote it.

In order: thoughts and code fences are taken off; the first JSON value that the schema accepts is taken, as it
stands or mended (the json-repair library: quotes, commas, keys, a cut tail); for list-like schemas, bullets or
numbered lines are read as the list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from .coerce import coerce_model

T = TypeVar("T", bound=BaseModel)

_LONGEST = 200_000  # characters that are read
_STARTS = 8  # places where a JSON value may begin that are tried
# A brace or bracket; [1] and [2, 3] in running text are marks, not answers.
_START = re.compile(r"\A\s*\[|\{|\[(?![\d,\s-]*\])")
_BULLET = re.compile(r"^\s*(?:[-*•·–]|\(?\d{1,3}[.):])\s+(.+?)\s*$")


class ParseFailed(Exception):
    """The reply holds no value of the schema; the message says why, in a few words."""


def parse_reply(reply: str, schema: type[T]) -> T:
    """The value of `schema` in `reply`.

    Raises:
        ParseFailed: There is none. Nothing else is raised, whatever the reply is.
    """
    text = _without_thoughts(reply[:_LONGEST])
    why = "it holds no JSON" if text else "it is empty"
    for value in _candidates(text):
        try:
            return _validated(value, schema)
        except ParseFailed as error:
            if why.startswith("it "):
                why = str(error)  # the first value's error is the one to repair
    if (value := _lines(text, schema)) is not None:
        return _validated(value, schema)
    raise ParseFailed(why)


def _validated(value: Any, schema: type[T]) -> T:
    bent = coerce_model(value, schema)
    if isinstance(value, dict) and value and not bent:
        raise ParseFailed(f"it has none of the fields {', '.join(schema.model_fields)}"[:400])
    try:
        return schema.model_validate(bent)
    except ValidationError as error:
        first = error.errors()[:3]
        where = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'value'}: {e['msg']}" for e in first)
        raise ParseFailed(where[:400]) from error
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise ParseFailed(f"{type(error).__name__}: {error}"[:400]) from error


def _without_thoughts(text: str) -> str:
    text = re.sub(r"<(think|thinking|reasoning)>.*?</\1>", "", text, flags=re.DOTALL | re.IGNORECASE)
    return re.sub(r"^.*</(?:think|thinking|reasoning)>", "", text, flags=re.DOTALL | re.IGNORECASE).strip()


def _candidates(text: str) -> Iterator[Any]:
    """JSON values in the text: first whole ones, then mended ones."""
    yield from _whole(text)
    for fenced in re.findall(r"```[\w-]*\s*\n(.*?)(?:```|\Z)", text, flags=re.DOTALL):
        yield from _whole(fenced)
        yield from filter(_filled, _mended(fenced))
    yield from filter(_filled, _mended(text))


def _filled(value: Any) -> bool:
    """Whether anything was said: the brackets of a broken reply alone are no answer, as a whole `[]` is."""
    if isinstance(value, dict | list):
        return any(map(_filled, value.values() if isinstance(value, dict) else value))
    return value is not None


def _whole(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    position, tried = 0, 0
    while tried < _STARTS and (match := _START.search(text, position)):
        tried += 1
        try:
            value, position = decoder.raw_decode(text, match.end() - 1)
            yield value
        except (ValueError, RecursionError):
            position = match.start() + 1


def _mended(text: str) -> Iterator[Any]:
    import json_repair

    if (start := _START.search(text)) is None:
        return
    text = text[start.start() :]
    for partial in ("trailing-strings", True):  # a cut tail: keep what is whole, and a text's beginning
        with suppress(ValueError):
            yield from_json(text, allow_partial=partial)
    try:
        value = json_repair.loads(text, skip_json_loads=True)
    except Exception:  # a third-party parser on arbitrary text: whatever it trips over is a bad reply
        return
    if isinstance(value, list) and text[0] == "{":
        yield from value[:_STARTS]  # several values, one after the other
    elif isinstance(value, dict | list):
        yield value


def _lines(text: str, schema: type[BaseModel]) -> Any:
    """Bullets or numbered lines as the schema's one list of texts, or None."""
    field = _list_field(schema)
    items = [match[1].strip(" *_\"'") for line in text.splitlines() if (match := _BULLET.match(line))]
    items = [item for item in items if item]
    if field is None or not items:
        return None
    name, key = field
    return {name: [{key: item} for item in items] if key else items}


def _list_field(schema: type[BaseModel]) -> tuple[str, str | None] | None:
    """The one required list of texts, or of objects with one required text (whose name is second)."""
    required = {n: f.annotation for n, f in schema.model_fields.items() if f.is_required()}
    fields = required or {n: f.annotation for n, f in schema.model_fields.items()}
    if len(fields) != 1:
        return None
    name, kind = next(iter(fields.items()))
    if get_origin(kind) is not list:
        return None
    item = (*get_args(kind), str)[0]
    if item is str:
        return name, None
    if isinstance(item, type) and issubclass(item, BaseModel):
        texts = [n for n, f in item.model_fields.items() if f.is_required()]
        if len(texts) == 1 and item.model_fields[texts[0]].annotation is str:
            return name, texts[0]
    return None
