"""The sampler itself against the laws by enumeration, on the code path that language models take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tenfold.errors import CapabilityMissing, ConfigError
from tenfold.models.power import (
    Capabilities,
    Draft,
    EarlyCuts,
    EntropyCuts,
    Job,
    Kernel,
    PowerConfig,
    PowerSampler,
    TabularEngine,
    UniformCuts,
    WholeCuts,
    run_smc,
)  # fmt: skip
from tenfold.models.power.laws import reference_law, sampler_law, states

ENGINE = TabularEngine.random(5, concentration=2.0)
CONFIG = PowerConfig(alpha=2.0, horizon=4, block=2, steps=3)
CHAINS = 1500


def histogram(config: PowerConfig, chains: int = CHAINS) -> Counter[tuple[int, ...]]:
    return Counter(tuple(s.tokens) for s in PowerSampler(ENGINE, config).sample([[]], chains=chains))


def fits(counts: Counter[tuple[int, ...]], law: dict[tuple[int, ...], float]) -> bool:
    """Pearson's chi-square below its mean by 5 standard deviations at most; rare cells together."""
    n = sum(counts.values())
    often = {t: m for t, m in law.items() if m * n >= 5}
    cells = [(counts[t], m * n) for t, m in often.items()]
    cells.append((n - sum(c for c, _ in cells), n - sum(e for _, e in cells)))
    chi = sum((c - e) ** 2 / e for c, e in cells if e > 1e-9)
    return chi < len(cells) + 5 * (2 * len(cells)) ** 0.5 and not set(counts) - set(law)


@pytest.mark.parametrize(
    ("change", "law"),
    [
        ({}, {}),
        ({"shared": 3}, {"shared": 3}),
        ({"mode": "fast"}, {"fast": True}),
        ({"kernel": Kernel(EarlyCuts(1.0))}, {}),
        ({"kernel": Kernel(EntropyCuts(2.0, 0.05)), "shared": 2}, {"shared": 2}),
    ],
    ids=["exact", "shared", "fast", "early", "entropy"],
)
def test_the_samplers_law_is_the_matrices(change: dict[str, Any], law: dict[str, Any]) -> None:
    config = replace(CONFIG, **change)
    expected = sampler_law(ENGINE, 2.0, config.blocks, 3, config.kernel, **law)
    counts = histogram(config)
    assert fits(counts, expected)
    assert not fits(counts, sampler_law(ENGINE, 2.0, config.blocks, 0, config.kernel))  # the test can fail


def test_reference_mode_is_the_published_law() -> None:
    counts = histogram(replace(CONFIG, mode="reference"))
    assert fits(counts, reference_law(ENGINE, 2.0, 4, 2, 3))
    assert not fits(counts, sampler_law(ENGINE, 2.0, [2, 4], 3, Kernel(UniformCuts())))


LAWS = [UniformCuts(), EarlyCuts(3.0), EntropyCuts(2.0, 0.05), WholeCuts()]


@pytest.mark.parametrize("cuts", LAWS, ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("shared", [1, 4])
def test_accelerators_and_batches_change_no_chain(cuts: Any, shared: int) -> None:
    engine = TabularEngine.random(9, symbols=6, concentration=0.3)
    plain = PowerConfig(
        alpha=4.0,
        horizon=24,
        block=8,
        steps=12,
        kernel=Kernel(cuts),
        shared=shared,
        retrace=False,
        early=False,
    )
    slow = PowerSampler(engine, plain).sample([[], [1, 2]], chains=6)
    fast = PowerSampler(engine, replace(plain, retrace=True, early=True)).sample([[], [1, 2]], chains=6)
    alone = PowerSampler(engine, plain).sample([[]], chains=6)
    for a, b in zip(slow, fast, strict=True):
        assert (a.tokens, a.log_p, a.log_w) == (b.tokens, b.log_p, b.log_w)
        assert [(s.cut, s.accepted, s.length) for s in a.trace] == [
            (s.cut, s.accepted, s.length) for s in b.trace
        ]
        assert not any(s.accepted and s.stopped for s in b.trace)
    assert [s.tokens for s in slow[:6]] == [s.tokens for s in alone]
    decoded = [sum(s.decoded for s in chains) for chains in (slow, fast)]
    assert decoded[1] < 0.8 * decoded[0]
    assert sum(s.saved_retraced for s in fast) > 0 and sum(s.stopped for s in fast) > 0


def test_smc_estimates_the_normaliser_without_bias() -> None:
    for ramp, chunk in ((0, 1), (3, 1), (2, 2)):
        exact = sum(np.exp(2.0 * sum(p.log_p)) for p in states(ENGINE, 4, 2.0))
        found = [
            np.exp(run_smc(ENGINE, [], 8, 4, 2.0, seed, ramp=ramp, chunk=chunk).log_normaliser)
            for seed in range(600)
        ]
        error = np.std(found) / len(found) ** 0.5
        assert abs(np.mean(found) - exact) < 3 * error and error < 0.05 * exact


def test_smc_with_more_particles_is_nearer_the_target() -> None:
    from tenfold.models.power.laws import distance, target

    paths = states(ENGINE, 4, 4.0)
    far: list[float] = []
    for particles in (1, 16):
        drawn = Counter(run_smc(ENGINE, [], particles, 4, 4.0, seed).drawn.tokens for seed in range(500))
        far.append(distance({t: c / 500 for t, c in drawn.items()}, paths, target(paths, 4.0)))
    assert far[1] < 0.5 * far[0]


def test_a_start_by_smc_goes_on_with_moves() -> None:
    config = PowerConfig(alpha=4.0, horizon=8, steps=5, start="smc", particles=6)
    (sample,) = PowerSampler(ENGINE, config).sample([[]])
    assert len(sample.trace) == 5 and sample.decoded >= 6 * len(sample.tokens[:1])


def test_the_end_token_in_a_prompt_ends_nothing_and_an_empty_prompt_is_one() -> None:
    long = TabularEngine(lambda history: [0.02, 0.49, 0.49])
    for prompt in ([0, 1, 0], []):
        samples = PowerSampler(long, replace(CONFIG, horizon=6)).sample([prompt], chains=20)
        assert any(len(s.tokens) == 6 for s in samples)


def test_a_full_context_is_said_before_anything_runs() -> None:
    small = TabularEngine(lambda history: [0.5, 0.5], context=10)
    with pytest.raises(ConfigError, match="Prompt 1 has 8 tokens"):
        PowerSampler(small, CONFIG).sample([[1], [1] * 8])


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"alpha": 0.5},
            {"alpha": float("nan")},
            {"horizon": 0},
            {"steps": -1},
            {"shared": 0},
            {"temperature": 0.0},
        ),
        {"early": True, "temperature": 0.5},
    ],
)
def test_settings_that_make_no_sense(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        replace(CONFIG, **change)


class Chat(TabularEngine):
    """An engine that only gives whole responses."""

    capabilities = Capabilities(token_prefix=False, own_draws=False, early_stop=False, full_law=True)

    def draft(self, jobs: Sequence[Job]) -> list[Draft]:
        assert all(job.keep == 0 for job in jobs)
        return super().draft(jobs)


def test_what_an_engine_cannot_do_is_an_error_and_whole_responses_are_still_exact() -> None:
    chat = Chat(ENGINE._law)
    for change in ({}, {"kernel": Kernel(WholeCuts())}, {"start": "smc"}, {"mode": "reference"}):
        with pytest.raises(CapabilityMissing, match="given tokens"):
            PowerSampler(chat, replace(CONFIG, **change))
    whole = replace(CONFIG, kernel=Kernel(WholeCuts()), block=4)
    for change in ({"retrace": True}, {"early": True}):
        with pytest.raises(CapabilityMissing):
            PowerSampler(chat, replace(whole, **change))
    counts = Counter(tuple(s.tokens) for s in PowerSampler(chat, whole).sample([[]], chains=CHAINS))
    assert fits(counts, sampler_law(ENGINE, 2.0, [4], 3, whole.kernel))


def test_another_temperature_of_the_proposal_has_the_same_target() -> None:
    """At a temperature of 1 (plain model) with weights alpha log p - log q; after many moves both are the target."""
    config = PowerConfig(alpha=2.0, horizon=3, block=3, steps=25, temperature=1.0)
    other = Counter(tuple(s.tokens) for s in PowerSampler(ENGINE, config).sample([[]], chains=600))
    assert fits(other, sampler_law(ENGINE, 2.0, [3], 400, Kernel(UniformCuts())))
