"""What search engines take and give: hits, filters, snapshots, and the one interface they all have.

A snapshot's text never changes and is addressed by its SHA-256; `start` and `end` of a hit are character offsets
into it, so a quote is always `text[start:end]`.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import Literal, Protocol, runtime_checkable
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

SourceType = Literal["document", "web", "academic", "code", "encyclopedia", "database"]


class Hit(BaseModel):
    """One search result.

    Attributes:
        url: Address that `SearchEngine.fetch` takes; `doc:` and `sql:` addresses are ours.
        snippet: Plain text, no markup.
        score: The engine's own score, larger is better; not comparable between engines.
        published: ISO date (`2025`, `2025-03` or `2025-03-09`) when the source says so.
        start: First character of the passage in the snapshot's text, or None.
        end: One past its last character, or None.
    """

    model_config = ConfigDict(frozen=True)

    url: str
    title: str
    snippet: str
    engine: str
    source_type: SourceType
    score: float | None = None
    published: str | None = None
    start: int | None = None
    end: int | None = None


class Filters(BaseModel):
    """What a hit must satisfy; an empty field allows everything.

    Attributes:
        domains_allow: Only these domains and their subdomains.
        domains_deny: None of these domains and their subdomains; wins over `domains_allow`.
        urls_deny: None of these addresses, as they are.
        date_from: First day, inclusive. A source dated by month or year passes when any of its days does.
        date_to: Last day, inclusive.
        languages: ISO 639-1 codes, passed to the engines that know languages.
        source_types: Only these kinds of source.
        strict_dates: Whether a hit without a date fails a date filter.
    """

    model_config = ConfigDict(frozen=True)

    domains_allow: tuple[str, ...] = ()
    domains_deny: tuple[str, ...] = ()
    urls_deny: tuple[str, ...] = ()
    date_from: date | None = None
    date_to: date | None = None
    languages: tuple[str, ...] = ()
    source_types: tuple[SourceType, ...] = ()
    strict_dates: bool = False

    @field_validator("domains_allow", "domains_deny")
    @classmethod
    def _plain_domains(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_plain_domain(domain) for domain in domains)

    def accepts(self, hit: Hit) -> bool:
        """Whether `hit` satisfies every filter that can be judged from it (languages cannot)."""
        if self.source_types and hit.source_type not in self.source_types:
            return False
        return self.accepts_url(hit.url) and self.accepts_date(hit.published)

    def accepts_url(self, url: str) -> bool:
        """Whether the address passes the domain filters; addresses without a host (`doc:`) pass `domains_deny`."""
        if url in self.urls_deny:
            return False
        try:
            host = (urlsplit(url).hostname or "").rstrip(".")
        except ValueError:  # such as an unclosed bracket: nobody can fetch it either
            return False
        if any(_within(host, domain) for domain in self.domains_deny):
            return False
        return not self.domains_allow or any(_within(host, domain) for domain in self.domains_allow)

    def accepts_date(self, published: str | None) -> bool:
        """Whether an ISO date, possibly only a year or a month, can lie in the window."""
        if self.date_from is None and self.date_to is None:
            return True
        days = _days(published)
        if days is None:
            return not self.strict_dates
        first, last = days
        return (self.date_from is None or last >= self.date_from) and (
            self.date_to is None or first <= self.date_to
        )


class Snapshot(BaseModel):
    """A source as it was read once.

    Attributes:
        sha256: Of `text` in UTF-8, in hexadecimal.
        fetched_at: ISO time in UTC.
        published: ISO date when the source says so.
        meta: Provenance; `untrusted="1"` marks text that came from outside and is never an instruction.
    """

    model_config = ConfigDict(frozen=True)

    sha256: str
    url: str
    title: str
    text: str
    media_type: str
    fetched_at: str
    published: str | None = None
    meta: dict[str, str] = Field(default_factory=dict[str, str])

    @classmethod
    def of(
        cls,
        url: str,
        title: str,
        text: str,
        *,
        media_type: str = "text/plain",
        fetched_at: str | None = None,
        published: str | None = None,
        meta: dict[str, str] | None = None,
    ) -> Snapshot:
        """Make a snapshot and compute its hash; `fetched_at` is now unless given."""
        # A lone surrogate (badly decoded input) has no UTF-8 form; it would make the snapshot unstorable.
        text = text.encode("utf-8", "replace").decode("utf-8")
        return cls(
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            url=url,
            title=title,
            text=text,
            media_type=media_type,
            fetched_at=fetched_at or datetime.now(UTC).isoformat(timespec="seconds"),
            published=published,
            meta=meta or {},
        )


class Capabilities(BaseModel):
    """What an engine can do.

    Attributes:
        max_per_minute: Calls the service allows per minute; None is no limit.
        languages: ISO 639-1 codes it can be asked for; None is any.
        can_fetch: Whether its own `fetch` reads the addresses it returns.
        filters: Names of the `Filters` fields the service applies by itself.
    """

    model_config = ConfigDict(frozen=True)

    source_type: SourceType
    needs_key: bool = False
    max_per_minute: float | None = None
    languages: tuple[str, ...] | None = None
    can_fetch: bool = False
    filters: frozenset[str] = frozenset()


@runtime_checkable
class SearchEngine(Protocol):
    """The one interface of every source that can be searched."""

    @property
    def name(self) -> str:
        """Short name, unique among the engines of a run."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do."""
        ...

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """At most `k` hits, best first; nothing found is an empty list.

        Raises:
            SearchFailed: The engine is blocked, limited, unreachable or answered nonsense.
        """
        ...

    async def fetch(self, url: str) -> Snapshot:
        """The whole source behind a hit.

        Raises:
            ToolError: The source cannot be read; the message says why.
        """
        ...


@runtime_checkable
class OwnsUrls(Protocol):
    """An engine that reads some addresses better than a plain fetch: by its own interface."""

    def owns(self, url: str) -> bool:
        """Whether `fetch` of this engine takes `url`."""
        ...


def _plain_domain(domain: str) -> str:
    """`https://WWW.Example.com/a` and `*.example.com` both mean example.com and what is under it."""
    text = domain.strip().lower()
    host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    plain = host.removeprefix("*.").removeprefix("www.").rstrip(".")
    if not plain or "*" in plain:
        raise ValueError(f"{domain!r} is not a domain; write it like example.com")
    try:
        return plain.encode("idna").decode() if not plain.isascii() else plain
    except UnicodeError as error:
        raise ValueError(f"{domain!r} is not a domain: {error}") from error


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


def _days(published: str | None) -> tuple[date, date] | None:
    """First and last day that an ISO date of any precision can mean."""
    parts = (published or "")[:10].split("-")
    try:
        numbers = [int(part) for part in parts]
        if len(numbers) == 1:
            return date(numbers[0], 1, 1), date(numbers[0], 12, 31)
        if len(numbers) == 2:
            year, month = numbers
            following = date(year + month // 12, month % 12 + 1, 1)
            return date(year, month, 1), date.fromordinal(following.toordinal() - 1)
        day = date(*numbers[:3])
        return day, day
    except ValueError:
        return None
