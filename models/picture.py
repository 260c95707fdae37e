"""Pictures in a chat: what a message may hold beside text, and what a picture costs."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import ConfigError

_PNG = b"\x89PNG\r\n\x1a\n"
_PATCH = 28  # pixels of one token's side in the Qwen-VL family, the most expensive reader of large pictures
_MOST = 16_384
_LEAST = 85


@dataclass(frozen=True)
class Image:
    """A picture in a message.

    Args:
        png: The file's bytes; they are never written to the ledger, to an event or into an error.

    Raises:
        ConfigError: It is not a PNG.
    """

    png: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.png.startswith(_PNG) or len(self.png) < 24:
            raise ConfigError(
                f"A picture of {len(self.png)} bytes is not a PNG.", mend="Convert it to PNG first."
            )

    @cached_property
    def sha256(self) -> str:
        """Its name in the ledger."""
        return hashlib.sha256(self.png).hexdigest()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, from the file's header."""
        width, height = struct.unpack(">II", self.png[16:24])
        return width, height

    @property
    def tokens(self) -> int:
        """An upper estimate of its tokens: one for 28 x 28 pixels, within what servers allow."""
        width, height = self.size
        return max(_LEAST, min(_MOST, math.ceil(width / _PATCH) * math.ceil(height / _PATCH)))


Part = str | Image
Content = str | Sequence[Part]


def text_of(content: Content) -> str:
    """The words of a message."""
    return content if isinstance(content, str) else "\n\n".join(p for p in content if isinstance(p, str))


def images_of(content: Content) -> list[Image]:
    """The pictures of a message."""
    return [] if isinstance(content, str) else [p for p in content if isinstance(p, Image)]


def joined(content: Content, text: str) -> Content:
    """A message with a text added at its end."""
    return f"{content}\n\n{text}" if isinstance(content, str) else [*content, text]


def keyed(content: Content) -> Any:
    """A message as the ledger's key sees it: a picture is its hash."""
    if isinstance(content, str):
        return content
    return [p if isinstance(p, str) else {"image": p.sha256} for p in content]


def sent(content: Content) -> Any:
    """A message as LangChain hands it to a server."""
    if isinstance(content, str):
        return content
    return [
        {"type": "text", "text": p}
        if isinstance(p, str)
        else {
            "type": "image_url",
            "image_url": {"url": f"data:image/png;base64,{base64.b64encode(p.png).decode()}"},
        }
        for p in content
    ]
