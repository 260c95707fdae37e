"""The planner: a research question into two to six todo items that can be searched one by one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from ...models import ModelCaller
from ...text import Language, content_words, coverage, keywords, same_subject, stem
from .._answer import Answer
from .._prompt import DATA_RULE, answer_in, bullets, data, messages

Tool = Literal["any", "document", "web", "academic", "code", "encyclopedia", "database"]

SYSTEM = """You plan research. Split the question into 2 to {limit} sub-questions that together answer it.
Each sub-question must be answerable by one search and must not repeat another.
For each give: title (the sub-question), acceptance (what would count as answered), priority (0-100, 100 is most
urgent), depends_on (indexes, from 0, of sub-questions that must be answered first), tool (which sources: {tools}).
Never assume facts that are newer than your training; search for them instead."""

SMALL_SYSTEM = (
    "Write {limit} short search questions that help to answer the user's question. Stay on its subject."
)


class PlannedTask(BaseModel):
    """One sub-question."""

    title: str = Field(min_length=3, max_length=300)
    acceptance: str = Field(default="", max_length=300)
    priority: int = Field(default=50, ge=0, le=100)
    depends_on: list[int] = []
    tool: Tool = "any"


class Plan(BaseModel):
    """The sub-questions, in the order of asking."""

    tasks: list[PlannedTask] = Field(min_length=1, max_length=12)


class SmallPlan(BaseModel):
    """What a small model is asked for: bare questions."""

    tasks: list[str] = Field(min_length=1, max_length=6)


async def plan(
    caller: ModelCaller,
    question: str,
    *,
    language: Language,
    tools: Sequence[str],
    guidance: Sequence[str] = (),
    feedback: Sequence[str] = (),
    tables: Sequence[str] = (),
    limit: int = 5,
) -> Answer[Plan]:
    """Plan the research.

    Args:
        caller: The model.
        question: What was asked.
        language: The language of the answer.
        tools: Source types that can be searched in this run.
        guidance: Constraints in force, in words.
        feedback: What a person said about earlier plans, oldest first; all of it is to be heeded.
        tables: Tables of the databases that can be asked, one a line.
        limit: The most sub-questions wanted.

    Returns:
        At least one task. From a small model, the question itself comes first and what strays from it is dropped.
    """
    rules = lambda: plan_by_rules(question, limit=limit)  # noqa: E731
    if caller.model.info.small:
        return await _plan_small(caller, question, language=language, limit=min(limit, 3))
    parts = [f"Question: {question}"]
    if tables:
        listed = data("\n".join(tables))
        parts.append(f"What the tool database can be asked for. {DATA_RULE}\n{listed}")
    if guidance:
        parts.append("Rules from the user:\n" + bullets(guidance))
    if feedback:
        parts.append("The user rejected earlier plans and said:\n" + bullets(feedback))
    reply = await caller.structured(
        "planner",
        messages(
            SYSTEM.format(limit=limit, tools=", ".join(["any", *tools])) + " " + answer_in(language),
            "\n\n".join(parts),
        ),
        Plan,
        fallback=rules,
        max_tokens=900,
    )
    kept = _distinct(reply.value.tasks)[:limit] or rules().tasks
    return Answer.of(reply, Plan(tasks=kept))


async def _plan_small(caller: ModelCaller, question: str, *, language: Language, limit: int) -> Answer[Plan]:
    own = plan_by_rules(question, limit=limit)
    reply = await caller.structured(
        "planner",
        messages(SMALL_SYSTEM.format(limit=limit) + " " + answer_in(language), question),
        SmallPlan,
        fallback=lambda: SmallPlan(tasks=[task.title for task in own.tasks]),
        max_tokens=160,
    )
    extra = [
        PlannedTask(title=title, priority=40)
        for title in map(_clean, reply.value.tasks)
        if _on_subject(title, question)
    ]
    return Answer.of(reply, Plan(tasks=_distinct([*own.tasks, *extra])[: limit + 1]))


def plan_by_rules(question: str, *, limit: int = 5) -> Plan:
    """The question itself, and the parts it names: "A versus B", several questions, "… and how …"."""
    whole = question.strip()
    compared = re.split(
        r"\s+(?:vs\.?|versus|compared (?:to|with))\s+", whole.strip(" ?"), flags=re.IGNORECASE
    )
    clauses = [c.strip() for c in _CLAUSES.split(whole) if content_words(c)]
    if len(clauses) > 1:
        titles = [_with_subject(clause, clauses[0]) for clause in clauses]
    else:
        titles = [whole, *(compared if len(compared) == 2 else [])]
    tasks = [
        PlannedTask(title=(title if len(title) >= 3 else f"{title} ?")[:300], priority=max(10, 90 - 10 * i))
        for i, title in enumerate(titles)
    ]
    return Plan(tasks=_distinct(tasks)[:limit])


_CLAUSES = re.compile(
    r"(?<=[?？])\s+|[;；]\s*|,?\s+and (?=(?:how|what|why|when|where|who|which)\b)"
    r"|(?<=[고며]),?\s+(?=어떻게|무엇|왜|언제)",
    re.IGNORECASE,
)


def _with_subject(part: str, first: str) -> str:
    """A clause that speaks of "it" gets the subject of the first clause; a search could not know what it is."""
    if part == first or not re.search(
        r"\b(?:it|its|they|them|their|this|that|these|those)\b", part, re.IGNORECASE
    ):
        return part
    subject = [word for word in keywords(first, limit=6) if stem(word.lower()) not in _EMPTY_VERBS][:2]
    return f"{part.rstrip('?？ ')} ({' '.join(subject)})?" if subject else part


_EMPTY_VERBS = frozenset(("happen", "work", "mean", "make", "need", "use"))


def _on_subject(title: str, question: str) -> bool:
    return len(title) >= 8 and coverage(question, [title]) >= 0.3


def _clean(title: str) -> str:
    return re.sub(r"^\s*(?:\d+[.)]|[-*•])\s*", "", title).strip().strip('"')[:300]


def _distinct(tasks: Sequence[PlannedTask]) -> list[PlannedTask]:
    """Drop repeats, and mend `depends_on` to the new places."""
    kept: list[PlannedTask] = []
    place: dict[int, int] = {}
    for index, task in enumerate(tasks):
        twin = next((i for i, other in enumerate(kept) if same_subject(task.title, other.title)), None)
        place[index] = len(kept) if twin is None else twin
        if twin is None:
            kept.append(task)
    return [
        task.model_copy(
            update={"depends_on": sorted({place[d] for d in task.depends_on if place.get(d, i) < i})}
        )
        for i, task in enumerate(kept)
    ]
