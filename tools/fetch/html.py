"""HTML to readable text: the main part, without scripts, navigation or anything a reader would not see.

Own light rules on lxml. trafilatura, the well-kept library for this, brings 49 MB of dependencies (babel,
dateparser, justext …) and keeps text that a style attribute hides, which is where instructions to language models
are put.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .metadata import find_published, find_title

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_DROP_TAGS = frozenset(
    """script style noscript template svg canvas iframe frame object embed applet audio video map form button
    input select textarea option datalist dialog nav aside head link meta""".split()
)
_DROP_ROLES = frozenset(
    "navigation banner contentinfo search complementary dialog alert menu menubar".split()
)
_DROP_TOKENS = frozenset(
    """sr-only visually-hidden visuallyhidden screen-reader-text screenreader hidden d-none noprint mw-editsection
    breadcrumb breadcrumbs cookie-banner cookie-consent cookie-notice navbar navbox sidebar site-footer
    site-header skip-link social-share share-buttons toc newsletter advertisement ads ad-banner""".split()
)
_HIDDEN_STYLE = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0*)?(?![.\d])|font-size:0(?:\.0*)?(?:px|em|rem|pt|%)?(?![.\d])"
    r"|(?:^|;)(?:max-)?(?:width|height):[01](?:px)?(?:;|$)|text-indent:-\d{3,}|(?:left|top|right):-\d{4,}"
    r"|clip:rect\(0|clip-path:inset\((?:50|100)%|color:transparent|transform:scale\(0"
)
_BLOCKS = frozenset(
    """address article blockquote body center dd details div dl dt fieldset figcaption figure footer h1 h2 h3 h4
    h5 h6 header hr li main ol p pre section summary table tbody tfoot thead tr ul caption""".split()
)
_SPACE = re.compile(r"[ \t\r\n\f\v\u00a0]+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\U000e0000-\U000e007f]")
_MIN_MAIN = 200  # characters; a shorter "main part" is a page built some other way


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The readable part of a page.

    Attributes:
        text: Paragraphs parted by blank lines; list items start with `- `, table cells are parted by ` | `.
        published: ISO date from the page's metadata, or None.
    """

    title: str
    text: str
    published: str | None


def html_to_text(html: str) -> HtmlText:
    """Take the readable text, title and date out of a page; broken HTML gives what can be read of it."""
    root = _parse(html)
    if root is None:
        return HtmlText("", "", None)
    title, published = find_title(root), find_published(root)
    _drop_unseen(root)
    main = _main_part(root)
    text = _render(main)
    if main is not root and len(text) < _MIN_MAIN:
        whole = _render(root)
        text = whole if len(whole) > 3 * len(text) else text
    return HtmlText(_plain(title), text, published)


def _parse(html: str) -> HtmlElement | None:
    import lxml.html
    from lxml.etree import ParserError

    if not html.strip():
        return None
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        # Bytes, because lxml refuses a str that carries an XML encoding declaration.
        return lxml.html.document_fromstring(
            html.replace("\x00", "").encode("utf-8", "replace"), parser=parser
        )
    except ParserError:  # nothing but comments
        return None


def _drop_unseen(root: HtmlElement) -> None:
    for element in list(root.iter()):
        parent = element.getparent()
        if parent is None or element.tag in ("html", "body", "main", "article"):
            if parent is not None and _hidden(element):
                element.drop_tree()
            continue
        if _unwanted(element):
            element.drop_tree()  # keeps the tail, the text after it


def _unwanted(element: HtmlElement) -> bool:
    if element.tag in _DROP_TAGS or _hidden(element):
        return True
    if (element.get("role") or "").lower() in _DROP_ROLES:
        return True
    tokens = {*(element.get("class") or "").lower().split(), (element.get("id") or "").lower()}
    if tokens & _DROP_TOKENS:
        return True
    # A page's own header and footer; an article's header holds its title and date.
    return element.tag in ("header", "footer") and not any(
        outer.tag in ("article", "main", "section") for outer in element.iterancestors()
    )


def _hidden(element: HtmlElement) -> bool:
    attributes = element.attrib
    if "hidden" in attributes or (attributes.get("aria-hidden") or "").lower() == "true":
        return True
    if element.tag == "font" and attributes.get("size") == "0":
        return True
    style = attributes.get("style")
    return bool(style and _HIDDEN_STYLE.search(re.sub(r"\s+|!important", "", style.lower())))


def _main_part(root: HtmlElement) -> HtmlElement:
    """The element that holds the content: main, a single article, or the densest part of the body."""
    for query in ("//main", "//*[@role='main']", "//article", "//*[@itemprop='articleBody']"):
        found = [element for element in root.xpath(query) if len(element.text_content()) >= _MIN_MAIN]
        if len(found) == 1:
            return found[0]
    body = root.find("body")
    body = root if body is None else body
    for element in list(body.iter("ul", "ol", "div", "table", "section")):
        if element.getparent() is not None and _is_link_list(element):
            element.drop_tree()
    return body


def _is_link_list(element: HtmlElement) -> bool:
    """A menu or a list of teasers: many links and hardly any text beside them."""
    links = element.findall(".//a")
    if len(links) < 4 or element.find(".//p") is not None:
        return False
    text = len(_SPACE.sub(" ", element.text_content()))
    linked = sum(len(_SPACE.sub(" ", link.text_content())) for link in links)
    return text > 0 and linked / text > 0.7


def _render(root: HtmlElement) -> str:
    """Walk the tree without recursion: pages can be nested deeper than Python's stack."""
    lines: list[str] = []
    line: list[str] = []

    def flush() -> None:
        joined = "".join(line).strip().strip("|").strip()
        if joined and joined != "-":
            lines.append(joined)
        line.clear()

    for kind, element, text in _walk(root):
        if kind == "text":
            line.append(text)
        elif kind == "open":
            flush()
            if element.tag == "li":
                line.append("- ")
        elif kind == "cell":
            line.append(" | ")
        else:
            flush()
    flush()
    return _join(lines)


def _walk(root: HtmlElement) -> Iterator[tuple[str, HtmlElement, str]]:
    """Events in reading order: (`text`, `open`, `close`, `cell`), element, text."""
    from lxml.etree import iterwalk

    pre = 0
    for event, element in iterwalk(root, events=("start", "end")):
        tag = element.tag
        if event == "start":
            pre += tag == "pre"
            if tag in _BLOCKS or tag == "br":
                yield "open", element, ""
            elif tag in ("td", "th"):
                yield "cell", element, ""
            yield from _text_events(element, element.text, pre)
        else:
            pre -= tag == "pre"
            if tag in _BLOCKS:
                yield "close", element, ""
            if element is not root:
                yield from _text_events(element, element.tail, pre)


def _text_events(element: HtmlElement, text: str | None, pre: int) -> Iterator[tuple[str, HtmlElement, str]]:
    if not text:
        return
    if not pre:
        yield "text", element, _plain(text)
        return
    for number, row in enumerate(_INVISIBLE.sub("", text).splitlines()):
        if number:
            yield "close", element, ""
        yield "text", element, row


def _plain(text: str) -> str:
    return _SPACE.sub(" ", _INVISIBLE.sub("", text))


def _join(lines: list[str]) -> str:
    """Blank lines between paragraphs, none between the rows of a list or a table."""
    out: list[str] = []
    for previous, current in zip(["", *lines], lines, strict=False):
        together = (previous.startswith("- ") and current.startswith("- ")) or (
            " | " in previous and " | " in current
        )
        if out:
            out.append("\n" if together else "\n\n")
        out.append(_SPACE.sub(" ", current).strip())
    return "".join(out)
