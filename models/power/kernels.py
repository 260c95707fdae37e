"""The chain's states and moves: a fixed horizon with an absorbing end, cuts, and the acceptance ratio.

States live on positions 0..H-1; after the end token every later position is the end token again, with probability 1,
so that sequences of any length up to H are states of one space and no factor for lengths is needed. The target is
p(x)^alpha. The published code lets lengths vary without that (arXiv 2510.14901's repository): its law is another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from .engine import Draft, Floats


@dataclass(frozen=True, slots=True)
class Path:
    """A response, with what is stored of the law at each of its positions; see `Draft` for the lists.

    Attributes:
        handle: The engine's.
        ended: Whether the last token is the end token.
    """

    handle: Any
    tokens: tuple[int, ...] = ()
    log_p: tuple[float, ...] = ()
    log_w: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    entropy: tuple[float, ...] = ()
    ended: bool = False

    def __len__(self) -> int:
        return len(self.tokens)

    def extended(self, keep: int, draft: Draft) -> Path:
        """The first `keep` tokens of this path, then the draft's."""
        return Path(
            draft.handle,
            self.tokens[:keep] + tuple(draft.tokens),
            self.log_p[:keep] + tuple(draft.log_p),
            self.log_w[:keep] + tuple(draft.log_w),
            self.low[:keep] + tuple(draft.low),
            self.high[:keep] + tuple(draft.high),
            self.entropy[:keep] + tuple(draft.entropy),
            draft.end == "eos",
        )

    def weight(self, start: int = 0) -> float:
        """Sum of log w from `start` on; positions after the end add 0."""
        return math.fsum(self.log_w[start:])

    def retraced(self, cut: int, uniforms: Floats) -> int:
        """The first position from `cut` on at which these numbers, one for each position of the horizon, draw another
        token; the length if none does."""
        low, high = np.array(self.low[cut:]), np.array(self.high[cut:])
        u = uniforms[cut : len(self)]
        left = np.flatnonzero((u < low) | (u >= high))
        return cut + (int(left[0]) if left.size else len(low))


class CutLaw(Protocol):
    """Where a move cuts a path."""

    def weights(self, entropy: Sequence[float], horizon: int) -> Floats:
        """Unnormalised probabilities of the cuts 0..horizon-1, [horizon]; that of 0 is above 0.

        The weight of a cut may depend on the path only through `entropy` up to and with that position: then two paths
        that share their first c tokens share the weights up to and with c.
        """
        ...


@dataclass(frozen=True, slots=True)
class UniformCuts:
    """Every position of the horizon alike (Alg. 1, with the horizon in place of the current length)."""

    def weights(self, entropy: Sequence[float], horizon: int) -> Floats:
        """[horizon] ones."""
        return np.ones(horizon)


@dataclass(frozen=True, slots=True)
class WholeCuts:
    """Always the whole response: all that an engine can do which does not go on from given tokens."""

    def weights(self, entropy: Sequence[float], horizon: int) -> Floats:
        """[horizon], 1 at 0 and 0 elsewhere."""
        return np.eye(1, horizon)[0]


@dataclass(frozen=True, slots=True)
class EarlyCuts:
    """Earlier cuts more often, by a fixed law: exact as it stands, and better for short responses.

    Attributes:
        half: After how many positions the probability has halved.
    """

    half: float = 32.0

    def weights(self, entropy: Sequence[float], horizon: int) -> Floats:
        """[horizon], 2^(-c / half); never below 1e-12 of the largest."""
        return np.maximum(np.exp2(-np.arange(horizon) / self.half), 1e-12)


@dataclass(frozen=True, slots=True)
class EntropyCuts:
    """Where the next-token entropy jumps (arXiv 2605.30327): the law depends on the path, so the ratio has its factor.

    Attributes:
        beta: Power of the jump.
        least: Weight of every other position; above 0, or some paths could never be left.
    """

    beta: float = 4.0
    least: float = 1e-3

    def weights(self, entropy: Sequence[float], horizon: int) -> Floats:
        """[horizon]; positions after the end have entropy 0."""
        full = np.zeros(horizon)
        full[: len(entropy)] = entropy[:horizon]
        jumps = np.maximum(np.diff(full, prepend=0.0), 0.0)
        return self.least + jumps**self.beta


@dataclass(frozen=True, slots=True)
class Kernel:
    """Metropolis-Hastings on suffixes, the proposal drawn token by token at temperature 1 / alpha.

    log acceptance = sum log w' - sum log w from the cut on, plus log of the cut's probability under the new path less
    under the old one. All of the sampler's modes and the enumeration in `laws` go through this class.
    """

    cuts: CutLaw = field(default_factory=UniformCuts)

    def cut_law(self, path: Path, horizon: int) -> Floats:
        """Probabilities of the cuts, [horizon]."""
        weights = self.cuts.weights(path.entropy, horizon)
        return weights / weights.sum()

    def log_ratio(self, old: Path, new: Path, cut: int, horizon: int) -> float:
        """Log of the Hastings ratio of going from `old` to `new`, which share their first `cut` tokens."""
        return new.weight(cut) - old.weight(cut) + self.log_total(old, horizon) - self.log_total(new, horizon)

    def log_total(self, path: Path, horizon: int) -> float:
        """Log of the sum of the cut weights; 0 for laws that do not depend on the path."""
        if not isinstance(self.cuts, EntropyCuts):
            return 0.0
        return math.log(self.cuts.weights(path.entropy, horizon).sum())

    def floor(self, old: Path, cut: int, horizon: int, log_u: float) -> float:
        """The least sum of log w from the cut on with which a proposal could still be accepted.

        Exact for fixed cut laws. Else a bound from below: the new path's cut weights sum to at least those up to the
        cut, which both paths share, and the least weight of the others.
        """
        bound = log_u + old.weight(cut)
        if not isinstance(self.cuts, EntropyCuts):
            return bound
        weights = self.cuts.weights(old.entropy, horizon)
        shared = weights[: cut + 1].sum() + self.cuts.least * (horizon - cut - 1)
        return bound - math.log(weights.sum()) + math.log(shared)
