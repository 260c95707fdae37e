"""Words, numbers and names of a text: what merging, matching and citation checks compare.

Deliberately plain: no model, no language pack, the same answer on every machine. Latin-script words are folded to
a light stem; Chinese, Japanese and Korean runs become character bigrams, since their words are not spaced or are
inflected.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

Language = Literal["en", "ko", "ja", "zh"]

_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]")
_CJK_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d[\d.,]*\d|\d", re.UNICODE)
_NUMBER = re.compile(
    r"(?<![\w.])[-−]?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"\s*(thousand|million|billion|trillion|천만|백만|천|만|억|조|万|億|亿|兆|[kKmMbB](?![\w]))?"
)
_SCALES = {
    "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "billion": 1e9, "b": 1e9, "trillion": 1e12,
    "천": 1e3, "만": 1e4, "백만": 1e6, "천만": 1e7, "억": 1e8, "조": 1e12, "万": 1e4, "億": 1e8, "亿": 1e8, "兆": 1e12,
}  # fmt: skip
_NUMBER_WORDS = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100,
}  # fmt: skip
_NEGATION = re.compile(
    r"\b(?:not|no|never|without|neither|nor|none|cannot|\w+n['’]t)\b|않|없|아니|못하|ない|ません|不|没|沒|未",
    re.IGNORECASE,
)
_STOP = frozenset(
    """a about above after all also an and any are as at be because been before being between both but by can
    could did do does doing down during each few for from further get had has have having he her here hers
    him his how i if in into is it its itself just me more most my no nor not now of off on once only or
    other our out over own per same she should so some such than that the their them then there these they
    this those through to too under until up us very was we were what when where which while who whom
    whose why will with would you your shall may might must let tell give explain describe please whether
    within without upon via vs versus""".split()
)
_GENERIC = frozenset(
    "information detail details data thing things topic topics stuff material content anything everything".split()
)

_NO_SUBJECT = frozenset(
    """assess analyz analys evaluat research find identify investigat study review summariz summaris examin explor look
    overview summary introduction basic general main key information detail quick brief""".split()
)


def detect_language(text: str) -> Language:
    """Guess the language of a question by its script: Korean, Japanese, Chinese, else English."""
    letters = sum(ch.isalpha() for ch in text) or 1
    if len(_HANGUL.findall(text)) / letters > 0.2:
        return "ko"
    if len(_KANA.findall(text)) / letters > 0.1:
        return "ja"
    if len(_HAN.findall(text)) / letters > 0.2:
        return "zh"
    return "en"


def normalise(text: str) -> str:
    """NFKC, typographic quotes and dashes made plain, white space folded: for comparing, never for storing."""
    text = unicodedata.normalize("NFKC", text)
    text = text.translate(
        str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-"})
    )
    return " ".join(text.split())


def stem(word: str) -> str:
    """Fold a lower-case English word to a light stem, so that plural, -ed and -ing forms meet."""
    for suffix, keep in (
        ("ies", "y"),
        ("sses", "ss"),
        ("ing", ""),
        ("edly", ""),
        ("ed", ""),
        ("es", ""),
        ("s", ""),
    ):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            word = word[: -len(suffix)] + keep
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def content_words(text: str, *, drop_generic: bool = False) -> list[str]:
    """The words that carry meaning, stemmed, in order, with repeats; CJK runs as character bigrams."""
    return list(_content_words(text, drop_generic))


@lru_cache(maxsize=8192)
def _content_words(text: str, drop_generic: bool) -> tuple[str, ...]:
    """As above; the same sentences are compared many times in a run."""
    words: list[str] = []
    for token in _WORD.findall(normalise(text).lower()):
        for part in _split_scripts(token):
            if _CJK_RUN.fullmatch(part):
                words += [part[i : i + 2] for i in range(max(1, len(part) - 1))]
            elif (
                part not in _STOP
                and not (drop_generic and part in _GENERIC)
                and (len(part) > 1 or part.isdigit())
            ):
                words.append(stem(part.split("'")[0]) if part[0].isalpha() else part.replace(",", ""))
    return tuple(words)


def _split_scripts(token: str) -> list[str]:
    if token.isascii():
        return [token]
    return [
        part for part in re.split(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]+)", token) if part
    ]


def numbers(text: str) -> set[float]:
    """All numbers of a text as values; "3.5 million" gives both 3.5 and 3,500,000, "three" gives 3."""
    found: set[float] = set()
    plain = normalise(text)
    for match in _NUMBER.finditer(plain):
        value = float(match[1].replace(",", ""))
        found.add(value)
        if match[2]:
            found.add(round(value * _SCALES[match[2].lower()], 6))
    found |= {float(_NUMBER_WORDS[w]) for w in re.findall(r"[a-z]+", plain.lower()) if w in _NUMBER_WORDS}
    return found


def claimed_numbers(text: str) -> list[set[float]]:
    """The numbers that a claim asserts, each with all its readings: one of them must be in the source."""
    claims: list[set[float]] = []
    for match in _NUMBER.finditer(normalise(text)):
        value = float(match[1].replace(",", ""))
        scaled = round(value * _SCALES[match[2].lower()], 6) if match[2] else value
        claims.append({scaled})
    return claims


def names(text: str) -> set[str]:
    """Proper names and acronyms: capitalised words that do not open a sentence, and all-capital words."""
    found: set[str] = set()
    for sentence in re.split(r"(?<=[.!?])\s+|\n", normalise(text)):
        for position, word in enumerate(re.findall(r"[A-Za-z][\w'-]*", sentence)):
            acronym = word.isupper() and (len(word) > 1 or (position > 0 and word != "I"))
            if acronym or (position > 0 and word[0].isupper()):
                found.add(word.lower().removesuffix("'s"))
    return found


def negated(text: str) -> bool:
    """Whether a text denies something."""
    return _NEGATION.search(normalise(text)) is not None


def similarity(a: str, b: str) -> float:
    """Token-set similarity in [0, 1]: shared content words over all content words (Jaccard)."""
    left, right = set(content_words(a)), set(content_words(b))
    return len(left & right) / len(left | right) if left | right else float(normalise(a) == normalise(b))


def same_subject(a: str, b: str) -> bool:
    """Whether two tasks or queries ask the same: the same words but for those that name no subject.

    Strict on purpose. A repeat costs one search; a wrong merge loses what was asked. So a number, a name or any
    word of content in one alone keeps them apart: "risks in Chile" and "risks in China" are two tasks, and
    "battery market size 2025" is no repeat of "… 2024" (defects D4 and D5).
    """
    if numbers(a) != numbers(b) or names(a) - _surface(b) or names(b) - _surface(a):
        return False
    left, right = set(content_words(a)), set(content_words(b))
    return bool(left & right) and (left ^ right) <= _NO_SUBJECT


def _surface(text: str) -> set[str]:
    return {w.lower().removesuffix("'s") for w in re.findall(r"[A-Za-z][\w'-]*", normalise(text))}


def mentions(text: str, phrase: str) -> bool:
    """Whether a text is about a phrase: it holds every content word of it, generic words aside."""
    wanted = set(content_words(phrase, drop_generic=True))
    return bool(wanted) and wanted <= set(content_words(text))


def coverage(claim: str, sources: list[str]) -> float:
    """Share of the claim's distinct content words that stand in the sources, in [0, 1]."""
    wanted = set(content_words(claim))
    have = {word for source in sources for word in content_words(source)}
    return len(wanted & have) / len(wanted) if wanted else 0.0


def keywords(text: str, limit: int = 8) -> list[str]:
    """The distinct words of a question worth searching for, as written, at most `limit`."""
    seen: dict[str, str] = {}
    for token in _WORD.findall(normalise(text)):
        low = token.lower()
        if low not in _STOP and (len(low) > 1 or low.isdigit()):
            seen.setdefault(stem(low), token)
    return list(seen.values())[:limit]
