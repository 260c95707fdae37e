"""The citation check: what must be caught, and what must pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.graphs.edr import citations  # type: ignore[attr-defined]
from tenfold.tools.runs import Evidence

TEXT = (
    "The battery market size reached 120 billion dollars in 2024. Lithium mining carries risks in Chile. "
    "Research may use at most 80 percent of the tokens. The inbox is not closed while a message is unread."
)


def evidence(start: int, end: int, eid: str = "e1", text: str = TEXT) -> Evidence:
    return Evidence(
        id=eid, task_id="t1", snapshot="s", start=start, end=end, quote=text[start:end], url="doc:a", title="a",
        engine="x", source_type="document",
    )  # fmt: skip


WHOLE = {"e1": evidence(0, len(TEXT))}
STANDS = {"e1": True}


@pytest.mark.parametrize(
    ("claim", "ids", "why"),
    [
        ("The market reached 120 billion dollars in 2024.", ["e9"], "no evidence e9"),
        ("The market reached 120 billion dollars in 2024.", [], "names no evidence"),
        ("The battery market size reached 150 billion dollars in 2024.", ["e1"], "number"),
        ("The battery market size reached 120 billion dollars in 2025.", ["e1"], "number 2025"),
        ("The battery market size reached 120 million dollars in 2024.", ["e1"], "number"),
        ("The battery market size did not reach 120 billion dollars in 2024.", ["e1"], ""),
        ("Sodium cells will replace everything in household storage soon.", ["e1"], "words"),
        ("The lithium mining market in Chile reached 120 billion dollars in 2024.", ["e1"], "one sentence"),
    ],
)
def test_what_is_caught(claim: str, ids: list[str], why: str) -> None:
    known = WHOLE if "did not" not in claim else {"e1": evidence(0, 60)}
    verdict = citations.check(claim, ids, known, STANDS)
    assert not verdict.ok and why in verdict.why


@pytest.mark.parametrize(
    "claim",
    [
        "The battery market size reached 120 billion dollars in 2024.",
        "In 2024 the battery market reached a size of 120 billion dollars.",
        "In 2024 the battery market size reached 120,000 million dollars.",
        "Lithium mining carries risks in Chile",
        "The inbox is not closed while any message is unread.",
    ],
)
def test_what_passes(claim: str) -> None:
    verdict = citations.check(claim, ["e1"], WHOLE, STANDS)
    assert verdict.ok, verdict.why


def test_a_tampered_quote_is_caught() -> None:
    true = evidence(0, 60)
    assert citations.quote_stands(true, TEXT)
    assert not citations.quote_stands(
        true.model_copy(update={"quote": "The battery market size reached 900 billion dollars in 2024."}),
        TEXT,
    )
    assert not citations.quote_stands(true.model_copy(update={"start": 5, "end": 65}), TEXT)
    assert not citations.quote_stands(true, TEXT.replace("120", "121"))
    assert not citations.quote_stands(true, None)
    verdict = citations.check(
        "The battery market size reached 120 billion dollars in 2024.", ["e1"], WHOLE, {"e1": False}
    )
    assert not verdict.ok and "does not stand" in verdict.why


def test_a_quote_survives_white_space_and_typography() -> None:
    text = "The “ledger” was measured\nat 12 writes — in 40 ms."
    quote = evidence(0, len(text), text=text).model_copy(
        update={"quote": 'The "ledger" was measured at 12 writes - in 40 ms.'}
    )
    assert citations.quote_stands(quote, text)


@pytest.mark.parametrize(
    ("claim", "ok"),
    [
        ("The battery market size reached 120 billion dollars in 2024.", True),
        ("Lithium mining carries risks.", True),
        ("The lithium mining market in Chile reached 120 billion dollars in 2024.", False),
        ("Research may use 80 percent of the tokens.", False),  # "at most" is gone
        ("The inbox is closed while a message is unread.", False),
        ("Research may use tokens.", False),
    ],
)
def test_what_a_small_model_writes_must_shorten_one_sentence(claim: str, ok: bool) -> None:
    assert citations.check(claim, ["e1"], WHOLE, STANDS, small=True).ok is ok


@given(st.text(max_size=200), st.lists(st.sampled_from(["e1", "e2", ""]), max_size=3), st.booleans())
def test_the_check_never_raises(claim: str, ids: list[str], small: bool) -> None:
    verdict = citations.check(claim, ids, WHOLE, STANDS, small=small)
    assert verdict.ok or verdict.why


def test_sources_that_disagree_are_found() -> None:
    other = "The battery market size reached 95 billion dollars in 2023."
    a = evidence(0, 60)
    b = evidence(0, len(other), "e2", other).model_copy(update={"snapshot": "other"})
    assert citations.disagreements([a, b]) == [["e1", "e2"]]
    assert citations.disagreements([a, b.model_copy(update={"snapshot": "s"})]) == []
