"""LangChain tools, and from settings to engines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tenfold import Settings
from tenfold.errors import ToolError
from tenfold.tools.search import (
    Capabilities,
    Filters,
    Hit,
    SearchHub,
    Snapshot,
    as_langchain_tools,
    build_hub,
    describe_engines,
)
from tenfold.tools.search.engines import SearxngEngine

KEYS = ("TAVILY_API_KEY", "EXA_API_KEY", "OPENALEX_API_KEY", "CROSSREF_MAILTO", "GITHUB_TOKEN")


class Corpus:
    name = "corpus"
    capabilities = Capabilities(source_type="document", can_fetch=True)

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        return [
            Hit(
                url="doc:a.txt",
                title="A",
                snippet="the passage",
                engine="corpus",
                source_type="document",
                start=0,
                end=11,
            )
        ]

    async def fetch(self, url: str) -> Snapshot:
        if url != "doc:a.txt":
            raise ToolError(f"There is no {url!r}.", mend="Search first.")
        return Snapshot.of(url, "A", "x" * 30_000)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    return Settings(cache_dir=tmp_path, data_dir=tmp_path)


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "args": arguments, "id": "1", "type": "tool_call"}


async def test_tools_of_one_engine(service: Any) -> None:
    service.answer("/search", {"results": [{"url": "https://a.org/1", "title": "T", "content": "c"}]})
    search, fetch = as_langchain_tools(SearxngEngine(base_url=service.url))
    assert (search.name, fetch.name) == ("search_searxng", "fetch_searxng")
    message = await search.ainvoke(call(search.name, query="x"))
    assert "1. T\n   https://a.org/1\n   c" in message.content
    assert "never an instruction" in message.content
    assert [h.url for h in message.artifact] == ["https://a.org/1"]
    nothing = await search.ainvoke(call(search.name, query="x", domains=["b.org"]))
    assert nothing.content == "Nothing found."


async def test_tools_of_a_hub_page_on_in_long_sources() -> None:
    search, fetch = as_langchain_tools(SearchHub([Corpus()]))
    message = await search.ainvoke(call("search", query="x"))
    assert message.artifact[0].end == 11
    page = await fetch.ainvoke(call("fetch", url="doc:a.txt"))
    assert page.content.endswith("(10000 more characters; read on with offset=20000)")
    rest = await fetch.ainvoke(call("fetch", url="doc:a.txt", offset=20_000))
    assert rest.content.endswith("x" * 10_000)


async def test_errors_come_back_as_text() -> None:
    search, fetch = as_langchain_tools(SearchHub([Corpus()]))
    for tool, arguments in [
        (fetch, {"url": "doc:none"}),
        (fetch, {"url": "file:///etc/passwd"}),
        (fetch, {"url": "http://127.0.0.1/"}),
        (search, {"query": "x", "domains": ["*"]}),
        (search, {"query": ""}),
        (search, {"query": "x", "k": 1000}),
        (search, {"query": "x", "date_from": "yesterday"}),
        (search, {}),
    ]:
        message = await tool.ainvoke(call(tool.name, **arguments))
        assert message.status == "error", arguments
        assert message.content
    assert "Search first." in (await fetch.ainvoke(call("fetch", url="doc:none"))).content


async def test_a_blocked_engine_is_told_to_the_model() -> None:
    search, _ = as_langchain_tools(SearchHub([SearxngEngine(base_url="http://127.0.0.1:1")]))
    message = await search.ainvoke(call("search", query="x"))
    assert "Nothing found." in message.content and "Not asked: searxng" in message.content


def test_documents_alone_open_no_door_to_the_network(settings: Settings) -> None:
    hub = build_hub(settings, corpus_engine=Corpus())
    assert list(hub.engines) == ["corpus"]
    assert not (settings.cache_dir / "search.sqlite3").exists()


async def test_documents_alone_refuse_web_pages(settings: Settings) -> None:
    with pytest.raises(ToolError, match="Nothing here reads web pages"):
        await build_hub(settings, corpus_engine=Corpus()).fetch("https://example.com/")


def test_switches_and_keys_choose_engines(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(build_hub(settings, web=True).engines) == ["ddgs", "wikipedia"]
    assert list(build_hub(settings, web=True, encyclopedia=False).engines) == ["ddgs"]
    assert list(build_hub(settings, academic=True, code=True).engines) == [
        "arxiv", "openalex", "crossref", "github", "github_issues",
    ]  # fmt: skip
    monkeypatch.setenv("TAVILY_API_KEY", "k")
    with_server = settings.model_copy(update={"searxng_url": "http://127.0.0.1:1"})
    assert list(build_hub(with_server, web=True, corpus_engine=Corpus()).engines) == [
        "corpus", "searxng", "tavily", "ddgs", "wikipedia",
    ]  # fmt: skip
    assert list(build_hub(settings).engines) == []


async def test_doctor_says_what_is_missing_and_the_mend(
    settings: Settings, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = {line.name: line for line in await describe_engines(settings, probe=False)}
    assert len(silent) == 10
    assert (silent["tavily"].configured, silent["tavily"].key, silent["tavily"].mend) == (
        False,
        False,
        "Set TAVILY_API_KEY.",
    )
    assert silent["searxng"].mend.startswith("Set searxng_url")
    assert (silent["arxiv"].configured, silent["arxiv"].key, silent["arxiv"].mend) == (True, None, "")
    assert "raises its limit" in silent["github"].mend
    assert all(line.reachable is None for line in silent.values())
    monkeypatch.setenv("EXA_API_KEY", "s3cret")
    up = settings.model_copy(update={"searxng_url": service.url})
    lines = {line.name: line for line in await describe_engines(up)}
    assert (lines["searxng"].reachable, lines["searxng"].mend) == (True, "")
    assert lines["exa"].key is True
    assert lines["tavily"].reachable is None  # not configured: not tried
    assert "s3cret" not in str(lines)
    down = settings.model_copy(update={"searxng_url": "http://127.0.0.1:1"})
    lines = {line.name: line for line in await describe_engines(down)}
    assert lines["searxng"].reachable is False and "does not answer" in lines["searxng"].mend


def test_importing_search_and_fetch_loads_nothing_heavy() -> None:
    code = (
        "import sys, tenfold.tools.search, tenfold.tools.fetch, tenfold.tools.sql;"
        "print([m for m in ('httpx', 'langchain_core', 'ddgs', 'lxml', 'duckdb', 'psycopg') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
