"""MobileIAR (arXiv 2508.08645): how often an agent does what *this* user would do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from pydantic import BaseModel, Field

from ....errors import ConfigError
from ._files import rows

GROUPS = {"user1-5": (1, 2, 3, 4, 5), "user6-9": (6, 7, 8, 9)}
_RADIUS = 0.14
_MIN_TEXT = 0.8
_EXACT = ("PRESS_BACK", "PRESS_HOME", "COMPLETE", "WAIT")
_POINT = re.compile(r"(?:CLICK|LONG_PRESS) <point>\[\[(\d+),\s*(\d+)\]\]</point>")


class IarStep(BaseModel):
    """One step of a user's test set, with the agent's action beside it.

    Attributes:
        action: What the user did, in OS-Atlas notation with coordinates from 0 to 1000.
        action_list: All that would have been acceptable.
        predicted: What the agent did, in the same notation.
    """

    action: str
    action_list: list[str] = Field(min_length=1)
    predicted: str


@dataclass(frozen=True, slots=True)
class IarReport:
    """Shares in [0, 1].

    Attributes:
        n: Steps.
        iar: Intention alignment: the same as the user's own action.
        sr: The same as any acceptable action.
        type: The type of any acceptable action.
        users: The three shares of each user.
        groups: Means over the users of each of the paper's two groups, as far as they were given.
    """

    n: int
    iar: float
    sr: float
    type: float
    users: dict[str, tuple[float, float, float]]
    groups: dict[str, tuple[float, float, float]]


def iar_steps(folder: Path) -> dict[str, list[IarStep]]:
    """Each user's steps, from `FOLDER/user1/predictions.json` (or .jsonl) and so on.

    Raises:
        ConfigError: No user, or a file is wrong.
    """
    users: dict[str, list[IarStep]] = {}
    for user in sorted(path for path in folder.glob("user*") if path.is_dir()):
        files = [p for p in (user / "predictions.json", user / "predictions.jsonl") if p.exists()]
        if files:
            users[user.name] = rows(files[0], IarStep)
    if not users:
        raise ConfigError(
            f"{folder} has no user*/predictions.json.",
            mend="Add `predicted` to each row of a user's data.json.",
        )
    return users


def iar_match(action: str, label: str) -> tuple[bool, bool]:
    """Whether an action has a label's type, and whether it is the same action."""
    if label in _EXACT:
        return (action == label, action == label)
    if label.startswith("SCROLL"):
        return action.startswith("SCROLL"), action == label
    for kind in ("CLICK", "LONG_PRESS"):
        if label.startswith(kind):
            return action.startswith(kind), action.startswith(kind) and _near(action, label)
    if label.startswith("TYPE"):
        typed = action.startswith("TYPE")
        return typed, typed and SequenceMatcher(None, action, label).ratio() >= _MIN_TEXT
    return False, False


def iar_report(users: Mapping[str, Sequence[IarStep]]) -> IarReport:
    """The paper's table: ratios per user, then means over users."""
    ratios = {user: _ratios(steps) for user, steps in users.items()}
    groups = {
        name: _means([ratios[f"user{n}"] for n in numbers if f"user{n}" in ratios])
        for name, numbers in GROUPS.items()
        if any(f"user{n}" in ratios for n in numbers)
    }
    iar, sr, type_ = _means(list(ratios.values()))
    return IarReport(sum(map(len, users.values())), iar, sr, type_, ratios, groups)


def _near(action: str, label: str) -> bool:
    a, b = _POINT.match(action), _POINT.match(label)
    if a is None or b is None:
        return False
    dx, dy = (int(a[1]) - int(b[1])) / 1000, (int(a[2]) - int(b[2])) / 1000
    return (dx * dx + dy * dy) ** 0.5 < _RADIUS


def _ratios(steps: Sequence[IarStep]) -> tuple[float, float, float]:
    iar = sum(iar_match(s.predicted, s.action)[1] for s in steps)
    any_of = [[iar_match(s.predicted, label) for label in s.action_list] for s in steps]
    sr = sum(any(same for _, same in found) for found in any_of)
    type_ = sum(any(kind for kind, _ in found) for found in any_of)
    n = len(steps) or 1
    return iar / n, sr / n, type_ / n


def _means(ratios: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    n = len(ratios) or 1
    return sum(r[0] for r in ratios) / n, sum(r[1] for r in ratios) / n, sum(r[2] for r in ratios) / n
