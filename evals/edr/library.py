"""A small library in memory: texts that can be searched and fetched like any other source.

For tests, benchmarks and offline evaluation, where the search must be the same on every machine and cost nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import FetchRefused
from ...text import content_words
from ...tools.corpus import sentences
from ...tools.search import Filters, Hit, SearchResult, Snapshot, SourceType


@dataclass
class TextLibrary:
    """Searches texts by shared words, in stretches of a few sentences.

    Attributes:
        texts: Address to text.
        published: Address to ISO date.
        source_type: What its hits are.
        delay_s: Seconds each search and fetch takes.
        log: A file that gets a line when a search or fetch begins and one when it ends, each on disk before it
            goes on, so that a test that kills the process can count them.
        stretch: Characters of a stretch.
    """

    texts: Mapping[str, str]
    published: Mapping[str, str] = field(default_factory=dict[str, str])
    source_type: SourceType = "document"
    delay_s: float = 0.0
    log: Path | None = None
    stretch: int = 700

    def __post_init__(self) -> None:
        self._stretches = [
            (url, start, end, frozenset(content_words(text[start:end])))
            for url, text in self.texts.items()
            for start, end in self._cut(text)
        ]

    @property
    def source_types(self) -> frozenset[str]:
        """The one kind of source that it holds."""
        return frozenset({self.source_type})

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """The `k` stretches that share most of the query's words."""
        self._note("begin", f"search {q}")
        await asyncio.sleep(self.delay_s)
        wanted = set(content_words(q))
        scored = [
            (len(wanted & words) / (len(wanted) or 1), url, a, b) for url, a, b, words in self._stretches
        ]
        scored.sort(key=lambda row: (-row[0], row[1], row[2]))
        hits = [self._hit(url, a, b, score) for score, url, a, b in scored if score > 0]
        if filters is not None:
            hits = [hit for hit in hits if filters.accepts(hit)]
        self._note("end", f"search {q}")
        return SearchResult(hits=hits[:k], used=("library",), blocked={})

    async def fetch(self, url: str) -> Snapshot:
        """The whole text.

        Raises:
            FetchRefused: There is no such text.
        """
        self._note("begin", f"fetch {url}")
        await asyncio.sleep(self.delay_s)
        if url not in self.texts:
            raise FetchRefused(f"The library has no {url!r}.")
        self._note("end", f"fetch {url}")
        published = self.published.get(url)
        return Snapshot.of(
            url,
            url.split(":")[-1],
            self.texts[url],
            fetched_at="2026-01-01T00:00:00+00:00",
            published=published,
        )

    def _cut(self, text: str) -> list[tuple[int, int]]:
        parts: list[tuple[int, int]] = []
        for start, end in sentences(text):
            if parts and end - parts[-1][0] <= self.stretch:
                parts[-1] = (parts[-1][0], end)
            else:
                parts.append((start, end))
        return parts

    def _hit(self, url: str, start: int, end: int, score: float) -> Hit:
        return Hit(
            url=url,
            title=url.split(":")[-1],
            snippet=self.texts[url][start:end][:300],
            engine="library",
            source_type=self.source_type,
            score=score,
            published=self.published.get(url),
            start=start,
            end=end,
        )

    def _note(self, event: str, what: str) -> None:
        if self.log is None:
            return
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, "key": what}) + "\n")
            file.flush()
            os.fsync(file.fileno())
