"""The citation check: a claim stands only if its quotes stand and say it.

Five questions, all answered by code: do the ids exist, does each quote stand in its snapshot, is every number in a
cited quote, does the negation agree, are the words covered. A model's yes can lower the last bar, never the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ...text import claimed_numbers, coverage, negated, normalise, numbers
from ...tools.runs import Evidence

WORDS_ALONE = 0.75
WITH_MODEL = 0.5
NEAR = 0.9


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ok`, or `why` not. `needs_model`: everything holds but the words, and a model's yes would decide."""

    ok: bool
    why: str = ""
    needs_model: bool = False


def quote_stands(evidence: Evidence, text: str | None) -> bool:
    """Whether a quote stands at its offsets in its snapshot, white space and typography aside (ratio ≥ 0.9)."""
    if text is None:
        return False
    there = normalise(text[evidence.start : evidence.end])
    quote = normalise(evidence.quote)
    if not quote or not there:
        return False
    if there == quote:
        return True
    # A near match may differ in hyphens or ligatures, never in a number.
    return (
        numbers(there) == numbers(quote)
        and SequenceMatcher(None, there, quote, autojunk=False).ratio() >= NEAR
    )


def check(
    claim: str, ids: Sequence[str], evidence: Mapping[str, Evidence], standing: Mapping[str, bool]
) -> Verdict:
    """Check one claim.

    Args:
        claim: The sentence.
        ids: The evidence ids that it names.
        evidence: The evidence that may be used, by id.
        standing: Evidence id to whether its quote stands in its snapshot.
    """
    if not ids:
        return Verdict(False, "it names no evidence")
    if unknown := [e for e in ids if e not in evidence]:
        return Verdict(False, f"there is no evidence {', '.join(unknown)}")
    if fallen := [e for e in ids if not standing.get(e, False)]:
        return Verdict(False, f"the quote {', '.join(fallen)} does not stand in its source")
    quotes = [evidence[e].quote for e in ids]
    if any(normalise(claim) in normalise(quote) for quote in quotes):
        return Verdict(True)
    have: set[float] = set().union(*(numbers(q) for q in quotes))
    wrong = [n for readings in claimed_numbers(claim) if not readings & have for n in sorted(readings)]
    if wrong:
        return Verdict(False, "the number " + ", ".join(f"{n:g}" for n in wrong) + " is not in the quotes")
    if negated(claim) != any(negated(q) for q in quotes) and negated(claim):
        return Verdict(False, "it denies what the quotes do not deny")
    covered = coverage(claim, quotes)
    if covered >= WORDS_ALONE:
        if not negated(claim) and all(negated(q) for q in quotes):
            return Verdict(False, "the quotes deny something that the claim asserts", needs_model=True)
        return Verdict(True)
    return Verdict(
        False, f"only {covered:.0%} of its words are in the quotes", needs_model=covered >= WITH_MODEL
    )


def disagreements(evidence: Sequence[Evidence]) -> list[list[str]]:
    """Pairs of quotes that say nearly the same with other numbers: worth a line in the report.

    Two quotes of one source are not compared: tables repeat their words in every row.
    """
    found: list[list[str]] = []
    for i, a in enumerate(evidence):
        for b in evidence[i + 1 :]:
            if a.snapshot == b.snapshot or not (numbers(a.quote) and numbers(b.quote)):
                continue
            close = coverage(a.quote, [b.quote]) >= 0.7 and coverage(b.quote, [a.quote]) >= 0.7
            if close and not numbers(a.quote) & numbers(b.quote):
                found.append([a.id, b.id])
    return found
