"""Which addresses may be asked: the guard against server-side request forgery.

A page, a search hit or a model can name any URL. Only public unicast addresses pass; every address that a name
resolves to is checked, and the connection goes to the checked address, so that a second look-up cannot answer
something else (DNS rebinding). `langchain_core._security` does much of this, but is declared internal and lets
6to4, Teredo, ISATAP and Azure's 168.63.129.16 pass.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from ...errors import FetchRefused
from .policy import FetchPolicy

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[list[str]]]

# Always refused, even for `allow_hosts`: who reads these holds the machine's cloud credentials.
METADATA = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, GCP, Azure, Oracle, DigitalOcean
        "169.254.170.2",  # AWS ECS
        "169.254.170.23",  # AWS EKS
        "168.63.129.16",  # Azure wire server; a public address
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS over IPv6
        "fd00:ec2::23",
        "fd20:ce::254",  # GCP over IPv6
        "fe80::a9fe:a9fe",  # OpenStack
    )
)

_BLOCKED_V4 = {
    IPv4Network(net): why
    for net, why in {
        "0.0.0.0/8": "unspecified",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "carrier NAT",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "reserved",
        "192.0.2.0/24": "documentation",
        "192.88.99.0/24": "a 6to4 relay",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "benchmarking",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
    }.items()
}
# Global unicast is 2000::/3 and nothing else; inside it these are not ordinary hosts.
_GLOBAL_V6 = IPv6Network("2000::/3")
_BLOCKED_V6 = {
    IPv6Network(net): why
    for net, why in {
        "::1/128": "loopback",
        "::/128": "unspecified",
        "::ffff:0:0/96": "an IPv4-mapped address",
        "fc00::/7": "private",
        "fe80::/10": "link-local",
        "ff00::/8": "multicast",
        "2001::/32": "a Teredo tunnel",
        "2001::/23": "reserved",
        "2001:db8::/32": "documentation",
        "2002::/16": "a 6to4 tunnel",
        "3fff::/20": "documentation",
    }.items()
}
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)
_NUMERIC_LABEL = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)")
_BAD_CHARACTER = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address.

    Attributes:
        url: As httpx parsed it; the one parser of both the check and the request.
        addresses: What the host resolved to, each of them checked, in the resolver's order.
        trusted: Whether it is one of `FetchPolicy.allow_hosts`.
    """

    url: httpx.URL
    addresses: tuple[str, ...]
    trusted: bool

    @property
    def origin(self) -> str:
        """`scheme://host:port`."""
        return f"{self.url.scheme}://{host_port(self.url)}"


async def system_resolver(host: str, port: int) -> list[str]:
    """All addresses of a host, by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def check_url(url: str, policy: FetchPolicy, resolve: Resolver = system_resolver) -> Target:
    """Parse, resolve and check an address.

    Raises:
        FetchRefused: It may not be asked; the message says why.
    """
    parsed = parse_url(url)
    place = host_port(parsed)
    trusted = place in policy.allow_hosts
    port = _port(parsed)
    if not trusted and port not in policy.ports:
        raise FetchRefused(f"{url!r} is on port {port}, which is not allowed.", mend=_ALLOW.format(place))
    literal = _literal(parsed, url)
    try:
        addresses = [literal] if literal else await resolve(parsed.raw_host.decode("ascii"), port)
    except OSError as error:
        raise FetchRefused(
            f"The host of {url!r} is not known ({error}).", mend="Check the spelling and the network."
        ) from error
    if not addresses:
        raise FetchRefused(f"The host of {url!r} has no address.", mend="Check the spelling.")
    for address in addresses:
        reason = why_blocked(address, trusted=trusted)
        if reason:
            mend = "" if reason == "cloud metadata" else _ALLOW.format(place)
            raise FetchRefused(f"{url!r} leads to {address}, which is {reason}.", mend=mend)
    return Target(parsed, tuple(addresses), trusted)


_ALLOW = "If you trust that server, name {!r} in allow_hosts."


def parse_url(url: str) -> httpx.URL:
    """Parse an address and refuse what no honest link looks like.

    Raises:
        FetchRefused: Not http or https, no host, a user name in it, or characters that parsers disagree about.
    """
    if _BAD_CHARACTER.search(url) or len(url) > 4096:
        raise FetchRefused(f"{url[:200]!r} is not a plain URL.", mend="Encode spaces and control characters.")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchRefused(f"{url[:200]!r} is not a URL: {error}.", mend="Check the spelling.") from error
    if parsed.scheme not in ("http", "https"):
        raise FetchRefused(f"{url!r} is not an http or https address.", mend="Give a web address.")
    if parsed.userinfo or "@" in parsed.netloc.decode("latin-1"):
        raise FetchRefused(f"{parsed.host!r} comes with a user name in the URL.", mend="Remove it.")
    if not parsed.host:
        raise FetchRefused(f"{url!r} has no host.", mend="Give a whole address.")
    return parsed


def host_port(url: httpx.URL) -> str:
    """`host:port`, the form of `FetchPolicy.allow_hosts`."""
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    return f"[{host}]:{_port(url)}" if ":" in host else f"{host}:{_port(url)}"


def why_blocked(address: str, *, trusted: bool = False) -> str | None:
    """Why an IP address may not be asked, or None when it may.

    Args:
        address: As a resolver gives it.
        trusted: Only cloud metadata and link-local addresses are refused.
    """
    try:
        ip = ip_address(address)
    except ValueError:  # includes zone ids (fe80::1%eth0)
        return "not an IP address"
    inner = embedded_ipv4(ip)
    if ip in METADATA or inner in METADATA:
        return "cloud metadata"
    if isinstance(ip, IPv6Address) and ip in _NAT64 and inner is not None:
        ip = inner  # on an IPv6-only network every IPv4 host looks like this
    reason = _blocked_v4(ip) if isinstance(ip, IPv4Address) else _blocked_v6(ip)
    if trusted and reason != "link-local":
        return None
    return reason


def embedded_ipv4(ip: Address) -> IPv4Address | None:
    """The IPv4 address inside an IPv6 one: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP."""
    if isinstance(ip, IPv4Address):
        return None
    number = int(ip)
    low = IPv4Address(number & 0xFFFFFFFF)
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if number >> 32 in (0, 0xFFFF, 0xFFFF0000) and number > 1:
        return low
    if ip in _NAT64 or ip in IPv6Network("64:ff9b:1::/48") or (number >> 32) & 0xFFFFFFFF in _ISATAP:
        return low
    return None


def _blocked_v4(ip: IPv4Address) -> str | None:
    return next((why for net, why in _BLOCKED_V4.items() if ip in net), None)


def _blocked_v6(ip: IPv6Address) -> str | None:
    for net, why in _BLOCKED_V6.items():
        if ip in net:
            return why
    if embedded_ipv4(ip) is not None:
        return "a tunnel to an IPv4 address"
    return None if ip in _GLOBAL_V6 else "reserved"


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _literal(parsed: httpx.URL, url: str) -> str | None:
    """The host when it is an IP address in its one plain spelling, or None when it is a name."""
    host = parsed.raw_host.decode("ascii").rstrip(".")
    if ":" in host:
        return host
    # Decimal, octal, hexadecimal and short forms (2130706433, 0177.0.0.1, 0x7f.1, 127.1) are read as addresses
    # by some libraries and as names by others; a browser takes any host whose last label is a number as one.
    if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]):
        try:
            return str(IPv4Address(host))
        except ValueError as error:
            raise FetchRefused(
                f"{url!r} spells an IP address in an unusual way.", mend="Write it as four decimal numbers."
            ) from error
    return None
