"""The engines against a local server that answers in each service's documented form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenfold.errors import SearchFailed, ToolError
from tenfold.tools.search import Filters, SearchEngine
from tenfold.tools.search.engines import (
    ArxivEngine,
    CrossrefEngine,
    DdgsEngine,
    ExaEngine,
    GitHubEngine,
    HttpEngine,
    OpenAlexEngine,
    SearxngEngine,
    TavilyEngine,
    WikipediaEngine,
)

WINDOW = Filters.model_validate(
    {
        "date_from": "2024-01-02",
        "date_to": "2024-12-30",
        "domains_allow": ["a.org"],
        "domains_deny": ["b.org"],
    }
)
ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
  <title type="html">ArXiv Query</title><opensearch:totalResults>2</opensearch:totalResults>
  <entry><id>http://arxiv.org/abs/1706.03762v7</id><updated>2023-08-02T00:41:18Z</updated>
    <published>2017-06-12T17:57:34Z</published><title>Attention Is All
  You Need</title><summary>  The dominant sequence transduction
models &amp; more.</summary>
    <author><name>Ashish Vaswani</name></author><author><name>Noam Shazeer</name></author></entry>
  <entry><id>http://arxiv.org/abs/hep-th/9901001v1</id><published>1999-01-01T00:00:00Z</published>
    <title>Second</title><summary>Text</summary></entry>
</feed>"""
ALEX = {
    "id": "https://openalex.org/W2741809807",
    "doi": "https://doi.org/10.7717/peerj.4375",
    "display_name": "The state of <i>OA</i>",
    "publication_date": "2018-02-13",
    "relevance_score": 12.5,
    "authorships": [{"author": {"display_name": "Heather Piwowar"}}],
    "abstract_inverted_index": {"Despite": [0], "growing": [1, 4], "interest": [2], "in": [3], "access": [5]},
}
CROSSREF = {
    "DOI": "10.1000/ABC.1",
    "title": ["A study"],
    "abstract": "<jats:p>We measure <jats:italic>x</jats:italic> &amp; y.</jats:p>",
    "issued": {"date-parts": [[2021, 3]]},
    "author": [{"given": "Ada", "family": "Lovelace"}, {"family": "Group"}],
    "score": 9.1,
}
ENGINES: dict[str, tuple[Callable[[str], HttpEngine], str]] = {
    "searxng": (lambda url: SearxngEngine(base_url=url), "/search"),
    "tavily": (lambda url: TavilyEngine("k3y", base_url=url), "/search"),
    "exa": (lambda url: ExaEngine("k3y", base_url=url), "/search"),
    "wikipedia": (lambda url: WikipediaEngine(base_url=url), "/w/api.php"),
    "arxiv": (lambda url: ArxivEngine(base_url=url), "/api/query"),
    "openalex": (lambda url: OpenAlexEngine(base_url=url), "/works"),
    "crossref": (lambda url: CrossrefEngine(base_url=url), "/works"),
    "github": (lambda url: GitHubEngine(base_url=url), "/search/repositories"),
    "github_issues": (lambda url: GitHubEngine(base_url=url, kind="issues"), "/search/issues"),
}
EMPTY: dict[str, Any] = {
    "searxng": {"query": "x", "results": [], "unresponsive_engines": []},
    "tavily": {"query": "x", "results": [], "response_time": 1.1},
    "exa": {"requestId": "1", "results": []},
    "wikipedia": {"batchcomplete": True, "query": {"general": {"lang": "en"}, "search": []}},
    "arxiv": '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>',
    "openalex": {"meta": {"count": 0}, "results": []},
    "crossref": {"status": "ok", "message": {"items": []}},
    "github": {"total_count": 0, "items": []},
    "github_issues": {"total_count": 0, "items": []},
}


@pytest.mark.parametrize("name", ENGINES)
async def test_nothing_found_is_an_empty_list(service: Any, name: str) -> None:
    make, path = ENGINES[name]
    service.answer(path, EMPTY[name])
    engine = make(service.url)
    assert isinstance(engine, SearchEngine)
    assert engine.name == name
    assert await engine.search("no such thing") == []
    assert await engine.search("   ") == []
    assert len(service.asked) == 1


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    "body",
    ["", "<html>blocked</html>", "null", "[]", '{"results": 5}', '{"error": "x"}', '{"results": [null]}'],
)
async def test_an_answer_of_another_form_names_the_engine(service: Any, name: str, body: str) -> None:
    make, path = ENGINES[name]
    service.answer(path, body)
    with pytest.raises(SearchFailed, match=f"^{name} answered in a form that is not known"):
        await make(service.url).search("x")


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
async def test_an_error_status_says_which_and_the_mend(service: Any, name: str, status: int) -> None:
    make, path = ENGINES[name]
    service.answer(path, {"message": "no"}, status)
    with pytest.raises(SearchFailed, match=f"^{name} answered {status}") as caught:
        await make(service.url).search("x")
    assert caught.value.mend
    assert "k3y" not in str(caught.value)


@pytest.mark.parametrize("name", ENGINES)
async def test_an_unreachable_service(name: str) -> None:
    with pytest.raises(SearchFailed, match="cannot be reached"):
        await ENGINES[name][0]("http://127.0.0.1:1").search("x")


async def test_a_short_wait_that_is_asked_for_is_granted_once(service: Any) -> None:
    service.answer("/works", "{}", 429, Retry_After="0.1")
    service.answer("/works", EMPTY["openalex"])
    assert await OpenAlexEngine(base_url=service.url).search("x") == []
    assert len(service.asked) == 2
    service.answers["/works"] = [(429, "{}", {"Retry-After": "3600"})]
    with pytest.raises(SearchFailed, match="429"):
        await OpenAlexEngine(base_url=service.url).search("x")
    assert len(service.asked) == 3


async def test_searxng(service: Any) -> None:
    rows = [
        {
            "url": f"https://a.org/{n}",
            "title": "T &amp; t",
            "content": "<b>c</b> d",
            "engine": "bing",
            "score": 2.0,
        }
        for n in range(30)
    ]
    rows[0]["publishedDate"] = "2024-05-06T00:00:00"
    service.answer("/search", {"query": "x", "results": rows})
    hits = await SearxngEngine(base_url=service.url).search("x y", k=4, filters=Filters(languages=("ko",)))
    assert [h.url for h in hits] == [f"https://a.org/{n}" for n in range(4)]
    assert (hits[0].title, hits[0].snippet, hits[0].published, hits[0].score) == (
        "T & t",
        "c d",
        "2024-05-06",
        2.0,
    )
    assert service.asked[0].params == {"q": "x y", "format": "json", "safesearch": "0", "language": "ko"}


async def test_tavily(service: Any) -> None:
    service.answer(
        "/search",
        {
            "results": [
                {"title": "T", "url": "https://a.org/1", "content": "c", "score": 0.9, "raw_content": None}
            ]
        },
    )
    hits = await TavilyEngine("k3y", base_url=service.url).search("x" * 900, k=50, filters=WINDOW)
    assert (hits[0].url, hits[0].score, hits[0].engine) == ("https://a.org/1", 0.9, "tavily")
    asked = service.asked[0]
    assert asked.headers["authorization"] == "Bearer k3y"
    assert len(asked.json["query"]) == 400
    assert (asked.json["max_results"], asked.json["include_domains"], asked.json["exclude_domains"]) == (
        20,
        ["a.org"],
        ["b.org"],
    )
    assert (asked.json["start_date"], asked.json["end_date"]) == ("2024-01-02", "2024-12-30")


async def test_exa(service: Any) -> None:
    row = {
        "title": None,
        "url": "https://a.org/1",
        "publishedDate": "2023-11-16T01:36:32.547Z",
        "highlights": ["one", "two"],
        "id": "x",
    }
    service.answer(
        "/search", {"requestId": "b5", "results": [row, {"url": "https://a.org/2", "text": "body"}]}
    )
    hits = await ExaEngine("k3y", base_url=service.url).search("x", filters=WINDOW)
    assert [(h.title, h.snippet, h.published) for h in hits] == [
        ("", "one … two", "2023-11-16"),
        ("", "body", None),
    ]
    asked = service.asked[0]
    assert asked.headers["x-api-key"] == "k3y"
    assert asked.json["startPublishedDate"] == "2024-01-02T00:00:00.000Z"
    assert (asked.json["includeDomains"], asked.json["excludeDomains"]) == (["a.org"], ["b.org"])


async def test_wikipedia_in_several_languages(service: Any) -> None:
    row = {
        "ns": 0,
        "title": "벨 록 등대",
        "snippet": '<span class="searchmatch">등대</span>는 &quot;암초&quot;',
    }
    service.answer("/ko/w/api.php", {"query": {"general": {"lang": "ko"}, "search": [row]}})
    engine = WikipediaEngine(base_url=f"{service.url}/{{language}}")
    hits = await engine.search("등대는 언제 지어졌나", k=3)
    assert hits[0].snippet == '등대 는 "암초"' and hits[0].source_type == "encyclopedia"
    assert hits[0].url.startswith("https://ko.wikipedia.org/wiki/%EB%B2%A8_%EB%A1%9D")
    assert service.asked[0].params["srlimit"] == "3"
    service.answer("/ja/w/api.php", {"query": {"general": {"lang": "ja"}, "search": []}})
    assert await engine.search("lighthouse", filters=Filters(languages=("ja",))) == []
    assert engine.owns(hits[0].url) and not engine.owns("https://ko.wikipedia.org.evil.org/wiki/x")
    page = {"pageid": 1, "title": "벨 록 등대", "extract": "등대는 1811년에 지어졌다.\n"}
    service.answers["/ko/w/api.php"] = []
    service.answer("/ko/w/api.php", {"query": {"pages": [page]}})
    snapshot = await engine.fetch(hits[0].url)
    assert snapshot.text == "등대는 1811년에 지어졌다."
    assert service.asked[-1].params["titles"] == "벨 록 등대"
    service.answers["/ko/w/api.php"] = []
    service.answer("/ko/w/api.php", {"query": {"pages": [{"title": "x", "missing": True}]}})
    with pytest.raises(ToolError, match="no article"):
        await engine.fetch("https://ko.wikipedia.org/wiki/x")


async def test_arxiv(service: Any) -> None:
    service.answer("/api/query", ATOM, Content_Type="application/atom+xml")
    engine = ArxivEngine(base_url=service.url)
    hits = await engine.search("attention (transformers) AND x:y", k=5, filters=WINDOW)
    assert [(h.url, h.title, h.published) for h in hits] == [
        ("https://arxiv.org/abs/1706.03762", "Attention Is All You Need", "2017-06-12"),
        ("https://arxiv.org/abs/hep-th/9901001", "Second", "1999-01-01"),
    ]
    assert hits[0].snippet == "The dominant sequence transduction models & more."
    assert service.asked[0].params["search_query"] == (
        "all:attention AND all:transformers AND all:AND AND all:x AND all:y "
        "AND submittedDate:[202401020000 TO 202412302359]"
    )
    snapshot = await engine.fetch("https://arxiv.org/abs/hep-th/9901001v1")
    assert service.asked[-1].params["id_list"] == "hep-th/9901001v1"
    assert snapshot.text.startswith(
        "Attention Is All You Need\n\nAshish Vaswani, Noam Shazeer\n\nThe dominant"
    )
    assert snapshot.meta == {"untrusted": "1", "part": "abstract"}


async def test_arxiv_error_entry_and_entity_bomb(service: Any) -> None:
    error = ATOM.replace("http://arxiv.org/abs/1706.03762v7", "http://arxiv.org/api/errors#bad_id")
    service.answer("/api/query", error)
    with pytest.raises(SearchFailed, match="dominant"):
        await ArxivEngine(base_url=service.url).search("x")
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    service.answers["/api/query"] = [(200, ATOM.replace("?>", "?>" + bomb, 1).replace("Second", "&f;"), {})]
    hits = await ArxivEngine(base_url=service.url).search("x")
    assert "root" not in hits[1].title


async def test_openalex(service: Any) -> None:
    service.answer(
        "/works", {"results": [ALEX, {"id": "https://openalex.org/W1", "display_name": "No abstract"}]}
    )
    engine = OpenAlexEngine("k3y", base_url=service.url)
    hits = await engine.search("open access", filters=WINDOW)
    assert [(h.url, h.title, h.snippet) for h in hits] == [
        (
            "https://doi.org/10.7717/peerj.4375",
            "The state of OA",
            "Despite growing interest in growing access",
        ),
        ("https://openalex.org/W1", "No abstract", ""),
    ]
    assert (
        service.asked[0].params["filter"] == "from_publication_date:2024-01-02,to_publication_date:2024-12-30"
    )
    assert service.asked[0].params["api_key"] == "k3y"
    service.answer("/works/doi:10.7717/peerj.4375", ALEX)
    snapshot = await engine.fetch("https://doi.org/10.7717/peerj.4375")
    assert snapshot.text == "The state of OA\n\nHeather Piwowar\n\nDespite growing interest in growing access"
    assert snapshot.published == "2018-02-13"
    service.answer("/works/W1", {**ALEX, "abstract_inverted_index": None})
    with pytest.raises(ToolError, match="no abstract"):
        await engine.fetch("https://openalex.org/W1")


async def test_crossref(service: Any) -> None:
    service.answer(
        "/works", {"message": {"items": [CROSSREF, {"DOI": "10.1000/2", "issued": {"date-parts": [[None]]}}]}}
    )
    engine = CrossrefEngine("me@example.org", base_url=service.url)
    hits = await engine.search("x", filters=WINDOW)
    assert [(h.url, h.title, h.snippet, h.published) for h in hits] == [
        ("https://doi.org/10.1000/abc.1", "A study", "We measure x & y.", "2021-03"),
        ("https://doi.org/10.1000/2", "", "", None),
    ]
    assert service.asked[0].params["mailto"] == "me@example.org"
    assert service.asked[0].params["filter"] == "from-pub-date:2024-01-02,until-pub-date:2024-12-30"
    service.answer("/works/10.1000%2Fabc.1", {"message": CROSSREF})
    snapshot = await engine.fetch("https://doi.org/10.1000/abc.1")
    assert snapshot.text == "A study\n\nAda Lovelace, Group\n\nWe measure x & y."


async def test_github(service: Any) -> None:
    repo = {
        "full_name": "o/r",
        "html_url": "https://github.com/o/r",
        "description": None,
        "pushed_at": "2024-05-06T01:02:03Z",
        "score": 1.0,
    }
    service.answer("/search/repositories", {"total_count": 1, "items": [repo]})
    engine = GitHubEngine("t0ken", base_url=service.url)
    hits = await engine.search("agents", filters=WINDOW)
    assert (hits[0].title, hits[0].snippet, hits[0].published) == ("o/r", "", "2024-05-06")
    assert service.asked[0].params["q"] == "agents pushed:2024-01-02..2024-12-30"
    assert service.asked[0].headers["authorization"] == "Bearer t0ken"
    service.answer("/repos/o/r/readme", "# Readme", Content_Type="text/plain")
    assert (await engine.fetch("https://github.com/o/r")).text == "# Readme"
    assert not engine.owns("https://github.com/o/r/issues/5")
    issues = GitHubEngine(base_url=service.url, kind="issues")
    assert issues.capabilities.max_per_minute == 10
    issue = {
        "title": "Bug",
        "html_url": "https://github.com/o/r/pull/5",
        "body": "It\nbreaks",
        "created_at": "2024-01-03T00:00:00Z",
    }
    service.answer("/search/issues", {"items": [issue]})
    assert (await issues.search("bug"))[0].snippet == "It breaks"
    service.answer("/repos/o/r/issues/5", issue)
    assert (await issues.fetch("https://github.com/o/r/pull/5")).text == "Bug\n\nIt\nbreaks"


@pytest.mark.parametrize("name", ENGINES)
async def test_fetch_of_a_foreign_address_is_a_clear_error(service: Any, name: str) -> None:
    with pytest.raises(ToolError, match="evil") as caught:
        await ENGINES[name][0](service.url).fetch("https://evil.example/x")
    assert caught.value.mend
    assert service.asked == []


async def test_every_trouble_of_ddgs_counts_as_limited() -> None:
    engine = DdgsEngine(
        proxy="http://127.0.0.1:1", timeout_s=2
    )  # a proxy that is not there: no packet leaves
    with pytest.raises(SearchFailed, match="ddgs is limited or blocked") as caught:
        await engine.search("anything")
    assert "SearXNG" in caught.value.mend
    assert isinstance(engine, SearchEngine)
