"""The guard, against the address registries of Python's own ipaddress and lists of known attacks."""

from __future__ import annotations

import ipaddress
import random

import pytest

from tenfold.errors import FetchRefused
from tenfold.tools.fetch import Fetcher, FetchPolicy, why_blocked

BLOCKED = """0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.255.255.254
169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 168.63.129.16 100.100.100.200
:: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:7f00:1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::a00:1 64:ff9b:1::a00:1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
2001:db8::1 2002:7f00:1:: 2002:808:808::1 2001:4860::5efe:7f00:1 2001:4860::200:5efe:a00:1 3fff::1 5f00::1 100::1
4000::1 fe80::1%eth0 localhost 1.2.3 0x7f.0.0.1""".split()
PUBLIC = """1.1.1.1 8.8.8.8 93.184.216.34 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 2606:4700::1111
64:ff9b::808:808""".split()


@pytest.mark.parametrize("address", BLOCKED)
def test_no_address_of_the_inside_passes(address: str) -> None:
    assert why_blocked(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert why_blocked(address) is None


def test_never_laxer_than_the_address_registry() -> None:
    dice = random.Random(7)
    for _ in range(20_000):
        v4 = ipaddress.IPv4Address(dice.getrandbits(32))
        if not v4.is_global or v4.is_multicast or v4.is_reserved:
            assert why_blocked(str(v4)), v4
        v6 = ipaddress.IPv6Address(
            (dice.choice([0, 0x2001, 0x2002, 0xFC, 0xFE80]) << 112) | dice.getrandbits(110)
        )
        if not v6.is_global or v6.is_multicast or v6.is_reserved:
            assert why_blocked(str(v6)), v6


@pytest.mark.parametrize("address", ["169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254"])
def test_metadata_is_refused_even_when_trusted(address: str) -> None:
    assert why_blocked(address, trusted=True)
    assert why_blocked("10.0.0.1", trusted=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://0x7f.0.0.1/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.1./",
        "http://017700000001/",
        "http://a.0x1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[fe80::1%25eth0]/",
        "http://１２７.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://127。0。0。1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://localhost./",
        "http://user:pass@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "http://example.com:22/",
        "http://example.com:6379/",
        "http:///x",
        "http://",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://example.com/",
        "data:text/html,hi",
        "javascript:alert(1)",
        "//example.com/",
        "example.com",
        "",
        "http://exa mple.com/",
        "http://example.com/\r\nX: y",
        "http://[::1",
        "http://example.com:99999/",
        "http://" + "a" * 5000,
    ],
)
async def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(FetchRefused):
        await Fetcher(FetchPolicy(robots=False)).fetch(url)


async def test_one_bad_address_among_good_ones_is_enough() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.7"]

    with pytest.raises(FetchRefused, match=r"10\.0\.0\.7, which is private"):
        await Fetcher(FetchPolicy(), resolve=resolve).fetch("http://mixed.test/")


async def test_metadata_behind_a_trusted_name_is_refused() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["169.254.169.254"]

    policy = FetchPolicy(allow_hosts=frozenset({"wiki.test:80"}))
    with pytest.raises(FetchRefused, match="cloud metadata"):
        await Fetcher(policy, resolve=resolve).fetch("http://wiki.test/")


async def test_message_says_what_why_and_the_mend() -> None:
    with pytest.raises(FetchRefused) as caught:
        await Fetcher(FetchPolicy()).fetch("http://example.com:8000/a")
    text = str(caught.value)
    assert "'http://example.com:8000/a'" in text
    assert "port 8000" in text
    assert "'example.com:8000' in allow_hosts" in text
