"""Intervals for shares and for paired differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def wilson(successes: int, n: int) -> Interval:
    """A share with Wilson's score interval; of nothing it is anywhere from 0 to 1."""
    if n == 0:
        return Interval(math.nan, 0.0, 1.0)
    p, z2 = successes / n, _Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half))


def paired_difference(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[str],
    *,
    rounds: int = 4000,
    seed: int = 0,
) -> Interval:
    """Mean of first minus second over pairs, with a percentile bootstrap over whole clusters.

    Args:
        first, second: Values of the same tasks in the same order.
        clusters: What each pair belongs to: the seeds of one template are not independent.
        rounds: Resamples.
        seed: Of the resampling.
    """
    groups: dict[str, list[float]] = {}
    for a, b, cluster in zip(first, second, clusters, strict=True):
        groups.setdefault(cluster, []).append(a - b)
    sums = [(sum(g), len(g)) for g in groups.values()]
    if not sums:
        return Interval(math.nan, math.nan, math.nan)
    rng, means = Random(seed), list[float]()
    for _ in range(rounds):
        drawn = rng.choices(sums, k=len(sums))
        means.append(sum(s for s, _ in drawn) / sum(n for _, n in drawn))
    means.sort()
    value = sum(s for s, _ in sums) / sum(n for _, n in sums)
    return Interval(value, means[int(0.025 * rounds)], means[min(rounds - 1, int(0.975 * rounds))])


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Two-sided exact p of McNemar's test: that pairs which differ favour neither side."""
    wins = sum(a and not b for a, b in zip(first, second, strict=True))
    losses = sum(b and not a for a, b in zip(first, second, strict=True))
    n, least = wins + losses, min(wins, losses)
    if n == 0:
        return 1.0
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(least + 1)) / 2**n)
