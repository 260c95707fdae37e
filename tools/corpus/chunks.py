"""Cut a document into passages that can be found and quoted: whole sentences under their heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .sentences import CJK, is_heading, is_item, sentences

MAX_WORDS = 180  # about 240 word pieces: what MiniLM reads
OVERLAP_WORDS = 30
MIN_WORDS = 40  # a passage this long ends at the next heading
_CJK_WORDS = 0.7  # a CJK character is at least one word piece
_WORD = re.compile(r"[^\W_]+")
_ENDS = re.compile(r"[.!?…。！？｡:;,]$")
_LOWEST = 7  # level of a heading that has no mark


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage.

    Attributes:
        start: First character in the document's text.
        end: One past the last.
        heading: The headings above it, outermost first, parted by ` > `; empty when there are none.
    """

    start: int
    end: int
    heading: str


@dataclass(frozen=True, slots=True)
class _Unit:
    start: int
    end: int
    words: float
    level: int  # of a heading; 0 is no heading


def chunk_text(text: str, *, max_words: int = MAX_WORDS, overlap_words: int = OVERLAP_WORDS) -> list[Chunk]:
    """Cut a text at sentence ends into chunks of at most `max_words`.

    A heading starts a chunk and stays with what follows it. Neighbouring chunks share their border sentences, up
    to `overlap_words`. A sentence is cut only when it is longer than a whole chunk.
    """
    path: dict[int, str] = {}
    heading = ""
    chunks: list[Chunk] = []
    held: list[_Unit] = []

    def close(*, overlap: bool) -> None:
        if held:
            chunks.append(Chunk(held[0].start, held[-1].end, heading))
        tail = _tail(held, overlap_words) if overlap else []
        held[:] = tail

    for unit in _units(text, max_words):
        words = sum(u.words for u in held)
        if unit.level:
            only_headings = all(u.level for u in held)
            full = words >= MIN_WORDS if not only_headings else words + unit.words > max_words
            if full or (not only_headings and unit.level <= 2):
                close(overlap=False)
            if not held or all(u.level for u in held):
                heading = _enter(path, unit, text)
        elif words + unit.words > max_words and held:
            close(overlap=True)
            if sum(u.words for u in held) + unit.words > max_words:
                held.clear()
            heading = " > ".join(path[level] for level in sorted(path))
        held.append(unit)
        if unit.level and not all(u.level for u in held):
            _enter(path, unit, text)  # a small section inside this chunk: the next chunk is under it
    close(overlap=False)
    return chunks


def count_words(text: str) -> float:
    """Words of a text, CJK characters at 0.7 each."""
    characters = len(CJK.findall(text))
    return len(_WORD.findall(CJK.sub(" ", text))) + characters * _CJK_WORDS


def _tail(units: list[_Unit], limit: float) -> list[_Unit]:
    """The last whole sentences that fit the overlap; never all of them."""
    tail: list[_Unit] = []
    words = 0.0
    for unit in reversed(units[1:]):
        if unit.level or words + unit.words > limit:
            break
        tail.insert(0, unit)
        words += unit.words
    return tail


def _enter(path: dict[int, str], unit: _Unit, text: str) -> str:
    for level in [level for level in path if level >= unit.level]:
        del path[level]
    path[unit.level] = text[unit.start : unit.end].lstrip("# \t").strip()[:120]
    return " > ".join(path[level] for level in sorted(path))


def _units(text: str, max_words: int) -> Iterator[_Unit]:
    for start, end in sentences(text):
        piece = text[start:end]
        words = count_words(piece)
        if words <= max_words:
            yield _Unit(start, end, words, _level(text, start, end))
            continue
        for first, last in _cut(text, start, end, max_words):
            yield _Unit(first, last, count_words(text[first:last]), 0)


def _level(text: str, start: int, end: int) -> int:
    """1 to 6 for a marked heading, 7 for a short line that stands alone without a full stop, 0 otherwise."""
    piece = text[start:end]
    if is_heading(piece):
        return len(piece.lstrip()) - len(piece.lstrip().lstrip("#"))
    if len(piece) > 80 or "\n" in piece or _ENDS.search(piece) or is_item(piece) or ": " in piece:
        return 0
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    alone = (not before or before == "\n\n") and after == "\n\n"
    return _LOWEST if alone and (piece[0].isupper() or piece[0].isdigit() or CJK.match(piece)) else 0


def _cut(text: str, start: int, end: int, max_words: int) -> Iterator[tuple[int, int]]:
    """Cut an over-long sentence (a table, a minified file) at white space, or anywhere if there is none."""
    while start < end:
        stop = min(end, start + max_words * 7)
        while count_words(text[start:stop]) > max_words:
            stop = start + (stop - start) * 2 // 3
        if stop < end:
            space = max(text.rfind(" ", start + 1, stop), text.rfind("\n", start + 1, stop))
            stop = space if space > (start + stop) // 2 else stop
        piece = text[start:stop]
        lead = len(piece) - len(piece.lstrip())
        if piece.strip():
            yield start + lead, start + len(piece.rstrip())
        start = stop
