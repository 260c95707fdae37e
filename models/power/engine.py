"""What a power sampler needs of a language model: drafts from exact token ids, with raw log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do; what it cannot is never approximated in silence.

    Attributes:
        token_prefix: It goes on from given token ids. Without, only whole responses can be proposed (cut 0).
        own_draws: It turns given uniform numbers into tokens, so that equal seeds give equal chains, and gives the
            interval of the uniform number that leads to each token: proposals can be retraced without the model.
        early_stop: It can end a draft as soon as the draft is sure to be rejected.
        full_law: log Z is over the whole vocabulary; else over the most probable tokens that the server reports.
    """

    token_prefix: bool
    own_draws: bool
    early_stop: bool
    full_law: bool


@dataclass(frozen=True, slots=True)
class Job:
    """One draft to be made.

    Attributes:
        prefix: An engine's handle of prompt and path.
        keep: Tokens of the path, after the prompt, to keep; the draft goes on after them.
        alphas: For each position of the draft, the power that it is drawn at (temperature 1 / alpha), [n].
        uniforms: For each position the number in [0, 1) that chooses its token, [n].
        floor: Where the sum of `log_w` falls below this the draft may stop, for it cannot be accepted.
        power: The target's alpha; `log_w` is power · log p - log q. None takes each position's own alpha.
        seed: For engines that draw by themselves.
    """

    prefix: Any
    keep: int
    alphas: Floats
    uniforms: Floats
    floor: float = -np.inf
    power: float | None = None
    seed: int = 0


@dataclass(slots=True)
class Draft:
    """What an engine drew; all lists have an entry for each token.

    Attributes:
        handle: Of prompt, kept path and draft together.
        log_p: Raw log-probability, temperature 1.
        log_w: power · log p - log q. With q at exactly 1 / power this is log Z = log sum over v of p(v)^power <= 0.
        low, high: The uniform numbers in [low, high) would have drawn this token; empty without `own_draws`.
        entropy: Of the raw next-token law in nats; nan where the engine does not know it.
        end: "eos" (the last token is the end token), "length", or "floor".
        positions: Token positions that went through the model for it.
    """

    handle: Any
    tokens: list[int] = field(default_factory=list[int])
    log_p: list[float] = field(default_factory=list[float])
    log_w: list[float] = field(default_factory=list[float])
    low: list[float] = field(default_factory=list[float])
    high: list[float] = field(default_factory=list[float])
    entropy: list[float] = field(default_factory=list[float])
    end: Literal["eos", "length", "floor"] = "length"
    positions: int = 0


class Engine(Protocol):
    """A language model as the sampler sees it. Handles are values: a draft makes a new one and changes none."""

    @property
    def name(self) -> str:
        """Names the weights."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    @property
    def context(self) -> int:
        """Most tokens of prompt and response together."""
        ...

    def encode(self, text: str) -> list[int]:
        """Token ids of a text."""
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of token ids, the end token left out."""
        ...

    def open(self, prompt: Sequence[int]) -> Any:
        """A handle of a prompt with an empty path."""
        ...

    def draft(self, jobs: Sequence[Job]) -> list[Draft]:
        """Draw all jobs, together where the engine can.

        Raises:
            ModelError: One of its kinds; see each engine.
        """
        ...
