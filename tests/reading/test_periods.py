"""Loops: found early, and nothing honest is taken for one."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.models.reading import RepetitionWatch, find_period

PROSE = (
    "The committee met on Tuesday to hear what had become of the money. It had been spent, the treasurer said, on "
    "chairs; nobody had asked for chairs. "
)


@pytest.mark.parametrize(
    ("loop", "copies"),
    [("a", 200), ("ha ", 80), ("The cat sat on the mat. ", 10), (PROSE, 4), ("0.00 ", 60), ("见", 200)],
)
def test_a_loop_is_found_with_its_beginning(loop: str, copies: int) -> None:
    text = f"# Report\n\nWhat was said: {loop * copies}"
    period = find_period(text)
    assert period is not None and len(loop) % period.length == 0
    assert text[: period.keep].strip() in text and period.start <= text.index(loop * 2) + len(loop)
    assert len(text[: period.keep]) <= len("# Report\n\nWhat was said: ") + 2 * len(loop)


@pytest.mark.parametrize("form", ["{}. ", "Chapter {}\n", "{}, ", "- item {} of {}\n"])
def test_a_list_that_only_counts_is_a_loop(form: str) -> None:
    text = "Contents: " + "".join(form.format(n, 2 * n) for n in range(1, 281))
    period = find_period(text)
    assert period is not None and period.counting and period.start < 30
    assert period.repeats > 250


@pytest.mark.parametrize(
    "text",
    [
        PROSE * 2,
        "Sum " + "." * 300 + " 12",
        "<table>" + "<tr>" + "<td></td>" * 15 + "</tr>",
        "<table>" + "<td>0</td>" * 60,
        "| - | - | - |\n" * 30,
        " ".join(f"{n}." for n in range(1, 32)),  # a calendar
        "".join(f"<tr><td>{n}</td><td>{n * n % 97}</td></tr>" for n in range(300)),
        "".join(f"{n}. {''.join(random.Random(n).choices('abcdefgh ', k=20))}\n" for n in range(300)),
        "-" * 500,
    ],
)
def test_what_a_page_may_honestly_hold_is_no_loop(text: str) -> None:
    watch = RepetitionWatch(every=31)
    for start in range(0, len(text), 5):
        assert watch.feed(text[start : start + 5]) is None


def test_token_ids() -> None:
    assert find_period(list(range(200))) is None
    period = find_period([5, 6, *[70_000, 8, 129_279] * 40])
    assert period is not None and (period.start, period.length, period.repeats) == (2, 3, 40)


def test_a_long_text_is_watched_cheaply_and_its_loop_found_at_the_right_place() -> None:
    letters = random.Random(1).choices("abcdefghij ,.", k=60_000)
    head = "".join(letters)
    watch = RepetitionWatch()
    began = time.process_time()
    for start in range(0, len(head), 4):
        assert watch.feed(head[start : start + 4]) is None
    assert (time.process_time() - began) / 15_000 < 200e-6  # seconds a token
    fed = 0
    while watch.feed("round and round it goes, ") is None:
        fed += 1
        assert fed < 20
    assert watch.period is not None and abs(watch.period.start - len(head)) < 25


@settings(max_examples=200, deadline=None)
@given(st.text("ab1 ", min_size=1, max_size=12), st.text("ab1 ", max_size=30), st.integers(1, 120))
def test_what_is_found_is_a_repetition(loop: str, head: str, copies: int) -> None:
    text = head + loop * copies
    period = find_period(text)
    if period is not None and not period.counting:
        end = text[period.start :]
        assert end == end[: period.length] * period.repeats
    elif period is None:  # the oracle: no period at all covers the last 360 characters
        tail = text[-360:]
        short = len(tail) < 360 or not any(c.isalnum() for c in loop)
        assert short or all(tail[:-p] != tail[p:] for p in range(1, 13))
