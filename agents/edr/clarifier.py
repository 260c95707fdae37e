"""The clarifier: asks one question back when the research question can be read in clearly different ways."""

from __future__ import annotations

from pydantic import BaseModel, Field

from ...models import ModelCaller
from ...text import Language, content_words
from .._answer import Answer
from .._prompt import answer_in, messages

SYSTEM = """Decide whether a research question must be clarified before the work starts. Ask only when two readings
would need entirely different research. Otherwise needed is false and question is empty."""


class Clarification(BaseModel):
    """Whether to ask, and what."""

    needed: bool = False
    question: str = Field(default="", max_length=400)


async def clarify(caller: ModelCaller, question: str, *, language: Language) -> Answer[Clarification]:
    """Decide whether to ask back; without an able model only a question of one word is asked about."""
    if caller.model.info.small:
        return Answer.by_rule(clarify_by_rules(question, language), "small model: not asked")
    reply = await caller.structured(
        "clarifier",
        messages(SYSTEM + " " + answer_in(language), f"Question: {question}"),
        Clarification,
        fallback=lambda: clarify_by_rules(question, language),
        max_tokens=150,
    )
    return Answer.of(reply, reply.value)


def clarify_by_rules(question: str, language: Language) -> Clarification:
    """A single word says too little to plan by."""
    if len(content_words(question)) > 1:
        return Clarification()
    ask = {
        "ko": f"‘{question}’에 대해 무엇을 알고 싶으신가요?",
        "ja": f"「{question}」について何を知りたいですか。",
        "zh": f"关于“{question}”，您想了解什么？",
    }.get(language, f"What would you like to know about {question!r}?")
    return Clarification(needed=True, question=ask)
