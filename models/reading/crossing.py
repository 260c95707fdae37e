"""Two readings of one page held against each other: what only one of them saw."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...pages import Block, Box, Note, PageReading

# Letters compared together: shorter runs stand on any page of English by chance.
_GRAM, _GRAM_CJK = 8, 3
_LONG = 4  # a shorter word says too little to accuse anybody
_SEEN = 0.5  # share of a word's letters that the other reading must hold
_SURE = 0.75  # a line of the second engine below this score proves nothing
_RUN = 24  # letters that only one reading holds, one behind the other: a short line; less is a misread word
_CHANCE = _GRAM + 2
_SHOWN = 5
_FORMULAS = ("equation", "formula")
_WORD = re.compile(r"[^\W_]+(?:[.,:/'’-][^\W_]+)*")
_MARKUP = re.compile(r"<[^<>]{0,200}>|!\[[^\]]{0,200}\]\([^)]{0,200}\)")
_FORMULA = re.compile(  # no alternative passes its own opening again: linear in a hostile text
    r"\\\((?:(?!\\\().){0,2000}?\\\)|\\\[(?:(?!\\\[).){0,4000}?\\\]|\$\$[^$]{1,4000}\$\$|\$[^$\n]{1,400}\$",
    re.DOTALL,
)
_WIDE = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int


def cross_read(reading: PageReading, second: PageReading) -> list[Note]:
    """What the second reading does not confirm (`unconfirmed`, by block), and what only the second holds (`missing`).

    Both are compared as letters and digits without spaces, since engines differ in where they see spaces, by runs of
    eight letters (three of Chinese, Japanese or Korean), since they differ in order and in single letters. A block with
    boxes is held against what the second engine saw there and around. A number counts as confirmed only if each of its
    digits is; of a word half of its letters suffice. Formulas are left out: engines of letters do not read them. So are
    words in a script of which the second engine read nothing, if it says that it saw lines which it could not read.
    """
    notes: list[Note] = []
    unread = _unread_scripts(reading, second)
    whole = _grams(_squeezed(block.text for block in second.blocks))
    for index, block in enumerate(reading.blocks):
        text = _plain(block)
        words, letters = _words(text)
        if not words:
            continue
        near = _near(block, second.blocks)
        known = _grams(_squeezed(b.text for b in near)) if near else whole
        blind = bool(_scripts(text) & unread)  # a number among letters that were not read was not read either
        checked = [w for w in words if not (_scripts(w.text) & unread or (blind and not _scripts(w.text)))]
        lacking = [w.text for w in checked if not _confirmed(w, letters, known)]
        if lacking:
            shown = ", ".join(repr(word[:40]) for word in lacking[:_SHOWN])
            more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
            message = f"{second.engine} does not see {shown}{more} ({len(lacking)} of {len(words)} words)."
            notes.append(Note(kind="unconfirmed", message=message, block=index))
    if unread:
        names = ", ".join(sorted(name.title() for name in unread))
        notes.append(
            Note(kind="unconfirmed", message=f"{second.engine} could not read {names}: not checked there.")
        )
    return notes + [_missing_note(block, second.engine) for block in missing_blocks(reading, second)]


def _scripts(text: str) -> set[str]:
    """The scripts of a text's letters, as their Unicode names begin: LATIN, HANGUL, CYRILLIC."""
    return {unicodedata.name(letter, "?").split()[0] for letter in set(text) if letter.isalpha()}


def _unread_scripts(reading: PageReading, second: PageReading) -> set[str]:
    """Scripts of the reading that the second engine has seen as lines and could not read."""
    if not any(note.kind == "missing" for note in second.notes):
        return set()
    return _scripts(reading.text) - _scripts(second.text)


def missing_blocks(reading: PageReading, second: PageReading) -> list[Block]:
    """What only the second reading holds, in its order: whole blocks, and parts of those that the first has cut."""
    return [block for _, block in missing_parts(reading, second)]


def missing_parts(reading: PageReading, second: PageReading) -> list[tuple[int, Block]]:
    """As `missing_blocks`, each with the index of the second's block.

    A block of which less than half is held is missing as a whole; of another one, runs of letters as long as a short
    line. What the second engine makes of a formula is no text.
    """
    known = _grams(_squeezed(block.text for block in reading.blocks))
    formulas = [box for block in reading.blocks if block.label in _FORMULAS for box in block.boxes]
    found: list[tuple[int, Block]] = []
    for index, block in enumerate(second.blocks):
        if block.confidence is not None and block.confidence < _SURE:
            continue
        if any(_touch(a, b) for a in formulas for b in block.boxes):
            continue
        letters, places = _placed(block.text)
        if len(letters) < _LONG:
            continue
        covered = _covered(letters, known)
        if sum(covered) < _SEEN * len(letters):
            found.append((index, block))
            continue
        for start, end in _runs(covered):
            text = _to_words(block.text, places[start], places[end - 1] + 1)
            found.append((index, block.model_copy(update={"text": text})))
    return found


def _runs(covered: list[bool]) -> Iterator[tuple[int, int]]:
    """Stretches that are not covered, at least a short line long; a few letters inside may be found by chance."""
    start, end = -1, 0
    for at, seen in enumerate([*covered, *[True] * (_CHANCE + 1)]):
        if not seen:
            start, end = (at if start < 0 else start), at + 1
        elif start >= 0 and at - end >= _CHANCE:
            if covered[start:end].count(False) >= _RUN:
                yield start, end
            start = -1


def _placed(text: str) -> tuple[str, list[int]]:
    """The squeezed text, and for each of its letters the place in `text`."""
    letters: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(_MARKUP.sub(lambda m: " " * len(m[0]), text)):
        for letter in _folded(sign):
            if letter.isalnum():
                letters.append(letter)
                places.append(place)
    return "".join(letters), places


def _to_words(text: str, start: int, end: int) -> str:
    """A part of a text, widened to whole words."""
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[start:end]


def _missing_note(block: Block, engine: str) -> Note:
    place = ""
    if block.boxes:
        box = block.boxes[0]
        place = f" at [{box.left}, {box.top}, {box.right}, {box.bottom}]"
    shown = block.text if len(block.text) <= 80 else f"{block.text[:77]}…"
    return Note(kind="missing", message=f"{engine} sees {shown!r}{place}, which this reading lacks.")


def _plain(block: Block) -> str:
    if block.label in _FORMULAS:
        return ""
    return _MARKUP.sub(" ", _FORMULA.sub(" ", block.text))


def _words(text: str) -> tuple[list[_Word], str]:
    """Words long enough to ask for, with their places in the squeezed text."""
    words: list[_Word] = []
    squeezed, at, length = list[str](), 0, 0
    for found in _WORD.finditer(_folded(text)):
        letters = "".join(c for c in found[0] if c.isalnum())
        at, length = length, length + len(letters)
        squeezed.append(letters)
        if len(letters) >= _LONG or any(c.isdigit() for c in letters) or _WIDE.search(letters):
            words.append(_Word(found[0], at, length))
    return words, "".join(squeezed)


def _confirmed(word: _Word, letters: str, known: set[str]) -> bool:
    """Whether the second reading holds a word, with its neighbours' letters where it is short."""
    margin = _GRAM - 1
    first = max(0, word.start - margin)
    around = letters[first : word.end + margin]
    covered = _covered(around, known)[word.start - first : word.end - first]
    digits = any(c.isdigit() for c in letters[word.start : word.end])
    return all(covered) if digits else sum(covered) >= _SEEN * len(covered)


def _covered(letters: str, known: set[str]) -> list[bool]:
    seen = [False] * len(letters)
    for start, gram in _each_gram(letters):
        if gram in known:
            seen[start : start + len(gram)] = [True] * len(gram)
    return seen


def _grams(letters: str) -> set[str]:
    found = {gram for _, gram in _each_gram(letters)}
    # A text shorter than a run is looked for as a whole: all shorter runs of what is known are kept as well.
    for size in range(1, _GRAM):
        found |= {letters[start : start + size] for start in range(len(letters) - size + 1)}
    return found


def _each_gram(letters: str) -> Iterator[tuple[int, str]]:
    alone = True  # at the beginning, and behind a wide letter, less than a whole run may be all there is
    for start in range(len(letters)):
        wide = _WIDE.match(letters, start) is not None
        size = _GRAM_CJK if wide else _GRAM
        if alone:
            size = min(size, len(letters) - start)
        if start + size <= len(letters):
            yield start, letters[start : start + size]
        alone = wide


def _squeezed(texts: Sequence[str] | Iterator[str]) -> str:
    plain = (_folded(_MARKUP.sub(" ", text)) for text in texts)
    return "".join(c for text in plain for c in text if c.isalnum())


def _folded(text: str) -> str:
    """Letters without accents and case: engines of letters lose the first, headings change the second."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def _near(block: Block, others: Sequence[Block]) -> list[Block]:
    """Blocks of the other reading that stand where this one does; none where either has no boxes."""
    return [other for other in others if any(_touch(a, b) for a in block.boxes for b in other.boxes)]


def _touch(a: Box, b: Box) -> bool:
    margin = 8  # pixels
    return (
        a.left < b.right + margin
        and b.left < a.right + margin
        and a.top < b.bottom + margin
        and b.top < a.bottom + margin
    )
