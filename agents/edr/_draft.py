"""The text of a section while its JSON is still being written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_TEXT = re.compile(r'"text"\s*:\s*"((?:[^"\\]|\\.)*)', re.DOTALL)


class ClaimStream:
    """Reads the sentences out of a growing JSON reply of claims.

    Args:
        on_draft: Gets the whole text so far whenever it has grown, or `""` when it is void.
    """

    def __init__(self, on_draft: Callable[[str], None]) -> None:
        self._on_draft = on_draft
        self._raw = ""
        self._shown = ""

    def feed(self, piece: str | None) -> None:
        """Take the next piece of the reply; None: all pieces so far are void."""
        self._raw = "" if piece is None else self._raw + piece
        text = " ".join(filter(None, (_decoded(raw) for raw in _TEXT.findall(self._raw))))
        if text != self._shown:
            self._shown = text
            self._on_draft(text)


def _decoded(raw: str) -> str:
    """A JSON string that may end in the middle of an escape."""
    for cut in range(min(6, len(raw)) + 1):
        try:
            return str(json.loads(f'"{raw[: len(raw) - cut]}"', strict=False))
        except ValueError:
            continue
    return ""
