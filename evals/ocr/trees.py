"""TEDS: how alike two HTML tables are as trees (Zhong et al. 2020, arXiv 1911.10683), normalised as in OmniDocBench."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_DROPPED = ("thead", "tbody", "tfoot", "sup", "sub", "span", "div", "p", "math")
_MAX_CELLS = 3000  # the tree edit distance grows with the cube of the nodes


def table_similarity(predicted: str, truth: str, *, structure_only: bool = False) -> float:
    """1 - tree edit distance / nodes of the larger table; 0 where one of them is no table.

    A changed tag or span costs 1, a changed cell the normalised edit distance of its text (tags within are letters);
    `structure_only` (TEDS-S) leaves the texts out. Header cells count as cells, thead and tbody not at all.
    """
    from apted import APTED

    trees = [_table(predicted), _table(truth)]
    if trees[0] is None or trees[1] is None:
        return 0.0
    nodes = max(sum(1 for _ in tree.iterdescendants()) for tree in trees)
    if nodes == 0:
        return 1.0
    built = [_Node(tree, structure_only) for tree in trees]
    apted: Any = APTED(built[0], built[1], _costs())  # its annotations say int where it computes floats
    return 1.0 - float(apted.compute_edit_distance()) / nodes


class _Node:
    """A table, row or cell as apted takes it: with `children`."""

    def __init__(self, element: Any, structure_only: bool) -> None:
        self.tag: str = element.tag
        self.children: list[_Node] = []
        self.spans = (_span(element, "colspan"), _span(element, "rowspan"))
        self.tokens: list[str] = []
        if self.tag == "td":
            if not structure_only:
                self.tokens = _tokens(element)[1:-1]
        else:
            self.children = [_Node(child, structure_only) for child in element]


def _costs() -> Any:
    import apted
    from rapidfuzz.distance import Levenshtein

    config: Any = apted.Config

    class Costs(config):
        """Insertion and deletion cost 1."""

        def rename(self, node1: _Node, node2: _Node) -> float:
            if node1.tag != node2.tag or node1.spans != node2.spans:
                return 1.0
            if node1.tag == "td" and (node1.tokens or node2.tokens):
                return Levenshtein.normalized_distance(node1.tokens, node2.tokens)
            return 0.0

    return Costs()


def _table(markup: str) -> Any:
    """The first table, normalised: NFKC, th as td, no thead or tbody, no sup or sub, no line ends."""
    from lxml import html
    from lxml.etree import ParserError  # pyright: ignore[reportAttributeAccessIssue]

    if "<table" not in markup:
        return None
    try:
        whole = html.fromstring(f"<div>{unicodedata.normalize('NFKC', markup)}</div>")
    except (ParserError, ValueError):
        return None
    found = whole.find(".//table")
    if found is None or sum(1 for _ in found.iter("td", "th")) > _MAX_CELLS:
        return None
    for element in list(found.iterdescendants()):
        if not isinstance(element.tag, str):
            element.drop_tree()  # comments
        elif element.tag == "th":
            element.tag = "td"
        elif element.tag in _DROPPED:
            element.drop_tag()
        elif element.tag == "colgroup":
            element.drop_tree()
    for element in found.iter():
        element.text = re.sub(r"\s+", " ", (element.text or "").replace("\n", ""))
        element.tail = re.sub(r"\s+", " ", (element.tail or "").replace("\n", ""))
    return found


def _tokens(element: Any) -> list[str]:
    """Letters of a cell, with its inner tags as single tokens."""
    tokens = [f"<{element.tag}>", *(element.text or "")]
    for child in element:
        tokens += _tokens(child)
    tokens.append(f"</{element.tag}>")
    if element.tag != "td":
        tokens += list(element.tail or "")
    return tokens


def _span(element: Any, name: str) -> int:
    value = str(element.get(name, "1"))
    return int(value) if value.isdecimal() else 1
