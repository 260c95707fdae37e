"""Loops of a decoder, found from the tail of what it writes while it writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

WINDOW = 6000
"""Characters (or tokens) from the end that are looked at."""

_PROBE = 12
_TRIES = 48
_COUNTS = 60  # steps of a list that only counts: a month has 31 days, an hour 60 minutes
_QUIET = 2000  # characters of rules, leaders or empty cells that a page may honestly hold
_TAG = re.compile(r"<[^<>]{0,200}>")
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Period:
    """The end of a sequence repeats itself.

    Attributes:
        start: Index where the first copy begins.
        length: Characters or tokens of one copy; of the last one, where copies count upwards.
        repeats: Whole copies.
        counting: Whether the copies differ by numbers that grow.
    """

    start: int
    length: int
    repeats: int
    counting: bool = False

    @property
    def keep(self) -> int:
        """How much of the sequence is worth keeping: all before the loop, and its first copy."""
        return self.start + self.length


def find_period(sequence: str | Sequence[int]) -> Period | None:
    """The loop in which a text, or a list of token ids, ends; None where it does not.

    What may honestly repeat is let pass: short runs, rules and leaders of dots, rows of empty or equal cells, a list
    of numbers as long as a calendar. Text is also searched for lists that only count ("1. 2. 3. …"). The cost is that
    of a few string searches in the last `WINDOW` elements.
    """
    if isinstance(sequence, str):
        tail = sequence[-WINDOW:]
        found = _exact(tail, _needed_of_text) or _counting(tail)
    else:
        tail = "".join(map(chr, sequence[-WINDOW:]))
        found = _exact(tail, _needed_of_ids)
    if found is None:
        return None
    before = len(sequence) - len(tail)
    return Period(found.start + before, found.length, found.repeats, found.counting)


class RepetitionWatch:
    """Looks at a growing text every `every` characters.

    `period` is set as soon as a loop is seen, with indices into the whole text, and stays.
    """

    def __init__(self, every: int = 96) -> None:
        self._every, self._unseen = every, 0
        self._parts: list[str] = []
        self._dropped = 0
        self.period: Period | None = None

    def feed(self, piece: str) -> Period | None:
        """Add what was written; the loop, if there is one."""
        if self.period is None and piece:
            self._parts.append(piece)
            self._unseen += len(piece)
            if self._unseen >= self._every:
                self._look()
        return self.period

    def _look(self) -> None:
        self._unseen = 0
        text = "".join(self._parts)
        if len(text) > 2 * WINDOW:
            self._dropped += len(text) - WINDOW
            text = text[-WINDOW:]
        self._parts = [text]
        if (found := find_period(text)) is not None:
            self.period = Period(found.start + self._dropped, found.length, found.repeats, found.counting)


def _exact(tail: str, needed: Callable[[str], int]) -> Period | None:
    """A period is the distance to an earlier place of the last few elements, if all between repeats as well."""
    probe = tail[-_PROBE:]
    if len(probe) < _PROBE:
        return None
    at = len(tail) - _PROBE
    for _ in range(_TRIES):
        at = tail.rfind(probe, 0, at + _PROBE - 1)
        if at < 0:
            return None
        length = len(tail) - _PROBE - at
        copy = tail[-length:]
        repeats = 1
        while tail.startswith(copy, start := len(tail) - (repeats + 1) * length) and start >= 0:
            repeats += 1
        if repeats >= needed(copy):
            return Period(len(tail) - repeats * length, length, repeats)
    return None


def _needed_of_text(copy: str) -> int:
    """Copies from which a text is a loop."""
    length = len(copy)
    bare = _TAG.sub("", copy)
    if not any(letter.isalnum() for letter in bare):
        return max(3, -(-_QUIET // length))
    if "<td" in copy or "</td" in copy or "|" in copy:
        return max(6, -(-1200 // length))
    return 3 if length >= 200 else 4 if length >= 40 else max(6, -(-160 // length))


def _needed_of_ids(copy: str) -> int:
    length = len(copy)
    return 3 if length >= 48 else 4 if length >= 16 else -(-64 // length)


def _counting(tail: str) -> Period | None:
    """A template that repeats while each of its numbers grows by a fixed step or stays."""
    # The last number may be half written, and a template may begin anywhere: both ends are cut at a number.
    places = list(_DIGITS.finditer(tail))
    if len(places) <= _COUNTS:
        return None
    template = _DIGITS.sub("\0", tail)
    cut = len(template) - (len(tail) - places[-1].start())
    found = _exact(template[:cut], lambda copy: _COUNTS if "\0" in copy else len(tail))
    if found is None:
        return None
    slots = template[:cut][-found.length :].count("\0")
    numbers = [_small(place[0]) for place in places[:-1][-slots * found.repeats :]]
    steps = {tuple(b - a for a, b in pairwise(numbers[slot::slots])) for slot in range(slots)}
    if any(len(set(step)) != 1 for step in steps) or not any(step[0] > 0 for step in steps):
        return None
    # In the template a number is one character; in the text the loop begins at the first of its numbers.
    start = places[-1 - slots * found.repeats].start()
    end = places[-1 - slots * (found.repeats - 1)].start()
    return Period(start, end - start, found.repeats, counting=True)


def _small(digits: str) -> int:
    return int(digits) if len(digits) < 16 else -1
