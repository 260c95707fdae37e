"""Markdown and HTML of hostile readings: nothing in them is live."""

from __future__ import annotations

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages_world import draw

from tenfold.models.reading import parse_figure, to_html, to_markdown
from tenfold.pages import Block, Box, Note, PageReading

BOX = Box(left=10, top=20, right=200, bottom=90)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) ![b](http://e/x.png) a < b"


def page(*blocks: Block, notes: tuple[Note, ...] = ()) -> PageReading:
    return PageReading(
        engine="<b>engine</b>",
        mode="base",
        task="markdown",
        width=400,
        height=300,
        blocks=blocks,
        raw="",
        notes=notes,
    )


def test_markdown_keeps_what_was_read_and_opens_nothing() -> None:
    sound = "<table><tr><th>a|b</th><th>c</th></tr><tr><td>1</td><td>2</td></tr></table>"
    spans = "<table><tr><td colspan=2 onclick=evil()>a</td></tr><tr><td><script>x</script>1</td><td>2</td></tr></table>"
    reading = page(
        Block(label="title", text="# Head\nline"),
        Block(label="text", text=EVIL),
        Block(label="table", text=sound),
        Block(label="table_caption", text=f"Table 1 {spans} after"),
        Block(label="image", text="", boxes=(BOX,)),
        Block(label="equation", text="\\[a^2 < b\\]"),
        Block(label="text", text="[x]: http://e\n[y][x] <http://auto.link>"),
    )
    said = to_markdown([reading, reading], images={(0, 4): "images/1.png"})
    first, second = said.split("\n\n---\n\n")
    assert (
        first.startswith("# Head line\n\n")
        and "![image](<images/1.png>)" in first
        and "![image]" not in second
    )
    assert "| a\\|b | c |\n| --- | --- |\n| 1 | 2 |" in first and "\\[a^2 < b\\]" in first
    assert '<table><tr><td colspan="2">a</td></tr><tr><td>x1</td><td>2</td></tr></table>' in first
    for live in ("<script", "<img", "](", "<http", "]:", "][", "onclick"):
        assert live not in first.replace("](<images/1.png>)", "")


def test_html_is_inert_and_shows_boxes_notes_crops_and_redraws() -> None:
    figure = "<table><tr><th>y</th><th>n</th></tr><tr><td>1</td><td>2</td></tr></table>"
    reading = page(
        Block(label="<i>title</i>", text=EVIL, boxes=(BOX,), confidence=0.3),
        Block(label="table", text=f"<table onload=x><tr><td>{EVIL}</td></tr><tr><td>1</td><td>2"),
        Block(label="image", text="", boxes=(BOX, Box(left=390, top=0, right=9000, bottom=9000))),
        notes=(
            Note(kind="unconfirmed", message="<u>who</u>", block=0),
            Note(kind="missing", message="<s>m</s>"),
        ),
    )
    page_png = draw([(20, 30, "Hello")], (400, 300))
    said = to_html(
        reading, pictures=[page_png], figures={(0, 2): parse_figure(figure)}, title="<b>t</b>", language="en"
    )
    tree = lxml.html.document_fromstring(said)
    assert tree.xpath("count(//script|//b|//i|//u|//s|//iframe|//object|//form)") == 0
    assert (
        all(link.startswith("#p1b") for link in tree.xpath("//a/@href")) and len(tree.xpath("//a/@href")) == 6
    )
    assert all(src.startswith("data:image/") for src in tree.xpath("//img/@src|//image/@href"))
    allowed = {"class", "id", "href", "src", "alt", "lang", "charset", "content", "name", "http-equiv", "viewbox",
               "role", "aria-label", "width", "height", "x", "y", "font-size", "fill"}  # fmt: skip
    assert {name.lower() for node in tree.iter() for name in getattr(node, "attrib", {})} <= allowed
    assert "default-src 'none'" in said and len(tree.xpath("//rect")) == 3
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in said and "confidence 0.30" in said
    text = tree.text_content()
    assert "<u>who</u>" in text and "<s>m</s>" in text and "not closed" in text and "Drawn again" in text
    assert len(tree.xpath("//figure/img")) == 2


def test_html_without_pictures() -> None:
    said = to_html([page(), page(Block(label="text", text="한글"))])
    assert "No text." in said and "한글" in said and "<svg" not in said


TEXT = st.text(st.sampled_from(list("<>[]()!\"'&/= abonclick:#`\n\0\u202e")), max_size=60)


@settings(max_examples=60, deadline=None)
@given(TEXT, st.sampled_from(["text", "table", "title", "image"]), st.booleans())
def test_no_text_makes_an_element(text: str, label: str, table: bool) -> None:
    body = f"<table><tr><td>{text}</td></tr></table>" if table else text
    tree = lxml.html.document_fromstring(
        to_html(page(Block(label=label, text=body), notes=(Note(kind="figure", message=text),)))
    )
    known = {"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "section", "div", "a", "p", "ul",
             "li", "table", "tr", "td", "th", "br", "span"}  # fmt: skip
    assert {node.tag for node in tree.iter()} <= known
    said = to_markdown(page(Block(label="text", text=text)))
    assert not any(f"<{letter}" in said for letter in "abonclik/!") and "](" not in said


@pytest.mark.browser
def test_a_browser_runs_and_loads_nothing_of_it() -> None:
    from page_world import launch
    from playwright.sync_api import sync_playwright

    said = to_html(page(Block(label="text", text=EVIL, boxes=(BOX,))), pictures=[draw([], (400, 300))])
    with sync_playwright() as playwright:
        browser = launch(playwright)
        tab = browser.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("dialog", lambda dialog: asked.append("dialog"))
        tab.set_content(said)
        assert tab.locator("rect").count() == 1 and not [url for url in asked if not url.startswith("data:")]
        browser.close()
