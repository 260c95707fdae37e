"""A page that was read: what every reader of pages gives, and what it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["auto", "tiny", "small", "base", "large", "gundam", "gundam-m"]
"""How many vision tokens a page may cost (DeepSeek-OCR, section 3.2.2); engines without vision tokens ignore it."""

SIDES: dict[str, int] = {"tiny": 512, "small": 640, "base": 1024, "large": 1280}
"""Pixels a side of the modes without tiles; a page costs (side / 64) squared vision tokens."""

Task = Literal["markdown", "ocr", "text", "figure", "describe"]
"""What is asked of the page: layout and Markdown, lines with boxes, plain text, one figure parsed, a caption."""

Finish = Literal["end", "length", "repetition", "spliced"]
"""Why the text ended: the model said so, no room was left, it went round in circles, or another engine ended it."""

NoteKind = Literal[
    "repetition", "unconfirmed", "missing", "table", "truncated", "grammar", "recovered", "figure"
]


class Box(BaseModel):
    """A rectangle in pixels of the source picture, right and bottom exclusive."""

    model_config = ConfigDict(frozen=True)
    left: int = Field(ge=0)
    top: int = Field(ge=0)
    right: int = Field(ge=0)
    bottom: int = Field(ge=0)


class Note(BaseModel):
    """Something a reader of the text should know; `block` is an index into the reading's blocks."""

    model_config = ConfigDict(frozen=True)
    kind: NoteKind
    message: str
    block: int | None = None


class Block(BaseModel):
    """One region of a page, in reading order.

    Attributes:
        label: title, sub_title, text, table, equation, image, table_caption, image_caption, or what the model says.
        boxes: Where it is; empty where the engine gives no boxes.
        text: Markdown for most labels, HTML (`<table>`) for tables.
        confidence: Mean probability that the engine gave its own tokens or letters, 0 to 1; None where it gives none.
        engine: Which engine read it, where that differs from the page's.
    """

    model_config = ConfigDict(frozen=True)
    label: str
    text: str
    boxes: tuple[Box, ...] = ()
    confidence: float | None = Field(default=None, ge=0, le=1)
    engine: str | None = None


class PageReading(BaseModel):
    """A page as one engine, or one engine with another's help, has read it.

    Attributes:
        raw: The engine's own output, unparsed.
        width, height: Of the source picture, in pixels.
        vision_tokens: Tokens the picture cost (the paper's count, without newlines and separator); 0 without any.
        valid_tokens: Of those, the ones that cover the picture and not its padding (paper, eq. 1).
        output_tokens: Tokens that were decoded, retries included; 0 where the engine does not decode.
    """

    model_config = ConfigDict(frozen=True)
    engine: str
    mode: Mode
    task: Task
    width: int
    height: int
    blocks: tuple[Block, ...]
    raw: str
    finish: Finish = "end"
    vision_tokens: int = 0
    valid_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    notes: tuple[Note, ...] = ()

    @property
    def text(self) -> str:
        """The text of the blocks in reading order, a blank line between."""
        return "\n\n".join(block.text for block in self.blocks if block.text)


OnPage = Callable[[int, PageReading], None]
"""Called with a picture's index as soon as it is read; pages end in any order."""


class PageReader(Protocol):
    """Anything that reads pictures of pages."""

    @property
    def name(self) -> str:
        """Names engine and weights; a cached reading of another name is read again."""
        ...

    def read(
        self,
        pictures: Sequence[bytes],
        *,
        mode: Mode = "auto",
        task: Task = "markdown",
        on_page: OnPage | None = None,
    ) -> list[PageReading]:
        """Read pictures (PNG or JPEG), batched as the engine likes; results are in the order of the pictures."""
        ...
