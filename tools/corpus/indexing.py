"""One index run: find what changed, read it in guarded processes, cut, embed, and be able to die at any moment."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...errors import MissingExtra, TenfoldError
from ...pages import PageReader
from .._folder import Found, Scan, read_regular, scan_folder
from .chunks import chunk_text
from .lexical import tokens
from .readers import ReaderPool, Stopped
from .store import Known, NewChunk, NewDocument, Store
from .types import IndexProgress, IndexReport, OnProgress, TextEmbedder
from .vectors import VectorStore

_Count = Literal["added", "changed", "unchanged", "failed"]
EMBED_BATCH = 64  # chunks; what a killed run embeds again at most


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one file: new content, the old content under a new time, or a reason."""

    found: Found
    document: NewDocument | None = None
    reason: str = ""
    lasting: bool = True  # whether the same file will fail the same way next time


class Indexer:
    """Brings an index up to date with a folder. The caller holds the writer's lock.

    Args:
        reader: Reads scanned pages; None leaves them unread, and says so.
        stop: Asked between files and between scanned pages; True ends the run early, with everything done so far kept.
    """

    def __init__(
        self,
        store: Store,
        vectors: VectorStore,
        embedder: TextEmbedder,
        pool: ReaderPool,
        *,
        workers: int = 2,
        reader: PageReader | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store, self._vectors, self._embedder, self._pool = store, vectors, embedder, pool
        self._workers, self._reader, self._stop = workers, reader, stop
        self._gone: list[int] = []
        self._embedded = 0

    def run(
        self, root: Path, on_progress: OnProgress | None = None, *, skip: Path | None = None
    ) -> IndexReport:
        """Index a folder; see `Corpus.index`."""
        began = time.monotonic()
        scan = scan_folder(root, self._pool.limits.max_bytes, skip=skip)
        known, broken = self._store.known(), self._store.failures()
        removed = self._remove_missing(scan, known, broken)
        todo = [f for f in scan.files if not _unchanged(f, known.get(f.path), broken.get(f.path))]
        counts: Counter[_Count] = Counter()
        passing: list[tuple[str, str]] = []
        for number, outcome in enumerate(self._read_all(root, todo, known), start=1):
            counts[self._keep(outcome, known, passing)] += 1
            self._embed(at_least=EMBED_BATCH)
            if on_progress is not None:
                on_progress(IndexProgress(number, len(todo), outcome.found.path, self._embedded))
        self._embed(at_least=1)
        self._drop_vectors()
        reasons = {path: reason for path, (_, _, reason) in self._store.failures().items()}
        untouched = {f.path for f in scan.files} & known.keys() - {f.path for f in todo}
        return IndexReport(
            added=counts["added"],
            changed=counts["changed"],
            removed=removed,
            unchanged=len(untouched) + counts["unchanged"],
            failed=tuple(sorted({**reasons, **dict(passing), **dict(scan.refused)}.items())),
            notes=tuple(self._notes()),
            chunks=self._store.rows("SELECT count(*) FROM chunks")[0][0],
            seconds=time.monotonic() - began,
        )

    def _notes(self) -> Iterator[tuple[str, str]]:
        rows = self._store.rows(
            "SELECT d.path, j.value FROM documents d, json_each(d.notes) j WHERE d.notes <> '[]' ORDER BY d.path"
        )
        yield from ((row[0], row[1]) for row in rows)

    def _remove_missing(
        self, scan: Scan, known: dict[str, Known], broken: dict[str, tuple[int, int, str]]
    ) -> int:
        """Drop what is no longer there; a folder that cannot be listed says nothing about its files."""
        there = {found.path for found in scan.files}

        def gone(path: str) -> bool:
            return path not in there and not any(u == "." or path.startswith(f"{u}/") for u in scan.unseen)

        missing = [path for path in known if gone(path)]
        self._gone += self._store.remove(missing)
        self._store.forget_failures(path for path in broken if gone(path))
        self._drop_vectors()
        refused = {path for path, _ in scan.refused}
        return sum(1 for path in missing if path not in refused)

    def _read_all(self, root: Path, todo: list[Found], known: dict[str, Known]) -> Iterator[_Outcome]:
        """Read files ahead of the embedding, in order, a few at a time: a file can be a hundred megabytes."""
        waiting: deque[Future[_Outcome | None]] = deque()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="reader") as threads:
            for found in todo:
                if self._stop():
                    break
                waiting.append(threads.submit(self._read, root, found, known.get(found.path)))
                while len(waiting) > 2 * self._workers:
                    if outcome := waiting.popleft().result():
                        yield outcome
            while waiting:
                if outcome := waiting.popleft().result():
                    yield outcome

    def _read(self, root: Path, found: Found, known: Known | None) -> _Outcome | None:
        """What became of a file; None when the run was stopped over it."""
        try:
            data = read_regular(root / found.path, self._pool.limits.max_bytes)
        except OSError as error:
            reason = f"It cannot be opened: {error.strerror or error}. Correct its rights."
            return _Outcome(found, reason=reason, lasting=False)
        except TenfoldError as error:
            return _Outcome(found, reason=str(error))
        digest = hashlib.sha256(data).hexdigest()
        if known is not None and known.file_sha256 == digest:
            return _Outcome(found)
        try:
            document = self._pool.read(data, found.path, reader=self._reader, stop=self._stop)
        except Stopped:
            return None
        except TenfoldError as error:
            return _Outcome(found, reason=str(error), lasting=not isinstance(error, MissingExtra))
        new = NewDocument(
            path=found.path,
            size=found.size,
            mtime_ns=found.mtime_ns,
            file_sha256=digest,
            sha256=hashlib.sha256(document.text.encode()).hexdigest(),
            title=document.title,
            media_type=document.media_type,
            published=document.published,
            pages=document.pages,
            notes=document.notes,
            text=document.text,
            regions=document.regions,
            reader=document.reader,
            chunks=tuple(_chunks(document.title, document.text)),
        )
        return _Outcome(found, new)

    def _keep(self, outcome: _Outcome, known: dict[str, Known], passing: list[tuple[str, str]]) -> _Count:
        """Store an outcome in one transaction; says which count it belongs to."""
        found = outcome.found
        if outcome.document is not None:
            self._gone += self._store.put(outcome.document)
            return "changed" if found.path in known else "added"
        if not outcome.reason:
            self._store.touch(found.path, found.size, found.mtime_ns)
            return "unchanged"
        if outcome.lasting:
            self._gone += self._store.fail(found.path, found.size, found.mtime_ns, outcome.reason)
        else:
            self._gone += self._store.remove([found.path])
            passing.append((found.path, outcome.reason))
        return "failed"

    def _embed(self, at_least: int) -> None:
        """Embed what waits, while it is enough for a batch."""
        while self._embed_batch(at_least):
            pass

    def _embed_batch(self, at_least: int = 1) -> bool:
        """Embed one batch: the vector store first, then the note that it has them. False when too few wait."""
        ids = self._store.pending(EMBED_BATCH)
        if len(ids) < at_least:
            return False
        rows = list(self._store.chunks(ids).values())
        vectors = self._embedder.embed([embedded_text(row.title, row.heading, row.text) for row in rows])
        self._vectors.put([row.id for row in rows], vectors, [row.document for row in rows])
        self._store.mark_embedded(row.id for row in rows)
        self._embedded += len(rows)
        self._drop_vectors()
        return True

    def _drop_vectors(self) -> None:
        if self._gone:
            self._vectors.delete(self._gone)
            self._gone = []

    def repair(self, on_progress: OnProgress | None = None) -> int:
        """Make the vector store agree with SQLite after a crash; returns how many chunks were embedded again."""
        have = self._vectors.ids()
        rows = self._store.rows("SELECT id, embedded FROM chunks")
        wanted = {row[0] for row in rows}
        self._vectors.delete(sorted(have - wanted))
        self._store.mark_embedded((row[0] for row in rows if row[1] and row[0] not in have), False)
        while not self._stop() and self._embed_batch():
            if on_progress is not None:
                on_progress(IndexProgress(0, 0, "", self._embedded))
        return self._embedded


def embedded_text(title: str, heading: str, text: str) -> str:
    """What is embedded for a chunk: its words alone say too little about what they are about."""
    above = (
        heading
        if heading.startswith(title) or title in heading
        else f"{title} > {heading}"
        if heading
        else title
    )
    return f"{above}\n{text}"


def _unchanged(found: Found, known: Known | None, broken: tuple[int, int, str] | None) -> bool:
    if known is not None:
        return (known.size, known.mtime_ns) == (found.size, found.mtime_ns)
    return broken is not None and broken[:2] == (found.size, found.mtime_ns)


def _chunks(title: str, text: str) -> Iterator[NewChunk]:
    for chunk in chunk_text(text):
        piece = text[chunk.start : chunk.end]
        yield NewChunk(
            start=chunk.start,
            end=chunk.end,
            heading=chunk.heading,
            digest=hashlib.sha256(" ".join(piece.split()).encode()).hexdigest()[:16],
            tokens=" ".join(tokens(embedded_text(title, chunk.heading, piece))),
        )
