"""Views: what a run's log came to at some event, kept so that a long run opens without its whole log being read."""

from __future__ import annotations

import logging
from collections.abc import Collection

from ...tools.runs import RunStore
from ..agui import Projector

EVERY = 2000  # events between two views of a run that is driven
WORTH = 200  # a shorter tail is read faster than a view is written
_PAGE = 2000
_LOG = logging.getLogger(__name__)


class RunViews:
    """The views of one store. A view is only ever a shortcut: without it, or with one of an older version, the log is.

    Args:
        store: Where the logs and views are.
    """

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._kept: dict[str, int] = {}  # of driven runs: seq of the newest view

    def fold(self, run_id: str, projector: Projector, *, upto: int | None = None, worth: int = EVERY) -> None:
        """Bring a projector that has taken in nothing to the log's end, or to the event `upto`. Blocks.

        A view is kept at the log's end, if the newest one was `worth` events before it.
        """
        view = self._store.view(run_id, upto=upto)
        if view is not None:
            try:
                projector.load(view)
            except ValueError:
                _LOG.info("The view of run %s is of another version; its log is read instead", run_id)
        began = projector.seq
        while upto is None or projector.seq < upto:
            limit = _PAGE if upto is None else min(_PAGE, upto - projector.seq)
            events = self._store.events(run_id, after=projector.seq, limit=limit)
            for event in events:
                projector.fold(event)
            if len(events) < limit:
                break
        if upto is None and projector.seq - began >= worth:
            self._store.keep_view(run_id, projector.seq, projector.dump(), apart=EVERY)

    def keep(self, ended: Collection[str], driven: Collection[str]) -> None:
        """Keep views of runs whose drive has ended, and of driven ones that are long past their last. Blocks."""
        for run_id, seq in self._store.last_seqs([*ended, *driven]).items():
            worth = WORTH if run_id in ended else EVERY
            if seq - self._kept.get(run_id, 0) >= worth:
                projector = Projector(run_id, run_id)
                self.fold(run_id, projector, worth=worth)
                self._kept[run_id] = projector.seq
        for run_id in set(self._kept) - set(driven):
            del self._kept[run_id]
