"""Long and hostile texts: none may hold the event loop, and an export of them is inert wherever it is opened."""

from __future__ import annotations

import io
import re
import time
import zipfile
from html.parser import HTMLParser
from typing import Any

import pytest
from api_world import hostile_report

from tenfold.agents.edr import compile_by_rules
from tenfold.web.api import redact
from tenfold.web.exports import write

LENGTH = 4000
SECONDS = 0.5  # ten times what it takes; the cubic pattern took minutes
WORDS = "undo stop only focus exclude budget since also the 제외 추가 limit".split()


def adversarial() -> list[str]:
    gaps = [" ", "\t", "\n", "\u3000", ", ", ". ", " \n"]
    texts = [f"{word}{(gap * LENGTH)[: LENGTH - 20]}x" for gap in gaps for word in ("a", *WORDS)]
    texts += [(unit * LENGTH)[:LENGTH] for unit in ("a.", "a-", "1,", "1.", "가 ", "그만", "'", "-.", "a@")]
    texts += [(f"{a} {b} " * LENGTH)[:LENGTH] for a in WORDS for b in WORDS]
    return [
        *texts,
        "limit tokens " + "9" * 3900,
        "at most " + "1" * 590 + " tokens",
        "use only " + "a." * 1900,
    ]


def test_no_steering_message_takes_long_to_read() -> None:
    for text in adversarial():
        began = time.perf_counter()
        known, rest = compile_by_rules(text, today="2026-11-24")
        assert time.perf_counter() - began < SECONDS, text[:40]
        assert known or rest or not text.strip(" ,.;\n")


def test_no_line_takes_long_to_make_safe_for_the_log() -> None:
    for unit in ("a", "a.", "://", "a:", "bearer ", "token=", "sk-", "password ", "a+b-"):
        began = time.perf_counter()
        redact((unit * 20_000)[:20_000])
        assert time.perf_counter() - began < SECONDS, unit


# --- exports ----------------------------------------------------------------------------------------------------------

LINKS = ["javascript:`[x](javascript:alert(1))`", "https://ok.example/`[x](javascript:alert(1))",
    "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", " JaVaScRiPt:alert(1)",
         "https://ok.example/\"onmouseover=\"alert(1)", "https://ok.example/)[x](javascript:alert(1)"]  # fmt: skip


def report_with(url: str) -> dict[str, Any]:
    report = hostile_report()
    report["sources"][0] |= {"url": url, "title": "[x](javascript:alert(1)) </title><svg onload=alert(1)>"}
    return report


def attributes(page: str) -> list[tuple[str, str, str]]:
    """Tag, name and value of each attribute, as a browser reads them."""
    found: list[tuple[str, str, str]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend((tag, name, (value or "").strip().lower()) for name, value in attrs or [("", "")])

    Reader(convert_charrefs=True).feed(page)
    return found


@pytest.mark.parametrize("url", LINKS)
def test_no_link_of_an_export_runs_a_script(url: str) -> None:
    page = write(report_with(url), "html").decode()
    for tag, name, value in attributes(page):
        assert tag not in ("script", "svg", "img", "iframe", "base", "form") and not name.startswith("on"), (
            tag,
            name,
        )
        if name in ("href", "src"):
            assert value.startswith(("http://", "https://", "#")), value
    assert re.search(r"<meta[^>]*Content-Security-Policy", page), "opened from a disk, it has no headers"
    text = re.sub(r"(`+) ?.*? ?\1(?!`)", "", write(report_with(url), "md").decode())  # without code spans
    assert not re.search(r"(?<!\\)\]\(\s*(?:javascript|data|vbscript):", text, re.IGNORECASE), text
    assert not re.search(r"(?<!\\)<(?:script|svg|img)", text), text


def test_an_export_to_word_points_to_nothing_outside() -> None:
    for url in LINKS:
        with zipfile.ZipFile(io.BytesIO(write(report_with(url), "docx"))) as archive:
            for name in archive.namelist():
                data = archive.read(name)
                assert b'TargetMode="External"' not in data and b"<script" not in data, name
        pdf = write(report_with(url), "pdf")
        assert b"/JavaScript" not in pdf and b"/URI" not in pdf and b"/Launch" not in pdf
