"""Words, numbers and names: what merging and citation checks rest on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import text


@pytest.mark.parametrize(
    ("said", "language"),
    [("How large is it?", "en"), ("배터리 시장은 얼마나 큰가요?", "ko"), ("電池市場の規模は？どのくらいですか", "ja"),
     ("电池市场有多大？", "zh"), ("", "en")],
)  # fmt: skip
def test_language_by_script(said: str, language: str) -> None:
    assert text.detect_language(said) == language


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("It cost $3.5 million in 2024.", {3.5, 3_500_000.0, 2024.0}),
        ("1,234 people, 12.5 % and three dogs", {1234.0, 12.5, 3.0}),
        ("시장 규모는 3억 원", {3.0, 300_000_000.0}),
        ("no numbers here", set()),
    ],
)
def test_numbers_in_all_their_readings(said: str, values: set[float]) -> None:
    assert text.numbers(said) == values


def test_a_claim_in_other_units_is_the_same_number() -> None:
    assert text.claimed_numbers("120,000 million dollars") == [{120e9}]
    assert text.claimed_numbers("120,000 million dollars")[0] & text.numbers("It reached 120 billion dollars")


@pytest.mark.parametrize(
    ("said", "denies"),
    [
        ("It is not so.", True),
        ("It can't be.", True),
        ("Nothing noted.", False),
        ("없습니다", True),
        ("있습니다", False),
    ],
)
def test_negation(said: str, denies: bool) -> None:
    assert text.negated(said) is denies


def test_forms_of_a_word_meet() -> None:
    for forms in (
        ("battery", "batteries"),
        ("run", "runs", "running"),
        ("cost", "costs"),
        ("process", "processes"),
    ):
        assert len({text.content_words(form)[0] for form in forms}) == 1, forms


def test_korean_inflections_share_pieces() -> None:
    assert set(text.content_words("엔지니어")) <= set(text.content_words("엔지니어링을"))


@given(st.text(max_size=300), st.text(max_size=300))
def test_measures_never_raise_and_stay_in_range(a: str, b: str) -> None:
    assert 0 <= text.similarity(a, b) <= 1 and 0 <= text.coverage(a, [b]) <= 1
    assert text.same_subject(a, b) == text.same_subject(b, a)
    text.names(a), text.numbers(a), text.keywords(a), text.mentions(a, b), text.detect_language(a)


@given(st.text(max_size=100))
def test_a_text_with_content_is_about_what_it_is_about(a: str) -> None:
    if text.content_words(a):
        assert text.same_subject(a, a) and text.coverage(a, [a]) == 1
