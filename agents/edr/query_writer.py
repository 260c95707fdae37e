"""The query writer: a todo item into one to three search queries."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from ...models import ModelCaller
from ...text import Language, keywords, same_subject
from .._answer import Answer
from .._prompt import bullets, messages

MAX_QUERY = 390  # characters; one search service refuses 400 and more

SYSTEM = """You write search queries. Give 1 to {limit} queries for the sub-question, most promising first: short,
specific, without quotation marks. Use the language in which good sources are likely to be written. Do not repeat a
query that was already run."""


class Queries(BaseModel):
    """Search queries, most promising first."""

    queries: list[str] = Field(min_length=1, max_length=6)


async def write_queries(
    caller: ModelCaller,
    task: str,
    *,
    question: str,
    language: Language,
    done: Sequence[str] = (),
    guidance: Sequence[str] = (),
    limit: int = 2,
) -> Answer[Queries]:
    """Write queries for a todo item; `done` are queries of this run that need no repeat."""
    rules = lambda: queries_by_rules(task, question, limit=limit)  # noqa: E731
    if caller.model.info.small:
        return Answer.by_rule(rules(), "small model: queries by rule")
    parts = [f"Research question: {question}", f"Sub-question: {task}"]
    if done:
        parts.append("Already run:\n" + bullets(done[-12:]))
    if guidance:
        parts.append("Rules from the user:\n" + bullets(guidance))
    reply = await caller.structured(
        "query_writer",
        messages(SYSTEM.format(limit=limit), "\n\n".join(parts)),
        Queries,
        fallback=rules,
        max_tokens=200,
    )
    kept: list[str] = []
    for query in reply.value.queries:
        query = " ".join(query.split())[:MAX_QUERY]
        if query and not any(same_subject(query, other) for other in (*kept, *done)):
            kept.append(query)
    return Answer.of(reply, Queries(queries=kept[:limit] or rules().queries))


def queries_by_rules(task: str, question: str, *, limit: int = 2) -> Queries:
    """The item as it stands, then its key words with those of the question."""
    plain = " ".join(task.split())[:MAX_QUERY]
    words = keywords(task + " " + question, limit=10)
    return Queries(
        queries=list(dict.fromkeys(q for q in (plain, " ".join(words)) if q))[:limit]
        or [question[:MAX_QUERY]]
    )
