"""Greedy decoding of many pages at once: a page that ends gives its row to the next one that waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from .decoder import Cache, Step
from .network import DeepOcr
from .pictures import Views
from .repeats import NoRepeat, banned

StopWhen = Callable[[Sequence[int]], bool]


@dataclass(frozen=True)
class Request:
    """One page, or none, and a prompt.

    Attributes:
        ids: The whole prompt with one image placeholder for each of the page's tokens.
        page: Its views; None for text alone.
        max_tokens: Most tokens to decode; the context bounds them too.
        no_repeat: The rule against repeated n-grams, over decoded tokens alone; None for plain greedy decoding.
        stop_when: Asked after each token with all decoded ids; true ends the page with finish "stopped".
    """

    ids: Sequence[int]
    page: Views | None = None
    max_tokens: int = 8192
    no_repeat: NoRepeat | None = field(default_factory=NoRepeat)
    stop_when: StopWhen | None = None


@dataclass(frozen=True)
class Decoded:
    """What was decoded.

    Attributes:
        ids: Without the end token.
        log_probs: The model's own log-probability of each id, before the rule against repetition.
        finish: "end" (the model's end token), "length", or "stopped" by the request's own test.
    """

    ids: list[int]
    log_probs: list[float]
    finish: Literal["end", "length", "stopped"]


@dataclass
class _Row:
    index: int
    request: Request
    length: int
    ids: list[int] = field(default_factory=list[int])
    log_probs: list[float] = field(default_factory=list[float])


def decode(model: DeepOcr, requests: Sequence[Request], *, rows: int = 8) -> Iterator[tuple[int, Decoded]]:
    """Decode requests, at most `rows` together; yields (index of the request, result) as each one ends.

    Raises:
        ValueError: A prompt that leaves no room in the context, or placeholders that do not fit its page.
    """
    context = model.config.decoder.context
    for number, request in enumerate(requests):
        if not request.ids or len(request.ids) >= context:
            raise ValueError(f"prompt {number} has {len(request.ids)} tokens; the context is {context}")
    yield from _Batch(model, requests, min(rows, max(1, len(requests)))).run()


class _Batch:
    def __init__(self, model: DeepOcr, requests: Sequence[Request], rows: int) -> None:
        self._model, self._requests, self._rows = model, requests, rows
        self._cache = Cache(model.config.decoder, rows, model.dtype, model.device)
        self._waiting = deque(range(len(requests)))
        self._vision: dict[int, Tensor] = {}
        self._active: list[_Row] = []

    @torch.inference_mode()
    def run(self) -> Iterator[tuple[int, Decoded]]:
        while self._waiting or self._active:
            while self._waiting and len(self._active) < self._rows:
                yield from self._admit(self._waiting.popleft())
            if self._active:
                yield from self._advance()

    def _admit(self, index: int) -> Iterator[tuple[int, Decoded]]:
        """Prefill one page; its first token comes of it."""
        request = self._requests[index]
        ids = torch.tensor(request.ids, device=self._model.device)
        x = self._model.embed(ids, self._seen(index))[None]
        step = Step(self._cache, len(self._active), 1, x.shape[1], 0)
        self._active.append(_Row(index, request, x.shape[1]))
        hidden = self._model.model(x, step)[:, -1]
        yield from self._take(self._model.logits(hidden), [self._active[-1]])

    def _seen(self, index: int) -> Tensor | None:
        """Vision tokens of a request; those of the next ones that wait are made in the same batch."""
        if self._requests[index].page is None:
            return None
        if index not in self._vision:
            some = [index, *list(self._waiting)[: self._rows - 1]]
            pages = {i: page for i in some if (page := self._requests[i].page) is not None}
            self._vision |= dict(zip(pages, self._model.encode(list(pages.values())), strict=True))
        return self._vision.pop(index)

    def _advance(self) -> Iterator[tuple[int, Decoded]]:
        last = torch.tensor([[row.ids[-1]] for row in self._active], device=self._model.device)
        longest = max(row.length for row in self._active)
        step = Step(self._cache, 0, len(self._active), 1, longest)
        for row in self._active:
            row.length += 1
        hidden = self._model.model(self._model.model.embed_tokens(last), step)[:, 0]
        yield from self._take(self._model.logits(hidden), list(self._active))

    def _take(self, logits: Tensor, rows: list[_Row]) -> Iterator[tuple[int, Decoded]]:
        """Choose the next token of each row; rows that end leave the batch."""
        own = logits.log_softmax(-1)
        chosen = self._barred(logits, rows).argmax(-1, keepdim=True)
        picked = torch.cat(
            [chosen.double(), own.gather(1, chosen).double()], 1
        ).tolist()  # one transfer a step
        for row, (token, log_prob) in zip(rows, picked, strict=True):
            if finish := self._ends(row, int(token), log_prob):
                place = self._active.index(row)
                self._cache.remove(place, len(self._active))
                self._active[place] = self._active[-1]
                self._active.pop()
                yield row.index, Decoded(row.ids, row.log_probs, finish)

    def _ends(self, row: _Row, token: int, log_prob: float) -> Literal["end", "length", "stopped"] | None:
        if token == self._model.config.decoder.eos:
            return "end"
        row.ids.append(token)
        row.log_probs.append(log_prob)
        if row.request.stop_when and row.request.stop_when(row.ids):
            return "stopped"
        full = row.length >= self._model.config.decoder.context
        return "length" if full or len(row.ids) >= row.request.max_tokens else None

    def _barred(self, logits: Tensor, rows: list[_Row]) -> Tensor:
        for rule in {rule for row in rows if (rule := row.request.no_repeat)}:
            places = [i for i, row in enumerate(rows) if row.request.no_repeat == rule]
            tails = [rows[i].ids[-rule.window :] for i in places]
            padded = [[-1] * (rule.window - len(tail)) + tail for tail in tails]
            mask = banned(torch.tensor(padded, device=logits.device), rule, logits.shape[-1])
            at = torch.tensor(places, device=logits.device)
            logits = logits.index_put((at,), logits[at].masked_fill(mask, -torch.inf))
        return logits
