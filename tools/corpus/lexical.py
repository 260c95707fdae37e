"""The lexical half of the index: SQLite FTS5 over words that were cut here.

FTS5 rather than a BM25 matrix in memory, because it is part of each document's transaction: nothing to rebuild
after a run, nothing to repair after a crash, nothing to load at start.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ...text import content_words
from .store import Store

_MAX_QUERY_WORDS = 64
_CJK_CHARACTER = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")


def tokens(text: str) -> list[str]:
    """The words of a text for indexing: light English stems, and bigrams of Chinese, Japanese and Korean."""
    return content_words(text)


def match_expression(query: str) -> str:
    """The FTS5 expression of a query: any of its words; empty when it has none."""
    words = list(dict.fromkeys(tokens(query)))[:_MAX_QUERY_WORDS]
    # A single character stands in the index only as the start or end of a bigram.
    return " OR ".join(f'"{w}"*' if len(w) == 1 and _CJK_CHARACTER.match(w) else f'"{w}"' for w in words)


def best_matches(store: Store, query: str, n: int, documents: Sequence[int] | None = None) -> list[int]:
    """Ids of the `n` chunks that match best by BM25, best first; only of `documents` if given."""
    expression = match_expression(query)
    if not expression:
        return []
    if documents is None:
        rows = store.rows("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?", expression, n)
    else:
        rows = store.rows(
            "SELECT rowid FROM words WHERE words MATCH ? AND rowid IN (SELECT id FROM chunks WHERE document IN"
            " (SELECT value FROM json_each(?))) ORDER BY rank LIMIT ?",
            expression,
            json.dumps(list(documents)),
            n,
        )
    return [row[0] for row in rows]
