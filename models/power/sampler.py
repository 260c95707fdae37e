"""The power sampler: chains whose law tends to p(x)^alpha, over any engine, many at once (arXiv 2510.14901, Alg. 1)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ...errors import CapabilityMissing, ConfigError
from .engine import Draft, Engine, Floats, Job
from .kernels import Kernel, Path, UniformCuts, WholeCuts
from .particles import Smc, smc

Mode = Literal["exact", "fast", "reference"]
_MARGIN = 1e-9  # of a floor: sums taken in another order must never reject what would be accepted
Work = Generator[list[Job], list[Draft], "Sample"]


@dataclass(frozen=True)
class PowerConfig:
    """How to sample.

    Attributes:
        alpha: Power of the target; 1 is the model itself.
        horizon: Most tokens of a response, H; the target is over responses of up to H tokens.
        block: Tokens added before each round of moves; None is horizon / 4. A horizon of one block skips the
            intermediate targets.
        steps: Moves after each block, N.
        kernel: Where moves cut.
        shared: Proposals drawn together from one cut and used in order; they divide `steps` into batches, which makes
            fewer model calls in sequence, and each batch leaves the target invariant.
        temperature: Of the proposal; None is 1 / alpha, which alone allows early rejection.
        mode: "exact" runs every block to the horizon. "fast" returns at the first block with an end token, which is a
            small bias. "reference" is the published code's law, which is not p^alpha; it is here to be measured.
        start: "blocks" (Alg. 1) or "smc": particles run to the horizon, one of them is drawn, and the moves follow.
        particles: Of the start.
        retrace, early: Accelerators; neither changes a chain. None uses them where the engine can.
        seed: Of all random numbers; each has its own place, so that accelerators and batches change none.
    """

    alpha: float = 4.0
    horizon: int = 256
    block: int | None = None
    steps: int = 10
    kernel: Kernel = field(default_factory=lambda: Kernel(UniformCuts()))
    shared: int = 1
    temperature: float | None = None
    mode: Mode = "exact"
    start: Literal["blocks", "smc"] = "blocks"
    particles: int = 8
    retrace: bool | None = None
    early: bool | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        wrong = (
            "alpha is below 1" if not self.alpha >= 1 or math.isinf(self.alpha)
            else "horizon is below 1" if self.horizon < 1
            else "steps is below 0" if self.steps < 0
            else "block is below 1" if self.block is not None and self.block < 1
            else "shared is below 1" if self.shared < 1
            else "particles is below 1" if self.particles < 1
            else "temperature is not above 0" if self.temperature is not None and not self.temperature > 0
            else "early rejection needs a proposal at temperature 1 / alpha" if self.early and self.temperature
            else ""
        )  # fmt: skip
        if wrong:
            raise ConfigError(f"The power sampler cannot run: {wrong}.", mend="Change that setting.")

    @property
    def blocks(self) -> list[int]:
        """Horizon of each block in turn; the last is the whole."""
        size = self.block or max(1, -(-self.horizon // 4))
        return [*range(size, self.horizon, size), self.horizon]


@dataclass(frozen=True, slots=True)
class Step:
    """One move, as a trace has it. `cut` past the response's end is a move that changes nothing and costs nothing."""

    block: int
    cut: int
    accepted: bool
    live: bool
    identical: bool
    log_ratio: float
    drafted: int
    retraced: int
    stopped: bool
    log_p: float
    length: int


@dataclass
class Sample:
    """A response and how it came about.

    Attributes:
        log_p: Of the response under the model.
        log_w: Sum of log w; the target is q · exp(log_w).
        decoded: Tokens that were drawn by the model, those of rejected proposals included.
        positions: Token positions that went through the model, the prompt's included.
        depth: Sequential passes of the model: positions of the longest draft of each batch.
        saved_retraced: Proposal tokens that needed no model.
        stopped: Proposals that ended early because they could not be accepted any more.
    """

    tokens: list[int] = field(default_factory=list[int])
    text: str = ""
    ended: bool = False
    log_p: float = 0.0
    log_w: float = 0.0
    decoded: int = 0
    positions: int = 0
    depth: int = 0
    saved_retraced: int = 0
    stopped: int = 0
    seconds: float = 0.0
    trace: list[Step] = field(default_factory=list[Step])

    @property
    def proposals(self) -> int:
        """Moves that were more than nothing."""
        return sum(step.live for step in self.trace)

    @property
    def accepted(self) -> int:
        """Live moves that were accepted, identical ones included."""
        return sum(step.live and step.accepted for step in self.trace)


OnProgress = Callable[[int, int, Step], None]
"""Called after each move with the chain's number, how many of its moves are done, and the move."""


class PowerSampler:
    """Runs chains on an engine.

    Raises:
        CapabilityMissing: The engine cannot do what the configuration asks for.
    """

    def __init__(self, engine: Engine, config: PowerConfig | None = None) -> None:
        self.engine, self.config = engine, config or PowerConfig()
        able = engine.capabilities
        whole = isinstance(self.config.kernel.cuts, WholeCuts) and self.config.blocks == [self.config.horizon]
        if not able.token_prefix and not whole:
            self._lacks(
                "go on from given tokens", "Use whole responses: WholeCuts and a block of the whole horizon."
            )
        if not able.token_prefix and (self.config.start == "smc" or self.config.mode == "reference"):
            self._lacks("go on from given tokens", "Use mode exact and start blocks.")
        if self.config.retrace and not able.own_draws:
            self._lacks("draw from given numbers", "Leave retrace unset.")
        if self.config.early and not able.early_stop:
            self._lacks("end a draft early", "Leave early unset.")
        self._retrace = able.own_draws if self.config.retrace is None else self.config.retrace
        self._early = self.config.temperature is None and (
            able.early_stop if self.config.early is None else self.config.early
        )

    def _lacks(self, what: str, mend: str) -> None:
        raise CapabilityMissing(f"The engine {self.engine.name!r} cannot {what}.", mend=mend)

    def sample(
        self, prompts: Sequence[Sequence[int]], *, chains: int = 1, on_progress: OnProgress | None = None
    ) -> list[Sample]:
        """Run `chains` chains for each prompt, all together; in the order of the prompts.

        Raises:
            ConfigError: A prompt that leaves no room for the horizon.
            ModelError: What the engine raises.
        """
        for number, prompt in enumerate(prompts):
            if len(prompt) + self.config.horizon > self.engine.context:
                raise ConfigError(
                    f"Prompt {number} has {len(prompt)} tokens; with a horizon of {self.config.horizon} it is past the"
                    f" context of {self.engine.context}.",
                    mend="Shorten the prompt or the horizon.",
                )
        runs: list[Work] = []
        for prompt in prompts:
            handle = self.engine.open(prompt)
            runs += [self._chain(handle, len(runs) + n, on_progress) for n in range(chains)]
        return self._drive(runs)

    def _drive(self, runs: list[Work]) -> list[Sample]:
        """Advance all chains together: what they ask for at one time is one batch."""
        began = time.perf_counter()
        done: dict[int, Sample] = {}
        asked = {n: next(run) for n, run in enumerate(runs)}  # every chain asks for something before it ends
        while asked:
            drafts = iter(self.engine.draft([job for jobs in asked.values() for job in jobs]))
            waiting, asked = asked, {}
            for n, jobs in waiting.items():
                try:
                    asked[n] = runs[n].send([next(drafts) for _ in jobs])
                except StopIteration as end:
                    done[n] = end.value
                    done[n].seconds = time.perf_counter() - began
        return [done[n] for n in range(len(runs))]

    def _numbers(self, *place: int, count: int) -> Floats:
        """Random numbers that depend on the seed and their place alone."""
        return np.random.default_rng([self.config.seed, *place]).random(count)

    def _job(
        self, path: Path, keep: int, end: int, numbers: Floats, floor: float, place: Sequence[int]
    ) -> Job:
        alpha = 1 / self.config.temperature if self.config.temperature else self.config.alpha
        drawn = self.engine.capabilities.own_draws
        seed = 0 if drawn else int(np.random.default_rng([self.config.seed, *place, 7]).integers(1 << 31))
        return Job(
            path.handle,
            keep,
            np.full(end - keep, alpha),
            numbers[keep:end],
            floor - _MARGIN,
            self.config.alpha,
            seed,
        )

    def _chain(self, handle: Any, chain: int, on_progress: OnProgress | None) -> Work:
        sample, path = Sample(), Path(handle)
        if self.config.mode == "reference":
            path = yield from self._reference(sample, path, chain)
            return self._finished(sample, path)
        blocks = self.config.blocks
        if self.config.start == "smc":
            found: Smc = yield from smc(
                handle,
                self.config.particles,
                self.config.horizon,
                self.config.alpha,
                [self.config.seed, chain],
            )
            path = found.drawn
            sample.decoded += found.decoded
            sample.positions += found.positions
            sample.depth += found.depth
            blocks = blocks[-1:]
        for block, end in enumerate(blocks):
            if not path.ended and len(path) < end:
                place = (chain, block, 0)
                job = self._job(path, len(path), end, self._numbers(*place, count=end), -np.inf, place)
                path = path.extended(len(path), (yield from self._drawn(sample, [job]))[0])
            done = 0
            while done < self.config.steps:
                count = min(self.config.shared, self.config.steps - done)
                path = yield from self._moves(sample, path, (chain, block, 1 + done), end, count)
                done += count
                if on_progress:
                    for step in sample.trace[-count:]:
                        on_progress(chain, len(sample.trace), step)
            if self.config.mode == "fast" and path.ended:
                break
        return self._finished(sample, path)

    def _finished(self, sample: Sample, path: Path) -> Sample:
        sample.tokens, sample.ended = list(path.tokens), path.ended
        sample.log_p, sample.log_w = math.fsum(path.log_p), path.weight()
        sample.text = self.engine.decode(sample.tokens)
        return sample

    def _drawn(self, sample: Sample, jobs: list[Job]) -> Generator[list[Job], list[Draft], list[Draft]]:
        drafts = yield jobs
        sample.decoded += sum(len(d.tokens) for d in drafts)
        sample.positions += sum(d.positions for d in drafts)
        sample.depth += max(d.positions for d in drafts)
        return drafts

    def _moves(
        self, sample: Sample, path: Path, place: tuple[int, int, int], end: int, count: int
    ) -> Generator[list[Job], list[Draft], Path]:
        """`count` moves from one cut: their proposals do not depend on the suffix, so one batch serves them all."""
        kernel = self.config.kernel
        law = np.cumsum(kernel.cut_law(path, end))
        cut = min(int(np.searchsorted(law, self._numbers(*place, 0, count=1)[0], side="right")), end - 1)
        if cut >= len(path):
            for _ in range(count):
                sample.trace.append(
                    Step(
                        place[1], cut, False, False, False, 0.0, 0, 0, False, math.fsum(path.log_p), len(path)
                    )
                )
            return path
        first, jobs, plans = path, list[Job](), list[tuple[int, float]]()
        worst = 0.0  # what the path may have lost by moves of this batch that were accepted
        for number in range(count):
            numbers = self._numbers(*place, 1 + number, count=end + 1)
            log_u = math.log(max(numbers[-1], 1e-300))
            worst += log_u
            keep = first.retraced(cut, numbers[:-1]) if self._retrace else cut
            plans.append((keep, log_u))
            if keep < len(first):
                floor = (
                    kernel.floor(first, cut, end, worst) - math.fsum(first.log_w[cut:keep])
                    if self._early
                    else -np.inf
                )
                jobs.append(self._job(first, keep, end, numbers, floor, (*place, 1 + number)))
        drafts = iter((yield from self._drawn(sample, jobs)) if jobs else [])
        for keep, log_u in plans:
            draft = next(drafts) if keep < len(first) else None
            stopped = draft is not None and draft.end == "floor"
            new = first if draft is None else first.extended(keep, draft)
            ratio = -math.inf if stopped else kernel.log_ratio(path, new, cut, end)
            accepted = ratio >= log_u
            identical = new.tokens == path.tokens
            path = new if accepted and not identical else path
            drafted = len(draft.tokens) if draft else 0
            sample.saved_retraced += keep - cut
            sample.stopped += stopped
            sample.trace.append(
                Step(
                    place[1],
                    cut,
                    accepted,
                    True,
                    identical,
                    ratio,
                    drafted,
                    keep - cut,
                    stopped,
                    math.fsum(path.log_p),
                    len(path),
                )
            )
        return path

    def _reference(self, sample: Sample, path: Path, chain: int) -> Generator[list[Job], list[Draft], Path]:
        """The published code's loop, with what makes its law another one: see `laws.reference_law`."""
        size = self.config.blocks[0]
        for block in range(len(self.config.blocks)):
            place = (chain, block, 0)
            end = min(len(path) + size, self.config.horizon)
            if not path.ended and len(path) < end:
                job = self._job(path, len(path), end, self._numbers(*place, count=end), -np.inf, place)
                path = path.extended(len(path), (yield from self._drawn(sample, [job]))[0])
            for step in range(self.config.steps):
                numbers = self._numbers(chain, block, 1 + step, count=self.config.horizon + 2)
                length = len(path)
                cut = int(numbers[-2] * length)
                job = self._job(path, cut, length, numbers, -np.inf, (chain, block, 1 + step))
                (draft,) = yield from self._drawn(sample, [job])
                new = path.extended(cut, draft)
                # The tail of a longer current path is left out of the ratio, as published.
                ratio = new.weight(cut) - math.fsum(path.log_w[cut : len(new)])
                accepted = ratio >= math.log(max(numbers[-1], 1e-300))
                identical = new.tokens == path.tokens
                path = new if accepted else path
                sample.trace.append(
                    Step(
                        block,
                        cut,
                        accepted,
                        True,
                        identical,
                        ratio,
                        len(draft.tokens),
                        0,
                        False,
                        math.fsum(path.log_p),
                        len(path),
                    )
                )
            if path.ended:
                break
        return path
