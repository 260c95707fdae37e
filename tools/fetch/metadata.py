"""Title and date of publication, from where pages state them."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_DATE_NAMES = (
    "article:published_time", "og:published_time", "datepublished", "citation_publication_date", "citation_date",
    "citation_online_date", "dc.date.issued", "dc.date", "dcterms.issued", "dcterms.date", "dcterms.created",
    "parsely-pub-date", "sailthru.date", "publish-date", "pubdate", "date",
)  # fmt: skip
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?!\d)")
_YEAR = re.compile(r"(1[5-9]\d\d|20\d\d)")


def find_title(root: HtmlElement) -> str:
    """The page's title, else its social title, else its first heading, else nothing."""
    for query in ("string(//head/title)", "string(//meta[@property='og:title']/@content)", "string(//h1)"):
        title = " ".join(str(root.xpath(query)).split())
        if title:
            return title[:500]
    return ""


def find_published(root: HtmlElement) -> str | None:
    """The date of publication as an ISO date, from meta tags, JSON-LD or a marked `time` element."""
    named: dict[str, str] = {}
    for meta in root.iter("meta"):
        for attribute in ("property", "name", "itemprop"):
            if key := (meta.get(attribute) or "").strip().lower():
                named.setdefault(key, meta.get("content") or "")
    for name in _DATE_NAMES:
        if found := iso_date(named.get(name)):
            return found
    return _from_json_ld(root) or _from_time(root)


def iso_date(text: str | None) -> str | None:
    """`2024-03-05T10:00Z`, `2024/3/5`, `2024-03` or `2024` as an ISO date; None for anything else or the future."""
    if not text:
        return None
    text = text.strip()
    if found := _ISO.match(text):
        year, month, day = int(found[1]), int(found[2]), int(found[3] or 1)
        try:
            when = date(year, month, day)
        except ValueError:
            return None
        if year < 1000 or when > datetime.now(UTC).date() + timedelta(days=2):
            return None
        return when.isoformat() if found[3] else f"{year:04}-{month:02}"
    return text if _YEAR.fullmatch(text) and int(text) <= datetime.now(UTC).year else None


def _from_json_ld(root: HtmlElement) -> str | None:
    for script in root.xpath("//script[@type='application/ld+json']")[:10]:
        try:
            data = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        if found := _search_ld(data):
            return found
    return None


def _search_ld(data: Any) -> str | None:
    """`datePublished` of the first object that has one; three levels are as deep as publishers go."""
    level: list[Any] = [data]
    for _ in range(4):
        following: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                record = cast("dict[str, Any]", item)
                value = record.get("datePublished")
                if isinstance(value, str) and (found := iso_date(value)):
                    return found
                following += [record[key] for key in ("@graph", "mainEntity") if key in record]
            elif isinstance(item, list):
                following += cast("list[Any]", item)
        level = following
    return None


def _from_time(root: HtmlElement) -> str | None:
    for query in ("//time[@itemprop='datePublished']", "//time[@pubdate]", "//article//time[@datetime]"):
        for element in root.xpath(query)[:3]:
            if found := iso_date(element.get("datetime")):
                return found
    return None
