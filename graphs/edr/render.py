"""A report as Markdown, HTML or JSON. Quotes and titles come from outside: they are escaped everywhere."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from ...errors import MissingExtra
from ...tools.charts import Chart, ChartSpec
from ...tools.charts import render as draw
from .report import label

Format = Literal["md", "html", "json"]
Report = Mapping[str, Any]

_STYLE = """body{font:17px/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
body{color:#1c1c1e;background:#fff}
h1{font-size:1.7rem;line-height:1.25}h2{font-size:1.2rem;margin-top:2rem}sup a{text-decoration:none}
blockquote{margin:.4rem 0;padding:.1rem .8rem;border-left:3px solid #bbb;color:#444;font-size:.92rem}
.note{color:#555;font-size:.92rem}.flag{background:#fff3cd;padding:0 .25rem;border-radius:3px}
figure{margin:1rem 0}figure img{max-width:100%;background:#fff}td,th{padding:.1rem .6rem;text-align:right}
td:first-child,th:first-child{text-align:left}li:target{background:#fff8dc}@media(prefers-color-scheme:dark){body{background:#17181a;color:#e8e8ea}
blockquote,.note{color:#b5b5ba;border-color:#555}a{color:#8ab4f8}.flag{background:#5c4a00}li:target{background:#33302a}}"""


_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render(report: Report, format: Format) -> str:
    """Render a report."""
    if format == "json":
        return json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    return to_html(report) if format == "html" else to_markdown(report)


def to_markdown(report: Report) -> str:
    """Markdown with numbered sources; every cited quote stands under its source."""
    language = report["language"]
    out = [f"# {_md(report['title'])}", "", f"*{_md(byline(report))}*", ""]
    if not report["sections"]:
        out += [label(language, "nothing"), ""]
    for section in report["sections"]:
        out += [f"## {_md(section['title'])}", ""]
        for claim in section["claims"]:
            marks = "".join(f"[{n}]" for n in claim["refs"])
            flag = f" *({label(language, 'unverified')})*" if claim["verdict"] == "unverified" else ""
            out.append(f"- {_md(_said(claim))} {marks}{flag}".rstrip())
        out.append("")
    out += _md_charts(report)
    out += _md_extras(report)
    if report["sources"]:
        out += [f"## {label(language, 'sources')}", ""]
        for source in report["sources"]:
            date = f", {source['published']}" if source["published"] else ""
            title, address = _md(source["title"] or source["url"]), source["url"].replace("`", "%60")
            out.append(f"{source['n']}. **{title}**{date}, `{address}`")
            out += [f"   > {_md(q['quote'])} `{q['id']}` ({_where(q)})" for q in source["quotes"]]
        out.append("")
    out += [f"## {label(language, 'about')}", "", *[f"- {_md(line)}" for line in about_lines(report)], ""]
    return "\n".join(out)


def _md_charts(report: Report) -> list[str]:
    """Markdown cannot hold a drawing of its own, so the data stand there as a table."""
    if not report["charts"]:
        return []
    out = [f"## {label(report['language'], 'charts')}", ""]
    for chart in report["charts"]:
        header, *rows = _chart_table(ChartSpec.model_validate(chart["spec"]))
        out += [f"**{_md(chart['spec']['title'])}** [{chart['source']}]", ""]
        out += [_md_row(header), "| --- |" + " ---: |" * (len(header) - 1), *map(_md_row, rows), ""]
    return out


def _md_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_md, cells)) + " |"


def _chart_table(spec: ChartSpec) -> list[list[str]]:
    """A header and one row for each place on the axis."""
    places = dict.fromkeys(point.x for series in spec.series for point in series.points)
    columns = [{point.x: f"{point.y:,.10g}" for point in series.points} for series in spec.series]
    header = [spec.x, *(series.name for series in spec.series)]
    return [
        header,
        *([x if isinstance(x, str) else f"{x:.10g}", *(c.get(x, "") for c in columns)] for x in places),
    ]


def _md_extras(report: Report) -> list[str]:
    language, out = report["language"], []
    if report["disagreements"]:
        out += [f"## {label(language, 'disagree')}", ""]
        out += [
            "- " + " ↔ ".join(f"“{_md(side['quote'])}” [{side['ref']}]" for side in pair)
            for pair in report["disagreements"]
        ]
        out.append("")
    if report["open"] or report["gaps"]:
        out += [f"## {label(language, 'open')}", ""]
        out += [
            f"- {_md(item['title'])}: {item['status']}. {_md(item['note'])}".rstrip()
            for item in report["open"]
        ]
        out += [f"- {_md(gap)}" for gap in report["gaps"]]
        out.append("")
    if report["steering"]:
        out += [f"## {label(language, 'steering')}", ""]
        out += [
            f"- “{_md(m['message'])}”: {m['status']}. {_md(m['reason'])}".rstrip() for m in report["steering"]
        ]
        out.append("")
    return out


def to_html(report: Report) -> str:
    """One self-contained page: no script, no outside resource, light and dark."""
    language, e = report["language"], html.escape
    out = [
        f'<!doctype html><html lang="{e(language)}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_CSP}">',
        f"<title>{e(report['title'])}</title><style>{_STYLE}</style></head><body>",
        f'<h1>{e(report["title"])}</h1><p class="note">{e(byline(report))}</p>',
    ]
    if not report["sections"]:
        out.append(f"<p>{e(label(language, 'nothing'))}</p>")
    for section in report["sections"]:
        out.append(f"<h2>{e(section['title'])}</h2><ul>")
        for claim in section["claims"]:
            marks = "".join(f'<sup><a href="#source-{n}">[{n}]</a></sup>' for n in claim["refs"])
            flag = (
                f' <span class="flag">{e(label(language, "unverified"))}</span>'
                if claim["verdict"] == "unverified"
                else ""
            )
            out.append(f"<li>{e(_said(claim))} {marks}{flag}</li>")
        out.append("</ul>")
    out += _html_charts(report)
    out += _html_extras(report)
    if report["sources"]:
        out.append(f"<h2>{e(label(language, 'sources'))}</h2><ol>")
        for source in report["sources"]:
            quotes = "".join(
                f'<blockquote id="{e(q["id"])}">{e(q["quote"])}{_html_place(q)}</blockquote>'
                for q in source["quotes"]
            )
            out.append(f'<li id="source-{source["n"]}">{_html_link(source)}{quotes}</li>')
        out.append("</ol>")
    lines = "".join(f"<li>{e(line)}</li>" for line in about_lines(report))
    out.append(f'<h2>{e(label(language, "about"))}</h2><ul class="note">{lines}</ul></body></html>')
    return "\n".join(out)


def _html_charts(report: Report) -> list[str]:
    e = html.escape
    out = [f"<h2>{e(label(report['language'], 'charts'))}</h2>"] if report["charts"] else []
    for chart in report["charts"]:
        spec, n = ChartSpec.model_validate(chart["spec"]), chart["source"]
        mark = f'<sup><a href="#source-{n}">[{n}]</a></sup>'
        try:
            figure = _html_image(draw(spec))
        except MissingExtra as error:
            figure = _html_table(spec) + f'<p class="note">{e(str(error))}</p>'
        out.append(f"<figure>{figure}<figcaption>{e(spec.title)} {mark}</figcaption></figure>")
    return out


def _html_image(chart: Chart) -> str:
    # As an image an SVG runs no script and loads nothing, whatever its labels hold.
    data = base64.b64encode(chart.data).decode("ascii")
    return f'<img src="data:{chart.media_type};base64,{data}" alt="{html.escape(chart.alt)}">'


def _html_table(spec: ChartSpec) -> str:
    header, *rows = _chart_table(spec)
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _html_extras(report: Report) -> list[str]:
    language, e, out = report["language"], html.escape, []
    for name, rows in (
        (
            "disagree",
            [" ↔ ".join(f"“{s['quote']}” [{s['ref']}]" for s in pair) for pair in report["disagreements"]],
        ),
        (
            "open",
            [f"{i['title']}: {i['status']}. {i['note']}" for i in report["open"]] + list(report["gaps"]),
        ),
        ("steering", [f"“{m['message']}”: {m['status']}. {m['reason']}" for m in report["steering"]]),
    ):
        if rows:
            out.append(
                f"<h2>{e(label(language, name))}</h2><ul>"
                + "".join(f"<li>{e(r)}</li>" for r in rows)
                + "</ul>"
            )
    return out


def _html_link(source: Mapping[str, Any]) -> str:
    title = html.escape(source["title"] or source["url"])
    if source["url"].startswith(("http://", "https://")):
        address = html.escape(quote(source["url"], safe=":/?#[]@!$&'()*+,;=%~-._"))
        return f'<a href="{address}" rel="noopener noreferrer nofollow">{title}</a>'
    return f"{title} <code>{html.escape(source['url'])}</code>"


def _where(quote: Mapping[str, Any]) -> str:
    """Offsets, and page and box where the source has them."""
    offsets = f"{quote['start']}–{quote['end']}"
    return f"{offsets}; {quote['place']}" if quote.get("place") else offsets


def _html_place(quote: Mapping[str, Any]) -> str:
    return f' <span class="note">({html.escape(quote["place"])})</span>' if quote.get("place") else ""


def _said(claim: Mapping[str, Any]) -> str:
    """A claim as the reader sees it: word-for-word quotations in quotation marks."""
    text = " ".join(claim["text"].split())
    return f"“{text}”" if claim["extractive"] else text


def byline(report: Report) -> str:
    """Which model wrote it, and how much of it is quotation."""
    about = report["about"]
    if not about["claims"]:
        return f"Tenfold with {about['model']}."
    if about["extractive"]:
        told = "Extractive: every statement is quoted word for word from a source."
        return f"{told} Assembled by Tenfold with {about['model']}."
    share = f"{about['extractive_claims']} of {about['claims']} statements are word-for-word quotations"
    return f"Written by {about['model']} through Tenfold; {share}."


def about_lines(report: Report) -> list[str]:
    """The account of the run."""
    about = report["about"]
    lines = [
        f"Model: {about['model']}. Stopped because {about['stopped_because']}, after {about['loops']} loop(s).",
        f"{about['claims']} statements, {about['extractive_claims']} of them quotations; "
        f"{about['dropped_claims']} failed the citation check and were left out, "
        f"{about['unverified_claims']} are marked.",
        f"{about['calls']['llm']} model calls, {about['input_tokens']} prompt and {about['output_tokens']} completion "
        f"tokens, ${about['usd']:.4f}; {about['calls']['search']} searches, {about['calls']['fetch']} pages read.",
    ]
    lines += [f"Engine {name} was blocked: {why}" for name, why in sorted(report["blocked"].items())]
    return lines


def _md(text: str) -> str:
    """Text that Markdown shows as it is: markup characters escaped, line breaks folded."""
    text = " ".join(str(text).split())
    text = re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", text)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", re.sub(r"^([-+=])", r"\\\1", text))
