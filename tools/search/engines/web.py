"""The open web: DuckDuckGo and others through ddgs, SearXNG, Tavily and Exa."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from ....errors import SearchFailed, ToolError
from ..types import Capabilities, Filters, Hit, Snapshot
from .http import HttpEngine, Request, iso_day, plain

_REGIONS = {
    "ko": "kr-kr",
    "ja": "jp-jp",
    "zh": "cn-zh",
    "de": "de-de",
    "fr": "fr-fr",
    "es": "es-es",
    "en": "us-en",
}


class DdgsEngine:
    """Public search pages, read by ddgs without a key.

    Every error of ddgs counts as "limited": 9.16 never raises its own rate-limit error, and reports a block as "No
    results found" (its issue 478). So an honest empty answer cannot be told from a block either.

    Args:
        timeout_s: Seconds one search page may take.
        proxy: Passed on to ddgs.
    """

    name = "ddgs"
    capabilities = Capabilities(source_type="web", max_per_minute=20)

    def __init__(self, *, timeout_s: float = 8.0, proxy: str | None = None) -> None:
        self._timeout_s, self._proxy = timeout_s, proxy

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """At most `k` hits, best first.

        Raises:
            SearchFailed: Whatever ddgs raises.
        """
        if not q.strip():
            return []
        language = (filters or Filters()).languages[:1]
        region = _REGIONS.get(language[0], "wt-wt") if language else "wt-wt"
        rows = await asyncio.to_thread(self._ask, q.strip(), k, region)
        return [
            Hit(
                url=row["href"],
                title=plain(row.get("title")),
                snippet=plain(row.get("body")),
                engine=self.name,
                source_type="web",
            )
            for row in rows
            if row.get("href")
        ][:k]

    async def fetch(self, url: str) -> Snapshot:
        """ddgs only searches.

        Raises:
            ToolError: Always.
        """
        raise ToolError(f"ddgs does not give out {url!r}.", mend="Fetch the page itself.")

    def _ask(self, q: str, k: int, region: str) -> list[dict[str, Any]]:
        from ddgs import DDGS

        try:
            return DDGS(proxy=self._proxy, timeout=int(self._timeout_s)).text(q, region=region, max_results=k)
        except Exception as error:  # its parsers raise anything when a page changes
            raise SearchFailed(
                f"ddgs is limited or blocked ({type(error).__name__}: {str(error)[:120]}).",
                mend="Wait, or configure SearXNG (searxng_url), Tavily or Exa.",
            ) from error


class _WebEngine(HttpEngine):
    """A service whose answer is `results[]` with url, title and score; a subclass says what else is in a row."""

    def snippet(self, row: dict[str, Any]) -> str | None:
        """The passage of a row."""
        return row.get("content")

    def date(self, row: dict[str, Any]) -> Any:
        """When the page of a row was published."""
        return row.get("publishedDate")

    def hits(self, answer: Any) -> Iterable[Hit]:
        """One hit a row."""
        for row in answer["results"]:
            yield Hit(
                url=row["url"],
                title=plain(row.get("title")),
                snippet=plain(self.snippet(row)),
                engine=self.name,
                source_type="web",
                score=row.get("score"),
                published=iso_day(self.date(row)),
            )


class _KeyedEngine(_WebEngine):
    """A web service with a key."""

    def __init__(self, api_key: str, *, base_url: str | None = None, timeout_s: float = 20.0) -> None:
        super().__init__(base_url=base_url, timeout_s=timeout_s)
        self._key = api_key


class SearxngEngine(_WebEngine):
    """A SearXNG server of one's own; `json` must be among `search.formats` in its settings."""

    name = "searxng"
    capabilities = Capabilities(source_type="web", max_per_minute=120, filters=frozenset({"languages"}))

    def request(self, q: str, k: int, filters: Filters) -> Request:
        """`GET /search?format=json`; SearXNG has no parameter for the number of results."""
        params = {"q": q, "format": "json", "safesearch": "0"}
        if filters.languages:
            params["language"] = filters.languages[0]
        return Request("/search", params)


class TavilyEngine(_KeyedEngine):
    """Tavily; the key is in TAVILY_API_KEY."""

    name = "tavily"
    base_url = "https://api.tavily.com"
    capabilities = Capabilities(
        source_type="web",
        needs_key=True,
        max_per_minute=100,
        filters=frozenset({"domains_allow", "domains_deny", "date_from", "date_to"}),
    )

    def request(self, q: str, k: int, filters: Filters) -> Request:
        """`POST /search`; the query is cut at 400 characters, the service's limit."""
        body: dict[str, Any] = {
            "query": q[:400],
            "max_results": min(k, 20),
            "search_depth": "basic",
            "include_domains": list(filters.domains_allow)[:300],
            "exclude_domains": list(filters.domains_deny)[:150],
        }
        if filters.date_from:
            body["start_date"] = filters.date_from.isoformat()
        if filters.date_to:
            body["end_date"] = filters.date_to.isoformat()
        return Request("/search", headers={"Authorization": f"Bearer {self._key}"}, json=body)

    def date(self, row: dict[str, Any]) -> Any:
        """Given for news only."""
        return row.get("published_date")


class ExaEngine(_KeyedEngine):
    """Exa; the key is in EXA_API_KEY."""

    name = "exa"
    base_url = "https://api.exa.ai"
    capabilities = Capabilities(
        source_type="web",
        needs_key=True,
        max_per_minute=300,
        filters=frozenset({"domains_allow", "domains_deny", "date_from", "date_to"}),
    )

    def request(self, q: str, k: int, filters: Filters) -> Request:
        """`POST /search` with highlights, which become the snippet."""
        body: dict[str, Any] = {
            "query": q,
            "numResults": min(k, 100),
            "type": "auto",
            "contents": {"highlights": True},
        }
        if filters.domains_allow:
            body["includeDomains"] = list(filters.domains_allow)
        if filters.domains_deny:
            body["excludeDomains"] = list(filters.domains_deny)
        if filters.date_from:
            body["startPublishedDate"] = f"{filters.date_from.isoformat()}T00:00:00.000Z"
        if filters.date_to:
            body["endPublishedDate"] = f"{filters.date_to.isoformat()}T23:59:59.999Z"
        return Request("/search", headers={"x-api-key": self._key}, json=body)

    def snippet(self, row: dict[str, Any]) -> str | None:
        """The highlights, else the beginning of the text."""
        return " … ".join(row.get("highlights") or ()) or (row.get("text") or "")[:1000]
