"""The guarded fetcher: one address in, one snapshot of readable text out."""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Callable, Mapping

import httpx

from ...errors import FetchRefused, ToolError
from ..search import Snapshot, TokenBucket
from .body import decode, read_body
from .guard import Resolver, Target, check_url, host_port, system_resolver
from .html import html_to_text
from .policy import FetchPolicy
from .robots import MAX_ROBOTS_BYTES, Robots

PdfReader = Callable[[bytes], str]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEXTUAL = frozenset({"application/json", "application/xml", "application/x-ndjson", "application/yaml"})
_PDF = "application/pdf"
_MAX_HOSTS = 500


class Fetcher:
    """Reads pages for a research run, politely and from public addresses only.

    Args:
        policy: Limits.
        resolve: Host and port to addresses; the system's resolver unless a test or a proxy has its own.
        read_pdf: PDF bytes to text, run in a thread; without it PDFs are refused.
        ssl_context: Certificates to trust instead of the usual ones.
    """

    def __init__(
        self,
        policy: FetchPolicy | None = None,
        *,
        resolve: Resolver = system_resolver,
        read_pdf: PdfReader | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy or FetchPolicy()
        self._resolve, self._read_pdf = resolve, read_pdf
        self._ssl = ssl_context
        self._robots = Robots(self._fetch_robots)
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    async def fetch(self, url: str, *, headers: Mapping[str, str] | None = None) -> Snapshot:
        """Fetch an address and take its readable text.

        Args:
            url: http or https.
            headers: Sent to the first host only, never to another one that it redirects to.

        Returns:
            A snapshot under the final address; `meta` has `untrusted="1"`, the address asked for and the status.

        Raises:
            FetchRefused: The address, a redirect, the size, the type or robots.txt forbids it.
            ToolError: The server is unreachable, too slow, or answers with an error.
        """
        final, response, body = await self._get(url, headers or {}, self.policy.max_bytes, robots=True)
        if response.status_code >= 400:
            raise ToolError(f"{url!r} answered {response.status_code}.", mend="Choose another source.")
        media_type, charset = _content_type(response, body)
        meta = {"untrusted": "1", "requested_url": url, "status": str(response.status_code)}
        if media_type == _PDF:
            text = await self._pdf_text(url, body)
            return Snapshot.of(final, _name_of(final), text, media_type=_PDF, meta=meta)
        if media_type in _HTML:
            page = await asyncio.to_thread(lambda: html_to_text(decode(body, charset)))
            return Snapshot.of(
                final,
                page.title or final,
                page.text,
                media_type=media_type,
                published=page.published,
                meta=meta,
            )
        if media_type.startswith("text/") or media_type in _TEXTUAL or media_type.endswith(("+json", "+xml")):
            return Snapshot.of(
                final, _name_of(final), decode(body, charset), media_type=media_type, meta=meta
            )
        raise FetchRefused(
            f"{url!r} is {media_type!r}, which is not text.", mend="Save the file and index it as a document."
        )

    async def _pdf_text(self, url: str, body: bytes) -> str:
        if self._read_pdf is None:
            raise FetchRefused(
                f"{url!r} is a PDF, and this fetcher has no PDF reader.",
                mend="Give it one (read_pdf), or save the file and index it as a document.",
            )
        return await asyncio.to_thread(self._read_pdf, body)

    async def _fetch_robots(self, url: str) -> tuple[int, str]:
        _, response, body = await self._get(url, {}, MAX_ROBOTS_BYTES, robots=False)
        return response.status_code, decode(body, None)

    async def _get(
        self, url: str, headers: Mapping[str, str], max_bytes: int, *, robots: bool
    ) -> tuple[str, httpx.Response, bytes]:
        """Follow redirects to a body, all within the time allowed; returns the final address, response, body."""
        try:
            async with asyncio.timeout(self.policy.total_s) as clock:
                return await self._follow(url, headers, max_bytes, robots, clock)
        except TimeoutError as error:
            raise ToolError(
                f"{url!r} gave no answer in {self.policy.total_s:g} s.", mend="Try later or another source."
            ) from error
        except (httpx.HTTPError, ssl.SSLError) as error:
            raise ToolError(
                f"{url!r} could not be read ({type(error).__name__}: {error}).",
                mend="Try later or another source.",
            ) from error

    async def _follow(
        self, url: str, headers: Mapping[str, str], max_bytes: int, robots: bool, clock: asyncio.Timeout
    ) -> tuple[str, httpx.Response, bytes]:
        address = url
        for _ in range(self.policy.max_redirects + 1):
            target = await check_url(address, self.policy, self._resolve)
            await self._permit(target, robots)
            await self._wait_turn(target, clock)
            async with httpx.AsyncHTTPTransport(verify=self._tls(), trust_env=False) as transport:
                response = await self._send(transport, target, headers)
                try:
                    if response.status_code not in _REDIRECTS or "location" not in response.headers:
                        return _shown(target), response, await read_body(response, max_bytes)
                finally:
                    await response.aclose()
            following = target.url.join(response.headers["location"])
            if host_port(following) != host_port(target.url) or following.scheme != target.url.scheme:
                headers = {}
            address = str(following)
        raise FetchRefused(
            f"{url!r} redirects more than {self.policy.max_redirects} times.", mend="Choose another source."
        )

    async def _permit(self, target: Target, robots: bool) -> None:
        if not robots or not self.policy.robots:
            return
        url = str(target.url)
        if not await self._robots.allows(target.origin, url):
            raise FetchRefused(
                f"The site's robots.txt does not allow {url!r}.", mend="Choose another source."
            )

    async def _wait_turn(self, target: Target, clock: asyncio.Timeout) -> None:
        """Keep to the rate of one host; the clock stands still meanwhile."""
        host = host_port(target.url)
        bucket = self._buckets.get(host)
        if bucket is None:
            bucket = self._buckets[host] = TokenBucket(self.policy.per_host_per_s * 60, self.policy.burst)
            if len(self._buckets) > _MAX_HOSTS:
                self._buckets.popitem(last=False)
        loop = asyncio.get_running_loop()
        left = (clock.when() or 0.0) - loop.time()
        clock.reschedule(None)
        await bucket.acquire()
        clock.reschedule(loop.time() + left)

    async def _send(
        self, transport: httpx.AsyncHTTPTransport, target: Target, headers: Mapping[str, str]
    ) -> httpx.Response:
        """Ask the checked addresses in turn; the name stays in the Host header and in the TLS handshake."""
        failure: httpx.TransportError | None = None
        for address in target.addresses:
            request = httpx.Request(
                "GET",
                target.url.copy_with(host=address, fragment=None),
                headers={**headers, **self._own_headers(target)},
                extensions={
                    "sni_hostname": target.url.raw_host.decode("ascii").rstrip("."),
                    "timeout": httpx.Timeout(self.policy.total_s, connect=10.0).as_dict(),
                },
            )
            try:
                response = await transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
                continue
            request.url = target.url  # what messages show
            response.request = request
            return response
        raise failure or httpx.ConnectError("no address")

    def _own_headers(self, target: Target) -> dict[str, str]:
        return {
            "Host": target.url.netloc.decode("ascii"),
            "User-Agent": self.policy.user_agent,
            "Accept": "text/html,application/xhtml+xml,text/*;q=0.9,application/pdf;q=0.8,*/*;q=0.5",
            "Accept-Encoding": "gzip",  # the one packing that read_body can bound
            "Connection": "close",  # a kept connection could serve another name on the same address
        }

    def _tls(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = httpx.create_ssl_context(trust_env=False)  # slow to build: once
        return self._ssl


def _shown(target: Target) -> str:
    return str(target.url)


def _name_of(url: str) -> str:
    return httpx.URL(url).path.rstrip("/").rpartition("/")[2] or url


def _content_type(response: httpx.Response, body: bytes) -> tuple[str, str | None]:
    """Media type and charset; a missing or meaningless type is settled by the first bytes."""
    header = response.headers.get("content-type", "")
    media_type = header.partition(";")[0].strip().lower()
    charset = response.charset_encoding
    if media_type not in ("", "application/octet-stream", "text/plain", "binary/octet-stream"):
        return media_type, charset
    start = body[:1024].lstrip().lower()
    if start.startswith(b"%pdf-"):
        return _PDF, None
    if media_type != "text/plain" and start.startswith((b"<!doctype html", b"<html")):
        return "text/html", charset
    if media_type in ("", "text/plain") and b"\x00" not in start:
        return "text/plain", charset
    return media_type or "application/octet-stream", charset
