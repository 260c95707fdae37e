"""AndroidWorld (arXiv 2405.14573): success, budget and the match of answers, as its repository computes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from ._files import rows

MatchType = Literal["string", "number", "date", "time", "datetime"]
_MIN_SIMILARITY = 0.9
_DATE = "%B %d %Y"


class WorldEpisode(BaseModel):
    """One episode.

    Attributes:
        task: The task's class name.
        success: What its check returned in [0, 1]; composite tasks give parts.
        done: Whether the agent itself said that it was done: without that an episode counts 0.
        difficulty, tags, steps: For the tables.
    """

    task: str
    success: float = Field(ge=0, le=1)
    done: bool
    difficulty: str = ""
    tags: list[str] = []
    steps: int = Field(default=0, ge=0)

    @property
    def score(self) -> float:
        """What the episode counts."""
        return self.success if self.done else 0.0


@dataclass(frozen=True, slots=True)
class WorldReport:
    """Mean scores in [0, 1].

    Attributes:
        n: Episodes.
        success_rate: Mean over episodes.
        by_difficulty, by_tag: (mean, n) of each.
        mean_steps: Of the episodes that count more than a half.
    """

    n: int
    success_rate: float
    by_difficulty: dict[str, tuple[float, int]]
    by_tag: dict[str, tuple[float, int]]
    mean_steps: float


def world_episodes(path: Path) -> list[WorldEpisode]:
    """Episodes from a file.

    Raises:
        ConfigError: The file or a row is wrong.
    """
    return rows(path, WorldEpisode)


def world_report(episodes: Sequence[WorldEpisode]) -> WorldReport:
    """The table of a run of the benchmark."""
    solved = [e.steps for e in episodes if e.score > 0.5]
    return WorldReport(
        n=len(episodes),
        success_rate=_mean([e.score for e in episodes]),
        by_difficulty=_by(episodes, lambda e: [e.difficulty] if e.difficulty else []),
        by_tag=_by(episodes, lambda e: e.tags),
        mean_steps=_mean(solved),
    )


def step_budget(complexity: float) -> int:
    """Steps that an episode may take."""
    return int(10 * complexity)


def answer_matches(
    answer: str, expected: Sequence[Any], kind: MatchType = "string", *, tolerance: float | None = None
) -> bool:
    """Whether an answer to an information-retrieval task counts.

    The answer is split at commas; there must be as many parts as expected values, and each must match *some* expected
    value. A right part that is repeated for a missing one therefore passes: the benchmark's own quirk, kept.

    Args:
        answer: What the agent said.
        expected: str, float, date, time or datetime values, as `kind` says.
        kind: How parts are read: dates as "October 15 2023", times as "13:30", a datetime as both with a space.
        tolerance: Numbers closer than this are equal; None: they must be the same.
    """
    try:
        parts = [_READERS[kind](part.strip()) for part in answer.split(",")]
    except ValueError:
        return False
    if len(parts) != len(expected):
        return False
    same = _same(kind, tolerance)
    return all(any(same(part, value) for value in expected) for part in parts)


def _same(kind: MatchType, tolerance: float | None) -> Callable[[Any, Any], bool]:
    if kind == "string":
        return lambda a, b: SequenceMatcher(None, str(a).lower(), str(b).lower()).ratio() >= _MIN_SIMILARITY
    if kind == "number" and tolerance is not None:
        return lambda a, b: abs(a - b) < tolerance
    return lambda a, b: bool(a == b)


def _read_date(text: str) -> date:
    return datetime.strptime(text, _DATE).date()


def _read_time(text: str) -> time:
    return datetime.strptime(text, "%H:%M").time()


_READERS: dict[MatchType, Callable[[str], Any]] = {
    "string": str,
    "number": float,
    "date": _read_date,
    "time": _read_time,
    "datetime": lambda text: datetime.strptime(text, f"{_DATE} %H:%M"),
}


def _by(
    episodes: Sequence[WorldEpisode], groups: Callable[[WorldEpisode], Sequence[str]]
) -> dict[str, tuple[float, int]]:
    names = sorted({name for e in episodes for name in groups(e)})
    scores = {name: [e.score for e in episodes if name in groups(e)] for name in names}
    return {name: (_mean(values), len(values)) for name, values in scores.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
