"""The steering compiler: a person's message into typed operations that code can enforce.

Rules come first: what they read for certain costs nothing and is read the same every time. What they cannot read
goes to the model; what the model cannot read either becomes a new todo item in the person's own words, so that no
message is without effect unless it is empty of content.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...models import ModelCaller
from ...text import Language, content_words
from .._answer import Answer
from .._prompt import answer_in, bullets, messages
from .operations import Operation, Steering
from .steering_rules import compile_by_rules

SYSTEM = """You turn a user's message, sent while research is running, into operations. Kinds:
focus (text: the subject to concentrate on), exclude (text: the subject to leave out), prioritize (text: what comes
first), stop (finish now), source_policy (source_types and domains to allow or deny), time_window (date_from, date_to as
YYYY-MM-DD), style (text: how to write; language; max_words), budget (amount and unit), add_task (text: a new
sub-question), cancel_task (task_id, or text of the item), undo (text: which rule to withdraw, empty for the last).
Use only what the message says. An empty list when it asks for nothing."""


async def compile_message(
    caller: ModelCaller, message: str, *, language: Language, todo: Sequence[str], today: str
) -> Answer[Steering]:
    """Compile a message.

    Args:
        caller: The model, asked only about what the rules leave open.
        message: The person's words.
        language: The language of the run.
        todo: One line an item: id, status, title.
        today: ISO date that relative times ("the last three years") count from.

    Returns:
        Operations; none when the message has no content.
    """
    known, rest = compile_by_rules(message, today=today)
    if not rest:
        return Answer.by_rule(Steering(operations=known), "read by rule")
    own = Steering(operations=[*known, *(_as_task(text) for text in rest if _asks(text))])
    if caller.model.info.small:
        return Answer.by_rule(own, "small model: what no rule reads becomes a sub-question")
    reply = await caller.structured(
        "steering",
        messages(
            SYSTEM + " " + answer_in(language),
            f"Today: {today}\nTodo:\n{bullets(todo)}\n\nMessage: {message}",
        ),
        Steering,
        fallback=lambda: own,
        max_tokens=400,
    )
    return Answer.of(reply, reply.value if reply.value.operations else own)


def _asks(text: str) -> bool:
    """Whether a clause that no rule reads can be a request: it has a subject and is more than small talk."""
    words = content_words(text)
    return _CHATTER.fullmatch(text.strip()) is None and (
        len(words) > 1 or any(len(word) > 3 for word in words)
    )


_CHATTER = re.compile(
    r"(?:ok(?:ay)?|thanks?(?: you)?(?: so much| a lot)?|hello|hi|hey|yes|no|great|nice|good(?: job| work)?|cool|sure"
    r"|네|예|아니요?|감사(?:합니다|해요)?|고마워요?|안녕(?:하세요)?|좋아요?)[\s.!?]*",
    re.IGNORECASE,
)


def _as_task(text: str) -> Operation:
    return Operation(kind="add_task", text=text[:300])
