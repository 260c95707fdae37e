"""The fetcher against real servers on 127.0.0.1."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tenfold.errors import FetchRefused, ToolError
from tenfold.tools.fetch import Fetcher, FetchPolicy

TEXT = "The bridge opened in 1932 and is 1149 metres long. " * 10


def policy(*sites: Any, **changes: Any) -> FetchPolicy:
    base = FetchPolicy(
        allow_hosts=frozenset(s.place for s in sites), per_host_per_s=1000, burst=1000, total_s=5
    )
    return replace(base, **changes)


async def test_page_becomes_a_snapshot(site: Any) -> None:
    site.page("/a", f"<html><head><title>A bridge</title></head><body><p>{TEXT}</p></body></html>")
    snapshot = await Fetcher(policy(site)).fetch(site.url("/a"))
    assert snapshot.title == "A bridge"
    assert snapshot.text == TEXT.strip()
    assert snapshot.sha256 == hashlib.sha256(snapshot.text.encode()).hexdigest()
    assert snapshot.meta["untrusted"] == "1"
    assert snapshot.media_type == "text/html"


async def test_private_server_is_refused_unless_named(site: Any) -> None:
    site.page("/a", "secret")
    with pytest.raises(FetchRefused, match="loopback"):
        await Fetcher(FetchPolicy(ports=frozenset({site.port}))).fetch(site.url("/a"))
    assert site.requests == []


async def test_connects_to_the_checked_address_with_the_name_kept(site: Any) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.9.9.9"]

    site.page("/a", "<p>hello</p>")
    trusted = policy(site, allow_hosts=frozenset({f"wiki.test:{site.port}"}), robots=False)
    await Fetcher(trusted, resolve=resolve).fetch(site.url("/a", "wiki.test"))
    assert asked == ["wiki.test"]  # a second look-up could answer something else
    assert site.requests[0][1]["host"] == f"wiki.test:{site.port}"


async def test_falls_back_to_the_next_checked_address(site: Any) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]  # nothing listens on the first

    site.page("/a", "<p>hello</p>")
    trusted = policy(site, allow_hosts=frozenset({f"wiki.test:{site.port}"}), robots=False)
    assert (await Fetcher(trusted, resolve=resolve).fetch(site.url("/a", "wiki.test"))).text == "hello"


async def test_redirect_to_the_inside_is_refused(site: Any, other_site: Any) -> None:
    other_site.page("/secret", "secret")
    site.page("/a", "", 302, Location=other_site.url("/secret"))
    with pytest.raises(FetchRefused):
        await Fetcher(policy(site)).fetch(site.url("/a"))
    assert other_site.requests == []


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "http://169.254.169.254/", "http://[::1]/", "http://0x7f.1/", "//127.1/"],
)
async def test_redirect_to_anything_odd_is_refused(site: Any, location: str) -> None:
    site.page("/a", "", 301, Location=location)
    with pytest.raises(FetchRefused):
        await Fetcher(policy(site)).fetch(site.url("/a"))


async def test_redirects_are_followed_counted_and_lose_the_key_across_hosts(
    site: Any, other_site: Any
) -> None:
    site.page("/a", "", 302, Location="/b")
    site.page("/b", "", 307, Location=other_site.url("/c"))
    other_site.page("/c", "<p>arrived</p>")
    fetcher = Fetcher(policy(site, other_site, robots=False))
    snapshot = await fetcher.fetch(site.url("/a"), headers={"Authorization": "Bearer s3cret", "X-Key": "k"})
    assert snapshot.text == "arrived"
    assert snapshot.url == other_site.url("/c")
    assert [h.get("authorization") for _, h in site.requests] == ["Bearer s3cret"] * 2
    assert other_site.requests[0][1].keys() & {"authorization", "x-key"} == set()


async def test_endless_redirect_stops(site: Any) -> None:
    site.page("/a", "", 302, Location="/a")
    with pytest.raises(FetchRefused, match="more than 10 times"):
        await Fetcher(policy(site, robots=False)).fetch(site.url("/a"))
    assert len(site.requests) == 11


async def test_cookies_are_not_kept(site: Any) -> None:
    site.page("/a", "", 302, Location="/b", Set_Cookie="id=1; Path=/")
    site.page("/b", "<p>x</p>")
    await Fetcher(policy(site, robots=False)).fetch(site.url("/a"))
    assert "cookie" not in site.requests[1][1]


async def test_proxy_of_the_environment_is_not_used(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    site.page("/a", "<p>direct</p>")
    assert (await Fetcher(policy(site)).fetch(site.url("/a"))).text == "direct"


async def test_gzip_bomb_stops_at_the_cap(site: Any) -> None:
    bomb = gzip.compress(b"a" * 200_000_000)
    assert len(bomb) < 300_000
    site.page("/bomb", bomb, Content_Encoding="gzip")
    began = time.monotonic()
    with pytest.raises(FetchRefused, match="larger than 1,000,000 bytes"):
        await Fetcher(policy(site, max_bytes=1_000_000, robots=False)).fetch(site.url("/bomb"))
    assert time.monotonic() - began < 1.0


async def test_gzip_page_is_read(site: Any) -> None:
    site.page("/a", gzip.compress(f"<p>{TEXT}</p>".encode()), Content_Encoding="gzip")
    assert (await Fetcher(policy(site)).fetch(site.url("/a"))).text == TEXT.strip()


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
async def test_other_packing_is_refused(site: Any, encoding: str) -> None:
    site.page("/a", b"xxxx", Content_Encoding=encoding)
    with pytest.raises(FetchRefused, match="packed as"):
        await Fetcher(policy(site, robots=False)).fetch(site.url("/a"))


async def test_declared_size_is_refused_before_reading(site: Any) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(2_000_000_000))
        request.end_headers()
        request.wfile.flush()

    site.routes["/2gb"] = answer
    with pytest.raises(FetchRefused, match="larger than"):
        await Fetcher(policy(site, robots=False)).fetch(site.url("/2gb"))


async def test_undeclared_endless_body_stops(site: Any) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "text/plain")
        request.end_headers()
        for _ in range(1000):
            request.wfile.write(b"x" * 100_000)

    site.routes["/endless"] = answer
    with pytest.raises(FetchRefused, match="larger than"):
        await Fetcher(policy(site, max_bytes=500_000, robots=False)).fetch(site.url("/endless"))


async def test_slow_drip_stops_at_the_total_time(site: Any) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b"x")
            request.wfile.flush()
            time.sleep(0.05)

    site.routes["/drip"] = answer
    began = time.monotonic()
    with pytest.raises(ToolError, match=r"no answer in 0\.5 s"):
        await Fetcher(policy(site, total_s=0.5, robots=False)).fetch(site.url("/drip"))
    assert time.monotonic() - began < 1.5


async def test_cut_connection_and_dead_server_are_tool_errors(site: Any) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b"half")

    site.routes["/cut"] = answer
    with pytest.raises(ToolError, match="could not be read"):
        await Fetcher(policy(site, robots=False)).fetch(site.url("/cut"))
    dead = FetchPolicy(allow_hosts=frozenset({"127.0.0.1:1"}), robots=False)
    with pytest.raises(ToolError, match="ConnectError"):
        await Fetcher(dead).fetch("http://127.0.0.1:1/")


async def test_half_a_gzip_body_is_an_error_not_half_a_page(site: Any) -> None:
    packed = gzip.compress(TEXT.encode() * 50)
    site.page("/half", packed[: len(packed) // 2], Content_Encoding="gzip")
    with pytest.raises(FetchRefused, match="only part"):
        await Fetcher(policy(site, robots=False)).fetch(site.url("/half"))


async def test_error_status_is_an_error(site: Any) -> None:
    with pytest.raises(ToolError, match="answered 404"):
        await Fetcher(policy(site)).fetch(site.url("/nothing"))


@pytest.mark.parametrize(
    "media_type", ["image/png", "application/zip", "video/mp4", "application/octet-stream"]
)
async def test_other_types_are_refused(site: Any, media_type: str) -> None:
    site.page("/x", b"\x00\x01\x02", Content_Type=media_type)
    with pytest.raises(FetchRefused, match="is not text"):
        await Fetcher(policy(site)).fetch(site.url("/x"))


async def test_pdf_goes_through_the_reader_that_was_given(site: Any) -> None:
    site.page("/paper.pdf", b"%PDF-1.7 ...", Content_Type="application/octet-stream")
    with pytest.raises(FetchRefused, match="has no PDF reader"):
        await Fetcher(policy(site)).fetch(site.url("/paper.pdf"))
    snapshot = await Fetcher(policy(site), read_pdf=lambda data: f"{len(data)} bytes").fetch(
        site.url("/paper.pdf")
    )
    assert (snapshot.text, snapshot.media_type, snapshot.title) == (
        "12 bytes",
        "application/pdf",
        "paper.pdf",
    )


async def test_json_and_plain_text_stay_as_they_are(site: Any) -> None:
    site.page("/d.json", '{"a": "<b>"}', Content_Type="application/json")
    site.page("/t.txt", "a < b\n\n  c", Content_Type="text/plain")
    fetcher = Fetcher(policy(site))
    assert (await fetcher.fetch(site.url("/d.json"))).text == '{"a": "<b>"}'
    assert (await fetcher.fetch(site.url("/t.txt"))).text == "a < b\n\n  c"


async def test_robots_are_respected_read_once_and_can_be_switched_off(site: Any) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /private\n", Content_Type="text/plain")
    site.page("/private/a", "<p>a</p>")
    site.page("/open", "<p>open</p>")
    fetcher = Fetcher(policy(site))
    with pytest.raises(FetchRefused, match=r"robots\.txt"):
        await fetcher.fetch(site.url("/private/a"))
    assert (await fetcher.fetch(site.url("/open"))).text == "open"
    assert site.paths() == ["/robots.txt", "/open"]
    assert (await Fetcher(policy(site, robots=False)).fetch(site.url("/private/a"))).text == "a"


async def test_our_own_name_in_robots_wins_and_redirects_are_checked_too(site: Any) -> None:
    site.page("/robots.txt", "User-agent: tenfold\nDisallow: /b\n\nUser-agent: *\nDisallow:\n")
    site.page("/a", "", 302, Location="/b")
    site.page("/b", "<p>b</p>")
    with pytest.raises(FetchRefused, match=r"robots\.txt"):
        await Fetcher(policy(site)).fetch(site.url("/a"))
    assert "/b" not in site.paths()


async def test_site_whose_rules_cannot_be_read_is_left_alone(site: Any) -> None:
    site.page("/robots.txt", "", 503)
    site.page("/a", "<p>a</p>")
    with pytest.raises(FetchRefused, match=r"robots\.txt"):
        await Fetcher(policy(site)).fetch(site.url("/a"))


async def test_one_host_is_not_hurried_and_waiting_is_not_a_timeout(site: Any) -> None:
    site.page("/a", "<p>a</p>")
    fetcher = Fetcher(policy(site, per_host_per_s=5, burst=2, robots=False, total_s=0.5))
    began = time.monotonic()
    await asyncio.gather(*(fetcher.fetch(site.url("/a")) for _ in range(7)))
    assert 0.95 < time.monotonic() - began < 2.0  # five waits of 0.2 s


async def test_user_agent_is_sent(site: Any) -> None:
    site.page("/a", "<p>a</p>")
    await Fetcher(policy(site, user_agent="me/1", robots=False)).fetch(site.url("/a"))
    assert site.requests[0][1]["user-agent"] == "me/1"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Key and self-signed certificate of secure.test."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=secure.test -keyout {key} -out {cert}"
    )
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=DNS:secure.test"], check=True, capture_output=True
    )
    return key, cert


async def test_tls_checks_the_name_not_the_address(
    certificate: tuple[Path, Path], server_factory: Callable[..., Any]
) -> None:
    key, cert = certificate
    names: list[str | None] = []

    def wrap(server: ThreadingHTTPServer) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        server.socket = context.wrap_socket(server.socket, server_side=True)

    site = server_factory(wrap)
    site.page("/a", "<p>over tls</p>")

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    allowed = frozenset({f"secure.test:{site.port}", f"other.test:{site.port}"})
    fetcher = Fetcher(
        policy(site, allow_hosts=allowed, robots=False),
        resolve=resolve,
        ssl_context=ssl.create_default_context(cafile=str(cert)),
    )
    assert (await fetcher.fetch(f"https://secure.test:{site.port}/a")).text == "over tls"
    assert names == ["secure.test"]
    with pytest.raises(ToolError, match="certificate verify failed"):
        await fetcher.fetch(f"https://other.test:{site.port}/a")
