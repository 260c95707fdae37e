"""Whoever watches a run's log in this process gets its events as they are written, wherever they are written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

from ...tools.runs import Event, RunStore

POLL_S = 0.2  # for what other processes write
_PAGE = 2000
_MOST = 5000  # events kept for a watcher that is slow; then it reads the log again
_LOG = logging.getLogger(__name__)


class _Watcher:
    def __init__(self, after: int) -> None:
        self.seq = after  # the last event handed out
        self.fresh: list[Event] = []
        self.behind = True
        self.news = asyncio.Event()

    def take(self, events: list[Event]) -> None:
        last = self.fresh[-1].seq if self.fresh else self.seq
        new = [event for event in events if event.seq > last] if events[0].seq <= last else events
        if not new or self.behind:
            self.news.set()
            return
        if new[0].seq != last + 1 or len(self.fresh) > _MOST:
            self.fresh, self.behind = [], True
        else:
            self.fresh += new
        self.news.set()


class WatchHub:
    """The watchers of one process.

    Args:
        store: Whose log is watched.
    """

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._watchers: dict[str, set[_Watcher]] = {}
        self._loop = asyncio.get_running_loop()
        store.log.on_written = self._written

    def close(self) -> None:
        """Hear of no more events."""
        self._store.log.on_written = None

    def _written(self, events: list[Event]) -> None:
        if self._watchers and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._spread, events)

    def _spread(self, events: list[Event]) -> None:
        begin = 0
        for end in range(1, len(events) + 1):
            if end == len(events) or events[end].run_id != events[begin].run_id:
                for watcher in self._watchers.get(events[begin].run_id, ()):
                    watcher.take(events[begin:end])
                begin = end

    async def poll(self) -> None:
        """Look for what other processes wrote."""
        watched = list(self._watchers)
        if not watched:
            return
        last = await asyncio.to_thread(self._store.last_seqs, watched)
        for run_id, seq in last.items():
            for watcher in self._watchers.get(run_id, ()):
                if seq > (watcher.fresh[-1].seq if watcher.fresh else watcher.seq):
                    watcher.fresh, watcher.behind = [], True
                    watcher.news.set()

    async def watch(self, run_id: str, after: int) -> AsyncGenerator[list[Event]]:
        """The events after a number, in order and without gaps, for ever."""
        watcher = _Watcher(after)
        self._watchers.setdefault(run_id, set()).add(watcher)
        try:
            while True:
                watcher.news.clear()
                if watcher.behind:
                    watcher.behind = False
                    events = await asyncio.to_thread(
                        self._store.events, run_id, after=watcher.seq, limit=_PAGE
                    )
                    if len(events) == _PAGE:
                        watcher.behind = True
                    # Meanwhile newer ones may have come, in part the same.
                    seen = events[-1].seq if events else watcher.seq
                    watcher.fresh = [event for event in watcher.fresh if event.seq > seen]
                    if watcher.fresh and watcher.fresh[0].seq != seen + 1:
                        watcher.fresh, watcher.behind = [], True
                else:
                    events, watcher.fresh = watcher.fresh, []
                if events:
                    watcher.seq = events[-1].seq
                    yield events
                elif not watcher.behind:
                    await watcher.news.wait()
        finally:
            watchers = self._watchers[run_id]
            watchers.discard(watcher)
            if not watchers:
                del self._watchers[run_id]
