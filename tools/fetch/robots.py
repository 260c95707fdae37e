"""robots.txt: read once per site and kept for an hour."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from urllib.robotparser import RobotFileParser

from ...errors import ToolError
from .policy import ROBOT

_KEEP_S = 3600.0
_KEEP_FAILED_S = 120.0
_MAX_SITES = 500
MAX_ROBOTS_BYTES = 512 * 1024

RobotsFetch = Callable[[str], Awaitable[tuple[int, str]]]


class Robots:
    """Answers whether a path may be fetched.

    Args:
        fetch: Gets `origin/robots.txt` through the guard; returns status and text.
    """

    def __init__(self, fetch: RobotsFetch) -> None:
        self._fetch = fetch
        self._sites: OrderedDict[str, tuple[float, RobotFileParser]] = OrderedDict()  # until when, rules

    async def allows(self, origin: str, url: str) -> bool:
        """Whether the site's robots.txt lets us read `url`; a site whose rules cannot be read says no (RFC 9309)."""
        kept = self._sites.get(origin)
        if kept is None or time.monotonic() > kept[0]:
            seconds, rules = await self._read(origin)
            kept = self._sites[origin] = (time.monotonic() + seconds, rules)
            if len(self._sites) > _MAX_SITES:
                self._sites.popitem(last=False)
        return kept[1].can_fetch(ROBOT, url)

    async def _read(self, origin: str) -> tuple[float, RobotFileParser]:
        rules = RobotFileParser()
        try:
            status, text = await self._fetch(f"{origin}/robots.txt")
        except ToolError:
            status, text = 503, ""
        if status >= 500 or status == 429:
            rules.parse(["User-agent: *", "Disallow: /"])
            return _KEEP_FAILED_S, rules
        # 4xx: the site has no rules, so everything is allowed.
        rules.parse([] if status >= 400 else text.splitlines())
        return _KEEP_S, rules
