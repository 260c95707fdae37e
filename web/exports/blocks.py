"""A report as a sequence of plain blocks, which the writers of DOCX and PDF set in type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import MissingExtra
from ...graphs.coloragent import ending, lines_of
from ...graphs.edr import about_lines, byline, label
from ...tools.charts import ChartSpec
from ...tools.charts import render as draw

Role = Literal["title", "byline", "heading", "claim", "quote", "source", "note", "image"]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or an image.

    Attributes:
        refs: Numbers of the sources that carry it.
        flagged: Words to mark behind it, such as "unverified".
        image: PNG bytes.
    """

    role: Role
    text: str
    refs: tuple[int, ...] = ()
    flagged: str = ""
    image: bytes = b""


def blocks(report: Mapping[str, Any]) -> Iterator[Block]:
    """The blocks of a report, in order."""
    language = report["language"]
    yield Block("title", plain(report["title"]))
    if report.get("kind") == "phone":
        yield from _phone(report)
        return
    yield Block("byline", plain(byline(report)))
    if not report["sections"]:
        yield Block("note", label(language, "nothing"))
    for section in report["sections"]:
        yield Block("heading", plain(section["title"]))
        for claim in section["claims"]:
            text = plain(claim["text"])
            flag = label(language, "unverified") if claim["verdict"] == "unverified" else ""
            yield Block("claim", f"“{text}”" if claim["extractive"] else text, tuple(claim["refs"]), flag)
    yield from _charts(report)
    yield from _extras(report)
    if report["sources"]:
        yield Block("heading", label(language, "sources"))
        for source in report["sources"]:
            date = f", {source['published']}" if source["published"] else ""
            title = plain(source["title"] or source["url"])
            yield Block("source", f"{source['n']}. {title}{date}, {plain(source['url'])}")
            for quote in source["quotes"]:
                place = f" ({quote['place']})" if quote.get("place") else ""
                yield Block("quote", plain(quote["quote"] + place))
    yield Block("heading", label(language, "about"))
    for line in about_lines(report):
        yield Block("note", plain(line))


def _phone(report: Mapping[str, Any]) -> Iterator[Block]:
    yield Block("byline", plain(ending(report)))
    for title, lines in lines_of(report):
        yield Block("heading", title)
        for line in lines:
            yield Block("note", plain(line))


def _charts(report: Mapping[str, Any]) -> Iterator[Block]:
    if report["charts"]:
        yield Block("heading", label(report["language"], "charts"))
    for chart in report["charts"]:
        spec = ChartSpec.model_validate(chart["spec"])
        try:
            yield Block("image", plain(spec.title), (chart["source"],), image=draw(spec, format="png").data)
        except MissingExtra as error:
            yield Block("note", f"{plain(spec.title)}: {error}")


def _extras(report: Mapping[str, Any]) -> Iterator[Block]:
    language = report["language"]
    groups: list[tuple[str, list[str]]] = [
        (
            "disagree",
            [" ↔ ".join(f"“{s['quote']}” [{s['ref']}]" for s in pair) for pair in report["disagreements"]],
        ),
        (
            "open",
            [f"{i['title']}: {i['status']}. {i['note']}" for i in report["open"]] + list(report["gaps"]),
        ),
        ("steering", [f"“{m['message']}”: {m['status']}. {m['reason']}" for m in report["steering"]]),
    ]
    for name, lines in groups:
        if lines:
            yield Block("heading", label(language, name))
            for line in lines:
                yield Block("note", plain(line))


def plain(text: Any) -> str:
    """One line, without control characters and halves of characters, which XML and PDF cannot hold."""
    return "".join(c for c in " ".join(str(text).split()) if c.isprintable())
