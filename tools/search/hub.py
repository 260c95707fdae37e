"""Several engines as one: asked at the same time, each within its rate, a blocked one left alone for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from ...errors import ConfigError, FetchRefused, SearchFailed, ToolError
from .cache import SearchCache
from .fusion import fuse
from .limits import TokenBucket
from .types import Filters, Hit, OwnsUrls, SearchEngine, Snapshot

_FIRST_COOL_S = 30.0
_LONGEST_COOL_S = 900.0
_MAX_ASKED = 50


class SearchResult(BaseModel):
    """What a search over several engines gave.

    Attributes:
        hits: Fused, filtered, best first.
        used: Engines that answered, also those that found nothing.
        blocked: Engines that could not be asked, with the reason.
        newly_blocked: Those of them that failed just now; the others were already cooling down.
    """

    model_config = ConfigDict(frozen=True)

    hits: list[Hit]
    used: tuple[str, ...] = ()
    blocked: dict[str, str] = {}
    newly_blocked: tuple[str, ...] = ()


@dataclass
class _Seat:
    """An engine and how it is doing."""

    engine: SearchEngine
    bucket: TokenBucket | None
    failures: int = 0
    until: float = 0.0
    reason: str = ""


@dataclass
class _Outcome:
    name: str
    hits: list[Hit] = field(default_factory=list[Hit])
    reason: str = ""
    new: bool = False


class SearchHub:
    """Engines behind one door.

    Args:
        engines: With different names.
        cache: Where hits and pages are kept; None keeps nothing.
        fetch: Reads http and https pages (`Fetcher.fetch`); None refuses them.
        timeout_s: Seconds one engine may take, its rate limit included.
        clock: Seconds, for the cool-down.

    Raises:
        ConfigError: Two engines have one name.
    """

    def __init__(
        self,
        engines: Iterable[SearchEngine],
        cache: SearchCache | None = None,
        *,
        fetch: Callable[[str], Awaitable[Snapshot]] | None = None,
        timeout_s: float = 45.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seats: dict[str, _Seat] = {}
        for engine in engines:
            if engine.name in self._seats:
                raise ConfigError(f"Two engines are called {engine.name!r}.", mend="Give each its own name.")
            rate = engine.capabilities.max_per_minute
            self._seats[engine.name] = _Seat(
                engine, TokenBucket(rate, max(1, int(rate // 60))) if rate else None
            )
        self._cache, self._fetch_page = cache, fetch
        self._timeout_s, self._clock = timeout_s, clock

    @property
    def engines(self) -> dict[str, SearchEngine]:
        """The engines by name."""
        return {name: seat.engine for name, seat in self._seats.items()}

    async def search(
        self, q: str, *, k: int = 10, filters: Filters | None = None, engines: Sequence[str] | None = None
    ) -> SearchResult:
        """Ask the engines at the same time and fuse what they give.

        Args:
            q: The query, in plain words.
            k: Hits wanted.
            filters: Applied by the engines where they can, and to every hit here.
            engines: Names of those to ask; None is all whose kind of source the filters allow.

        Returns:
            A result also when every engine is blocked: then it has no hits and says why.

        Raises:
            ConfigError: An engine is named that is not here.
        """
        asked = [seat for seat in self._choose(engines) if _wanted(seat.engine, filters)]
        outcomes = await asyncio.gather(*(self._ask(seat, q, k, filters) for seat in asked))
        answered = [outcome for outcome in outcomes if not outcome.reason]
        lists = [[h for h in o.hits if filters is None or filters.accepts(h)] for o in answered]
        return SearchResult(
            hits=fuse(lists)[:k],
            used=tuple(outcome.name for outcome in answered),
            blocked={outcome.name: outcome.reason for outcome in outcomes if outcome.reason},
            newly_blocked=tuple(outcome.name for outcome in outcomes if outcome.new),
        )

    async def fetch(self, url: str) -> Snapshot:
        """Read the source behind an address: by the engine that owns it, else over HTTP.

        Raises:
            ToolError: It cannot be read; `FetchRefused` when it may not be.
        """
        owner = self._owner(url)
        web = urlsplit(url).scheme.lower() in ("http", "https")
        if not web:
            if owner is None:
                raise FetchRefused(
                    f"No engine here reads {url!r}.", mend="Take an address from a search result."
                )
            return await owner.fetch(url)  # the user's own documents: they change, so they are never cached
        if self._cache and (kept := await self._cache.snapshot(url)):
            return kept
        snapshot = await self._read_web(url, owner)
        if self._cache:
            await self._cache.keep_snapshot(url, snapshot)
        return snapshot

    async def _read_web(self, url: str, owner: SearchEngine | None) -> Snapshot:
        if owner is not None:
            seat = self._seats[owner.name]
            try:
                async with asyncio.timeout(self._timeout_s):
                    if seat.bucket:
                        await seat.bucket.acquire()
                    return await owner.fetch(url)
            except (ToolError, TimeoutError):
                if self._fetch_page is None:
                    raise
        if self._fetch_page is None:
            raise FetchRefused(f"Nothing here reads web pages, such as {url!r}.", mend="Allow the web.")
        return await self._fetch_page(url)

    def _owner(self, url: str) -> SearchEngine | None:
        for seat in self._seats.values():
            # A cast, because the check of one protocol tells nothing about the other.
            if isinstance(seat.engine, OwnsUrls) and cast("OwnsUrls", seat.engine).owns(url):
                return seat.engine
        if urlsplit(url).scheme == "doc":
            kinds = (seat.engine for seat in self._seats.values())
            return next((engine for engine in kinds if engine.capabilities.source_type == "document"), None)
        return None

    def _choose(self, names: Sequence[str] | None) -> list[_Seat]:
        if names is None:
            return list(self._seats.values())
        unknown = [name for name in names if name not in self._seats]
        if unknown:
            raise ConfigError(
                f"There is no engine {unknown[0]!r}.", mend=f"Choose from {sorted(self._seats)}."
            )
        return [self._seats[name] for name in dict.fromkeys(names)]

    async def _ask(self, seat: _Seat, q: str, k: int, filters: Filters | None) -> _Outcome:
        name = seat.engine.name
        number = _to_ask(seat.engine, k, filters)
        local = seat.engine.capabilities.source_type == "document"
        cache = None if local else self._cache  # an index changes when a file does
        if cache and (kept := await cache.hits(name, q, number, filters)) is not None:
            return _Outcome(name, kept)
        if self._clock() < seat.until:
            return _Outcome(name, reason=seat.reason)
        try:
            async with asyncio.timeout(self._timeout_s):
                if seat.bucket:
                    await seat.bucket.acquire()
                hits = await seat.engine.search(q, k=number, filters=filters)
        except TimeoutError:
            return self._trip(seat, f"{name} gave no answer in {self._timeout_s:g} s.")
        except ToolError as error:
            return self._trip(seat, str(error))
        except Exception as error:  # one broken engine must not stop the others
            return self._trip(seat, str(SearchFailed(f"{name} broke ({type(error).__name__}: {error}).")))
        seat.failures = 0
        if cache:
            await cache.keep_hits(name, q, number, filters, hits)
        return _Outcome(name, hits)

    def _trip(self, seat: _Seat, reason: str) -> _Outcome:
        """Leave the engine alone: 30 s, then a minute, … up to a quarter of an hour."""
        new = self._clock() >= seat.until  # of several searches that failed together one reports it
        if new:
            seat.failures += 1
            seat.reason = reason
            seat.until = self._clock() + min(_FIRST_COOL_S * 2 ** (seat.failures - 1), _LONGEST_COOL_S)
        return _Outcome(seat.engine.name, reason=reason, new=new)


def _wanted(engine: SearchEngine, filters: Filters | None) -> bool:
    return (
        filters is None or not filters.source_types or engine.capabilities.source_type in filters.source_types
    )


def _to_ask(engine: SearchEngine, k: int, filters: Filters | None) -> int:
    """More than wanted, where hits will be dropped by filters that the engine does not know."""
    if filters is None:
        return k
    set_here = {
        name for name in ("domains_allow", "domains_deny", "date_from", "date_to") if getattr(filters, name)
    }
    return k if set_here <= engine.capabilities.filters else min(3 * k, max(k, _MAX_ASKED))
