"""What the fetcher accepts: ports, sizes, times, types, and how polite it is."""

from __future__ import annotations

from dataclasses import dataclass, field

USER_AGENT = "Mozilla/5.0 (compatible; tenfold/0.1; research agent)"
ROBOT = "tenfold"


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Limits of one fetcher.

    Attributes:
        ports: Ports that any public host may be asked on.
        allow_hosts: `host:port` of trusted servers that may have a private address or another port (an intranet
            wiki, a test server). Cloud metadata stays refused even then.
        max_bytes: Cap on a body, as sent and again as unpacked.
        total_s: Seconds for everything: names, redirects, robots.txt, the body. Waiting for a host's turn is
            not counted.
        max_redirects: Redirects followed, each one checked like the first address.
        per_host_per_s: Requests a second to one host.
        burst: Requests at once to one host after a rest.
        robots: Whether robots.txt is respected.
        user_agent: Sent with each request.
    """

    ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    allow_hosts: frozenset[str] = field(default_factory=frozenset[str])
    max_bytes: int = 16 * 1024 * 1024
    total_s: float = 30.0
    max_redirects: int = 10
    per_host_per_s: float = 1.0
    burst: int = 3
    robots: bool = True
    user_agent: str = USER_AGENT
