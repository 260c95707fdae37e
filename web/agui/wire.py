"""Frames as Server-Sent Events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...encoding import dump_json


def encode(frame: dict[str, Any], seq: int | None = None) -> bytes:
    """One frame; with `seq` as its SSE id."""
    head = "" if seq is None else f"id: {seq}\n"
    return f"{head}data: {dump_json(frame)}\n\n".encode()


def encode_group(frames: Sequence[dict[str, Any]], seq: int) -> bytes:
    """The frames of one event; only the last one has the id, so that a reconnect repeats the group or nothing."""
    *first, last = frames
    return b"".join([*map(encode, first), encode(last, seq)])


def comment(text: str) -> bytes:
    """A line that clients skip: it keeps proxies from closing a silent stream."""
    return f": {text}\n\n".encode()
