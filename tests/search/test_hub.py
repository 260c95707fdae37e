"""The hub: fusing, filters, blocked engines, rates, cache, and who reads which address."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenfold.errors import ConfigError, FetchRefused, SearchFailed, ToolError
from tenfold.tools.search import (
    Capabilities,
    Filters,
    Hit,
    Recorded,
    SearchCache,
    SearchHub,
    Snapshot,
    TokenBucket,
    fuse,
)
from tenfold.tools.search.engines import OpenAlexEngine, SearxngEngine


class Scripted:
    """An engine that gives what a test wrote, and counts."""

    def __init__(self, name: str, *urls: str, source_type: Any = "web", **capabilities: Any) -> None:
        self.name = name
        self.capabilities = Capabilities(source_type=source_type, **capabilities)
        self.urls = urls
        self.failure: Exception | None = None
        self.asked: list[tuple[str, int]] = []
        self.delay = 0.0

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        self.asked.append((q, k))
        await asyncio.sleep(self.delay)
        if self.failure:
            raise self.failure
        return [hit(url, self) for url in self.urls[:k]]

    async def fetch(self, url: str) -> Snapshot:
        self.asked.append((url, 0))
        if self.failure:
            raise self.failure
        return Snapshot.of(url, self.name, f"{self.name} read {url}")


class Owner(Scripted):
    def owns(self, url: str) -> bool:
        return url.startswith("https://own.org/")


def hit(url: str, engine: Scripted | str = "e", **more: Any) -> Hit:
    name, kind = (
        (engine, "web") if isinstance(engine, str) else (engine.name, engine.capabilities.source_type)
    )
    return Hit(url=url, title=url, snippet=more.pop("snippet", "s"), engine=name, source_type=kind, **more)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_fusing_adds_reciprocal_ranks() -> None:
    a = [hit("https://x.org/1"), hit("https://x.org/2"), hit("https://x.org/3")]
    b = [hit("http://www.x.org/3/?utm_source=q"), hit("https://x.org/4")]
    fused = fuse([a, b])
    assert [h.url for h in fused] == [
        "http://www.x.org/3/?utm_source=q",
        "https://x.org/1",
        "https://x.org/2",
        "https://x.org/4",
    ]
    assert [h.score for h in fused] == [1 / 63 + 1 / 61, 1 / 61, 1 / 62, 1 / 62]


def test_duplicates_complete_each_other_and_passages_stay_apart() -> None:
    one = hit("https://x.org/1", snippet="short")
    two = hit("https://x.org/1", snippet="a longer snippet", published="2024")
    merged = fuse([[one, one], [two]])
    assert [(h.snippet, h.published, h.score) for h in merged] == [("a longer snippet", "2024", 2 / 61)]
    passages = [hit("doc:a", start=0, end=5), hit("doc:a", start=5, end=9)]
    assert len(fuse([passages])) == 2


async def test_engines_are_asked_at_the_same_time_and_filtered_in_code() -> None:
    a, b = (
        Scripted("a", "https://x.org/1", "https://evil.org/1"),
        Scripted("b", "https://sub.x.org/2", "https://notx.org/2"),
    )
    a.delay = b.delay = 0.2
    began = time.monotonic()
    result = await SearchHub([a, b]).search("q", filters=Filters(domains_allow=("x.org",)), k=5)
    assert time.monotonic() - began < 0.35
    assert {h.url for h in result.hits} == {"https://x.org/1", "https://sub.x.org/2"}
    assert (result.used, result.blocked) == (("a", "b"), {})
    assert a.asked == [("q", 15)]  # more, because it does not know the filter


async def test_an_engine_that_knows_the_filter_is_asked_for_what_is_wanted() -> None:
    a = Scripted("a", filters=frozenset({"domains_allow"}))
    await SearchHub([a]).search("q", filters=Filters(domains_allow=("x.org",)), k=5)
    assert a.asked == [("q", 5)]


async def test_source_types_and_names_choose_the_engines() -> None:
    a, b = Scripted("a", "https://x.org/1"), Scripted("b", "https://x.org/2", source_type="academic")
    hub = SearchHub([a, b])
    assert (await hub.search("q", filters=Filters(source_types=("academic",)))).used == ("b",)
    assert (await hub.search("q", engines=["a"])).used == ("a",)
    with pytest.raises(ConfigError, match=r"no engine 'c'.*\['a', 'b'\]"):
        await hub.search("q", engines=["c"])
    with pytest.raises(ConfigError, match="Two engines are called 'a'"):
        SearchHub([a, Scripted("a")])


async def test_a_blocked_engine_is_reported_once_cooled_down_and_others_go_on() -> None:
    clock = Clock()
    good, bad = Scripted("good", "https://x.org/1"), Scripted("bad", "https://x.org/2")
    bad.failure = SearchFailed("bad answered 429.", mend="Wait.")
    hub = SearchHub([good, bad], clock=clock)
    first = await hub.search("q")
    assert [h.url for h in first.hits] == ["https://x.org/1"]
    assert (first.blocked, first.newly_blocked) == ({"bad": "bad answered 429. Wait."}, ("bad",))
    second = await hub.search("q2")
    assert (second.newly_blocked, second.blocked, second.used) == ((), first.blocked, ("good",))
    assert len(bad.asked) == 1  # left alone
    clock.now += 31
    await hub.search("q3")
    assert len(bad.asked) == 2
    clock.now += 31  # now the pause is a minute
    await hub.search("q4")
    assert len(bad.asked) == 2
    clock.now += 31
    bad.failure = None
    assert (await hub.search("q5")).used == ("good", "bad")


async def test_all_blocked_is_not_the_same_as_nothing_found() -> None:
    bad = Scripted("bad")
    bad.failure = SearchFailed("bad is blocked.")
    hub = SearchHub([bad])
    for _ in range(2):
        result = await hub.search("q")
        assert (result.hits, result.used, result.blocked) == ([], (), {"bad": "bad is blocked."})
    assert (await SearchHub([Scripted("none")]).search("q")).used == ("none",)


async def test_a_burst_of_failures_is_one_failure() -> None:
    bad = Scripted("bad")
    bad.failure, bad.delay = SearchFailed("bad is blocked."), 0.02
    clock = Clock()
    hub = SearchHub([bad], clock=clock)
    results = await asyncio.gather(*(hub.search(f"q{n}") for n in range(8)))
    assert sum("bad" in r.newly_blocked for r in results) == 1
    clock.now += 31  # one failure: 30 s, not 30 · 2⁷
    assert (await hub.search("again")).newly_blocked == ("bad",)


async def test_a_broken_or_slow_engine_does_not_stop_the_others() -> None:
    good, broken, slow = Scripted("good", "https://x.org/1"), Scripted("broken"), Scripted("slow")
    broken.failure, slow.delay = KeyError("field"), 5
    result = await SearchHub([good, broken, slow], timeout_s=0.2).search("q")
    assert result.used == ("good",)
    assert "KeyError" in result.blocked["broken"]
    assert "no answer in 0.2 s" in result.blocked["slow"]


async def test_cancelling_is_not_swallowed() -> None:
    slow = Scripted("slow")
    slow.delay = 5
    task = asyncio.create_task(SearchHub([slow]).search("q"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_same_question_is_asked_once_a_day(tmp_path: Path) -> None:
    a, doc = Scripted("a", "https://x.org/1"), Scripted("doc", "doc:1", source_type="document")
    cache = SearchCache(tmp_path / "c" / "search.sqlite3")
    hub = SearchHub([a, doc], cache)
    first = await hub.search("a  question")
    again = await SearchHub([a, doc], SearchCache(cache.path)).search(
        "a question"
    )  # another process would too
    assert again == first
    assert (len(a.asked), len(doc.asked)) == (1, 2)  # the user's documents can change at any time
    await hub.search("a question", k=3)
    await hub.search("a question", filters=Filters(languages=("ko",)))
    assert len(a.asked) == 3


async def test_nothing_found_and_failures_are_not_kept(tmp_path: Path) -> None:
    empty = Scripted("empty")
    hub = SearchHub([empty], SearchCache(tmp_path / "c.sqlite3"))
    await hub.search("q")
    await hub.search("q")
    assert len(empty.asked) == 2


async def test_old_and_damaged_caches_do_no_harm(tmp_path: Path) -> None:
    a = Scripted("a", "https://x.org/1")
    path = tmp_path / "c.sqlite3"
    path.write_bytes(b"not a database at all" * 500)
    hub = SearchHub([a], SearchCache(path, ttl_s=0.05))
    await hub.search("q")
    await hub.search("q")
    assert len(a.asked) == 1
    await asyncio.sleep(0.1)
    await hub.search("q")
    assert len(a.asked) == 2


async def test_two_processes_share_a_cache_file(tmp_path: Path) -> None:
    one, two = SearchCache(tmp_path / "c.sqlite3"), SearchCache(tmp_path / "c.sqlite3")
    hits = [hit("https://x.org/1")]
    await asyncio.gather(*(c.keep_hits("e", f"q{n}", 5, None, hits) for n in range(50) for c in (one, two)))
    assert all([await one.hits("e", f"q{n}", 5, None) == hits for n in range(50)])


async def test_addresses_go_to_whoever_reads_them(tmp_path: Path) -> None:
    pages: list[str] = []

    async def fetch(url: str) -> Snapshot:
        pages.append(url)
        return Snapshot.of(url, "page", "page")

    owner, doc = Owner("owner"), Scripted("corpus", source_type="document")
    hub = SearchHub([owner, doc], SearchCache(tmp_path / "c.sqlite3"), fetch=fetch)
    assert (await hub.fetch("doc:a/b.pdf")).title == "corpus"
    assert (await hub.fetch("https://own.org/1")).title == "owner"
    assert (await hub.fetch("https://else.org/1")).title == "page"
    await hub.fetch("https://else.org/1")
    assert pages == ["https://else.org/1"]
    owner.failure = ToolError("no abstract")
    assert (await hub.fetch("https://own.org/2")).title == "page"  # what the engine cannot give, the page may
    for url in ("sql:x", "file:///etc/passwd", "nonsense"):
        with pytest.raises(FetchRefused, match="No engine here reads"):
            await hub.fetch(url)
    with pytest.raises(FetchRefused, match="Nothing here reads web pages"):
        await SearchHub([doc]).fetch("https://else.org/1")


async def test_bucket_keeps_the_rate_in_order() -> None:
    now, log = [0.0], []

    async def sleep(seconds: float) -> None:
        log.append(round(seconds, 6))

    bucket = TokenBucket(60, 3, clock=lambda: now[0], sleep=sleep)
    waits = [round(await bucket.acquire(), 6) for _ in range(6)]
    assert waits == [0, 0, 0, 1, 2, 3] and log == [1, 2, 3]
    now[0] = 100.0
    assert [await bucket.acquire() for _ in range(4)] == [0, 0, 0, 1]
    with pytest.raises(ValueError, match="above 0"):
        TokenBucket(0)


async def test_the_hub_keeps_each_engine_to_its_own_rate() -> None:
    a = Scripted("a", "https://x.org/1", max_per_minute=600)  # a token every 0.1 s, 10 at once
    hub = SearchHub([a])
    began = time.monotonic()
    await asyncio.gather(*(hub.search(f"q{n}") for n in range(15)))
    assert 0.45 < time.monotonic() - began < 1.0
    assert len(a.asked) == 15


async def test_record_then_replay_without_the_service(service: Any, tmp_path: Path) -> None:
    service.answer("/search", {"results": [{"url": "https://a.org/1", "title": "T", "content": "c"}]})
    path = tmp_path / "rec" / "searxng.jsonl"
    recorded = Recorded(SearxngEngine(base_url=service.url), path, mode="record")
    hits = await recorded.search("a question", k=3)
    with pytest.raises(ToolError):
        await recorded.fetch("https://a.org/1")
    dead = SearxngEngine(base_url="http://127.0.0.1:1")
    replay = Recorded(dead, path, mode="replay")
    assert await replay.search("a  question", k=3) == hits
    with pytest.raises(SearchFailed, match=r"no recording of the search 'another' \(k=3\)") as caught:
        await replay.search("another", k=3)
    assert "mode='record'" in caught.value.mend
    with pytest.raises(SearchFailed, match="no recording of the page"):
        await replay.fetch("https://a.org/1")
    assert len(service.asked) == 1
    with pytest.raises(SearchFailed, match="cannot be reached"):
        await Recorded(dead, path, mode="off").search("a question", k=3)
    assert Recorded(OpenAlexEngine(), path).owns("https://doi.org/10.1000/1")
    assert not replay.owns("https://doi.org/10.1000/1")


async def test_recorded_pages_and_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    engine = Scripted("a", "https://x.org/1")
    snapshot = await Recorded(engine, path, mode="record").fetch("https://x.org/1")
    with path.open("a") as file:
        file.write('{"key": "torn')
    assert await Recorded(engine, path).fetch("https://x.org/1") == snapshot
    assert len(engine.asked) == 1


@pytest.mark.parametrize("make", [lambda: SearchHub([]), lambda: SearchHub([Scripted("a")])])
async def test_an_empty_hub_or_answer_is_fine(make: Callable[[], SearchHub]) -> None:
    assert (await make().search("q")).hits == []
