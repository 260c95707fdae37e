"""A folder read by processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from ...errors import ConfigError, DocumentUnreadable, MissingExtra
from ...pages import PageReader, PageReading
from .batch import Batch, Job, Progress
from .pictures import pictures_of
from .types import PagePicture

_Page = tuple[str, PagePicture]
"""A page on its way to a reader: the SHA-256 of its file, and the picture."""

_Outcome = tuple[str, int, PageReading | str]
"""A file's SHA-256, a page's number, and its reading or why there is none."""


def read_folder(job: Job, workers: int = 1) -> Iterator[Progress]:
    """Read all PDFs and images under a folder, each page once, and write a text for each file.

    This process draws and keeps the ledger; the workers only read. A page that is in the ledger is never read again,
    whatever was killed; a page that was being read when it was is read by the next run with `resume`. A file that
    cannot be drawn, and a page that breaks its worker twice, are reported and left out.

    Args:
        job: What is read how.
        workers: Processes, each with a reader of its own.

    Yields:
        Where it stands, after each page and file.

    Raises:
        ConfigError, ToolError: As `Batch`.
        TenfoldError: The reader itself fails, not a page: its server is away, its weights are not here.
    """
    with Batch(job) as batch, _Crew(job, workers) as crew:
        yield from batch.refused()
        for event in _drawn(batch):
            if isinstance(event, Progress):
                yield event
                continue
            crew.add(event)
            while crew.full:
                yield from _settled(batch, crew.take())
        crew.flush()
        while crew.busy:
            yield from _settled(batch, crew.take())


def _drawn(batch: Batch) -> Iterator[_Page | Progress]:
    for event in batch.todo():
        if isinstance(event, Progress):
            yield event
            continue
        path, digest, data = event
        counts: list[int] = []
        drawn = len(batch.files[digest].done)
        bad: list[tuple[int, str]] = []
        pictures = pictures_of(
            data,
            path,
            batch.job.limits,
            dpi=batch.job.dpi,
            skip=batch.files[digest].done,
            on_count=counts.append,
            on_problem=lambda number, why, bad=bad: bad.append((number, why)),
        )
        try:
            for picture in pictures:
                drawn += 1
                yield digest, picture
        except DocumentUnreadable as error:
            counts = [drawn + len(bad) + 1]
            yield from batch.problem(digest, 0, str(error))
        for number, why in bad:
            yield from batch.problem(digest, number, why)
        yield from batch.counted(digest, counts[0])


def _settled(batch: Batch, outcomes: Sequence[_Outcome]) -> Iterator[Progress]:
    for digest, page, found in outcomes:
        if isinstance(found, str):
            yield from batch.problem(digest, page, found)
        else:
            yield from batch.record(digest, page, found)


class _Crew:
    """Worker processes and the pages that they have in hand."""

    def __init__(self, job: Job, workers: int) -> None:
        self._job, self._workers = job, max(1, workers)
        self._executor = self._start()
        self._waiting: list[_Page] = []
        self._in_hand: dict[Future[list[str]], list[_Page]] = {}

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def _start(self) -> ProcessPoolExecutor:
        # Spawned: a fork of a process with threads (ours has some, and torch more) may never wake up.
        context = multiprocessing.get_context("spawn")
        given = (self._job.make_reader, self._job.mode, self._job.task)
        return ProcessPoolExecutor(self._workers, context, _begin, given)

    @property
    def busy(self) -> bool:
        return bool(self._in_hand)

    @property
    def full(self) -> bool:
        """Whether every worker has a batch in hand and one waiting."""
        return len(self._in_hand) >= 2 * self._workers

    def add(self, page: _Page) -> None:
        self._waiting.append(page)
        if len(self._waiting) >= self._job.batch:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            pages, self._waiting = self._waiting, []
            self._in_hand[self._submit(pages)] = pages

    def _submit(self, pages: Sequence[_Page]) -> Future[list[str]]:
        pngs = [picture.png for _, picture in pages]
        try:
            return self._executor.submit(_read, pngs)
        except BrokenProcessPool as error:  # a worker died since: `take` starts new ones
            failed: Future[list[str]] = Future()
            failed.set_exception(error)
            return failed

    def take(self) -> list[_Outcome]:
        """Wait for a batch. Where one failed its pages are read again one by one, to find the one that did it."""
        done, _ = wait(self._in_hand, return_when=FIRST_COMPLETED)
        outcomes: list[_Outcome] = []
        again: list[_Page] = []
        for future in done:
            pages = self._in_hand.pop(future)
            try:
                outcomes += _outcomes(pages, future.result())
            except DocumentUnreadable as error:
                if len(pages) == 1:
                    outcomes.append((pages[0][0], pages[0][1].number, str(error)))
                else:
                    again += pages
            except BrokenProcessPool:
                # All that were in hand are lost with the worker that died.
                again += [page for lost in self._in_hand.values() for page in lost] + pages
                self._in_hand.clear()
                self._restart()
                break
        return outcomes + [outcome for page in again for outcome in self._alone(page)]

    def _alone(self, page: _Page) -> list[_Outcome]:
        try:
            return _outcomes([page], self._submit([page]).result())
        except DocumentUnreadable as error:
            return [(page[0], page[1].number, str(error))]
        except BrokenProcessPool:
            self._restart()
            return [(page[0], page[1].number, "it breaks the process that reads it")]

    def _restart(self) -> None:
        self._executor.shutdown(cancel_futures=True)
        self._executor = self._start()


def _outcomes(pages: Sequence[_Page], readings: Sequence[str]) -> list[_Outcome]:
    return [
        (digest, picture.number, PageReading.model_validate_json(reading))
        for (digest, picture), reading in zip(pages, readings, strict=True)
    ]


_READ: list[Callable[[Sequence[bytes]], list[PageReading]]] = []
"""In a worker: how it reads."""


def _begin(make_reader: Callable[[], PageReader], mode: Any, task: Any) -> None:
    """Open the reader of a worker, and see to it that the worker does not outlive who started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    opened: list[PageReader] = []

    def read(pngs: Sequence[bytes]) -> list[PageReading]:
        if not opened:  # not in the initializer, whose errors only break the pool
            opened.append(make_reader())
        return opened[0].read(pngs, mode=mode, task=task)

    _READ.append(read)


def _read(pngs: Sequence[bytes]) -> list[str]:
    try:
        return [reading.model_dump_json() for reading in _READ[0](pngs)]
    except (
        MissingExtra
    ) as error:  # it does not survive the way to the parent: it is made of other words than it says
        raise ConfigError(error.message, mend=error.mend) from None
