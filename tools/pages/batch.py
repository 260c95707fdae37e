"""A folder read page by page: what is to do, what is done, and the files that come of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ConfigError, DocumentUnreadable
from ...pages import Mode, PageReader, PageReading, Task
from .._folder import read_regular, scan_folder
from .ledger import PageLedger, only_one
from .pictures import DPI, picture_suffixes
from .types import PageLimits

LEDGER = ".tenfold-pages.sqlite"
_LOCK = ".tenfold-pages.lock"


@dataclass(frozen=True, slots=True)
class Export:
    """How a file's readings are written.

    Attributes:
        suffix: Added to the file's name, with its dot.
        show: All pages of a file as one text.
    """

    suffix: str
    show: Callable[[Sequence[PageReading]], str]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a batch stands, after each page and each file.

    Attributes:
        path: The file just worked on, relative to the folder.
        files_done, files: Files finished, and in all.
        pages_read: Pages read in this run.
        pages_kept: Pages that an earlier run had read.
        problem: Why this file, or one of its pages, is left out; empty when all is well.
        note: What the reader says of the page that was just read: the first three of its notes.
    """

    path: str
    files_done: int
    files: int
    pages_read: int
    pages_kept: int
    problem: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """What is read how.

    Attributes:
        folder: The files; links are not followed.
        out: Gets one text for each file, at its place under the folder, and the ledger.
        make_reader: Opens the reader; must be picklable, for each process opens its own.
        export: How the texts are written.
        batch: Pages that a reader is handed at a time.
        resume: Go on where `out` has readings already.
    """

    folder: Path
    out: Path
    make_reader: Callable[[], PageReader]
    export: Export
    mode: Mode = "auto"
    task: Task = "markdown"
    dpi: float = DPI
    limits: PageLimits = field(default_factory=PageLimits)
    batch: int = 1
    resume: bool = False


@dataclass
class _File:
    """One content, at one path or several."""

    paths: list[str]
    done: set[int]
    bad: dict[int, str] = field(default_factory=dict[int, str])
    pages: int | None = None  # outcomes to come in all; unknown until all were drawn


class Batch:
    """The state of a run over a folder; the one place that writes. Use it as a context.

    Raises:
        ConfigError: No such folder; or `out` holds readings, and the job does not say `resume`.
        ToolError: Another process works on `out`.
    """

    def __init__(self, job: Job) -> None:
        if not job.folder.is_dir():
            raise ConfigError(f"{str(job.folder)!r} is not a folder.", mend="Give the folder of the files.")
        self.job = job
        self.files: dict[str, _File] = {}
        self.name = job.make_reader().name
        self.key = f"{self.name}|{job.mode}|{job.task}|{job.dpi:g}"
        scan = scan_folder(job.folder.resolve(), job.limits.max_bytes, skip=job.out.resolve())
        self._found = [f.path for f in scan.files if Path(f.path).suffix.lower() in picture_suffixes()]
        self._refused = scan.refused
        self._finished = self._read = self._kept = 0
        self._stack = ExitStack()

    def __enter__(self) -> Batch:
        self._stack.enter_context(only_one(self.job.out / _LOCK))
        self._ledger = PageLedger(self.job.out / LEDGER)
        self._stack.callback(self._ledger.close)
        if (count := self._ledger.count()) and not self.job.resume:
            self._stack.close()
            raise ConfigError(
                f"{str(self.job.out)!r} holds {count} pages that were read before.",
                mend="Go on with --resume, or name another folder with --to.",
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def refused(self) -> Iterator[Progress]:
        """Entries of the folder that are no readable files."""
        for path, reason in self._refused:
            yield self._progress(path, reason)

    def todo(self) -> Iterator[tuple[str, str, bytes] | Progress]:
        """Contents that have to be drawn, as (path, SHA-256, bytes); and word of files that end here."""
        root = self.job.folder.resolve()
        for path in self._found:
            try:
                data = read_regular(root / path, self.job.limits.max_bytes)
            except (OSError, DocumentUnreadable) as error:
                yield self._end(path, f"It cannot be opened: {getattr(error, 'strerror', None) or error}")
                continue
            digest = hashlib.sha256(data).hexdigest()
            if digest in self.files:  # the same file under another name
                self.files[digest].paths.append(path)
                yield from self._if_finished(digest, path)
                continue
            done = self._ledger.pages(digest, self.key)
            self.files[digest] = _File([path], done)
            self._kept += len(done)
            yield path, digest, data

    def record(self, digest: str, page: int, reading: PageReading) -> Iterator[Progress]:
        """Keep a reading; the file is written when it was the last."""
        self._read += self._ledger.record(digest, page, self.key, reading)
        file = self.files[digest]
        file.done.add(page)
        told = " ".join(note.message for note in reading.notes[:3])
        yield self._progress(file.paths[0], note=f"page {page}: {told}" if told else "")
        yield from self._if_finished(digest, *file.paths)

    def problem(self, digest: str, page: int, reason: str) -> Iterator[Progress]:
        """Leave a page out; 0 stands for what of the file could not be drawn."""
        file = self.files[digest]
        file.bad[page] = reason
        where = f"page {page}: {reason}" if page else reason
        yield self._progress(file.paths[0], where)
        yield from self._if_finished(digest, *file.paths)

    def counted(self, digest: str, pages: int) -> Iterator[Progress]:
        """Say how many outcomes a file will have had when it is finished: its pages, kept ones too, and a problem 0."""
        self.files[digest].pages = pages
        yield from self._if_finished(digest, *self.files[digest].paths)

    def _if_finished(self, digest: str, *paths: str) -> Iterator[Progress]:
        file = self.files[digest]
        if file.pages is None or len(file.done | file.bad.keys()) < file.pages:
            return
        readings = list(self._ledger.readings(digest, self.key).values())
        for path in paths:
            if readings:
                self._write(path, self.job.export.show(readings))
            yield self._end(path)

    def _write(self, path: str, text: str) -> None:
        target = self.job.out / f"{path}{self.job.export.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".{target.name}.part")
        half.write_text(text, encoding="utf-8")
        os.replace(half, target)  # whole or not at all

    def _end(self, path: str, problem: str = "") -> Progress:
        self._finished += 1
        return self._progress(path, problem)

    def _progress(self, path: str, problem: str = "", note: str = "") -> Progress:
        return Progress(path, self._finished, len(self._found), self._read, self._kept, problem, note)
