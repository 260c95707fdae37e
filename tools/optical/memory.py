"""The store: segments of a history in order, sealed into pages, drawn once, shown at the level that age leaves them."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ...pages import SIDES
from ..pages import text_pages
from .fading import FadingPolicy, Fidelity, cost

CountTokens = Callable[[str], int]

_DRAWN = "large"  # a page is drawn once at this size and resized from there, as the paper does
_FONTS = (26, 24, 22, 20, 18, 16, 14, 13, 12, 11, 10, 9, 8)


@dataclass(frozen=True, slots=True)
class Segment:
    """One message, observation or note.

    Attributes:
        id: Hash of role and text.
        round: When it was added; its age is the present round less this.
    """

    id: str
    role: str
    text: str
    round: int
    important: bool
    tokens: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """What the model is shown of one page of history, or of the text after the last page.

    Attributes:
        id: Under which `source` gives the words back.
        level: "text" has `text`, the pictures' levels have `png`, "dropped" has neither.
        tokens: What it costs: its text's tokens, or DeepEncoder's vision tokens for its picture.
        age: In rounds, of its youngest segment.
    """

    id: str
    level: Fidelity
    tokens: int
    age: int
    text: str = ""
    png: bytes = b""


class OpticalMemory:
    """A history that costs less the older it is, and forgets nothing for good.

    Segments are gathered until they fill a page (`page_tokens`); then the page is sealed: its picture depends on its
    text alone and is kept under the text's hash, so that no page is ever drawn twice, over processes and runs.

    Pictures are priced as DeepSeek-OCR pays for them. A chat model with another encoder may pay far more: one token for
    28 x 28 pixels, as in the Qwen-VL family, makes 2,116 of a large page's 400, more than its words.

    Args:
        folder: Where the words and the pictures are kept.
        count: Text to tokens, by the tokenizer of the model that reads.
        policy: How pages fade.
        page_tokens: Text tokens of a full page; 640 is 10 for each of Tiny's 64.
    """

    def __init__(
        self, folder: Path, count: CountTokens, *, policy: FadingPolicy | None = None, page_tokens: int = 640
    ) -> None:
        if page_tokens < 1:
            raise ConfigError(f"A page of {page_tokens} tokens.", mend="Give at least 1, better 640.")
        self._folder, self._count = folder, count
        self._policy = policy or FadingPolicy()
        self._page_tokens = page_tokens
        (folder / "pages").mkdir(parents=True, exist_ok=True)
        self._journal = folder / "segments.jsonl"
        self._segments = list(_stored(self._journal))
        self.round = max((s.round for s in self._segments), default=0)

    def add(self, text: str, *, role: str = "user", important: bool = False) -> Segment:
        """Remember a segment; it is on disk when this returns."""
        name = hashlib.sha256(f"{role}\0{text}".encode()).hexdigest()
        made = Segment(name, role, text, self.round, important, self._count(f"{role}: {text}"))
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(made), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._segments.append(made)
        return made

    def advance(self) -> None:
        """A round is over; everything is one older."""
        self.round += 1

    def fragments(self, budget: int | None = None) -> list[Fragment]:
        """The history in order, each page at its level.

        Args:
            budget: Most tokens of all together. The oldest pages fade further until it is kept, those with nothing
                important before those with; text that is not on a full page yet does not fade.

        Raises:
            ConfigError: The budget cannot be kept without dropping what is important.
        """
        pages = list(self._pages())
        loose = self._segments[sum(len(page) for page in pages) :]
        tokens = [sum(s.tokens for s in page) for page in pages]
        held = [any(s.important for s in page) for page in pages]
        ages = [self.round - page[-1].round for page in pages]
        levels: list[Fidelity] = [
            self._policy.level(age, n, important=keep)
            for age, n, keep in zip(ages, tokens, held, strict=True)
        ]
        rest = sum(s.tokens for s in loose)
        if budget is not None:
            self._fade(levels, tokens, held, budget - rest)
        shown = [self._fragment(*part) for part in zip(pages, levels, tokens, ages, strict=True)]
        if loose:
            shown.append(Fragment(_name(loose), "text", rest, self.round - loose[-1].round, _words(loose)))
        return shown

    def source(self, fragment_id: str) -> str:
        """The words of a fragment, whatever its level is now.

        Raises:
            KeyError: No page or segment of that id.
        """
        pages = list(self._pages())
        loose = self._segments[sum(len(page) for page in pages) :]
        for page in [*pages, loose]:
            if page and _name(page) == fragment_id:
                return _words(page)
        for segment in self._segments:
            if segment.id == fragment_id:
                return _words([segment])
        raise KeyError(fragment_id)

    def search(self, words: str) -> list[tuple[str, str]]:
        """(fragment id, line) of the segments that have all of `words`, newest first; capitals do not matter."""
        wanted = words.casefold().split()
        if not wanted:
            return []
        places = {s.id: _name(page) for page in self._pages() for s in page}
        return [
            (places.get(s.id, s.id), f"{s.role}: {s.text}")
            for s in reversed(self._segments)
            if all(word in s.text.casefold() for word in wanted)
        ]

    def _pages(self) -> Iterator[list[Segment]]:
        """Full pages; a segment longer than a page is a page of its own."""
        page: list[Segment] = []
        filled = 0
        for segment in self._segments:
            if page and filled + segment.tokens > self._page_tokens:
                yield page
                page, filled = [], 0
            page.append(segment)
            filled += segment.tokens
        if filled >= self._page_tokens:
            yield page

    def _fade(self, levels: list[Fidelity], tokens: list[int], held: list[bool], room: int) -> None:
        spent = [cost(level, n) for level, n in zip(levels, tokens, strict=True)]
        for keep in (False, True):
            while sum(spent) > room:
                for at, level in enumerate(levels):
                    lower = self._policy.fainter(level, tokens[at], important=held[at])
                    if held[at] is keep and lower is not None and cost(lower, tokens[at]) < spent[at]:
                        levels[at], spent[at] = lower, cost(lower, tokens[at])
                        break
                else:
                    break
        if sum(spent) > room:
            raise ConfigError(
                f"The history needs {sum(spent) - room} tokens more than its budget.",
                mend="Raise the budget, mark less as important, or let the policy compress further.",
            )

    def _fragment(self, page: list[Segment], level: Fidelity, tokens: int, age: int) -> Fragment:
        name = _name(page)
        price = cost(level, tokens)
        if level == "text":
            return Fragment(name, level, price, age, text=_words(page))
        if level == "dropped":
            return Fragment(name, level, price, age)
        return Fragment(name, level, price, age, png=self._picture(name, _words(page), level))

    def _picture(self, name: str, text: str, level: Fidelity) -> bytes:
        path = self._folder / "pages" / f"{name}-{level}.png"
        if path.is_file():
            return path.read_bytes()
        png = draw(text) if level == _DRAWN else _resized(self._picture(name, text, _DRAWN), SIDES[level])
        partial = path.with_suffix(f".{os.getpid()}.partial")
        partial.write_bytes(png)
        os.replace(partial, path)
        return png


def draw(text: str) -> bytes:
    """One square page of the largest mode with all of `text` on it, in the largest letters that fit.

    Raises:
        ConfigError: More text than fits in letters of 8 pixels.
    """
    side = SIDES[_DRAWN]
    for font in _FONTS:
        pages = text_pages(text, side, side, font)
        if len(pages) == 1:
            return pages[0]
    raise ConfigError(
        f"{len(text)} characters do not fit on one page.", mend="Add the text in smaller segments."
    )


def _resized(png: bytes, side: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.resize((side, side)).save(out, "PNG")
    return out.getvalue()


def _name(page: list[Segment]) -> str:
    return hashlib.sha256("\0".join(s.id for s in page).encode()).hexdigest()[:32]


def _words(page: list[Segment]) -> str:
    return "\n".join(f"{s.role}: {s.text}" for s in page)


def _stored(journal: Path) -> Iterator[Segment]:
    """Segments of an earlier process; a line that a crash cut is left out, for it was never promised."""
    if not journal.is_file():
        return
    raw = journal.read_bytes()
    whole, _, cut = raw.rpartition(b"\n")
    if cut:
        journal.write_bytes(whole + b"\n" if whole else b"")
    for number, line in enumerate(whole.decode("utf-8").splitlines(), start=1):
        try:
            fields: dict[str, Any] = json.loads(line)
            yield Segment(**fields)
        except (ValueError, TypeError) as error:
            raise ConfigError(
                f"Line {number} of {journal.name!r} is damaged: {error}.",
                mend="Remove the line, or the folder.",
            ) from error
