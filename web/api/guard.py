"""The door: host names, body sizes, rates, forged requests, and the headers of every answer. Plain ASGI, so that it
neither buffers a stream nor costs it anything."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import json
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import Metrics
from .rates import Rates

_HOST_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BODY_BYTES = 256_000
_DRAINED_BYTES = 8_000_000
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-frame-options": "DENY",
}
_LOG = logging.getLogger("tenfold.web.access")


@dataclass(frozen=True)
class Door:
    """Who may come in.

    Attributes:
        hosts: Names the server answers to, besides loopback ones; a page of another name that was made to point here
            (DNS rebinding) is refused.
        any_address: Also answer to any bare IP address: rebinding needs a name.
        accounts: Whether people log in.
        https: Whether people reach the server over https: cookies are then for https alone.
        upload_bytes: The largest body of an upload.
        requests_per_minute: Of one address.
    """

    hosts: frozenset[str]
    any_address: bool
    accounts: bool
    https: bool
    upload_bytes: int
    requests_per_minute: int

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return "__Host-tenfold" if self.https else "tenfold"

    def knows(self, host: str) -> bool:
        """Whether the server answers to this Host header."""
        if not set(host) <= _HOST_LETTERS:
            return False
        try:
            name = urlsplit(f"//{host}").hostname or ""
            _ = urlsplit(f"//{host}").port
        except ValueError:
            return False
        if name in ("localhost", "127.0.0.1", "::1") or name in self.hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.any_address


def csrf_token(session: str) -> str:
    """The token that a page must send along: whoever cannot read the cookie cannot make it."""
    return hmac.new(session.encode(), b"tenfold-csrf", hashlib.sha256).hexdigest()


def session_of(headers: Headers, door: Door) -> str | None:
    """The session's token: of the Authorization header, else of the cookie."""
    bearer = headers.get("authorization", "")
    if bearer[:7].lower() == "bearer ":
        return bearer[7:].strip() or None
    return cookie_parser(headers.get("cookie", "")).get(door.cookie) or None


class Guard:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, door: Door, rates: Rates, metrics: Metrics) -> None:
        self.app, self.door, self.rates, self.metrics = app, door, rates, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with counted body and added headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        quiet = scope["path"] in ("/healthz", "/metrics")

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(("/api", "/agui")):
                    headers.setdefault("cache-control", "no-store")
                if self.door.https:
                    headers.setdefault("strict-transport-security", "max-age=31536000")
                if not quiet:
                    self._account(scope, status, time.perf_counter() - started)
            await send(message)

        refusal = await self._refusal(scope)
        if refusal is not None:
            if refusal[0] == 413:
                await _drain(scope, receive)
            await _refuse(answer, *refusal)
            return
        await self.app(scope, self._counted(scope, receive), answer)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        path = getattr(route, "path", "unmatched")
        self.metrics.request(scope["method"], path, status, seconds)
        _LOG.info(
            "%s %s %d", scope["method"], path, status,
            extra={"method": scope["method"], "route": path, "status": status, "ms": round(seconds * 1000, 1)},
        )  # fmt: skip

    async def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        headers = Headers(scope=scope)
        if not self.door.knows(headers.get("host", "")):
            return (
                421,
                "The server does not answer to this host name.",
                "Add it to web.hosts in the settings.",
            )
        if len(headers.raw) > 100 or len(scope.get("query_string", b"")) > 8000:
            return 431, "The request's head is too large.", ""
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return 400, "Content-Length is not a number.", ""
        if int(length) > self._most(scope):
            return 413, f"The body has {length} bytes; at most {self._most(scope)} are taken.", ""
        client = (scope.get("client") or ("?",))[0]
        if not await self.rates.hit(self.door.requests_per_minute, "minute", "requests", client):
            return 429, "Too many requests.", "Wait a minute."
        if scope["method"] not in _SAFE and not self._genuine(headers):
            return 403, "The request does not come from this server's own page.", "Reload the page."
        return None

    def _most(self, scope: Scope) -> int:
        return self.door.upload_bytes if scope["path"] == "/api/uploads" else _BODY_BYTES

    def _genuine(self, headers: Headers) -> bool:
        """Whether an unsafe request is no other site's doing.

        A browser sends the cookie, the Origin and Sec-Fetch-Site by itself; a program sends none of them, so nobody's
        browser was made to send it.
        """
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and not self._same_origin(origin, headers.get("host", "")):
            return False
        if site is not None and site not in ("same-origin", "none"):
            return False
        if headers.get("authorization", "")[:7].lower() == "bearer ":
            return True
        cookie = session_of(headers, self.door)
        if cookie is None:
            return origin is None and site is None and "cookie" not in headers
        return hmac.compare_digest(
            csrf_token(cookie), headers.get("x-csrf-token", "").encode("ascii", "replace").decode()
        )

    def _same_origin(self, origin: str, host: str) -> bool:
        if origin == "null" or not host:
            return False
        schemes = ("https",) if self.door.https else ("http", "https")
        return any(origin.lower() == f"{scheme}://{host.lower()}" for scheme in schemes)

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        most, seen = self._most(scope), 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > most:
                    raise HTTPException(413, f"The body is larger than {most} bytes.")
            return message

        return counted


async def _drain(scope: Scope, receive: Receive) -> None:
    """Read a body that is not much too large and forget it: a client that is cut off while it sends sees no answer."""
    if int(Headers(scope=scope).get("content-length", "0")) > _DRAINED_BYTES:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            while (await receive()).get("more_body"):
                pass


async def _refuse(send: Send, status: int, message: str, mend: str) -> None:
    body = json.dumps({"error": {"message": message, "mend": mend}}).encode()
    headers: list[Any] = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == 429:
        headers.append((b"retry-after", b"60"))
    if status in (413, 431):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
