"""AndroidLab (arXiv 2410.24024): SR, Sub-SR, RRR and ROR, as its repository computes them.

Its judging of single pages needs its own rules and pages; what is read here is the outcome of that judging, one trace a
row, and the screenshots.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from ....errors import ConfigError, MissingExtra
from ._files import rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TASKS = 138
_SAME = 0.999
_MOST_REPEATS = 5


class LabTrace(BaseModel):
    """One recorded task.

    Attributes:
        task_id: APP_NUMBER.
        complete: Whether the last page that counts was judged complete.
        subgoals: The numbered sub-goals of that page's result.
        human_length: Steps of the person who recorded the task; None where the benchmark has none.
        actions: The agent's actions, as they were parsed.
        images: A screenshot for each action, in order; relative paths start at the file's folder.
    """

    task_id: str
    complete: bool
    subgoals: dict[str, bool] = {}
    human_length: float | None = Field(default=None, gt=0)
    actions: list[Any]
    images: list[str] = []

    @property
    def counted(self) -> int:
        """Actions until the same one came more than five times again: what comes after is not judged."""
        repeats, last = 0, None
        for n, action in enumerate(self.actions):
            now = json.dumps(action)
            repeats = repeats + 1 if now == last else 0
            last = now
            if repeats > _MOST_REPEATS:
                return n
        return len(self.actions)

    @property
    def partial(self) -> float:
        """1 if complete, else the share of true sub-goals."""
        if self.complete:
            return 1.0
        return sum(self.subgoals.values()) / len(self.subgoals) if self.subgoals else 0.0


@dataclass(frozen=True, slots=True)
class LabReport:
    """Percentages, as the paper prints them.

    Attributes:
        n: Traces that were given; the rates divide by all tasks of the benchmark.
        success: SR.
        sub_goal: Sub-SR.
        reversed_redundancy: RRR, human over agent length of the completed tasks; it may exceed 100.
        reasonable_operations: ROR: one minus the share of steps that changed nothing to be seen; None without pictures.
    """

    n: int
    success: float
    sub_goal: float
    reversed_redundancy: float
    reasonable_operations: float | None


def lab_traces(path: Path) -> list[LabTrace]:
    """Traces from a file; their pictures' paths are made absolute.

    Raises:
        ConfigError: The file or a row is wrong.
    """
    return [
        trace.model_copy(update={"images": [str(path.parent / image) for image in trace.images]})
        for trace in rows(path, LabTrace)
    ]


def lab_report(traces: Sequence[LabTrace], *, tasks: int = TASKS) -> LabReport:
    """The row of the paper's table.

    Args:
        traces: At most one a task.
        tasks: How many tasks the benchmark has: missing traces count as failures.

    Raises:
        ConfigError: A task is there twice.
    """
    ids = [trace.task_id for trace in traces]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise ConfigError(f"The task {twice[0]} has two traces.", mend="Give one trace a task.")
    complete = [trace for trace in traces if trace.complete]
    ratios = [t.human_length / t.counted for t in complete if t.human_length and t.counted]
    operations = [_reasonable(trace) for trace in traces if trace.images]
    return LabReport(
        n=len(traces),
        success=100 * len(complete) / tasks,
        sub_goal=100 * sum(trace.partial for trace in traces) / tasks,
        reversed_redundancy=100 * sum(ratios) / len(complete) if complete else 0.0,
        reasonable_operations=100 * sum(operations) / tasks if operations else None,
    )


def similar_pairs(images: Sequence[Path]) -> int:
    """Neighbours that look the same: equal samples over samples that are not white in both, above 0.999.

    The last picture is left out, and two pictures or fewer give 0, as in the original. Pictures of different sizes are
    not the same.

    Raises:
        MissingExtra: Pillow is not installed.
    """
    if len(images) <= 2:
        return 0
    pictures = [_pixels(path) for path in images[:-1]]
    return sum(_similarity(a, b) > _SAME for a, b in pairwise(pictures))


def _reasonable(trace: LabTrace) -> float:
    steps = trace.counted
    if steps == 1:
        return 1.0
    return 1 - similar_pairs([Path(image) for image in trace.images[:steps]]) / (steps - 1) if steps else 0.0


def _similarity(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    if a.shape != b.shape:
        return 0.0
    coloured = (a != 255) | (b != 255)
    total = int(coloured.sum())
    # Two white pictures: the original divides by zero, and its NaN is above nothing.
    return float(((a == b) & coloured).sum()) / total if total else 0.0


def _pixels(path: Path) -> NDArray[np.uint8]:
    import numpy as np

    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtra("Comparing screenshots", "phone") from error
    try:
        with Image.open(path) as picture:
            return np.asarray(picture)
    except OSError:
        return np.zeros((1, 1, 3), dtype=np.uint8)
