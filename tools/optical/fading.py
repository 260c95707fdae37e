"""How a page of history fades: from text over large to tiny pictures, and away (arXiv 2510.18234, figure 12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...errors import ConfigError
from ...pages import SIDES

Fidelity = Literal["text", "large", "base", "small", "tiny", "dropped"]

LEVELS: tuple[Fidelity, ...] = ("text", "large", "base", "small", "tiny", "dropped")


def vision_tokens(level: Fidelity) -> int:
    """What one page costs at a level that shows a picture."""
    return (SIDES[level] // 64) ** 2


@dataclass(frozen=True, slots=True)
class FadingPolicy:
    """Which level a page has at which age, and how far it may be compressed.

    The paper reads 97 % of a page at a compression of 10 and about 60 % at 20 (section 4.1, table 2): what must be
    kept stays below the first, what may fade below the second.

    Attributes:
        ages: (least age in rounds, level), rising; the last one whose age is reached holds.
        must_keep: Most text tokens for a vision token of a page with something important on it; it is never dropped.
        may_fade: The same for other pages; a page that would be beyond it goes on to "dropped".
    """

    ages: tuple[tuple[int, Fidelity], ...] = field(
        default=((0, "text"), (4, "large"), (8, "base"), (16, "small"), (32, "tiny"), (64, "dropped"))
    )
    must_keep: float = 10.0
    may_fade: float = 20.0

    def __post_init__(self) -> None:
        starts = [age for age, _ in self.ages]
        if not starts or starts[0] != 0 or starts != sorted(set(starts)):
            raise ConfigError(
                f"The ages of a fading policy are {starts}.", mend="Begin with 0 and let them rise."
            )
        unknown = [level for _, level in self.ages if level not in LEVELS]
        if unknown:
            raise ConfigError(f"No fidelity {unknown[0]!r}.", mend=f"Use one of {', '.join(LEVELS)}.")

    def level(self, age: int, text_tokens: int, *, important: bool) -> Fidelity:
        """The level of a page of `text_tokens` at `age` rounds."""
        wanted: Fidelity = next(level for start, level in reversed(self.ages) if start <= age)
        return self.allowed(wanted, text_tokens, important=important)

    def allowed(self, wanted: Fidelity, text_tokens: int, *, important: bool) -> Fidelity:
        """`wanted`, or the nearest level that the bound on compression and plain sense allow.

        A picture that costs more than its text is never chosen.
        """
        if wanted == "text":
            return wanted
        bound = self.must_keep if important else self.may_fade
        for level in reversed(LEVELS[1 : LEVELS.index(wanted) + 1]):
            if level == "dropped":
                if not important:
                    return level
            elif text_tokens <= bound * vision_tokens(level):
                return level if vision_tokens(level) < text_tokens else "text"
        return "text"

    def fainter(self, level: Fidelity, text_tokens: int, *, important: bool) -> Fidelity | None:
        """The next level below `level` that costs less and is allowed; None at the end."""
        for lower in LEVELS[LEVELS.index(level) + 1 :]:
            found = self.allowed(lower, text_tokens, important=important)
            if found == lower:
                return found
        return None


def cost(level: Fidelity, text_tokens: int) -> int:
    """Tokens of a page at a level."""
    if level == "text":
        return text_tokens
    return 0 if level == "dropped" else vision_tokens(level)
