"""The process that parses files: no keys in its environment, little memory, little time, no way to write.

It is started by `ReaderPool` and speaks over its standard input and output: a JSON line and the file's bytes in,
a JSON line out. It never sees a path, so a hostile file that takes it over has nothing to reach for by name.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from dataclasses import asdict
from typing import Any, BinaryIO

from ....errors import DocumentUnreadable, MissingExtra, TenfoldError
from .formats import read_bytes
from .types import ReadLimits

_EXIT_MEMORY = 77


def confine(limits: ReadLimits) -> None:
    """Set the limits that the kernel enforces on this process."""
    _lower(resource.RLIMIT_AS, limits.memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)  # pipes are not files: only writing to disk is refused
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sys.setrecursionlimit(3000)


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def answer(data: bytes, name: str, limits: ReadLimits) -> dict[str, Any]:
    """Read one file; errors become data."""
    try:
        return {"document": asdict(read_bytes(data, name, limits))}
    except MissingExtra as error:
        return {"missing": [error.message.removesuffix(" needs an optional part."), error.extra]}
    except DocumentUnreadable as error:
        return {"error": [error.message, error.mend]}
    except MemoryError:
        return {"memory": True}
    except TenfoldError as error:
        return {"error": [error.message, error.mend]}


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the other side closes its end."""
    while line := source.readline():
        job: dict[str, Any] = json.loads(line)
        data = source.read(job["size"])
        limits = ReadLimits(**job["limits"])
        # The parent kills this process when time is up; if the parent is dead, the alarm does.
        signal.setitimer(signal.ITIMER_REAL, limits.seconds + 5)
        reply = answer(data, job["name"], limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        sink.write(json.dumps(reply).encode() + b"\n")
        sink.flush()
        if "memory" in reply:
            sys.exit(_EXIT_MEMORY)  # what is left of the heap is not to be trusted with the next file


def main() -> None:
    """Take over standard input and output, so that nothing a parser prints gets into the answers."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    confine(ReadLimits(**json.loads(source.readline())))
    serve(source, sink)


if __name__ == "__main__":
    main()
