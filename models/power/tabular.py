"""A language model whose every law is written down: with it, what the sampler does can be proved by enumeration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .engine import Capabilities, Draft, Floats, Job

Law = Callable[[tuple[int, ...]], Sequence[float]]


class TabularEngine:
    """Next-token laws from a function of the whole history.

    Args:
        law: History (prompt and path) → probabilities of the tokens 0..V-1.
        eos: The end token.
    """

    name = "tabular"
    capabilities = Capabilities(token_prefix=True, own_draws=True, early_stop=True, full_law=True)

    def __init__(self, law: Law, *, eos: int = 0, context: int = 1 << 20) -> None:
        self._law, self.eos, self.context = law, eos, context
        self._known: dict[tuple[int, ...], Floats] = {}

    @classmethod
    def random(cls, seed: int, symbols: int = 3, concentration: float = 0.7) -> TabularEngine:
        """A random model: each history has a Dirichlet law of its own."""

        def law(history: tuple[int, ...]) -> Sequence[float]:
            chance = np.random.default_rng([seed, len(history), *history])
            return chance.dirichlet(np.full(symbols, concentration)).tolist()

        return cls(law)

    @classmethod
    def of_sequences(cls, sequences: Mapping[str, float], letters: str) -> TabularEngine:
        """The model under which each of `sequences`, all of one length, has its (normalised) probability.

        Letters are the tokens 1, 2, …; the end token 0 is never drawn.
        """
        total = sum(sequences.values())

        def law(history: tuple[int, ...]) -> Sequence[float]:
            said = "".join(letters[t - 1] for t in history)
            mass = [sum(p for s, p in sequences.items() if s.startswith(said + letter)) for letter in letters]
            here = sum(mass) or total
            return [0.0, *(m / here for m in mass)] if sum(mass) else [0.0, 1.0, *[0.0] * (len(letters) - 1)]

        return cls(law)

    def law(self, history: tuple[int, ...]) -> Floats:
        """Probabilities after a history, [V]."""
        if history not in self._known:
            self._known[history] = np.asarray(self._law(history), dtype=np.float64)
        return self._known[history]

    def encode(self, text: str) -> list[int]:
        """Digits are tokens."""
        return [int(digit) for digit in text]

    def decode(self, tokens: Sequence[int]) -> str:
        """Tokens as digits, the end token left out."""
        return "".join(str(t) for t in tokens if t != self.eos)

    def open(self, prompt: Sequence[int]) -> tuple[tuple[int, ...], int]:
        """The prompt, and how long it is."""
        return tuple(prompt), len(prompt)

    def draft(self, jobs: Sequence[Job]) -> list[Draft]:
        """Draw each job by inverse transform."""
        return [self._draw(job) for job in jobs]

    def _draw(self, job: Job) -> Draft:
        whole, prompt = job.prefix
        history: tuple[int, ...] = whole[: prompt + job.keep]
        draft = Draft((history, prompt), positions=1)
        for alpha, u in zip(job.alphas, job.uniforms, strict=True):
            p = self.law(history)
            token = chosen(p, float(alpha), float(u))
            log_w = note(draft, p, float(alpha), job.power or float(alpha), token)
            history = (*history, token)
            draft.positions += 1
            if token == self.eos:
                draft.end = "eos"
                break
            if log_w < job.floor:
                draft.end = "floor"
                break
        draft.handle = (history, prompt)
        return draft


def chosen(p: Floats, alpha: float, u: float) -> int:
    """The token that the uniform number u draws from p^alpha, by inverse transform in the vocabulary's order."""
    edges = _edges(p, alpha)
    token = int(np.searchsorted(edges, u * edges[-1], side="right"))
    return min(token, int(np.flatnonzero(edges == edges[-1])[0]))


def note(draft: Draft, p: Floats, alpha: float, power: float, token: int) -> float:
    """Write a token that was drawn from p^alpha into the draft; returns the draft's sum of log w with it."""
    edges = _edges(p, alpha)
    with np.errstate(divide="ignore"):
        log_p = np.log(p)
    log_q = alpha * (log_p[token] - log_p.max()) - np.log(edges[-1])
    draft.tokens.append(token)
    draft.log_p.append(float(log_p[token]))
    draft.log_w.append(float(power * log_p[token] - log_q))
    draft.low.append(float(edges[token - 1] / edges[-1]) if token else 0.0)
    draft.high.append(float(edges[token] / edges[-1]))
    draft.entropy.append(float(-(p[p > 0] * log_p[p > 0]).sum()))
    return float(np.sum(draft.log_w))


def _edges(p: Floats, alpha: float) -> Floats:
    return np.cumsum((p / p.max()) ** alpha)
