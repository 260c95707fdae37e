"""The kernels by enumeration: invariance, the paper's statements, the law after N steps; nothing is drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tenfold.models.power import EarlyCuts, EntropyCuts, Kernel, TabularEngine, UniformCuts, WholeCuts
from tenfold.models.power.laws import (
    distance,
    proposal_law,
    reference_law,
    sampler_law,
    states,
    target,
    transition,
)

KERNELS = {
    "uniform": Kernel(UniformCuts()),
    "early": Kernel(EarlyCuts(half=1.0)),
    "entropy": Kernel(EntropyCuts(beta=2.0, least=0.05)),
    "whole": Kernel(WholeCuts()),
}


@pytest.mark.parametrize("shared", [1, 3])
@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_leaves_the_target_as_it_is(name: str, shared: int) -> None:
    for seed in range(20):
        alpha = (2.0, 4.0)[seed % 2]
        paths = states(TabularEngine.random(seed), 5, alpha)
        pi = target(paths, alpha)
        moves = transition(KERNELS[name], paths, 5, alpha, shared=shared)
        assert np.abs(moves.sum(1) - 1).max() < 1e-12 and moves.min() >= -1e-15
        assert np.abs(pi @ moves - pi).sum() < 1e-12


def test_without_the_factor_of_the_cuts_the_entropy_kernel_would_drift() -> None:
    """What the factor is for: the same moves with the ratio of the weights alone are not invariant."""

    class Forgetful(Kernel):
        def log_total(self, path: object, horizon: int) -> float:
            return 0.0

    drifts: list[float] = []
    for seed in range(6):
        paths = states(TabularEngine.random(seed), 5, 2.0)
        pi = target(paths, 2.0)
        moves = transition(Forgetful(KERNELS["entropy"].cuts), paths, 5, 2.0)
        drifts.append(float(np.abs(pi @ moves - pi).sum()))
    assert max(drifts) > 1e-2


def test_the_papers_example() -> None:
    """Section 4.1: p(ab) = .40, p(ba) = p(bb) = .25, p(aa) = 0, alpha = 2."""
    engine = TabularEngine.of_sequences({"ab": 0.40, "ba": 0.25, "bb": 0.25}, "ab")
    paths = states(engine, 2, 2.0)
    power = sum(w for p, w in zip(paths, target(paths, 2.0), strict=True) if p.tokens[0] == 1)
    cold = sum(proposal_law(p, 0, 2.0) for p in paths if p.tokens[0] == 1)
    assert power == pytest.approx(0.160 / 0.285) and cold == pytest.approx(0.160 / 0.410)
    law = sampler_law(engine, 2.0, [2], 200, KERNELS["uniform"])
    assert sum(m for t, m in law.items() if t[0] == 1) == pytest.approx(power, abs=1e-9)


@pytest.mark.parametrize(("alpha", "futures"), [(2.0, 4), (4.0, 2), (4.0, 8)])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_proposition_3(alpha: float, futures: int, share: float) -> None:
    """A token of weight e with one future against one of e' with N: for e' / N^(1 - 1/alpha) < e < e' the power law
    prefers the first and low temperature the second."""
    big = 0.6
    least = big / futures ** (1 - 1 / alpha)
    small = least + share * (big - least)
    letters = "ab" + "cdefghij"[:futures]
    sequences = {"ac": small} | {f"b{letters[2 + n]}": big / futures for n in range(futures)}
    engine = TabularEngine.of_sequences(sequences, letters)
    paths = states(engine, 2, alpha)
    power = {1: 0.0, 2: 0.0}
    cold = {1: 0.0, 2: 0.0}
    for path, mass in zip(paths, target(paths, alpha), strict=True):
        power[path.tokens[0]] += mass
        cold[path.tokens[0]] += proposal_law(path, 0, alpha)
    assert power[1] > power[2] and cold[1] < cold[2]


def mean_distance(alpha: float, steps: int, mode: str, seeds: int = 4) -> float:
    found: list[float] = []
    for seed in range(seeds):
        engine = TabularEngine.random(seed)
        paths = states(engine, 6, alpha)
        if mode == "reference":
            law = reference_law(engine, alpha, 6, 2, steps)
        else:
            law = sampler_law(engine, alpha, [2, 4, 6], steps, KERNELS["uniform"], fast=mode == "fast")
        assert sum(law.values()) == pytest.approx(1.0)
        found.append(distance(law, paths, target(paths, alpha)))
    return float(np.mean(found))


@pytest.mark.parametrize("alpha", [2.0, 4.0])
def test_more_steps_come_nearer_the_target_and_the_published_code_goes_away(alpha: float) -> None:
    exact = [mean_distance(alpha, n, "exact") for n in (1, 4, 12)]
    published = [mean_distance(alpha, n, "reference") for n in (1, 4, 12)]
    assert exact[0] > exact[1] > exact[2]
    assert all(a < b for a, b in zip(exact, published, strict=True)) and published[2] > 3 * exact[2]
    many = mean_distance(alpha, 150, "exact", 2), mean_distance(alpha, 150, "reference", 2)
    assert many[0] < 0.02 < 0.1 < many[1]


def test_stopping_at_the_first_end_is_a_bias_that_stays() -> None:
    assert mean_distance(2.0, 150, "fast", 3) > 10 * mean_distance(2.0, 150, "exact", 3)


def test_log_w_is_log_z() -> None:
    engine = TabularEngine.random(3)
    for path in states(engine, 4, 3.0):
        for at, token in enumerate(path.tokens):
            law = engine.law(path.tokens[:at])
            assert path.log_w[at] == pytest.approx(math.log((law**3).sum())) and path.log_w[at] <= 0
            assert path.log_p[at] == pytest.approx(math.log(law[token]))
