"""Where on which page a quote stands: from offsets into a document's text to page and box."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...pages import Box
from .readers import Region


@dataclass(frozen=True, slots=True)
class Place:
    """Where characters of a document stand.

    Attributes:
        page: Of their first character, from 1; None for formats without pages.
        regions: Boxes on scanned pages; empty where the page has text of its own.
    """

    page: int | None = None
    regions: tuple[Region, ...] = ()

    def __str__(self) -> str:
        """As it is printed under a quote: `p. 3, box 120,88–900,130 of 1654×2339 px`; empty without pages."""
        if self.page is None:
            return ""
        boxes: dict[int, list[str]] = {self.page: []}
        sizes: dict[int, str] = {}
        for r in self.regions:
            shown = f"{r.box.left},{r.box.top}–{r.box.right},{r.box.bottom}"
            boxes.setdefault(r.page, []).append(shown)
            sizes[r.page] = f" of {r.width}×{r.height} px"
        return "; ".join(
            f"p. {page}" + (f", box {' and '.join(found)}{sizes[page]}" if found else "")
            for page, found in boxes.items()
        )


def page_of(pages: Sequence[int], offset: int) -> int | None:
    """Number, from 1, of the page that holds a character; None for documents without pages."""
    return bisect_right(pages, offset) or None if pages else None


def place_of(meta: Mapping[str, str], start: int, end: int) -> Place:
    """The place of characters in a snapshot of a document, by what `CorpusEngine.fetch` put into its `meta`."""
    regions = tuple(
        region
        for region in load_regions(meta.get("regions", "[]"))
        if region.start < end and start < region.end
    )
    page = page_of(json.loads(meta.get("pages", "[]")), start)
    return Place(page if page or not regions else regions[0].page, regions)


def dump_regions(regions: Sequence[Region]) -> str:
    """Regions as JSON: a list of nine numbers for each."""
    return json.dumps(
        [
            (r.start, r.end, r.page, r.box.left, r.box.top, r.box.right, r.box.bottom, r.width, r.height)
            for r in regions
        ],
        separators=(",", ":"),
    )


def load_regions(text: str) -> tuple[Region, ...]:
    """What `dump_regions` wrote."""
    return tuple(
        Region(start, end, page, Box(left=left, top=top, right=right, bottom=bottom), width, height)
        for start, end, page, left, top, right, bottom, width, height in json.loads(text)
    )
