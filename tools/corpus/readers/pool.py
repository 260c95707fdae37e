"""Files to documents: parsed in confined processes, scans among them drawn there and read here."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from types import TracebackType
from typing import Any

from ....pages import PageReader
from ..._confined import ConfinedPool
from ..._folder import too_large
from .scans import read_scans
from .types import Document, Parsed, ReadLimits, assemble


class ReaderPool:
    """Reads files in child processes; safe to use from several threads.

    Args:
        limits: What one file may cost.
        size: Children at the same time; they start with the first files.
    """

    def __init__(self, limits: ReadLimits | None = None, *, size: int = 2) -> None:
        self.limits = limits or ReadLimits()
        self._confined = ConfinedPool(
            size=size, seconds=self.limits.seconds, memory_bytes=self.limits.memory_bytes
        )
        self._reading = threading.Lock()  # engines batch by themselves; few may be called from two threads

    def read(
        self,
        data: bytes,
        name: str,
        *,
        reader: PageReader | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Document:
        """Read a file from its bytes.

        Args:
            data: The whole file.
            name: Its name, for its suffix and for messages.
            reader: Reads the pages that are pictures; they are drawn in the child, so the reader meets no file of a
                stranger but only PNGs of ours.
            stop: Asked between the pages of a scan.

        Raises:
            DocumentUnreadable: Empty, encrypted, damaged, too large, too slow, or of an unknown kind.
            MissingExtra: An image, and there is no reader.
            Stopped: `stop` said so.
        """
        if len(data) > self.limits.max_bytes:
            raise too_large(name, len(data), self.limits.max_bytes)
        args = {"limits": asdict(self.limits)}
        ((part, _),) = self._confined.run(".corpus.readers.formats:parse_job", data, name, args)
        if "document" in part:
            return _document(part["document"])
        parsed, about = Parsed(**part["parsed"]), ""
        with self._reading:
            about = read_scans(
                parsed, data, name, limits=self.limits, reader=reader, pool=self._confined, stop=stop
            )
        return assemble(parsed, name, about)

    def close(self) -> None:
        """Stop the children; the pool may be used again, and starts new ones."""
        self._confined.close()

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def pdf_text(data: bytes, reader: PageReader | None = None) -> str:
    """Text of a PDF from anywhere, read in a guarded process that is shared by all callers.

    Args:
        data: The whole file.
        reader: Reads the first pages of a scan; without one a scan has no text.

    Raises:
        DocumentUnreadable: As `ReaderPool.read`.
    """
    return _shared().read(data, "document.pdf", reader=reader).text


@lru_cache(maxsize=1)
def _shared() -> ReaderPool:
    # A page from the web is waited for by a whole research task: a few scanned pages, not a book.
    pool = ReaderPool(ReadLimits(max_scans=8), size=1)
    atexit.register(pool.close)
    return pool


def _document(fields: dict[str, Any]) -> Document:
    fields.update(pages=tuple(fields["pages"]), notes=tuple(fields["notes"]), regions=())
    return Document(**fields)
