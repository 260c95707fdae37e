"""What all engines behind an HTTP interface share: asking, waiting once, and saying plainly what went wrong."""

from __future__ import annotations

import asyncio
import html
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from ....errors import SearchFailed, ToolError
from ..types import Capabilities, Filters, Hit, Snapshot

if TYPE_CHECKING:
    import ssl

    import httpx

T = TypeVar("T")

USER_AGENT = "tenfold/0.1 (research agent)"
_MAX_WAIT_S = 10.0
_TAG = re.compile(r"<[^<>]+>")


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a service.

    Attributes:
        path: Appended to the base URL, or a whole URL.
        json: Body of a POST; without it the request is a GET.
    """

    path: str
    params: dict[str, str] = field(default_factory=dict[str, str])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    json: dict[str, Any] | None = None


class HttpEngine(ABC):
    """A search service over HTTP; a subclass says how to ask and how to read the answer.

    Args:
        base_url: Another server that speaks the same interface (a mirror, a gateway, a test server).
        timeout_s: Seconds one request may take.
    """

    name: str = ""
    capabilities: Capabilities = Capabilities(source_type="web")
    base_url: str = ""

    def __init__(self, *, base_url: str | None = None, timeout_s: float = 20.0) -> None:
        self.base_url = (base_url or self.base_url).rstrip("/")
        self.timeout_s = timeout_s

    @abstractmethod
    def request(self, q: str, k: int, filters: Filters) -> Request:
        """How to ask for `k` hits."""

    @abstractmethod
    def hits(self, answer: Any) -> Iterable[Hit]:
        """The hits in an answer, best first; any error of form is reported by `search`."""

    def decode(self, response: httpx.Response) -> Any:
        """The answer's body; JSON unless a subclass knows better."""
        return response.json()

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """At most `k` hits, best first; an empty query finds nothing.

        Raises:
            SearchFailed: Blocked, limited, unreachable, or an answer of another form.
        """
        if not q.strip():
            return []
        response = await self.ask(self.request(q.strip(), k, filters or Filters()))
        return self.read(lambda: [hit for hit in self.hits(self.decode(response)) if hit.url][:k])

    async def fetch(self, url: str) -> Snapshot:
        """The source behind a hit, when the service itself gives it.

        Raises:
            ToolError: It does not.
        """
        raise ToolError(f"{self.name} does not give out {url!r}.", mend="Fetch the page itself.")

    def read(self, parse: Callable[[], T]) -> T:
        """Run a parser; whatever it stumbles over means that the answer has another form.

        Raises:
            SearchFailed: It stumbled.
        """
        try:
            return parse()
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise SearchFailed(
                f"{self.name} answered in a form that is not known ({type(error).__name__}: {str(error)[:200]}).",
                mend="Use another engine; the service may have changed.",
            ) from error

    async def ask(self, request: Request) -> httpx.Response:
        """Send a request; a short wait that the server asks for is granted once.

        Raises:
            SearchFailed: Unreachable, refused, limited or broken.
        """
        response = await self._send(request)
        if response.status_code in (429, 503) and (wait := _retry_after(response)) is not None:
            await asyncio.sleep(wait)
            response = await self._send(request)
        if response.status_code == 200:
            return response
        raise SearchFailed(
            f"{self.name} answered {response.status_code}.", mend=_mend(self, response.status_code)
        )

    async def _send(self, request: Request) -> httpx.Response:
        import httpx

        url = request.path if "//" in request.path else self.base_url + request.path
        headers = {"User-Agent": USER_AGENT, **request.headers}
        try:
            async with httpx.AsyncClient(
                verify=tls(), timeout=self.timeout_s, follow_redirects=True
            ) as client:
                if request.json is not None:
                    return await client.post(url, params=request.params, headers=headers, json=request.json)
                return await client.get(url, params=request.params, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The class says enough; a message could repeat an address with a key in it.
            raise SearchFailed(
                f"{self.name} cannot be reached ({type(error).__name__}).",
                mend="Check the network and the address.",
            ) from error


def plain(text: str | None) -> str:
    """Markup and entities out, white space folded."""
    return " ".join(html.unescape(_TAG.sub(" ", text or "")).split())


def iso_day(text: str | None) -> str | None:
    """The date at the beginning of an ISO time, or None."""
    found = re.match(r"\d{4}-\d{2}-\d{2}", text or "")
    return found[0] if found else None


@cache
def tls() -> ssl.SSLContext:
    """The usual certificates, read once."""
    import httpx

    return httpx.create_ssl_context()


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "").strip()
    seconds = float(text) if text.replace(".", "", 1).isdigit() else None
    return seconds if seconds is not None and seconds <= _MAX_WAIT_S else None


def _mend(engine: HttpEngine, status: int) -> str:
    if status in (401, 403):
        return (
            "Check the key."
            if engine.capabilities.needs_key
            else "The service blocks this machine; use another."
        )
    if status in (402, 429, 432, 433):
        return "Its limit is reached: wait, or use another engine."
    return "Try again later or use another engine." if status >= 500 else "Change the query."
