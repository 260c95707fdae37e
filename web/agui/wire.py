"""Frames as Server-Sent Events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def encode(frame: dict[str, Any], seq: int | None = None) -> bytes:
    """One frame; with `seq` as its SSE id."""
    head = "" if seq is None else f"id: {seq}\n"
    # A lone surrogate (half of a character that a model cut in two) has no UTF-8.
    return f"{head}data: {_dumps(frame)}\n\n".encode("utf-8", "replace")


def encode_group(frames: Sequence[dict[str, Any]], seq: int) -> bytes:
    """The frames of one event; only the last one has the id, so that a reconnect repeats the group or nothing."""
    *first, last = frames
    return b"".join([*map(encode, first), encode(last, seq)])


def comment(text: str) -> bytes:
    """A line that clients skip: it keeps proxies from closing a silent stream."""
    return f": {text}\n\n".encode()
