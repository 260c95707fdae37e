"""Exact laws of the sampler on models small enough to write every response down: no random numbers, only matrices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from .engine import Draft, Floats
from .kernels import Kernel, Path
from .tabular import TabularEngine, note

Law = dict[tuple[int, ...], float]


def states(engine: TabularEngine, horizon: int, alpha: float) -> list[Path]:
    """Every response of up to `horizon` tokens that has a probability, as the chain stores it."""
    found: list[Path] = []

    def grow(path: Path) -> None:
        if path.ended or len(path) == horizon:
            found.append(path)
            return
        law = engine.law(path.tokens)
        for token in np.flatnonzero(law):
            draft = Draft(None, end="eos" if token == engine.eos else "length")
            note(draft, law, alpha, alpha, int(token))
            grow(path.extended(len(path), draft))

    grow(Path(None))
    return found


def target(paths: list[Path], alpha: float) -> Floats:
    """p^alpha over the states, normalised."""
    log = alpha * np.array([sum(p.log_p) for p in paths])
    mass = np.exp(log - log.max())
    return mass / mass.sum()


def proposal_law(path: Path, cut: int, alpha: float) -> float:
    """Probability that the proposal draws this path's tokens from `cut` on."""
    return float(np.exp(alpha * sum(path.log_p[cut:]) - sum(path.log_w[cut:])))


def transition(kernel: Kernel, paths: list[Path], horizon: int, alpha: float, *, shared: int = 1) -> Floats:
    """The matrix of one batch of `shared` moves from one cut, [states, states]; rows sum to 1."""
    n = len(paths)
    cut_laws = np.array([kernel.cut_law(p, horizon) for p in paths])
    whole = np.zeros((n, n))
    for cut in range(horizon):
        here = _moves_at(kernel, paths, cut, horizon, alpha)
        whole += cut_laws[:, cut, None] * np.linalg.matrix_power(here, shared)
    return whole


def _moves_at(kernel: Kernel, paths: list[Path], cut: int, horizon: int, alpha: float) -> Floats:
    """The moves that cut at `cut`; the ratio is `Kernel.log_ratio`, written out for all pairs at once."""
    moves = np.zeros((len(paths), len(paths)))
    weight = np.array([path.weight(cut) for path in paths])
    total = np.array([kernel.log_total(path, horizon) for path in paths])
    drawn = np.array([proposal_law(path, cut, alpha) for path in paths])
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, path in enumerate(paths):
        if cut < len(path):
            groups[path.tokens[:cut]].append(i)
    for members in groups.values():
        m = np.array(members)
        ratio = (weight - total)[None, m] - (weight - total)[m, None]
        moves[np.ix_(m, m)] = drawn[None, m] * np.exp(np.minimum(ratio, 0.0))
    moves[np.diag_indices(len(paths))] += 1 - moves.sum(1)
    return moves


def sampler_law(
    engine: TabularEngine,
    alpha: float,
    blocks: list[int],
    steps: int,
    kernel: Kernel,
    *,
    shared: int = 1,
    fast: bool = False,
) -> Law:
    """The law of what `PowerSampler` returns in mode exact, or fast."""
    law: Law = {(): 1.0}
    done: Law = defaultdict(float)
    for end in blocks:
        paths = states(engine, end, alpha)
        at = {p.tokens: i for i, p in enumerate(paths)}
        now = np.zeros(len(paths))
        for tokens, mass in law.items():
            for path in paths:
                if path.tokens[: len(tokens)] == tokens and (
                    len(path) == len(tokens) or not _ended(engine, tokens)
                ):
                    now[at[path.tokens]] += mass * proposal_law(path, len(tokens), alpha)
        for batch in [shared] * (steps // shared) + ([steps % shared] if steps % shared else []):
            now = now @ transition(kernel, paths, end, alpha, shared=batch)
        law = {p.tokens: float(m) for p, m in zip(paths, now, strict=True) if m > 0}
        if fast:
            for tokens in [t for t in law if _ended(engine, t)]:
                done[tokens] += law.pop(tokens)
    return {**done, **{t: done.get(t, 0.0) + m for t, m in law.items()}}


def reference_law(engine: TabularEngine, alpha: float, horizon: int, size: int, steps: int) -> Law:
    """The law of the published code (see `PowerSampler`, mode "reference")."""
    book = _Book(engine, alpha, horizon)
    done: Law = defaultdict(float)
    law: Law = {(): 1.0}
    for _ in range(-(-horizon // size)):
        grown: Law = defaultdict(float)
        for tokens, mass in law.items():
            for path, q in book.drafts(tokens, min(len(tokens) + size, horizon)):
                grown[path.tokens] += mass * q
        law = grown
        for _ in range(steps):
            moved: Law = defaultdict(float)
            for tokens, mass in law.items():
                for to, share in book.move(tokens):
                    moved[to] += mass * share
            law = moved
        for tokens in [t for t in law if _ended(engine, t)]:
            done[tokens] += law.pop(tokens)
    for tokens, mass in law.items():
        done[tokens] += mass
    return dict(done)


class _Book:
    """Every path of any length, and where drafts and moves of the published code lead; each worked out once."""

    def __init__(self, engine: TabularEngine, alpha: float, horizon: int) -> None:
        self._engine, self._alpha = engine, alpha
        self._paths = {p.tokens: p for end in range(1, horizon + 1) for p in states(engine, end, alpha)}
        self._drafts: dict[tuple[tuple[int, ...], int], list[tuple[Path, float]]] = {}
        self._moves: dict[tuple[int, ...], list[tuple[tuple[int, ...], float]]] = {}

    def drafts(self, tokens: tuple[int, ...], end: int) -> list[tuple[Path, float]]:
        """Each path that a draft from `tokens` up to `end` positions can come to, with its probability."""
        if (tokens, end) not in self._drafts:
            at = len(tokens)
            self._drafts[tokens, end] = [(self._paths[tokens], 1.0)] if _ended(self._engine, tokens) else [
                (p, proposal_law(p, at, self._alpha)) for t, p in self._paths.items()
                if t[:at] == tokens and at < len(t) <= end and (len(t) == end or p.ended)
            ]  # fmt: skip
        return self._drafts[tokens, end]

    def move(self, tokens: tuple[int, ...]) -> list[tuple[tuple[int, ...], float]]:
        """Where one move leads, with what probability."""
        if tokens not in self._moves:
            old = self._paths[tokens]
            moved: Law = defaultdict(float)
            for cut in range(len(old)):
                for new, q in self.drafts(tokens[:cut], len(old)):
                    ratio = new.weight(cut) - sum(old.log_w[cut : len(new)])
                    accept = float(np.exp(min(0.0, ratio)))
                    moved[new.tokens] += q * accept / len(old)
                    moved[tokens] += q * (1 - accept) / len(old)
            self._moves[tokens] = list(moved.items())
        return self._moves[tokens]


def _ended(engine: TabularEngine, tokens: tuple[int, ...]) -> bool:
    return bool(tokens) and tokens[-1] == engine.eos


def distance(law: Mapping[tuple[int, ...], float], paths: list[Path], wanted: Floats) -> float:
    """Total variation of a law from `wanted`, which is over `paths`; responses that are no state count in full."""
    known = {p.tokens: w for p, w in zip(paths, wanted, strict=True)}
    return 0.5 * sum(abs(law.get(t, 0.0) - known.get(t, 0.0)) for t in law.keys() | known.keys())
