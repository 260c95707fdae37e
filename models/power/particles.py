"""Sequential Monte Carlo for p^alpha: particles drawn token by token, weighted by log Z, resampled when few count."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .engine import Draft, Engine, Floats, Job
from .kernels import Path


@dataclass(frozen=True)
class Smc:
    """What a run of SMC leaves.

    Attributes:
        paths, log_weights: The particles; the target's law is approximated by them.
        log_normaliser: Of the estimate of Z = sum over x of p(x)^alpha; exp of it is unbiased.
        drawn: One particle, by weight.
        ess: Effective sample size at each check, before resampling.
    """

    paths: list[Path]
    log_weights: Floats
    log_normaliser: float
    drawn: Path
    ess: list[float]
    decoded: int
    positions: int
    depth: int


def smc(
    handle: Any,
    particles: int,
    horizon: int,
    alpha: float,
    seed: Sequence[int],
    *,
    ramp: int = 0,
    chunk: int = 1,
    least: float = 0.5,
) -> Generator[list[Job], list[Draft], Smc]:
    """Run particles to the horizon; a generator as the sampler's chains are.

    The proposal at position t is the model at temperature 1 / alpha_t, where alpha_t rises from 1 to `alpha` over the
    first `ramp` positions; a particle's weight grows by log Z_t (at alpha_t) and by the catch-up
    (alpha_t - alpha_(t-1)) · log p of what it has so far (arXiv 2602.10273).

    Args:
        chunk: Positions between two checks of the weights; any number is exact, larger ones call the engine less.
        least: Particles are resampled (systematically) when their effective number is below this share.
    """
    alphas = np.minimum(1 + (alpha - 1) * (np.arange(horizon) + 1) / max(ramp, 1), alpha)
    paths, weights = [Path(handle) for _ in range(particles)], np.zeros(particles)
    log_z, ess = 0.0, list[float]()
    decoded = positions = depth = 0  # of the engine's work
    for at in range(0, horizon, chunk):
        end = min(at + chunk, horizon)
        alive = [n for n, path in enumerate(paths) if not path.ended]
        if alive:
            numbers = np.random.default_rng([*seed, 1, at]).random((particles, chunk))
            jobs = [
                Job(
                    paths[n].handle,
                    at,
                    alphas[at:end],
                    numbers[n, : end - at],
                    seed=int(numbers[n, 0] * (1 << 31)),
                )
                for n in alive
            ]
            drafts = yield jobs
            for n, draft in zip(alive, drafts, strict=True):
                paths[n] = paths[n].extended(at, draft)
            decoded += sum(len(d.tokens) for d in drafts)
            positions += sum(d.positions for d in drafts)
            depth += max(d.positions for d in drafts)
        weights = weights + np.array([_gained(path, alphas, at, end) for path in paths])
        ess.append(float(np.exp(2 * _log_sum(weights) - _log_sum(2 * weights))))
        if ess[-1] < least * particles and end < horizon:
            log_z += _log_sum(weights) - math.log(particles)
            chosen = _systematic(weights, float(np.random.default_rng([*seed, 2, at]).random()))
            paths, weights = [paths[n] for n in chosen], np.zeros(particles)
        if end >= ramp and all(path.ended for path in paths):
            break
    log_z += _log_sum(weights) - math.log(particles)
    drawn = _drawn(weights, float(np.random.default_rng([*seed, 3]).random()))
    return Smc(paths, weights, log_z, paths[drawn], ess, decoded, positions, depth)


def _drawn(weights: Floats, u: float) -> int:
    share = np.cumsum(np.exp(weights - _log_sum(weights)))
    return int(np.searchsorted(share, u * share[-1], side="right"))


def run_smc(
    engine: Engine,
    prompt: Sequence[int],
    particles: int,
    horizon: int,
    alpha: float,
    seed: int,
    **options: Any,
) -> Smc:
    """`smc` on an engine, to its end."""
    work = smc(engine.open(prompt), particles, horizon, alpha, [seed], **options)
    jobs = next(work)
    while True:
        try:
            jobs = work.send(engine.draft(jobs))
        except StopIteration as end:
            return end.value


def _gained(path: Path, alphas: Floats, start: int, end: int) -> float:
    """What a particle's log weight gains over the positions start..end-1."""
    own = math.fsum(path.log_w[start:end])
    rise = 0.0
    for t in range(start, end):
        step = alphas[t] - (alphas[t - 1] if t else 1.0)
        if step and t:
            rise += step * math.fsum(path.log_p[:t])
    return own + rise


def _log_sum(values: Floats) -> float:
    top = float(values.max())
    return top + math.log(float(np.exp(values - top).sum()))


def _systematic(weights: Floats, u: float) -> list[int]:
    share = np.cumsum(np.exp(weights - _log_sum(weights)))
    places = (u + np.arange(len(weights))) / len(weights) * share[-1]
    return np.searchsorted(share, places, side="right").clip(max=len(weights) - 1).tolist()
