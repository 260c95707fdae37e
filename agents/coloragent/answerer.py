"""The answerer: words for a task that is a question, or a word on what was done."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from ...models import ModelCaller
from .._answer import Answer
from .._prompt import DATA_RULE, answer_in, data
from ._ask import ask_model

SYSTEM = (
    """Answer the user's question from what was seen on the phone: the answer alone, in the form that the question asks
for. Empty if it was not found. """
    + DATA_RULE
)


class FinalAnswer(BaseModel):
    """The answer; empty if there is none."""

    text: str = Field(default="", max_length=4000)


async def write_answer(
    caller: ModelCaller | None,
    goal: str,
    screen: str,
    notes: Sequence[str],
    *,
    language: str,
    pictures: Sequence[bytes] = (),
) -> Answer[FinalAnswer]:
    """Answer from the last screen and the notes; without a model, with the notes."""
    user = f"Question: {goal}\nNotes:\n{data(chr(10).join(notes) or '(none)')}\nThe screen:\n{data(screen)}"
    own = FinalAnswer(text="\n".join(notes)[:4000])
    return await ask_model(
        caller,
        "answerer",
        SYSTEM + answer_in(language),
        user,
        FinalAnswer,
        fallback=lambda: own,
        max_tokens=400,
        pictures=pictures,
    )
