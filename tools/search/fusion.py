"""Fusing the lists of several engines into one: reciprocal ranks, one hit per source.

Cormack, Clarke & Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods",
SIGIR 2009: score(d) = sum over the lists of 1 / (k + rank(d)), k = 60.
"""

from __future__ import annotations

from collections.abc import Sequence

from .types import Hit
from .urls import canonical_url

RRF_K = 60


def fuse(lists: Sequence[Sequence[Hit]]) -> list[Hit]:
    """One list, best first; `score` becomes the fused score.

    Hits with the same canonical address are one hit, unless they are different passages of it. Of equals the one
    with the better rank stays, with the date and the longer snippet of the others. Ties keep the order of the lists.
    """
    scores: dict[tuple[str, int | None, int | None], float] = {}
    best: dict[tuple[str, int | None, int | None], tuple[int, Hit]] = {}
    for hits in lists:
        seen: set[tuple[str, int | None, int | None]] = set()
        for rank, hit in enumerate(hits, start=1):
            key = (canonical_url(hit.url), hit.start, hit.end)
            if key in seen:  # an engine that repeats itself does not vote twice
                continue
            seen.add(key)
            scores[key] = scores.get(key, 0.0) + 1.0 / (RRF_K + rank)
            best[key] = _better(best.get(key), (rank, hit))
    ranked = sorted(scores, key=lambda key: -scores[key])
    return [best[key][1].model_copy(update={"score": scores[key]}) for key in ranked]


def _better(kept: tuple[int, Hit] | None, new: tuple[int, Hit]) -> tuple[int, Hit]:
    if kept is None:
        return new
    (rank, first), (_, other) = (kept, new) if kept[0] <= new[0] else (new, kept)
    update: dict[str, str | None] = {}
    if first.published is None:
        update["published"] = other.published
    if first.start is None and len(other.snippet) > len(first.snippet):
        update["snippet"] = other.snippet
    return rank, first.model_copy(update=update) if update else first
