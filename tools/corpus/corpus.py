"""A folder of documents, indexed and searchable: the one object the rest of Tenfold uses."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import threading
import uuid
from collections.abc import Generator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ConfigError, DocumentUnreadable, ToolError
from ...pages import PageReader
from ...text import detect_language
from ..search import Filters
from .fusion import distinct, fuse
from .indexing import Indexer
from .lexical import best_matches
from .places import page_of
from .readers import ReaderPool, ReadLimits
from .store import ChunkRow, Store, iso_date
from .types import IndexProgress, IndexReport, OnProgress, Passage, StoredDocument, TextEmbedder
from .vectors import VectorStore

if TYPE_CHECKING:
    from ...settings import Settings

_LOG = logging.getLogger(__name__)
_DEPTH = 100  # hits of each list that enter the fusion
# Of the dense list for a question that is not in the embedding model's language; docs/results/retrieval.md has the
# Japanese and Korean measurements. With 1.0 the noise of that list cost a third of the mean reciprocal rank.
_FOREIGN_WEIGHT = 0.1
_READER_VERSION = "1"  # raise it when readers, chunks or tokens change: documents are then read again


class Corpus:
    """An index in a folder of its own. Safe to use from several threads; other processes may read meanwhile.

    Use `Corpus.open`.
    """

    def __init__(
        self,
        index_dir: Path,
        embedder: TextEmbedder,
        limits: ReadLimits,
        workers: int,
        reader: PageReader | None = None,
    ) -> None:
        self.index_dir = index_dir
        self._embedder, self._limits, self._workers, self._reader = embedder, limits, workers, reader
        self._store = Store(index_dir / "index.sqlite")
        self._generation = self._store.meta("generation")
        self._vectors = self._open_vectors()

    @classmethod
    def open(
        cls,
        index_dir: Path,
        embedder: TextEmbedder,
        *,
        settings: Settings | None = None,
        limits: ReadLimits | None = None,
        reader: PageReader | None = None,
        on_progress: OnProgress | None = None,
    ) -> Corpus:
        """Open an index, making it if it is not there, and repair what a crash left.

        Args:
            index_dir: The index's own folder.
            embedder: Makes the vectors; if it is another than last time, everything is embedded again.
            settings: `threads` says how many files are read at the same time.
            limits: What one file may cost.
            reader: Reads scanned pages and images. Without one images are refused, and scanned pages noted as unread;
                a later index run with a reader reads them.
            on_progress: Called while chunks are embedded again.

        Raises:
            ToolError: The folder is not an index, or was written by a newer version.
        """
        workers = (settings.threads if settings else None) or os.cpu_count() or 1
        corpus = cls(index_dir, embedder, limits or ReadLimits(), workers, reader)
        corpus._repair(on_progress)
        return corpus

    async def index(self, folder: Path, on_progress: OnProgress | None = None) -> IndexReport:
        """Bring the index up to date with a folder: only what changed is read, what is gone leaves.

        Cancelling ends the run after the files in hand; everything done stays, as it does after a kill.

        Args:
            folder: The documents. An index belongs to one folder.
            on_progress: Called in the event loop's thread after each file.

        Raises:
            ConfigError: The folder does not exist, or the index belongs to another.
            ToolError: Another process is writing to this index.
        """
        stop = threading.Event()
        loop = asyncio.get_running_loop()

        def tell(progress: IndexProgress) -> None:
            if on_progress is not None:
                loop.call_soon_threadsafe(on_progress, progress)

        work = asyncio.ensure_future(asyncio.to_thread(self._index, folder, tell, stop))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            with contextlib.suppress(Exception):
                await work  # the lock must be free when the caller goes on
            raise

    async def search(
        self, q: str, *, k: int = 10, filters: Filters | None = None, paths: Sequence[str] = ()
    ) -> list[Passage]:
        """The passages that fit a question best, by meaning and by words, best first.

        Args:
            q: A question or keywords, in any language.
            k: At most so many.
            filters: Dates are judged by the document's own date, or else (unless strict) the file's.
            paths: Only documents whose path matches one of these globs (`reports/*.pdf`).
        """
        return await asyncio.to_thread(self._search, q, k, filters, paths)

    def document(self, path: str) -> StoredDocument:
        """A whole document.

        Raises:
            DocumentUnreadable: The index has no such path.
        """
        found = self._store.document(path)
        if found is None:
            raise DocumentUnreadable(
                f"The index has no document {path!r}.", mend="Index its folder, or correct the path."
            )
        return found

    def paths(self) -> list[str]:
        """Paths of all documents, sorted."""
        return sorted(self._store.known())

    def close(self) -> None:
        """Let the files go."""
        self._vectors.close()
        self._store.close()

    def __enter__(self) -> Corpus:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _index(self, folder: Path, on_progress: OnProgress, stop: threading.Event) -> IndexReport:
        root = folder.expanduser().resolve()
        if not root.is_dir():
            raise ConfigError(
                f"{str(folder)!r} is not a folder.", mend="Give the folder that holds the documents."
            )
        with self._writing(), ReaderPool(self._limits, size=self._workers) as pool:
            self._claim(root)
            if self._reader is not None:
                self._store.read_by_others(self._reader.name)
            indexer = Indexer(
                self._store, self._vectors, self._embedder, pool,
                workers=self._workers, reader=self._reader, stop=stop.is_set,
            )  # fmt: skip
            indexer.repair(on_progress)
            return indexer.run(root, on_progress, skip=self.index_dir.resolve())

    def _claim(self, root: Path) -> None:
        owner = self._store.meta("root")
        if owner not in (None, str(root)) and Path(owner or "").is_dir():
            raise ConfigError(
                f"The index in {str(self.index_dir)!r} belongs to {owner!r}, not to {str(root)!r}.",
                mend="Give another index folder.",
            )
        self._store.set_meta("root", str(root))
        if self._store.meta("reader_version") != _READER_VERSION:
            with self._store.transaction() as db:
                db.execute("UPDATE documents SET mtime_ns=-1, file_sha256=''")
                db.execute("DELETE FROM failures")
            self._store.set_meta("reader_version", _READER_VERSION)

    def _vector_folder(self) -> Path:
        return self.index_dir / (self._store.meta("vectors") or "chroma")

    def _open_vectors(self) -> VectorStore:
        folder = self._vector_folder()
        try:
            return VectorStore(folder)
        except Exception as error:  # Chroma's Rust part raises many kinds for one thing: a broken folder
            _LOG.warning("%s is damaged (%s); it is built again from the documents' text.", folder, error)
        with self._lock_file():
            # Under a new name, because Chroma keeps the failed client of a folder for the life of the process.
            shutil.rmtree(folder, ignore_errors=True)
            self._store.set_meta("vectors", f"chroma-{uuid.uuid4().hex[:8]}")
            return VectorStore(self._vector_folder())

    @contextlib.contextmanager
    def _lock_file(self) -> Generator[None]:
        """Hold the writer's lock; the system frees it when this process dies."""
        with (self.index_dir / "writer.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                raise ToolError(
                    f"The index in {str(self.index_dir)!r} is being written by another process"
                    f" (pid {file.read().strip() or 'unknown'}).",
                    mend="Wait for it, or stop that process.",
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    @contextlib.contextmanager
    def _writing(self) -> Generator[None]:
        """Be the one writer; whoever opens the index after a crash sees that one happened."""
        with self._lock_file():
            self._refresh()
            self._store.set_meta("dirty", "1")
            try:
                yield
                self._store.set_meta("dirty", "")
            finally:
                self._generation = str(int(self._store.meta("generation") or 0) + 1)
                self._store.set_meta("generation", self._generation)

    def _repair(self, on_progress: OnProgress | None) -> None:
        """Repair after a crash or a change of the embedding model; not while another process writes."""
        space = f"{self._embedder.name}/{self._embedder.dimension}"
        if self._store.meta("space") == space and not self._vectors.fresh and not self._store.meta("dirty"):
            embedded = self._store.rows("SELECT count(*) FROM chunks WHERE embedded=1")[0][0]
            if embedded == self._vectors.count() and not self._store.pending(1):
                return
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._writing())
            except ToolError:
                return  # its writer finishes the work, or the next to open it does
            if self._store.meta("space") not in (None, space):
                self._vectors.reset()
            self._store.set_meta("space", space)
            pool = ReaderPool(self._limits, size=1)  # starts no process until a file is read
            Indexer(self._store, self._vectors, self._embedder, pool).repair(on_progress)

    def _refresh(self) -> None:
        """Follow what another process wrote since."""
        if (generation := self._store.meta("generation")) != self._generation:
            self._vectors.reopen(self._vector_folder())
            self._generation = generation

    def _search(self, q: str, k: int, filters: Filters | None, paths: Sequence[str]) -> list[Passage]:
        if k < 1 or not q.strip():
            return []
        self._refresh()
        documents = self._allowed(filters or Filters(), paths)
        if documents == []:
            return []
        depth = max(_DEPTH, 2 * k)
        lexical = best_matches(self._store, q, depth, documents)
        dense = self._vectors.nearest(self._embedder.embed([q])[0], depth, documents)
        dense_weight = 1.0 if detect_language(q) == "en" else _FOREIGN_WEIGHT
        ranked = fuse([(dense, dense_weight), (lexical, 1.0)])
        rows = self._store.chunks([i for i, _ in ranked])
        scores = dict(ranked)
        # An id without a row was removed meanwhile.
        best = distinct((rows[i] for i, _ in ranked if i in rows), k)
        return [_passage(row, scores[row.id]) for row in best]

    def _allowed(self, filters: Filters, paths: Sequence[str]) -> list[int] | None:
        """Ids of the documents that pass, or None when all do."""
        dated = filters.date_from is not None or filters.date_to is not None
        if filters.source_types and "document" not in filters.source_types:
            return []
        if not dated and not paths:
            return None
        rows = self._store.rows("SELECT id, path, published, mtime_ns FROM documents")
        passing = [
            row["id"]
            for row in rows
            if (not paths or any(fnmatch(row["path"], glob) for glob in paths))
            and filters.accepts_date(
                row["published"] or (None if filters.strict_dates else iso_date(row["mtime_ns"]))
            )
        ]
        return None if len(passing) == len(rows) else passing


def _passage(row: ChunkRow, score: float) -> Passage:
    return Passage(
        path=row.path,
        title=row.title,
        heading=row.heading,
        text=row.text,
        start=row.start,
        end=row.end,
        score=score,
        published=row.published,
        page=page_of(row.pages, row.start),
    )
