"""Two ranked lists into one, and the same passage only once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .store import ChunkRow

# Cormack, Clarke and Büttcher (2009) fused many lists of one kind with k = 60. Here are two lists of different kinds,
# and a first rank in one of them means more: on the development queries of docs/results/retrieval.md 10 beat 60.
RRF_K = 10


def fuse(lists: Iterable[tuple[Sequence[int], float]], k: int = RRF_K) -> list[tuple[int, float]]:
    """Reciprocal rank fusion: each list gives an item weight / (k + rank).

    Args:
        lists: (ids, best first; weight of this list).
        k: How much the first ranks stand out; larger is flatter.

    Returns:
        (id, score), best first; ties by id, so that the order is the same every time.
    """
    scores: dict[int, float] = {}
    for ids, weight in lists:
        for rank, item in enumerate(ids, start=1):
            scores[item] = scores.get(item, 0.0) + weight / (k + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def distinct(rows: Iterable[ChunkRow], limit: int) -> list[ChunkRow]:
    """The first `limit` rows without copies of a passage and without chunks that share most of their text."""
    kept: list[ChunkRow] = []
    digests: set[str] = set()
    for row in rows:
        if row.digest in digests or any(_overlap(row, other) > 0.5 for other in kept):
            continue
        kept.append(row)
        digests.add(row.digest)
        if len(kept) == limit:
            break
    return kept


def _overlap(a: ChunkRow, b: ChunkRow) -> float:
    """Shared characters over those of the shorter chunk."""
    if a.document != b.document:
        return 0.0
    shared = min(a.end, b.end) - max(a.start, b.start)
    return shared / max(1, min(a.end - a.start, b.end - b.start))
