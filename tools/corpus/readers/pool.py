"""Files are parsed in child processes that can be killed: a parser that hangs or blows up costs one file.

A child serves many files, so the cost is a pipe and not a process start: under a millisecond for a small file.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import asdict
from functools import lru_cache
from types import TracebackType
from typing import Any

from ....errors import DocumentUnreadable, MissingExtra
from .types import Document, ReadLimits

_KEPT_ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME",
    "VIRTUAL_ENV", "SYSTEMROOT",
)  # fmt: skip
_FILES_PER_CHILD = 500  # parsers leak


class ReaderPool:
    """Reads files in child processes; safe to use from several threads.

    Args:
        limits: What one file may cost.
        size: Children at the same time; they start with the first files.
    """

    def __init__(self, limits: ReadLimits | None = None, *, size: int = 2) -> None:
        self.limits = limits or ReadLimits()
        self._slots: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(size):
            self._slots.put(None)
        self._size = size

    def read(self, data: bytes, name: str) -> Document:
        """Read a file from its bytes.

        Args:
            data: The whole file.
            name: Its name, for its suffix and for messages.

        Raises:
            DocumentUnreadable: Empty, encrypted, damaged, too large, too slow, or of an unknown kind.
            MissingExtra: An image, and OCR is not installed.
        """
        if len(data) > self.limits.max_bytes:
            raise too_large(name, len(data), self.limits.max_bytes)
        child = self._slots.get()
        try:
            if child is None or not child.alive:
                child = _Child(self.limits)
            return _document(child.ask(data, name), name)
        finally:
            if child is not None and not child.alive:
                child.stop()
                child = None
            self._slots.put(child)

    def close(self) -> None:
        """Stop the children; the pool may be used again, and starts new ones."""
        for _ in range(self._size):
            if (child := self._slots.get()) is not None:
                child.stop()
        for _ in range(self._size):
            self._slots.put(None)

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def too_large(name: str, size: int, limit: int) -> DocumentUnreadable:
    """The error for a file beyond the size limit."""
    return DocumentUnreadable(f"{name!r} has {size} bytes; the limit is {limit}.", mend="Split the file.")


def pdf_text(data: bytes) -> str:
    """Text of a PDF from anywhere, read in a guarded process that is shared by all callers.

    Raises:
        DocumentUnreadable: As `ReaderPool.read`.
    """
    return _shared().read(data, "document.pdf").text


@lru_cache(maxsize=1)
def _shared() -> ReaderPool:
    pool = ReaderPool(size=1)
    atexit.register(pool.close)
    return pool


class _Child:
    """One process and how it is spoken to."""

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._left = _FILES_PER_CHILD
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        self._send(asdict(limits))

    @property
    def alive(self) -> bool:
        return self._left > 0 and self._process.poll() is None

    def ask(self, data: bytes, name: str) -> dict[str, Any]:
        """Send a file and wait for the answer; the process is dead afterwards if it did not give one."""
        self._left -= 1
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(self._limits.seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            self._send({"size": len(data), "name": name, "limits": asdict(self._limits)}, data)
            line = self._process.stdout.readline() if self._process.stdout else b""
            if line.endswith(b"\n"):
                reply: dict[str, Any] = json.loads(line)
                if "memory" in reply:
                    self.stop()  # it ends by itself; the next file must not meet it while it does
                return reply
        except (BrokenPipeError, ValueError):  # it died while it was being written to, or wrote nonsense
            pass
        finally:
            timer.cancel()
        self.stop()
        return {"late": True} if late.is_set() else {"died": self._process.returncode}

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _send(self, head: dict[str, Any], data: bytes = b"") -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(head).encode() + b"\n")
        self._process.stdin.write(data)
        self._process.stdin.flush()


def _environment() -> dict[str, str]:
    """No keys and no settings; numeric libraries on one thread, whose stacks would eat the address space."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    return {**kept, **threads, "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "2"}


def _document(reply: dict[str, Any], name: str) -> Document:
    if "document" in reply:
        fields: dict[str, Any] = reply["document"]
        fields.update(pages=tuple(fields["pages"]), notes=tuple(fields["notes"]))
        return Document(**fields)
    if "missing" in reply:
        raise MissingExtra(*reply["missing"])
    if "error" in reply:
        message, mend = reply["error"]
        raise DocumentUnreadable(message, mend=mend)
    if "late" in reply:
        raise DocumentUnreadable(f"{name!r} took too long to read.", mend="Split or simplify the file.")
    if "memory" in reply:
        raise DocumentUnreadable(f"{name!r} needs too much memory to read.", mend="Split the file.")
    raise DocumentUnreadable(
        f"{name!r} broke its reader (exit {reply['died']}); it may be damaged or hostile.",
        mend="Save it again.",
    )
