"""The citation check: a claim stands only if its quotes stand and say it.

Five questions, all answered by code: do the ids exist, does each quote stand in its snapshot, is every number in a
cited quote, does the negation agree, are the words covered by one sentence of a quote. A model's yes can lower the
last bar, never the others.

One sentence, because the words of two can be shuffled into a third that neither says: of "The battery market reached
120 billion dollars. Lithium mining carries risks in Chile." a small model made "The lithium mining market in Chile
reached 120 billion dollars." (seen with SmolLM2-135M). What a small model writes must therefore be a shortening of
one sentence: its words in the same order, and none of the words that turn a meaning left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...text import claimed_numbers, coverage, detect_language, negated, normalise, numbers
from ...tools.corpus import sentences
from ...tools.runs import Evidence

WORDS_ALONE = 0.75
WORDS_ALONE_CJK = 0.85  # two-character pieces of unspaced or inflected words meet by chance
WITH_MODEL = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ok`, or `why` not. `needs_model`: everything holds but the words, and a model's yes would decide."""

    ok: bool
    why: str = ""
    needs_model: bool = False


def quote_stands(evidence: Evidence, text: str | None) -> bool:
    """Whether a quote stands at its offsets in its snapshot, white space and typography aside.

    No near match is allowed: quotes are cut out by code, so a quote that differs was changed by someone, and one
    changed word of a long quote would be near enough.
    """
    quote = normalise(evidence.quote)
    return bool(quote) and text is not None and normalise(text[evidence.start : evidence.end]) == quote


def check(
    claim: str,
    ids: Sequence[str],
    evidence: Mapping[str, Evidence],
    standing: Mapping[str, bool],
    *,
    small: bool = False,
) -> Verdict:
    """Check one claim.

    Args:
        claim: The sentence.
        ids: The evidence ids that it names.
        evidence: The evidence that may be used, by id.
        standing: Evidence id to whether its quote stands in its snapshot.
        small: Whether a small model wrote it: then only shortenings pass.
    """
    if not ids:
        return Verdict(False, "it names no evidence")
    if unknown := [e for e in ids if e not in evidence]:
        return Verdict(False, f"there is no evidence {', '.join(unknown)}")
    if fallen := [e for e in ids if not standing.get(e, False)]:
        return Verdict(False, f"the quote {', '.join(fallen)} does not stand in its source")
    quotes = [evidence[e].quote for e in ids]
    if normalise(claim) and any(_is_part(claim, quote, whole=small) for quote in quotes):
        return Verdict(True)
    have: set[float] = set().union(*(numbers(quote) for quote in quotes))
    wrong = [n for readings in claimed_numbers(claim) if not readings & have for n in sorted(readings)]
    if wrong:
        return Verdict(False, "the number " + ", ".join(f"{n:g}" for n in wrong) + " is not in the quotes")
    if negated(claim) and not any(negated(quote) for quote in quotes):
        return Verdict(False, "it denies what the quotes do not deny")
    return _check_words(claim, quotes, small=small)


def _check_words(claim: str, quotes: Sequence[str], *, small: bool) -> Verdict:
    parts = [quote[a:b] for quote in quotes for a, b in sentences(quote)]
    if small:
        ok = any(shortens(claim, part) for part in parts)
        return Verdict(ok, "" if ok else "it is no shortening of one sentence of its quotes")
    covered = max((coverage(claim, [part]) for part in parts), default=0.0)
    enough = WORDS_ALONE if detect_language(claim) == "en" else WORDS_ALONE_CJK
    if covered < enough:
        why = f"only {covered:.0%} of its words are in one sentence of the quotes"
        return Verdict(False, why, needs_model=coverage(claim, list(quotes)) >= WITH_MODEL)
    best = [part for part in parts if coverage(claim, [part]) == covered]
    if not negated(claim) and all(negated(part) for part in best):
        return Verdict(False, "the quotes deny something that the claim asserts", needs_model=True)
    return Verdict(True)


def _is_part(claim: str, quote: str, *, whole: bool) -> bool:
    """Whether a claim stands word for word in a quote, and is not a piece that leaves a denial outside.

    With `whole` it must be all of the quote or all of a sentence: a small model breaks off anywhere.
    """
    there, said = normalise(quote), normalise(claim)
    if said not in there:
        return False
    around = next((there[a:b] for a, b in sentences(there) if said in there[a:b]), there)
    return said in (around, there) if whole else negated(said) == negated(around)


_TURNING = re.compile(
    r"^(?:not|no|never|nor|neither|none|cannot|without|only|unless|if|except|until|before|after|may|might|could|should"
    r"|must|would|at|most|least|less|more|fewer|than|about|almost|nearly|some|all|every|few|many|\w+n't|\d.*)$"
)


def shortens(claim: str, sentence: str) -> bool:
    """Whether a claim is a sentence with words left out: the rest in order, and none that turns the meaning missing."""
    wanted, have = (
        re.findall(r"[^\W_]+(?:['.,][^\W_]+)*", normalise(text).lower()) for text in (claim, sentence)
    )
    left_out: list[str] = []
    place = 0
    for word in have:
        if place < len(wanted) and word == wanted[place]:
            place += 1
        else:
            left_out.append(word)
    kept = coverage(sentence, [claim])
    return place == len(wanted) > 2 and kept >= 0.6 and not any(_TURNING.match(word) for word in left_out)


def disagreements(evidence: Sequence[Evidence]) -> list[list[str]]:
    """Pairs of quotes that say nearly the same with other numbers: worth a line in the report.

    Two quotes of one source are not compared: tables repeat their words in every row.
    """
    found: list[list[str]] = []
    for i, a in enumerate(evidence):
        for b in evidence[i + 1 :]:
            if a.snapshot == b.snapshot or not (numbers(a.quote) and numbers(b.quote)):
                continue
            close = _alike(a.quote, b.quote) and _alike(b.quote, a.quote)
            if close and not numbers(a.quote) & numbers(b.quote):
                found.append([a.id, b.id])
    return found


def _alike(a: str, b: str) -> bool:
    """Whether one quote says the other's words, numbers aside."""
    plain = re.compile(r"\d[\d.,]*")
    return coverage(plain.sub("", a), [plain.sub("", b)]) >= 0.7
