"""Live events to many observers: each run is projected and encoded once, whoever watches.

A feed has one task that follows the run's log, and a bounded ring of encoded groups. An observer is a place in that
ring and holds no queue: the run never waits for it, and one that falls out of the ring is closed and comes back with
its Last-Event-ID.
"""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import bisect_right
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from ...tools.runs import Event
from ..agui import Projector, comment, encode, encode_group
from ..runs import RunManager

HEARTBEAT_S = 15.0
LINGER_S = 10.0
_RING_BYTES = 1_000_000  # then the older half goes
_WRITE_BYTES = 256_000
_PAUSE_S = 0.04  # between two writes to one observer: what comes meanwhile goes out together
_PAGE = 2000
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeedKey:
    """A run, and the names under which its stream speaks of it (AG-UI's threadId and runId)."""

    run_id: str
    thread_id: str
    shown_id: str


class _Group(NamedTuple):
    """The encoded frames of one event; `ends` says that the run stands still after it."""

    seq: int
    data: bytes
    ends: bool


class _Recheck:
    """Asks now and then whether an observer may still look."""

    def __init__(self, allowed: Callable[[], Awaitable[bool]] | None) -> None:
        self._allowed = allowed
        self._asked = time.monotonic()

    async def look(self) -> bool:
        if self._allowed is None or time.monotonic() - self._asked <= HEARTBEAT_S:
            return True
        self._asked = time.monotonic()
        return await self._allowed()


class Feed:
    """One run's live stream."""

    def __init__(self, key: FeedKey, manager: RunManager, on_event: Callable[[Event], None]) -> None:
        self.key = key
        self.projector = Projector(key.shown_id, key.thread_id)
        self.observers = 0
        self.closed = False
        self.idle_since = time.monotonic()
        self._manager, self._on_event = manager, on_event
        self._ring: list[_Group] = []
        self._bytes = 0
        self._first = 0  # absolute place of the ring's first group
        self._floor = 0  # the ring has every event after this seq
        self._news = asyncio.Event()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        try:
            await self._manager.fold(self.key.run_id, self.projector)
            self._floor = self.projector.seq
            self._ready.set_result(None)
            async for events in self._manager.watch(self.key.run_id, self.projector.seq):
                self._take(events)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            _LOG.error("The feed of run %s ended", self.key.run_id, exc_info=error)
        finally:
            self._end()

    def _take(self, events: list[Event]) -> None:
        for event in events:
            frames = self.projector.fold(event)
            if frames:
                self._on_event(event)
                group = _Group(event.seq, encode_group(frames, event.seq), self.projector.ended)
                self._ring.append(group)
                self._bytes += len(group.data)
        if self._bytes > _RING_BYTES:
            gone = 0
            while self._bytes > _RING_BYTES // 2 and gone < len(self._ring) - 1:
                self._bytes -= len(self._ring[gone].data)
                gone += 1
            if gone:
                self._floor = self._ring[gone - 1].seq
                self._first += gone
                del self._ring[:gone]
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def ready(self) -> None:
        """Wait until the log so far is folded."""
        await asyncio.shield(self._ready)

    def close(self) -> None:
        """Stop following; observers' streams end."""
        self._task.cancel()
        self._end()

    def _end(self) -> None:
        self.closed = True
        if not self._ready.done():
            self._ready.set_result(None)
        self._wake()

    async def observe(
        self, after: int | None, *, allowed: Callable[[], Awaitable[bool]] | None = None
    ) -> AsyncGenerator[bytes]:
        """The stream for one observer, in pieces that are written at once. It goes on over endings.

        Args:
            after: The last seq that the observer has; None: begin with where everything stands.
            allowed: Asked every fifteen seconds whether the observer may still look.
        """
        with self._watched():
            await self.ready()
            yield b"retry: 1000\n\n"
            if self.closed:  # it could not begin; the client comes back
                return
            if after is None or after > self.projector.seq:
                place = self._end_place()
                yield self._opening()
            else:
                before, place = await self._catch_up(after)
                for piece in before:
                    yield piece
            may = _Recheck(allowed)
            while await may.look():
                chunk, place, lost = self._next(place)
                if chunk:
                    yield chunk
                    await asyncio.sleep(_PAUSE_S)
                elif lost or self.closed:
                    return
                elif not await self._wait():
                    yield comment("still here")

    async def observe_once(
        self, *, begun_after: int | None = None, allowed: Callable[[], Awaitable[bool]] | None = None
    ) -> AsyncGenerator[bytes]:
        """The stream up to the next RUN_FINISHED or RUN_ERROR, after which AG-UI's clients allow nothing.

        Args:
            begun_after: Wait until the run goes on after the ending at this seq: it was answered.
            allowed: Asked every fifteen seconds whether the observer may still look.
        """
        with self._watched():
            await self.ready()
            may = _Recheck(allowed)
            while begun_after is not None and self.projector.begun_at <= begun_after and not self.closed:
                if not await self._wait():
                    yield comment("still here")
                if not await may.look():
                    return
            if self.closed:
                return
            place, over = self._end_place(), self.projector.ended
            yield self._opening()
            while not over and await may.look():
                chunk, place, lost = self._next(place, stop_at_end=True)
                over = bool(chunk) and self._ring[place - self._first - 1].ends
                if chunk:
                    yield chunk
                    await asyncio.sleep(0 if over else _PAUSE_S)
                elif lost or self.closed:
                    return
                elif not await self._wait():
                    yield comment("still here")

    @contextmanager
    def _watched(self) -> Generator[None]:
        self.observers += 1
        try:
            yield
        finally:
            self.observers -= 1
            self.idle_since = time.monotonic()

    def _end_place(self) -> int:
        return self._first + len(self._ring)

    def _opening(self) -> bytes:
        *frames, last = self.projector.opening()
        return b"".join([*map(encode, frames), encode(last, self.projector.seq)])

    async def _wait(self) -> bool:
        news = self._news
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await news.wait()
        except TimeoutError:
            return False
        return True

    def _next(self, place: int, *, stop_at_end: bool = False) -> tuple[bytes, int, bool]:
        """The groups from a place on, the place after them, and whether the place fell out of the ring."""
        if place < self._first:
            return b"", place, True
        parts: list[bytes] = []
        size = 0
        for n in range(place - self._first, len(self._ring)):
            parts.append(self._ring[n].data)
            size += len(parts[-1])
            if size > _WRITE_BYTES or (stop_at_end and self._ring[n].ends):
                break
        return b"".join(parts), place + len(parts), False

    async def _catch_up(self, after: int) -> tuple[list[bytes], int]:
        """Pieces for the events after `after` that the ring has no more, and the place that follows."""
        pieces: list[bytes] = []
        if after < self._floor:
            past = Projector(self.key.shown_id, self.key.thread_id)
            await self._manager.fold(self.key.run_id, past, upto=after)
            while past.seq < self._floor:
                events = await self._manager.events(
                    self.key.run_id, past.seq, min(_PAGE, self._floor - past.seq)
                )
                if not events:
                    break
                pieces.append(b"".join(encode_group(past.fold(event), event.seq) for event in events))
            after = past.seq
        return pieces, self._first + bisect_right(self._ring, after, key=lambda group: group.seq)


class FeedHub:
    """The feeds of this process, made with the first observer of a run and let go after the last."""

    def __init__(self, manager: RunManager, on_event: Callable[[Event], None]) -> None:
        self._manager, self._on_event = manager, on_event
        self._feeds: dict[FeedKey, Feed] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self.closing = False

    @property
    def observers(self) -> int:
        """Connections that watch a run now."""
        return sum(feed.observers for feed in self._feeds.values())

    def __len__(self) -> int:
        return len(self._feeds)

    def feed(self, key: FeedKey) -> Feed:
        """The live feed of a run."""
        feed = self._feeds.get(key)
        if feed is None or feed.closed:
            feed = self._feeds[key] = Feed(key, self._manager, self._on_event)
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep())
        return feed

    async def snapshot(self, run_id: str, thread_id: str) -> Projector:
        """A run's document as it stands. It is the feed's, which stays a while: whoever asks will watch, too."""
        feed = self.feed(FeedKey(run_id, thread_id, run_id))
        await feed.ready()
        if not feed.closed:
            return feed.projector
        projector = Projector(run_id, thread_id)
        await self._manager.fold(run_id, projector)
        return projector

    async def _sweep(self) -> None:
        while self._feeds:
            await asyncio.sleep(LINGER_S / 4)
            for key, feed in list(self._feeds.items()):
                if feed.closed or (not feed.observers and time.monotonic() - feed.idle_since > LINGER_S):
                    feed.close()
                    del self._feeds[key]

    def close(self) -> None:
        """End all streams."""
        self.closing = True
        for feed in self._feeds.values():
            feed.close()
        self._feeds.clear()
        if self._sweeper is not None:
            self._sweeper.cancel()
