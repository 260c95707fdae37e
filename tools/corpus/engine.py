"""The corpus as a search engine among others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from urllib.parse import quote, unquote

from ...errors import DocumentUnreadable
from ..search import Capabilities, Filters, Hit, Snapshot
from .corpus import Corpus
from .places import dump_regions
from .types import Passage

_SCHEME = "doc:"


class CorpusEngine:
    """A `SearchEngine` over the user's own documents.

    Hits are addressed as `doc:relative/path.ext` (URL-quoted); `start` and `end` are offsets into the text of
    the snapshot that `fetch` gives.

    Args:
        corpus: An open corpus.
        paths: Only documents whose path matches one of these globs.
    """

    name = "documents"
    capabilities = Capabilities(
        source_type="document",
        can_fetch=True,
        filters=frozenset({"date_from", "date_to", "source_types", "strict_dates"}),
    )

    def __init__(self, corpus: Corpus, *, paths: Sequence[str] = ()) -> None:
        self._corpus, self._paths = corpus, tuple(paths)

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """At most `k` passages, best first. A filter that allows only some web domains allows no document."""
        if filters is not None and filters.domains_allow:
            return []
        found = await self._corpus.search(q, k=k, filters=filters, paths=self._paths)
        return [_hit(passage) for passage in found]

    async def fetch(self, url: str) -> Snapshot:
        """The whole document; its `meta` says to `place_of` on which page and where a quote stands.

        Raises:
            DocumentUnreadable: Not a `doc:` address, or the index has no such document.
        """
        if not url.startswith(_SCHEME):
            raise DocumentUnreadable(f"{url!r} is not a document's address.", mend="It begins with doc:.")
        path = unquote(url.removeprefix(_SCHEME))
        document = await asyncio.to_thread(self._corpus.document, path)
        meta = {"path": document.path, "modified": document.modified, "untrusted": "1"}
        if document.pages:
            meta["pages"] = json.dumps(document.pages)
        if document.regions:
            meta["regions"] = dump_regions(document.regions)
        return Snapshot(
            sha256=document.sha256,
            url=document_url(document.path),
            title=document.title,
            text=document.text,
            media_type=document.media_type,
            fetched_at=document.read_at,
            published=document.published,
            meta=meta,
        )


def document_url(path: str) -> str:
    """The address of a document by its path."""
    return _SCHEME + quote(path)


def _hit(passage: Passage) -> Hit:
    title = passage.title
    if passage.heading and passage.heading != title:
        title = passage.heading if passage.heading.startswith(title) else f"{title} > {passage.heading}"
    return Hit(
        url=document_url(passage.path),
        title=title if passage.page is None else f"{title} (p. {passage.page})",
        snippet=passage.text.strip(),
        engine=CorpusEngine.name,
        source_type="document",
        score=passage.score,
        published=passage.published,
        start=passage.start,
        end=passage.end,
    )
