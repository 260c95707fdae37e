"""What the benchmarks share: worlds to run in, statistics, and result tables."""

from __future__ import annotations

import os
import platform
import random
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"
SEED = 20261124


def interval(
    values: Sequence[float], *, rounds: int = 10_000, seed: int = SEED
) -> tuple[float, float, float]:
    """The median and its 95 % bootstrap interval."""
    chance = random.Random(seed)
    n = len(values)
    medians = sorted(statistics.median(chance.choices(values, k=n)) for _ in range(rounds))
    return statistics.median(values), medians[int(0.025 * rounds)], medians[int(0.975 * rounds)]


def shown(values: Sequence[float], digits: int = 2) -> str:
    """Median and interval as text."""
    middle, low, high = interval(values)
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def machine() -> str:
    """One line about where it ran."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def write_result(name: str, title: str, command: str, body: str) -> None:
    """Write `docs/results/NAME.md` with its provenance."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    head = f"# {title}\n\n`{command}` on {datetime.now(UTC):%Y-%m-%d}, seed {SEED}, {machine()}.\n\n"
    (RESULTS / f"{name}.md").write_text(head + body.rstrip() + "\n", encoding="utf-8")
    print(head + body)
