"""Work on hostile bytes in child processes that can be killed: a parser that hangs or blows up costs one file.

A child serves many files, so the cost is a pipe and not a process start: under a millisecond for a small file.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Mapping
from types import TracebackType
from typing import Any

from ..errors import DocumentUnreadable, MissingExtra

Part = tuple[dict[str, Any], bytes]
"""One piece of an answer: a JSON object, and bytes that belong to it."""

_KEPT_ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME",
    "VIRTUAL_ENV", "SYSTEMROOT",
)  # fmt: skip
_FILES_PER_CHILD = 500  # parsers leak


class ConfinedPool:
    """Child processes without keys, with little memory and no way to write; safe to use from several threads.

    Args:
        size: Children at the same time; they start with the first files.
        seconds: Wall time of one part of an answer.
        memory_bytes: Address space of a child.
    """

    def __init__(self, *, size: int, seconds: float, memory_bytes: int) -> None:
        self._seconds, self._memory, self._size = seconds, memory_bytes, size
        self._slots: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(size):
            self._slots.put(None)

    def run(self, job: str, data: bytes, name: str, args: Mapping[str, Any]) -> Iterator[Part]:
        """Have a child work on a file; the parts come as they are made, and the child waits for who reads them.

        Args:
            job: `.module:function` under `tenfold.tools`; called with (data, name, args), it yields parts.
            data: The whole file.
            name: Its name, for messages.
            args: What the job needs besides, as JSON.

        Raises:
            DocumentUnreadable: The job said so, took too long, took too much memory, or broke its process.
            MissingExtra: The job needs an extra that is not installed.
        """
        child = self._slots.get()
        ended = False
        try:
            if child is None or not child.alive:
                child = _Child(self._seconds, self._memory)
            child.begin({"job": job, "name": name, "args": dict(args), "size": len(data)}, data)
            while True:
                reply, blob = child.hear()
                if "part" in reply:
                    yield reply["part"], blob
                    continue
                ended = (
                    "memory" not in reply
                )  # it ends by itself; the next file must not meet it while it does
                if "done" in reply:
                    return
                raise _problem(reply, name)
        finally:
            # Whoever stopped listening in the middle leaves a child that still talks: it cannot be used again.
            if child is not None and not (ended and child.alive):
                child.stop()
                child = None
            self._slots.put(child)

    def close(self, *, wait: bool = True) -> None:
        """Stop the children; the pool may be used again, and starts new ones.

        Args:
            wait: For those that are at work. At the end of a process nobody may be left to finish theirs.
        """
        stopped = 0
        for _ in range(self._size):
            try:
                child = self._slots.get(block=wait)
            except queue.Empty:
                break
            stopped += 1
            if child is not None:
                child.stop()
        for _ in range(stopped):
            self._slots.put(None)

    def __enter__(self) -> ConfinedPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _problem(reply: Mapping[str, Any], name: str) -> DocumentUnreadable | MissingExtra:
    if "missing" in reply:
        return MissingExtra(*reply["missing"])
    if "error" in reply:
        message, mend = reply["error"]
        return DocumentUnreadable(message, mend=mend)
    if "late" in reply:
        return DocumentUnreadable(f"{name!r} took too long to read.", mend="Split or simplify the file.")
    if "memory" in reply:
        return DocumentUnreadable(f"{name!r} needs too much memory to read.", mend="Split the file.")
    return DocumentUnreadable(
        f"{name!r} broke its reader (exit {reply['died']}); it may be damaged or hostile.",
        mend="Save it again.",
    )


class _Child:
    """One process and how it is spoken to."""

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        self._seconds = seconds
        self._left = _FILES_PER_CHILD
        self._late = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}._confined_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        with contextlib.suppress(BrokenPipeError):  # it cannot start: `hear` says that it died
            self._send({"memory_bytes": memory_bytes, "seconds": seconds})

    @property
    def alive(self) -> bool:
        return self._left > 0 and self._process.poll() is None

    def begin(self, head: dict[str, Any], data: bytes) -> None:
        """Send a job. A child that dies over it is noticed when it is listened to."""
        self._left -= 1
        with self._killed_when_late(), contextlib.suppress(BrokenPipeError):
            self._send(head, data)

    def hear(self) -> tuple[dict[str, Any], bytes]:
        """Wait for the next reply; the process is dead afterwards if it did not give one."""
        pipe = self._process.stdout
        assert pipe is not None
        with self._killed_when_late():
            line = pipe.readline()
            with contextlib.suppress(ValueError):  # it wrote nonsense
                if line.endswith(b"\n"):
                    reply: dict[str, Any] = json.loads(line)
                    blob = pipe.read(reply.get("size", 0))
                    if len(blob) == reply.get("size", 0):
                        return reply, blob
        self.stop()
        return ({"late": True} if self._late.is_set() else {"died": self._process.returncode}), b""

    @contextlib.contextmanager
    def _killed_when_late(self) -> Generator[None]:
        def kill() -> None:
            self._late.set()
            self._process.kill()

        timer = threading.Timer(self._seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

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
