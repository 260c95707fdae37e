"""Wikipedia and GitHub, through their own interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

from ....errors import ToolError
from ....text import detect_language
from ..types import Capabilities, Filters, Hit, Snapshot
from .http import HttpEngine, Request, iso_day, plain

_WIKI_URL = re.compile(r"https://([a-z][a-z-]{1,11})\.wikipedia\.org/wiki/([^?#]+)")
_REPO_URL = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)/?$")
_ISSUE_URL = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)/(?:issues|pull)/(\d+)$")


class WikipediaEngine(HttpEngine):
    """Wikipedia in the language that the filters ask for, else in the query's own.

    Args:
        base_url: With `{language}` in it where the language stands.
    """

    name = "wikipedia"
    base_url = "https://{language}.wikipedia.org"
    capabilities = Capabilities(
        source_type="encyclopedia", max_per_minute=100, can_fetch=True, filters=frozenset({"languages"})
    )

    def request(self, q: str, k: int, filters: Filters) -> Request:
        """`list=search` of the action interface."""
        language = filters.languages[0] if filters.languages else detect_language(q)
        params = {"list": "search", "srsearch": q[:300], "srlimit": str(min(k, 50)), "srprop": "snippet"}
        return self._action(language, params)

    def hits(self, answer: Any) -> Iterable[Hit]:
        """`query.search[]` with title, snippet; the language comes from `query.general.lang` (siteinfo)."""
        language = answer["query"]["general"]["lang"]
        for row in answer["query"]["search"]:
            yield Hit(
                url=f"https://{language}.wikipedia.org/wiki/{quote(row['title'].replace(' ', '_'), safe='/:(),')}",
                title=row["title"],
                snippet=plain(row.get("snippet")),
                engine=self.name,
                source_type="encyclopedia",
            )

    def owns(self, url: str) -> bool:
        """Whether this is an article."""
        return _WIKI_URL.match(url) is not None

    async def fetch(self, url: str) -> Snapshot:
        """The article's plain text.

        Raises:
            ToolError: Not an article's address, or no such article.
        """
        found = _WIKI_URL.match(url)
        if found is None:
            raise ToolError(f"{url!r} is not a Wikipedia article.", mend="Fetch the page itself.")
        title = unquote(found[2]).replace("_", " ")
        params = {
            "prop": "extracts",
            "explaintext": "1",
            "exsectionformat": "plain",
            "redirects": "1",
            "titles": title,
        }
        response = await self.ask(self._action(found[1], params))
        page = self.read(lambda: response.json()["query"]["pages"][0])
        if not page.get("extract"):
            raise ToolError(f"Wikipedia has no article {title!r}.", mend="Search for it.")
        return Snapshot.of(
            url, page["title"], page["extract"].strip(), meta={"untrusted": "1", "language": found[1]}
        )

    def _action(self, language: str, params: dict[str, str]) -> Request:
        base = self.base_url.replace("{language}", language.lower())
        common = {"action": "query", "format": "json", "formatversion": "2", "meta": "siteinfo"}
        return Request(f"{base}/w/api.php", {**common, **params})


class GitHubEngine(HttpEngine):
    """Repositories or issues on GitHub; a token in GITHUB_TOKEN raises the limit from 10 to 30 a minute."""

    base_url = "https://api.github.com"

    def __init__(
        self,
        token: str | None = None,
        *,
        kind: Literal["repositories", "issues"] = "repositories",
        base_url: str | None = None,
        timeout_s: float = 20.0,
    ) -> None:
        super().__init__(base_url=base_url, timeout_s=timeout_s)
        self.kind = kind
        self.name = "github" if kind == "repositories" else "github_issues"
        self._headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self.capabilities = Capabilities(
            source_type="code",
            max_per_minute=30 if token else 10,
            can_fetch=True,
            filters=frozenset({"date_from", "date_to"}),
        )

    def request(self, q: str, k: int, filters: Filters) -> Request:
        """`GET /search/repositories` or `/search/issues`."""
        query = q[:256]
        if filters.date_from or filters.date_to:
            first, last = (day.isoformat() if day else "*" for day in (filters.date_from, filters.date_to))
            query += f" {'pushed' if self.kind == 'repositories' else 'created'}:{first}..{last}"
        params = {"q": query, "per_page": str(min(k, 100))}
        return Request(f"/search/{self.kind}", params, dict(self._headers))

    def hits(self, answer: Any) -> Iterable[Hit]:
        """`items[]`; a repository is dated by its last push, an issue by its opening."""
        for item in answer["items"]:
            repository = self.kind == "repositories"
            text = item.get("description") if repository else (item.get("body") or "")[:1000]
            yield Hit(
                url=item["html_url"],
                title=item["full_name"] if repository else item["title"],
                snippet=plain(text),
                engine=self.name,
                source_type="code",
                score=item.get("score"),
                published=iso_day(item.get("pushed_at" if repository else "created_at")),
            )

    def owns(self, url: str) -> bool:
        """Whether this is the front page of a repository, or an issue when issues are searched."""
        return bool((_REPO_URL if self.kind == "repositories" else _ISSUE_URL).match(url))

    async def fetch(self, url: str) -> Snapshot:
        """A repository's README, or an issue's text.

        Raises:
            ToolError: Another address, or nothing there.
        """
        if not self.owns(url):
            raise ToolError(f"{url!r} is not what {self.name} gives out.", mend="Fetch the page itself.")
        path = urlsplit(url).path.rstrip("/").replace("/pull/", "/issues/")
        if self.kind == "repositories":
            headers = {**self._headers, "Accept": "application/vnd.github.raw+json"}
            response = await self.ask(Request(f"/repos{path}/readme", headers=headers))
            return Snapshot.of(
                url, path.strip("/"), response.text, media_type="text/markdown", meta={"untrusted": "1"}
            )
        response = await self.ask(Request(f"/repos{path}", headers=dict(self._headers)))

        def parse() -> Snapshot:
            issue = response.json()
            text = f"{issue['title']}\n\n{issue.get('body') or ''}".strip()
            return Snapshot.of(
                url,
                issue["title"],
                text,
                media_type="text/markdown",
                published=iso_day(issue["created_at"]),
                meta={"untrusted": "1"},
            )

        return self.read(parse)
