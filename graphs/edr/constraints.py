"""Where a person's rules are enforced: on queries, on hits, on evidence, and on the writer.

Dropping needs every content word of the excluded phrase; a substring never suffices. "Focus only on peer-reviewed
sources" cancels no query about statins (D1), and "exclude personal life information" does stop "Silvio Savarese
personal life" (D2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...text import mentions
from ...tools.search import Filters, Hit
from .state import Constraint

TAMPERED = "tampered"  # hidden for good: the quote no longer stands in its source


def active(constraints: Sequence[Constraint], *kinds: str) -> list[Constraint]:
    """The constraints in force, of the kinds named or of all."""
    return [c for c in constraints if c["status"] == "active" and (not kinds or c["kind"] in kinds)]


def _values(constraints: Sequence[Constraint], name: str) -> list[Any]:
    return [value for c in constraints for value in c["predicate"].get(name, [])]


def filters(constraints: Sequence[Constraint]) -> Filters:
    """The constraints as search filters; several windows are cut to what all of them allow."""
    policy, windows = active(constraints, "source_policy"), active(constraints, "time_window")
    starts = [c["predicate"]["date_from"] for c in windows if c["predicate"].get("date_from")]
    ends = [c["predicate"]["date_to"] for c in windows if c["predicate"].get("date_to")]
    return Filters(
        domains_allow=tuple(dict.fromkeys(_values(policy, "domains_allow"))),
        domains_deny=tuple(dict.fromkeys(_values(policy, "domains_deny"))),
        urls_deny=tuple(dict.fromkeys(_values(policy, "urls_deny"))),
        source_types=tuple(dict.fromkeys(_values(policy, "source_types"))),
        date_from=max(starts, default=None),
        date_to=min(ends, default=None),
    )


def excluded_by(text: str, constraints: Sequence[Constraint]) -> str:
    """Id of the exclusion that a text falls under, or ''."""
    for constraint in active(constraints, "exclude"):
        if any(mentions(text, phrase) for phrase in constraint["predicate"]["terms"]):
            return constraint["id"]
    return ""


def keep_queries(queries: Iterable[str], constraints: Sequence[Constraint]) -> tuple[list[str], list[str]]:
    """Split queries into those that may run and those that an exclusion drops."""
    kept: list[str] = []
    dropped: list[str] = []
    for query in queries:
        (dropped if excluded_by(query, constraints) else kept).append(query)
    return kept, dropped


def focus_terms(constraints: Sequence[Constraint]) -> list[str]:
    """What the research is to concentrate on."""
    return [phrase for c in active(constraints, "focus") for phrase in c["predicate"]["terms"]]


def focused(query: str, constraints: Sequence[Constraint]) -> str:
    """A query with the focus added where it is not in it already."""
    extra = [term for term in focus_terms(constraints) if not mentions(query, term)]
    return " ".join([query, *extra])[:390]


@dataclass(frozen=True, slots=True)
class Source:
    """What rules look at in a piece of evidence."""

    url: str
    title: str
    quote: str
    source_type: str
    engine: str
    published: str | None


def hidden_by(source: Source, constraints: Sequence[Constraint]) -> str:
    """Id of the constraint under which evidence must not be used, or ''."""
    if found := excluded_by(f"{source.title} {source.quote}", constraints):
        return found
    for constraint in active(constraints, "source_policy", "time_window"):
        rule = filters([constraint])
        hit = Hit(
            url=source.url,
            title=source.title,
            snippet="",
            engine=source.engine,
            source_type=source.source_type,  # type: ignore[arg-type]
            published=source.published,
        )
        if not rule.accepts(hit):
            return constraint["id"]
    return ""


def guidance(constraints: Sequence[Constraint]) -> list[str]:
    """The rules in words, for prompts."""
    return [
        f"{c['kind']}: {c['text']}"
        for c in active(constraints, "focus", "exclude", "source_policy", "time_window")
    ]


def style_lines(constraints: Sequence[Constraint]) -> list[str]:
    """What was asked of the writing, oldest first."""
    return [c["text"] for c in active(constraints, "style")]


def style_value(constraints: Sequence[Constraint], name: str) -> Any:
    """The newest value of a style setting (`language`, `max_words`), or None."""
    values = [c["predicate"][name] for c in active(constraints, "style") if c["predicate"].get(name)]
    return values[-1] if values else None


def effect_on_evidence(
    before: Mapping[str, str], sources: Mapping[str, Source], constraints: Sequence[Constraint]
) -> dict[str, str]:
    """Which evidence changes: id to the constraint that hides it now, or to '' when it comes back."""
    after = {
        evidence_id: hidden_by(source, constraints)
        for evidence_id, source in sources.items()
        if before.get(evidence_id) != TAMPERED
    }
    return {evidence_id: why for evidence_id, why in after.items() if why != before.get(evidence_id, "")}
