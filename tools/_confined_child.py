"""The process that works on files: no keys in its environment, little memory, little time, no way to write.

It is started by `ConfinedPool` and speaks over its standard input and output: a JSON line and the file's bytes in,
JSON lines with bytes out. It never sees a path, so a hostile file that takes it over has nothing to reach for by name.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from importlib import import_module
from typing import Any, BinaryIO

from ..errors import MissingExtra, TenfoldError

_EXIT_MEMORY = 77


def confine(memory_bytes: int) -> None:
    """Set the limits that the kernel enforces on this process."""
    _lower(resource.RLIMIT_AS, memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)  # pipes are not files: only writing to disk is refused
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sys.setrecursionlimit(3000)


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def answer(head: dict[str, Any], data: bytes, sink: BinaryIO, seconds: float) -> dict[str, Any]:
    """Do one job and send its parts; errors become data. Returns the last reply."""
    module, function = head["job"].split(":")
    try:
        _alarm(seconds)
        for part, blob in getattr(import_module(module, __package__), function)(
            data, head["name"], head["args"]
        ):
            _alarm(0)  # while the other side is busy with the part before, this one waits in the pipe
            _send(sink, {"part": part, "size": len(blob)}, blob)
            _alarm(seconds)
        return {"done": True}
    except MissingExtra as error:
        return {"missing": [error.message.removesuffix(" needs an optional part."), error.extra]}
    except MemoryError:
        return {"memory": True}
    except TenfoldError as error:
        return {"error": [error.message, error.mend]}
    finally:
        _alarm(0)


def _alarm(seconds: float) -> None:
    """The parent kills this process when time is up; if the parent is dead, the alarm does."""
    signal.setitimer(signal.ITIMER_REAL, seconds + 5 if seconds else 0)


def _send(sink: BinaryIO, head: dict[str, Any], blob: bytes = b"") -> None:
    sink.write(json.dumps(head).encode() + b"\n")
    sink.write(blob)
    sink.flush()


def main() -> None:
    """Take over standard input and output, so that nothing a parser prints gets into the answers."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    limits: dict[str, Any] = json.loads(source.readline())
    confine(limits["memory_bytes"])
    while line := source.readline():  # until the other side closes its end
        head: dict[str, Any] = json.loads(line)
        reply = answer(head, source.read(head["size"]), sink, limits["seconds"])
        _send(sink, reply)
        if "memory" in reply:
            sys.exit(_EXIT_MEMORY)  # what is left of the heap is not to be trusted with the next file


if __name__ == "__main__":
    main()
