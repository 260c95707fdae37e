"""Where sentences begin and end, in English and in Korean, Chinese and Japanese, by rules.

No model: the same text gives the same spans on every machine, and each span is offsets into the text as it
stands, so a quote stays a quote. Line breaks count: list items, headings and table rows end at theirs, while
the soft line breaks of a wrapped paragraph do not end anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")

_NEVER_ENDS = frozenset(
    """mr mrs ms dr prof st sr gen col lt sgt capt rev hon gov sen rep pres fig figs eq eqs sec ch vol vols no nos
    pp p ed eds al e.g i.e cf vs viz approx ca resp op cit ref refs jan feb mar apr jun jul aug sept sep oct nov
    dec mon tue tues wed thu thur thurs fri dept est ave blvd mt ft""".split()
)
# These may close a sentence: they do when a word follows that usually opens one.
_MAY_END = frozenset(
    "etc inc ltd co corp llc plc jr a.m p.m u.s u.k e.u u.n d.c ph.d m.d b.a m.a bros".split()
)
_OPENERS = frozenset(
    """the a an this that these those it its he she they we i you there here in on at by for from with as if when
    while after before since although though however but and or so yet then thus moreover meanwhile because his
    her their our my no not all some many most both each such what who how why where which according""".split()
)
_STOP_MARK = re.compile(
    r"(?P<cjk>[。！？｡]+[」』”’）】》)\"']*)"
    r"|(?P<mark>[.!?…]+)(?P<close>[\"'”’)\]»]*)(?=\s|$|[^\W\d_a-zA-Z.,;:])"
)
_WORD_BEFORE = re.compile(r"[\w.'’]+$")
_NEXT_WORD = re.compile(r"[\"'“‘(\[«]*([^\W_]+)")
_BULLET = re.compile(r"[ \t]*(?:[-*+•‣▪◦●○■□▶·※–—]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|[①-⑳]|[가-하][.)])[ \t]+\S")
_HEADING = re.compile(r"[ \t]*#{1,6}[ \t]+\S")
_ROW = re.compile(r" \| |^[ \t]*\|")
_HIRAGANA = re.compile(r"[\u3041-\u309f]")
_DATE = re.compile(r"\d{2,4}\.\s*\d{1,2}\.\s*\d{1,2}$")
_WRAP_WIDTH = 50  # columns; a shorter line was ended on purpose
_SOFT_END = re.compile(r"[.!?…。！？｡:][\"'”’)\]»」』）]*$")


def sentences(text: str) -> list[tuple[int, int]]:
    """Split a text into sentences, list items, headings and table rows.

    Returns:
        (start, end) character offsets in order, without overlap; every word is in exactly one span, and no span
        is empty or begins or ends with white space.
    """
    found: list[tuple[int, int]] = []
    for start, end in _segments(text):
        for first, last in _split(text, start, end):
            if (span := _trim(text, first, last)) is not None:
                found.append(span)
    return found


def is_heading(line: str) -> bool:
    """Whether a line is a heading by its mark (`# …`)."""
    return _HEADING.match(line) is not None


def is_item(line: str) -> bool:
    """Whether a line is a list item or a table row."""
    return _BULLET.match(line) is not None or _ROW.search(line) is not None


def _segments(text: str) -> Iterator[tuple[int, int]]:
    """Stretches that a sentence never leaves: paragraphs with their soft line breaks, and single lines."""
    start = at = 0
    previous = ""
    for line in text.splitlines(keepends=True):
        if at > start and not _continues(previous, line):
            yield start, at
            start = at
        previous = line
        at += len(line)
    if at > start:
        yield start, at


def _continues(previous: str, line: str) -> bool:
    before, now = previous.strip(), line.strip()
    if not before or not now or is_heading(previous) or is_heading(line):
        return False
    if is_item(line) or _ROW.search(previous):
        return False
    if now[0].islower() and now[0].isascii():
        return True
    if _BULLET.match(previous) and not line.startswith((" ", "\t")):
        return False
    return _width(before) >= _WRAP_WIDTH and not _SOFT_END.search(before)


def _width(line: str) -> int:
    return len(line) + len(CJK.findall(line))


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    if is_heading(text[start:end]):
        yield start, end
        return
    for match in _STOP_MARK.finditer(text, start, end):
        if match.end() <= begin or not _ends(text, begin, end, match):
            continue
        yield begin, match.end()
        begin = match.end()
    if begin < end:
        yield begin, end


def _ends(text: str, begin: int, end: int, match: re.Match[str]) -> bool:
    """Whether this full stop, question or exclamation mark closes a sentence."""
    if match["cjk"]:  # a quotation inside a Japanese sentence goes on with a particle: 「はい。」と言った
        return not (match["cjk"][-1] in "」』" and _HIRAGANA.match(text, match.end(), end))
    following = _NEXT_WORD.match(text, _skip_space(text, match.end(), end), end)
    word = following[1] if following else ""
    if word and word[0].islower() and word[0].isascii():
        return False
    if match["mark"] != ".":
        return True
    before = _WORD_BEFORE.search(text, max(begin, match.start() - 40), match.start())
    token = before[0].lower().strip(".'’") if before else ""
    if not token:
        return True
    if token[-1].isdigit() and _numbers_only(text[begin : match.start()], word):
        return False
    if token in _MAY_END:
        return word.lower() in _OPENERS or not word
    if token == "no":  # "No. 5", but "He said no. Then he left."
        return not (word and word[0].isdigit())
    initial = (
        len(token) == 1 and token.isascii() and token.isalpha() and before is not None and before[0].isupper()
    )
    return not (token in _NEVER_ENDS or (initial and bool(word)))


def _numbers_only(before: str, following: str) -> bool:
    """Whether the full stop after a number belongs to it: 2025. 3. 9. is a date, 1. opens a list item."""
    if following and following[0].isdigit():
        return True
    return not before.strip(" \t\n([").rstrip("0123456789") or bool(following and _DATE.search(before))


def _skip_space(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    if not any(ch.isalnum() for ch in piece):
        return None
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
