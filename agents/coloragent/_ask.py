"""One question of a role to a model that may be small or absent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel

from ...models import Content, Image, ModelCaller
from .._answer import Answer

T = TypeVar("T", bound=BaseModel)


async def ask_model(
    caller: ModelCaller | None,
    role: str,
    system: str,
    user: str,
    schema: type[T],
    *,
    fallback: Callable[[], T],
    max_tokens: int,
    pictures: Sequence[bytes] = (),
    small_too: bool = False,
) -> Answer[T]:
    """Ask an able model; without one the rule answers and says so.

    Args:
        pictures: PNGs in the order of the text; left out for a model without vision.
        small_too: Whether a small model is asked as well.
    """
    if caller is None:
        return Answer.by_rule(fallback(), "no model")
    info = caller.model.info
    if info.small and not small_too:
        return Answer.by_rule(fallback(), "small model: not asked")
    content: Content = user
    if pictures and "vision" in info.capabilities:
        content = [user, *(Image(png) for png in pictures)]
    reply = await caller.structured(
        role, [("system", system), ("user", content)], schema, fallback=fallback, max_tokens=max_tokens
    )
    return Answer.of(reply, reply.value)
