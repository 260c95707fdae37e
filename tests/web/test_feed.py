"""Feeds at their limits: a slow observer, nobody watching, a session that ends while its stream is open."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, closing
from pathlib import Path

import httpx
import pytest
from api_world import Site, begin, site, wait_for

from tenfold.settings import load_settings
from tenfold.tools.runs import Event, RunStore
from tenfold.web import open_services
from tenfold.web.api import feed as feeds
from tenfold.web.runs import RunManager, default_registry

PIECE = "x" * 2000


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[tuple[feeds.FeedHub, RunStore]]:
    settings = load_settings(data_dir=tmp_path)
    services = open_services(settings)
    manager = RunManager(services, default_registry(services), settings)
    await manager.start()
    counted: list[Event] = []
    hub = feeds.FeedHub(manager, counted.append)
    yield hub, services.store
    hub.close()
    await manager.stop()
    services.close()


def write(store: RunStore, run_id: str, count: int) -> int:
    """Grow a run's log by events of 2 KB; returns the last seq."""
    return store.emit_many(run_id, [("small.piece", {"text": PIECE}, None)] * count)[-1]


def seqs(chunk: bytes) -> list[int]:
    return [int(line[4:]) for line in chunk.decode().split("\n") if line.startswith("id: ")]


async def read(stream: AsyncGenerator[bytes], upto: int) -> list[int]:
    seen: list[int] = []
    async with asyncio.timeout(20):
        while not seen or seen[-1] < upto:
            seen += seqs(await anext(stream))
    return seen


async def test_who_falls_out_of_the_ring_is_closed_and_gets_the_rest_once_with_the_last_id(
    hub: tuple[feeds.FeedHub, RunStore],
) -> None:
    live, store = hub
    run = store.create("edr", "q", {})
    key = feeds.FeedKey(run.id, run.id, run.id)
    first = await asyncio.to_thread(write, store, run.id, 10)
    feed = live.feed(key)
    slow = feed.observe(0)
    seen = await read(slow, first)
    fast = feed.observe(0)
    async with aclosing(fast):
        for _ in range(20):  # 4 MB through a ring of 1 MB, at the pace of one who keeps up
            last = await asyncio.to_thread(write, store, run.id, 100)
            held = await read(fast, last)
            assert held[-1] == last
        # The slow one was not asked meanwhile: it holds no queue, and the ring has not waited for it.
        assert feed._bytes <= feeds._RING_BYTES  # pyright: ignore[reportPrivateUsage]
        async with asyncio.timeout(20):
            rest = [seq async for chunk in slow for seq in seqs(chunk)]
        assert rest == [], "an observer that was dropped is told nothing with a gap before it"
        back = feed.observe(seen[-1])
        async with aclosing(back):
            seen += await read(back, last)
    assert seen == list(range(1, last + 1))


async def test_a_feed_that_nobody_watches_is_let_go_with_its_memory(
    hub: tuple[feeds.FeedHub, RunStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "LINGER_S", 0.2)
    live, store = hub
    gone: list[weakref.ref[feeds.Feed]] = []
    for n in range(5):
        run = store.create("edr", f"q{n}", {})
        last = await asyncio.to_thread(write, store, run.id, 50)
        feed = live.feed(feeds.FeedKey(run.id, run.id, run.id))
        gone.append(weakref.ref(feed))
        async with aclosing(feed.observe(0)) as stream:
            await read(stream, last)
        del feed, stream
    assert live.observers == 0
    async with asyncio.timeout(10):
        while len(live):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.05)
    gc.collect()
    assert [ref() for ref in gone] == [None] * 5
    assert not live._manager._hub._watchers  # type: ignore[union-attr]


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(feeds, "HEARTBEAT_S", 0.2)
    with site(tmp_path, users=True) as running:
        yield running


def read_until_closed(stream: httpx.Response, site: Site, token: str) -> list[str]:
    """Log the reader out in the middle, and return what came after that until the server closed the stream."""
    lines = stream.iter_lines()
    for line in lines:
        if line.startswith("data: "):
            break
    assert site.accounts is not None
    site.accounts.close_session(token)
    return list(lines)


@pytest.mark.parametrize("path", ["events", "agui"])
def test_a_stream_ends_when_its_session_does(people: Site, path: str) -> None:
    assert people.accounts is not None
    token = people.accounts.open_session(people.accounts.named("alice"))
    with people.program(token) as reader, closing(people.browser("alice")) as keeper:
        if path == "events":
            run_id = begin(reader, "ask me")
            wait_for(reader, run_id, "waiting_human")
            opened = reader.stream("GET", f"/api/runs/{run_id}/events")
        else:
            asked = {
                "threadId": "t", "runId": "r", "state": {}, "tools": [], "context": [], "forwardedProps": {},
                "messages": [{"id": "1", "role": "user", "content": "slow ask"}],
            }  # fmt: skip
            opened = reader.stream("POST", "/agui/small", json=asked)
        with opened as stream:
            assert stream.status_code == 200
            said = read_until_closed(stream, people, token)
        assert path == "events" or not any("RUN_FINISHED" in line for line in said)
        assert reader.get("/api/runs").status_code == 401
        run_id = keeper.get("/api/runs").json()["runs"][0]["id"]
        assert wait_for(keeper, run_id, "waiting_human")["run"]["id"] == run_id, "the run itself goes on"
