"""An observer of many event streams at once, for `web_load.py`: counts pieces and measures how old each is on arrival."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field

_PIECE = re.compile(rb"(\d+)@(\d+\.\d{6}) ")


@dataclass
class Seen:
    """What one stream brought.

    Attributes:
        numbers: Of all pieces, in the order of their first arrival.
        ages: Seconds from birth to arrival of the pieces that were born after the stream had begun.
        births: When the first and the last piece were born.
        ids: SSE ids, in the order of arrival.
        end: The last event's type, or why the stream ended.
    """

    numbers: list[int] = field(default_factory=list[int])
    ages: list[float] = field(default_factory=list[float])
    births: list[float] = field(default_factory=list[float])
    ids: list[int] = field(default_factory=list[int])
    end: str = ""


async def observe(port: int, request: bytes, ends: tuple[bytes, ...], *, limit_s: float) -> Seen:
    """Read one stream until an event of a type in `ends`.

    HTTP/1.0, so that the body comes without chunk marks and can be searched as it is.
    """
    seen = Seen()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    writer.write(request)
    began: float | None = None
    known: set[bytes] = set()
    try:
        async with asyncio.timeout(limit_s):
            while line := await reader.readline():
                now = time.time()
                if line.startswith(b"id:"):
                    seen.ids.append(int(line[3:]))
                elif line.startswith(b"data:"):
                    began = began or now
                    for number, born in _PIECE.findall(line):
                        if number in known:
                            continue  # a snapshot repeats what came before
                        known.add(number)
                        seen.numbers.append(int(number))
                        seen.births = [*seen.births[:1], float(born)]
                        if float(born) > began:
                            seen.ages.append(now - float(born))
                    if any(end in line for end in ends):
                        seen.end = "finished"
                        break
    except TimeoutError:
        seen.end = "timed out"
    finally:
        writer.close()
    return seen
