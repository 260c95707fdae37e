"""JSON, fast: the event log and the streams write thousands of values a second."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dump_json(value: Any) -> str:
    """A value as compact JSON; a lone surrogate (half of a character that a model cut in two) is escaped.

    Raises:
        TypeError: It is not JSON.
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # surrogates, keys that are no strings, integers beyond 64 bits: the slower one can
        return json.dumps(value, separators=(",", ":"))
