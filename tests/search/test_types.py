"""Filters, snapshots and addresses."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from pydantic import ValidationError

from tenfold.tools.search import Filters, Hit, Snapshot, canonical_url


def hit(url: str = "https://example.com/a", published: str | None = None, **more: Any) -> Hit:
    return Hit(
        url=url,
        title="t",
        snippet="s",
        engine="e",
        source_type=more.pop("source_type", "web"),
        published=published,
        **more,
    )


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://example.com/a", True),
        ("https://www.example.com/a", True),
        ("https://deep.sub.EXAMPLE.com:8443/a", True),
        ("https://example.com./a", True),
        ("https://notexample.com/a", False),
        ("https://example.com.evil.org/a", False),
        ("https://evil.org/example.com", False),
        ("https://evil.org/?u=https://example.com", False),
        ("https://example.com@evil.org/", False),
        ("https://example.org/", False),
        ("doc:folder/example.com", False),
        ("https://[broken", False),
    ],
)
def test_domains_match_by_label_never_by_substring(url: str, allowed: bool) -> None:
    assert Filters(domains_allow=("example.com",)).accepts(hit(url)) is allowed
    if url != "https://[broken":
        assert Filters(domains_deny=("example.com",)).accepts(hit(url)) is not allowed


def test_deny_wins_and_every_spelling_of_a_domain_is_understood() -> None:
    both = Filters(domains_allow=("https://www.Example.com/path",), domains_deny=("*.bad.example.com",))
    assert both.accepts(hit("https://a.example.com/"))
    assert not both.accepts(hit("https://x.bad.example.com/"))
    assert Filters(domains_allow=("münchen.de",)).domains_allow == ("xn--mnchen-3ya.de",)


@pytest.mark.parametrize("domain", ["", "  ", "http://", "exa*mple.com"])
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    with pytest.raises(ValidationError, match="is not a domain"):
        Filters(domains_allow=(domain,))


@pytest.mark.parametrize(
    ("published", "inside"),
    [
        ("2024-05-10", True), ("2024-05-09", False), ("2024-06-20", True), ("2024-06-21", False), ("2024-05", True),
        ("2024-04", False), ("2024", True), ("2023", False), ("2025", False), ("2024-06-20T23:00:00Z", True),
        (None, True), ("", True), ("nonsense", True), ("2024-02-31", True),
    ],
)  # fmt: skip
def test_dates_of_any_precision(published: str | None, inside: bool) -> None:
    window = Filters.model_validate({"date_from": "2024-05-10", "date_to": "2024-06-20"})
    assert window.accepts(hit(published=published)) is inside


def test_unknown_dates_fail_only_when_strict() -> None:
    strict = Filters.model_validate({"date_from": "2024-05-10", "strict_dates": True})
    assert not strict.accepts(hit(published=None))
    assert not strict.accepts(hit(published="soon"))
    assert strict.accepts(hit(published="2024-12"))
    assert Filters(strict_dates=True).accepts(hit(published=None))


def test_source_types() -> None:
    assert Filters(source_types=("academic",)).accepts(hit(source_type="academic"))
    assert not Filters(source_types=("academic", "code")).accepts(hit())


def test_a_snapshot_is_addressed_by_its_text() -> None:
    one = Snapshot.of("https://a", "A", "텍스트")
    assert one.sha256 == hashlib.sha256("텍스트".encode()).hexdigest()
    assert Snapshot.of("https://b", "B", "텍스트").sha256 == one.sha256
    assert (
        Snapshot.model_validate_json(Snapshot.of("u", "t", "lone \ud800").model_dump_json()).text == "lone ?"
    )
    with pytest.raises(ValidationError):
        one.text = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://www.example.com/a/", "https://example.com/a"),
        ("https://example.com/a?utm_source=x&b=2&a=1&fbclid=3", "https://example.com/a?a=1&b=2"),
        ("https://example.com:443/a#part", "http://example.com/a"),
        ("https://EXAMPLE.com/%7Eme", "https://example.com/~me"),
        ("https://arxiv.org/abs/2401.00001v3", "http://arxiv.org/pdf/2401.00001.pdf"),
        ("https://doi.org/10.48550/arXiv.2401.00001", "https://arxiv.org/abs/2401.00001"),
        ("https://doi.org/10.1000/ABC", "http://dx.doi.org/10.1000/abc"),
    ],
)
def test_one_source_under_two_addresses(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a", "https://example.com/A"),
        ("https://example.com/a?id=1", "https://example.com/a?id=2"),
        ("https://example.com/a", "https://sub.example.com/a"),
        ("https://example.com:8443/a", "https://example.com/a"),
        ("doc:a#1", "doc:a#2"),
        ("https://arxiv.org/abs/2401.00001", "https://arxiv.org/abs/2401.00002"),
    ],
)
def test_two_sources(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)
