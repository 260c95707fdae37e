"""From settings to engines, and what `tenfold doctor` says about them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .cache import SearchCache
from .hub import SearchHub
from .types import SearchEngine, SourceType

if TYPE_CHECKING:
    from ...settings import Settings
    from ..fetch import FetchPolicy, PdfReader


@dataclass(frozen=True, slots=True)
class _Entry:
    """An engine that settings can name.

    Attributes:
        make: Builds it from settings and the key, None when the key or server is not configured.
        key_env: Environment variable of its key.
        required: Whether it does nothing without the key (or server).
    """

    name: str
    source_type: SourceType
    make: Callable[[Settings, str | None], SearchEngine]
    key_env: str | None = None
    required: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """One line of `tenfold doctor`.

    Attributes:
        configured: Whether a run could use it.
        key: Whether its key is there; None when it needs none.
        reachable: Whether its server answers at all; None when that was not tried.
        mend: What would make it work; empty when it does.
    """

    name: str
    source_type: SourceType
    configured: bool
    key: bool | None
    reachable: bool | None
    mend: str


def build_hub(
    settings: Settings,
    *,
    corpus_engine: SearchEngine | None = None,
    web: bool = False,
    academic: bool = False,
    code: bool = False,
    encyclopedia: bool | None = None,
    extra: Iterable[SearchEngine] = (),
    policy: FetchPolicy | None = None,
    read_pdf: PdfReader | None = None,
) -> SearchHub:
    """The engines of a run.

    Args:
        settings: For the cache's folder and the SearXNG server; keys come from the environment.
        corpus_engine: The user's documents.
        web: SearXNG, Tavily and Exa where configured, and ddgs.
        academic: arXiv, OpenAlex, Crossref.
        code: GitHub's repositories and issues.
        encyclopedia: Wikipedia; as `web` unless given.
        extra: Further engines.
        policy: Limits of the fetcher.
        read_pdf: Reads PDFs of the web.
    """
    switches: dict[SourceType, bool] = {
        "web": web,
        "academic": academic,
        "code": code,
        "encyclopedia": web if encyclopedia is None else encyclopedia,
    }
    found = [corpus_engine] if corpus_engine is not None else []
    found += [
        engine
        for entry in _entries()
        if switches.get(entry.source_type) and (engine := _make(entry, settings))
    ]
    found += extra
    online = any(engine.capabilities.source_type != "document" for engine in found)
    if not online:  # documents only: nothing here can reach the network
        return SearchHub(found)
    from ..fetch import Fetcher

    fetcher = Fetcher(policy, read_pdf=read_pdf)
    return SearchHub(found, SearchCache(settings.cache_dir / "search.sqlite3"), fetch=fetcher.fetch)


async def describe_engines(settings: Settings, *, probe: bool = True) -> list[EngineStatus]:
    """What is configured, has its key, and answers.

    Args:
        settings: Of the user.
        probe: Whether to try the servers of the configured engines, three seconds each, all at once.
    """
    entries = _entries()
    configured = [_make(entry, settings) is not None for entry in entries]
    tries = [
        _answers(_address(e, settings)) if probe and c else _unknown()
        for e, c in zip(entries, configured, strict=True)
    ]
    reachable = await asyncio.gather(*tries)
    return [
        EngineStatus(
            name=entry.name,
            source_type=entry.source_type,
            configured=ready,
            key=_key(entry) is not None if entry.key_env else None,
            reachable=answer,
            mend=_mend(entry, ready, answer),
        )
        for entry, ready, answer in zip(entries, configured, reachable, strict=True)
    ]


def _entries() -> list[_Entry]:
    from . import engines as e

    return [
        _Entry("searxng", "web", lambda s, _: e.SearxngEngine(base_url=s.searxng_url), required=True),
        _Entry(
            "tavily",
            "web",
            lambda _, k: e.TavilyEngine(k or ""),
            "TAVILY_API_KEY",
            True,
            e.TavilyEngine.base_url,
        ),
        _Entry("exa", "web", lambda _, k: e.ExaEngine(k or ""), "EXA_API_KEY", True, e.ExaEngine.base_url),
        _Entry("ddgs", "web", lambda _s, _k: e.DdgsEngine(), address="https://duckduckgo.com"),
        _Entry(
            "wikipedia",
            "encyclopedia",
            lambda _s, _k: e.WikipediaEngine(),
            address="https://en.wikipedia.org",
        ),
        _Entry("arxiv", "academic", lambda _s, _k: e.ArxivEngine(), address=e.ArxivEngine.base_url),
        _Entry(
            "openalex",
            "academic",
            lambda _, k: e.OpenAlexEngine(k),
            "OPENALEX_API_KEY",
            address=e.OpenAlexEngine.base_url,
        ),
        _Entry(
            "crossref",
            "academic",
            lambda _, k: e.CrossrefEngine(k),
            "CROSSREF_MAILTO",
            address=e.CrossrefEngine.base_url,
        ),
        _Entry(
            "github", "code", lambda _, k: e.GitHubEngine(k), "GITHUB_TOKEN", address=e.GitHubEngine.base_url
        ),
        _Entry(
            "github_issues",
            "code",
            lambda _, k: e.GitHubEngine(k, kind="issues"),
            "GITHUB_TOKEN",
            address=e.GitHubEngine.base_url,
        ),
    ]


def _key(entry: _Entry) -> str | None:
    return (os.environ.get(entry.key_env) or "").strip() or None if entry.key_env else None


def _make(entry: _Entry, settings: Settings) -> SearchEngine | None:
    if entry.required and not (_key(entry) if entry.key_env else settings.searxng_url):
        return None
    return entry.make(settings, _key(entry))


def _address(entry: _Entry, settings: Settings) -> str:
    return entry.address or settings.searxng_url or ""


async def _answers(url: str) -> bool:
    import httpx

    try:
        async with httpx.AsyncClient(timeout=3.0) as client:
            await client.head(url)  # any status: a server is there
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return True


async def _unknown() -> None:
    return None


def _mend(entry: _Entry, ready: bool, reachable: bool | None) -> str:
    if not ready:
        return (
            f"Set {entry.key_env}."
            if entry.key_env
            else "Set searxng_url to a server with the JSON format enabled."
        )
    if reachable is False:
        return "Its server does not answer: check the network and the address."
    if entry.key_env and _key(entry) is None:
        return f"Works without; {entry.key_env} raises its limit."
    return ""
