"""Recorded trajectories: JSON Lines, one trajectory a line, in the versioned format `tenfold-phone-trajectory/1`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...errors import ConfigError
from ...tools.phone import Action
from .reward import FORMAT_SHARE

FORMAT = "tenfold-phone-trajectory/1"


class TrajectoryStep(BaseModel):
    """One step.

    Attributes:
        n: From 1.
        screen: The element list that was shown; `signature`, `package`, `width` and `height` belong to that screen.
        reply: What the model wrote; empty for a policy of code.
        thought, expect: What it said of its action.
        action: What was done; None when the reply could not be read.
        right: The oracle's action on that screen.
        acc, fmt, reward: R_acc, R_fmt, and R_acc + 0.2 R_fmt.
        problem: Why nothing was done, or what the device said against it.
    """

    model_config = ConfigDict(extra="forbid")

    n: int = Field(ge=1)
    screen: str
    signature: str
    package: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    reply: str = ""
    thought: str = ""
    expect: str = ""
    action: Action | None = None
    right: Action
    acc: float = Field(ge=0, le=1)
    fmt: float = Field(ge=0, le=1)
    reward: float
    problem: str = ""

    @model_validator(mode="after")
    def _adds_up(self) -> TrajectoryStep:
        if abs(self.reward - (self.acc + FORMAT_SHARE * self.fmt)) > 1e-9:
            raise ValueError(f"reward {self.reward} is not acc + {FORMAT_SHARE} fmt")
        return self


class Trajectory(BaseModel):
    """One task as it was played.

    Attributes:
        format: The version of the format.
        task: Template and seed, which give the task and the device's data again.
        device: Always the virtual Android: these are no results on Android.
        faults: Knobs of the device that were not 0.
        success: By the device's state; None when the episode was cut off before its end.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal["tenfold-phone-trajectory/1"] = FORMAT
    template: str
    seed: int
    goal: str
    device: Literal["tenfold-virtual-android"] = "tenfold-virtual-android"
    faults: dict[str, float] = {}
    steps: list[TrajectoryStep] = []
    answers: list[tuple[str, str]] = []
    success: bool | None = None

    @model_validator(mode="after")
    def _numbered(self) -> Trajectory:
        if [s.n for s in self.steps] != list(range(1, len(self.steps) + 1)):
            raise ValueError("steps are not numbered from 1 on")
        return self


def write_trajectories(path: Path, trajectories: Iterable[Trajectory], *, append: bool = False) -> int:
    """Write trajectories; returns how many."""
    n = 0
    with path.open("a" if append else "w", encoding="utf-8") as file:
        for trajectory in trajectories:
            file.write(trajectory.model_dump_json(exclude_defaults=False) + "\n")
            n += 1
    return n


def read_trajectories(path: Path) -> Iterator[Trajectory]:
    """Read and check trajectories.

    Raises:
        ConfigError: A line is none; the message names the line and what is wrong with it.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield Trajectory.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"])) or "the whole"
                raise ConfigError(
                    f"Line {number} of {path.name} is no trajectory: {where}: {first['msg']}.",
                    mend=f"Each line is one object of the format {FORMAT}.",
                ) from error
