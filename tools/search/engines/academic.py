"""Papers: arXiv, OpenAlex and Crossref. Each can also give the abstract behind its hits as a snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ....errors import ToolError
from ..types import Capabilities, Filters, Hit, Snapshot
from .http import HttpEngine, Request, iso_day, plain

if TYPE_CHECKING:
    import httpx

_ATOM = {"a": "http://www.w3.org/2005/Atom"}
_ARXIV_URL = re.compile(r"https?://(?:www\.|export\.)?arxiv\.org/abs/([\w.-]+(?:/\d+)??)(v\d+)?$")
_DOI_URL = re.compile(r"https?://(?:dx\.)?doi\.org/(10\.\d{4,9}/\S+)$")
_DATES = frozenset({"date_from", "date_to"})


class ArxivEngine(HttpEngine):
    """arXiv's Atom interface: one request in three seconds, its terms say."""

    name = "arxiv"
    base_url = "https://export.arxiv.org"
    capabilities = Capabilities(source_type="academic", max_per_minute=20, can_fetch=True, filters=_DATES)

    def request(self, q: str, k: int, filters: Filters) -> Request:
        """`GET /api/query`: every word somewhere in the record, within the dates of submission."""
        words = re.findall(r"[^\W_]+(?:[-.][^\W_]+)*", q)[:20]
        query = " AND ".join(f"all:{word}" for word in words) or "all:none"
        if filters.date_from or filters.date_to:
            first = filters.date_from.strftime("%Y%m%d0000") if filters.date_from else "199101010000"
            last = filters.date_to.strftime("%Y%m%d2359") if filters.date_to else "299912312359"
            query += f" AND submittedDate:[{first} TO {last}]"
        return Request("/api/query", {"search_query": query, "max_results": str(k), "sortBy": "relevance"})

    def decode(self, response: httpx.Response) -> Any:
        """Atom, parsed without entities and without network."""
        return _parse_xml(response.content)

    def hits(self, answer: Any) -> Iterable[Hit]:
        """`entry` elements with id, title, summary, published."""
        for entry in answer.findall("a:entry", _ATOM):
            url = _atom(entry, "id").replace("http://", "https://")
            if "/api/errors" in url:
                raise ValueError(_atom(entry, "summary"))
            yield Hit(
                url=re.sub(r"v\d+$", "", url),
                title=_atom(entry, "title"),
                snippet=_atom(entry, "summary"),
                engine=self.name,
                source_type="academic",
                published=iso_day(_atom(entry, "published")),
            )

    def owns(self, url: str) -> bool:
        """Whether this is an arXiv abstract page."""
        return _ARXIV_URL.match(url) is not None

    async def fetch(self, url: str) -> Snapshot:
        """Title, authors and abstract.

        Raises:
            ToolError: Not an arXiv address, or no such paper.
        """
        found = _ARXIV_URL.match(url)
        if found is None:
            raise ToolError(f"{url!r} is not an arXiv abstract.", mend="Fetch the page itself.")
        response = await self.ask(Request("/api/query", {"id_list": found[1] + (found[2] or "")}))
        entry = self.read(lambda: _parse_xml(response.content).find("a:entry", _ATOM))
        if entry is None or not _atom(entry, "title"):
            raise ToolError(f"arXiv has no {url!r}.", mend="Check the number.")
        authors = ", ".join(plain(node.text) for node in entry.findall("a:author/a:name", _ATOM))
        return _abstract(
            url, _atom(entry, "title"), authors, _atom(entry, "summary"), iso_day(_atom(entry, "published"))
        )


class OpenAlexEngine(HttpEngine):
    """OpenAlex; a free key in OPENALEX_API_KEY raises the daily limit."""

    name = "openalex"
    base_url = "https://api.openalex.org"
    capabilities = Capabilities(source_type="academic", max_per_minute=60, can_fetch=True, filters=_DATES)

    def __init__(
        self, api_key: str | None = None, *, base_url: str | None = None, timeout_s: float = 20.0
    ) -> None:
        super().__init__(base_url=base_url, timeout_s=timeout_s)
        self._key = {"api_key": api_key} if api_key else {}

    def request(self, q: str, k: int, filters: Filters) -> Request:
        """`GET /works?search=`."""
        params = {"search": q, "per-page": str(min(k, 200)), **self._key}
        limits = []
        if filters.date_from:
            limits.append(f"from_publication_date:{filters.date_from.isoformat()}")
        if filters.date_to:
            limits.append(f"to_publication_date:{filters.date_to.isoformat()}")
        if limits:
            params["filter"] = ",".join(limits)
        return Request("/works", params)

    def hits(self, answer: Any) -> Iterable[Hit]:
        """`results[]` with doi, id, display_name, publication_date, abstract_inverted_index."""
        for work in answer["results"]:
            yield Hit(
                url=work.get("doi") or work["id"],
                title=plain(work.get("display_name")),
                snippet=decode_abstract(work.get("abstract_inverted_index")),
                engine=self.name,
                source_type="academic",
                score=work.get("relevance_score"),
                published=iso_day(work.get("publication_date")),
            )

    def owns(self, url: str) -> bool:
        """Whether this is a DOI or an OpenAlex work."""
        return _DOI_URL.match(url) is not None or url.startswith("https://openalex.org/W")

    async def fetch(self, url: str) -> Snapshot:
        """Title, authors and abstract.

        Raises:
            ToolError: Not a work of OpenAlex, or one without an abstract.
        """
        if not self.owns(url):
            raise ToolError(f"{url!r} is neither a DOI nor an OpenAlex work.", mend="Fetch the page itself.")
        doi = _DOI_URL.match(url)
        work_id = f"doi:{quote(unquote(doi[1]), safe='/')}" if doi else url.rpartition("/")[2]
        response = await self.ask(Request(f"/works/{work_id}", dict(self._key)))

        def parse() -> Snapshot:
            work = response.json()
            authors = ", ".join(a["author"]["display_name"] for a in work.get("authorships") or ())
            abstract = decode_abstract(work.get("abstract_inverted_index"))
            return _abstract(
                url, plain(work["display_name"]), authors, abstract, iso_day(work.get("publication_date"))
            )

        return self.read(parse)


class CrossrefEngine(HttpEngine):
    """Crossref; an address in CROSSREF_MAILTO is answered from the polite pool."""

    name = "crossref"
    base_url = "https://api.crossref.org"
    capabilities = Capabilities(source_type="academic", max_per_minute=120, can_fetch=True, filters=_DATES)

    def __init__(
        self, mailto: str | None = None, *, base_url: str | None = None, timeout_s: float = 20.0
    ) -> None:
        super().__init__(base_url=base_url, timeout_s=timeout_s)
        self._mailto = {"mailto": mailto} if mailto else {}

    def request(self, q: str, k: int, filters: Filters) -> Request:
        """`GET /works?query=`."""
        params = {"query": q, "rows": str(min(k, 100)), **self._mailto}
        limits = []
        if filters.date_from:
            limits.append(f"from-pub-date:{filters.date_from.isoformat()}")
        if filters.date_to:
            limits.append(f"until-pub-date:{filters.date_to.isoformat()}")
        if limits:
            params["filter"] = ",".join(limits)
        return Request("/works", params)

    def hits(self, answer: Any) -> Iterable[Hit]:
        """`message.items[]` with DOI, title[], abstract (JATS), issued, score."""
        for item in answer["message"]["items"]:
            yield Hit(
                url=f"https://doi.org/{item['DOI'].lower()}",
                title=plain(" ".join(item.get("title") or ())),
                snippet=plain(item.get("abstract")),
                engine=self.name,
                source_type="academic",
                score=item.get("score"),
                published=_date_parts(item.get("issued")),
            )

    def owns(self, url: str) -> bool:
        """Whether this is a DOI."""
        return _DOI_URL.match(url) is not None

    async def fetch(self, url: str) -> Snapshot:
        """Title, authors and abstract, where the publisher deposited one.

        Raises:
            ToolError: Not a DOI, or no abstract.
        """
        doi = _DOI_URL.match(url)
        if doi is None:
            raise ToolError(f"{url!r} is not a DOI.", mend="Fetch the page itself.")
        response = await self.ask(Request(f"/works/{quote(unquote(doi[1]), safe='')}", dict(self._mailto)))

        def parse() -> Snapshot:
            item = response.json()["message"]
            names = [
                " ".join(filter(None, (a.get("given"), a.get("family")))) for a in item.get("author") or ()
            ]
            title = plain(" ".join(item.get("title") or ()))
            return _abstract(
                url, title, ", ".join(names), plain(item.get("abstract")), _date_parts(item.get("issued"))
            )

        return self.read(parse)


def decode_abstract(inverted: dict[str, list[int]] | None) -> str:
    """OpenAlex stores an abstract as word → positions; put the words back in order."""
    if not inverted:
        return ""
    placed = sorted((position, word) for word, positions in inverted.items() for position in positions)
    return plain(" ".join(word for _, word in placed))


def _abstract(url: str, title: str, authors: str, abstract: str, published: str | None) -> Snapshot:
    if not abstract:
        raise ToolError(f"There is no abstract of {url!r}.", mend="Fetch the page itself.")
    text = "\n\n".join(part for part in (title, authors, abstract) if part)
    return Snapshot.of(url, title, text, published=published, meta={"untrusted": "1", "part": "abstract"})


def _date_parts(issued: Any) -> str | None:
    parts = ((issued or {}).get("date-parts") or [[]])[0]
    if not parts or not parts[0]:
        return None
    return "-".join([f"{parts[0]:04}", *(f"{part:02}" for part in parts[1:3])])


def _parse_xml(content: bytes) -> Any:
    from lxml.etree import XMLParser, XMLSyntaxError, fromstring

    try:
        root = fromstring(content, XMLParser(resolve_entities=False, no_network=True))
    except XMLSyntaxError as error:
        raise ValueError(str(error)) from error
    if root.tag != f"{{{_ATOM['a']}}}feed":
        raise ValueError(f"not an Atom feed but {root.tag!r}")
    return root


def _atom(entry: Any, name: str) -> str:
    return plain(entry.findtext(f"a:{name}", "", _ATOM))
