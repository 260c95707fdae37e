"""Make a chat fit its context, so that an over-long prompt is never an error.

What is kept, in this order: the system message, the head and (twice as much of) the tail of each message,
because instructions stand there, and the newest messages. What goes first is the middle of the longest
message; a mark stands in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

Wire = dict[str, Any]
"""One message in OpenAI's form."""

MARK = " […] "
_MARK_TOKENS = 8  # an upper bound for any tokenizer
_FLOOR = 48  # a message is not cut below this many tokens while another one is longer
_WIRE_TOKENS = 3  # a lower bound of what a chat template adds around one message
_WIRE_BYTES = 64  # an upper bound of what a chat template adds around one message
_TEMPLATE_BYTES = 256  # ... and around the chat: some add a system message of their own


class Tokenizer(Protocol):
    """What fitting needs from an engine."""

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of a text."""
        ...

    def detokenize(self, tokens: list[int]) -> str:
        """Text of token ids."""
        ...

    def render(self, messages: list[Wire]) -> str:
        """The prompt of a chat."""
        ...


@dataclass(frozen=True, slots=True)
class Fitted:
    """A chat that fits.

    Attributes:
        messages: The messages, shortened where needed.
        tokens: The prompt's tokens; an upper bound if nothing was near the limit.
        trimmed: Tokens that were taken out.
    """

    messages: list[Wire]
    tokens: int
    trimmed: int


def fit(messages: list[Wire], limit: int, engine: Tokenizer) -> Fitted:
    """Shorten `messages` until their prompt has at most `limit` tokens."""
    bound = _TEMPLATE_BYTES + sum(_WIRE_BYTES + len(_content(m).encode()) for m in messages)
    if bound <= limit:  # no tokenizer makes more tokens than there are bytes
        return Fitted(messages, bound, 0)
    total = before = _count(messages, engine)
    kept = [dict(message) for message in messages]
    sizes = [len(engine.tokenize(_content(message))) for message in kept] if total > limit else []
    while total > limit and _give_up(kept, sizes, total - limit, engine):
        total = _count(kept, engine)
    return Fitted(kept, total, before - total)


def _give_up(messages: list[Wire], sizes: list[int], over: int, engine: Tokenizer) -> bool:
    """Take about `over` tokens out of `messages` and `sizes`, in place; False if nothing is left to take."""
    took = False
    while over > 0:
        victim = _longest(messages, sizes)
        if victim is not None:
            keep = max(_FLOOR // 2, sizes[victim] - over - _MARK_TOKENS)
            text = _shorten(_content(messages[victim]), keep, engine)
            size = min(len(engine.tokenize(text)), sizes[victim] - 1)
            messages[victim]["content"] = text
            over -= sizes[victim] - size
            sizes[victim] = size
        elif (victim := _oldest(messages)) is not None:
            over -= sizes.pop(victim) + _WIRE_TOKENS
            del messages[victim]
        else:
            return took
        took = True
    return took


def _longest(messages: list[Wire], sizes: list[int]) -> int | None:
    """The message to cut: the longest that is not a system message, else the longest; None if all are short."""
    order = sorted(range(len(sizes)), key=lambda i: (messages[i]["role"] == "system", -sizes[i]))
    return next((i for i in order if sizes[i] > _FLOOR), None)


def _oldest(messages: list[Wire]) -> int | None:
    """The message to drop: the first that is not a system message, else the first; None if it is the last."""
    if len(messages) == 1:
        return None
    return next((i for i, m in enumerate(messages[:-1]) if m["role"] != "system"), 0)


def _shorten(text: str, keep: int, engine: Tokenizer) -> str:
    tokens = engine.tokenize(text)
    head = engine.detokenize(tokens[: keep // 3]).rstrip("\ufffd")
    tail = engine.detokenize(tokens[len(tokens) - (keep - keep // 3) :]).lstrip("\ufffd")
    return head + MARK + tail


def _count(messages: list[Wire], engine: Tokenizer) -> int:
    return len(engine.tokenize(engine.render(messages), special=True))


def _content(message: Wire) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""
