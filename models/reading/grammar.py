"""The grounded output of DeepSeek-OCR, parsed strictly and in linear time; nothing in it is evaluated.

A page is a run of `<|ref|>LABEL<|/ref|><|det|>[[x1, y1, x2, y2], …]<|/det|>` and text after each. Coordinates are whole
numbers from 0 to 999. Servers that drop special tokens give `LABEL[[x1, y1, x2, y2]]` on a line of its own, and
Unlimited-OCR writes `<|det|>LABEL [x1, y1, x2, y2]<|/det|>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...pages import Block, Box, Note

LABELS = frozenset(
    "title sub_title text table equation image table_caption image_caption figure chart code code_caption list "
    "header footer footnote page_number reference caption formula table_footnote image_footnote seal".split()
)
"""Labels that a region may have without any text of its own; any other label without text is a line that was read."""

_LAST = 999  # coordinates are thousandths of the picture's side, from 0 to this
_MOST_BOXES = 64
_LABEL_LIMIT, _DET_LIMIT = 1000, 8000  # characters
_BOX = re.compile(
    r"\[ {0,4}([0-9]{1,3}) {0,4}, {0,4}([0-9]{1,3}) {0,4}, {0,4}([0-9]{1,3}) {0,4}, {0,4}([0-9]{1,3}) {0,4}\]"
)
_STRIPPED = re.compile(r"^([a-z][a-z_]{0,31}) ?(\[\[[0-9, \[\]]{1,2000})[ \t]*$", re.MULTILINE)
_UNLIMITED = re.compile(r"([a-z][a-z_]{0,31}) {0,4}(\[.*)", re.DOTALL)
_TOKEN = re.compile(r"<[|｜][/\w▁ ]{1,40}[|｜]>")
_CENTER = re.compile(r"</?center>")
_LINES = re.compile(r"\n{3,}")
_BLANK = re.compile(r"\n{2,}")


@dataclass(frozen=True, slots=True)
class Region:
    """A block of the output before its box is scaled; `start` and `end` are where its text stands in the output."""

    label: str
    boxes: tuple[tuple[int, int, int, int], ...]
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Marker:
    start: int
    end: int
    label: str
    payload: str


def parse_grounded(raw: str, width: int, height: int) -> tuple[list[Block], list[Note]]:
    """The blocks of a model's output, and what was wrong with it.

    Args:
        raw: The output, with or without its special tokens; plain Markdown gives blocks without boxes.
        width, height: Of the original picture in pixels; a coordinate v is at int(v / 999 * size), also with tiles.
    """
    regions, notes = parse_regions(raw)
    return [block_of(region, width, height) for region in regions], notes


def parse_regions(raw: str) -> tuple[list[Region], list[Note]]:
    """As `parse_grounded`, with places in the output instead of pixels."""
    markers = list(_markers(raw))
    if not markers:
        return _plain(raw), _leftovers(raw)
    regions: list[Region] = []
    notes: list[Note] = []
    if lead := _cleaned(raw[: markers[0].start]):
        regions.append(Region("text", (), lead, 0, markers[0].start))
    ends = [marker.start for marker in markers[1:]] + [len(raw)]
    for marker, end in zip(markers, ends, strict=True):
        boxes, complaint = _boxes(marker.payload)
        if complaint:
            notes.append(Note(kind="grammar", message=complaint, block=len(regions)))
        text = _cleaned(raw[marker.end : end])
        if not text and marker.label not in LABELS:
            label = _cleaned(marker.label)
            regions.append(Region("text", boxes, label, marker.start, marker.end))
        else:
            regions.append(Region(_label(marker.label), boxes, text, marker.end, end))
    regions = _tables_by_order(regions, raw)
    return regions, notes + _leftovers(raw, len(markers))


def block_of(region: Region, width: int, height: int, confidence: float | None = None) -> Block:
    """A region in pixels of the picture."""
    boxes = tuple(
        Box(
            left=int(x1 / _LAST * width),
            top=int(y1 / _LAST * height),
            right=max(int(x2 / _LAST * width), int(x1 / _LAST * width) + 1),
            bottom=max(int(y2 / _LAST * height), int(y1 / _LAST * height) + 1),
        )
        for x1, y1, x2, y2 in region.boxes
    )
    return Block(label=region.label, text=region.text, boxes=boxes, confidence=confidence)


def region_confidence(region: Region, places: Sequence[tuple[int, float]]) -> float | None:
    """The mean probability of the tokens that begin inside a region; `places` are (index, probability), sorted."""
    from bisect import bisect_left

    first, last = bisect_left(places, (region.start, -1.0)), bisect_left(places, (region.end, -1.0))
    inside = [probability for _, probability in places[first:last]]
    return min(1.0, sum(inside) / len(inside)) if inside else None


def _markers(raw: str) -> Iterator[_Marker]:
    if "<|ref|>" in raw:
        yield from _ref_markers(raw)
    elif "<|det|>" in raw:
        yield from _det_markers(raw)
    else:
        for found in _STRIPPED.finditer(raw):
            if not _boxes(found[2])[1]:  # in plain text only what is whole counts as a marker
                yield _Marker(found.start(), found.end(), found[1], found[2])


def _ref_markers(raw: str) -> Iterator[_Marker]:
    at = 0
    while (start := raw.find("<|ref|>", at)) >= 0:
        at = start + len("<|ref|>")
        following = raw.find("<|ref|>", at)  # nothing is searched twice: a marker ends before the next begins
        stop = len(raw) if following < 0 else following
        close = raw.find("<|/ref|>", at, min(stop, at + _LABEL_LIMIT))
        if close < 0:
            continue
        det = close + len("<|/ref|>")
        while raw[det : det + 1] in (" ", "\n") and det - close < 12:
            det += 1
        if not raw.startswith("<|det|>", det):
            continue
        inside = det + len("<|det|>")
        end = raw.find("<|/det|>", inside, min(stop, inside + _DET_LIMIT))
        if end < 0:
            continue
        yield _Marker(start, end + len("<|/det|>"), raw[at:close].strip(), raw[inside:end])
        at = end


def _det_markers(raw: str) -> Iterator[_Marker]:
    at = 0
    while (start := raw.find("<|det|>", at)) >= 0:
        at = start + len("<|det|>")
        following = raw.find("<|det|>", at)
        stop = len(raw) if following < 0 else following
        end = raw.find("<|/det|>", at, min(stop, at + _DET_LIMIT))
        if end < 0:
            continue
        if found := _UNLIMITED.fullmatch(raw[at:end].strip()):
            yield _Marker(start, end + len("<|/det|>"), found[1], f"[{found[2]}]")
        at = end


def _boxes(payload: str) -> tuple[tuple[tuple[int, int, int, int], ...], str]:
    """The boxes of a payload, and what is wrong with it; a wrong payload gives no boxes at all."""
    payload = payload.strip()
    if not (payload.startswith("[") and payload.endswith("]")):
        return (), f"Coordinates {payload[:60]!r} are no list of boxes."
    at, end = 1, len(payload) - 1
    boxes: list[tuple[int, int, int, int]] = []
    while at < end:
        found = _BOX.match(payload, at, end)
        if found is None:
            return (), f"Coordinates {payload[:60]!r} are no list of boxes."
        x1, y1, x2, y2 = (int(v) for v in found.groups())
        if x1 >= x2 or y1 >= y2:
            return (), f"The box {found[0]} has no area."
        boxes.append((x1, y1, x2, y2))
        at = found.end()
        while at < end and payload[at] in ", ":
            at += 1
    if not boxes or len(boxes) > _MOST_BOXES:
        return (), f"{len(boxes)} boxes in one region."
    return tuple(boxes), ""


def _label(said: str) -> str:
    return " ".join(_TOKEN.sub("", said).split())[:64] or "text"


def _cleaned(text: str) -> str:
    """Text without special tokens, in the characters that DeepSeek's own scripts leave."""
    text = _TOKEN.sub("", text).replace("\\coloneqq", ":=").replace("\\eqqcolon", "=:")
    return _LINES.sub("\n\n", _CENTER.sub("", text)).strip()


def _plain(raw: str) -> list[Region]:
    """Markdown without regions: a block for each paragraph; a table stays whole."""
    regions: list[Region] = []
    at = 0
    while at < len(raw):
        blank = _BLANK.search(raw, at)
        table = raw.find("<table", at, blank.start() if blank else len(raw))
        if table >= 0:
            close = raw.find("</table>", table)
            blank = _BLANK.search(raw, close) if close >= 0 else None
        end, after = blank.span() if blank else (len(raw), len(raw))
        if text := _cleaned(raw[at:end]):
            regions.append(Region(_plain_label(text), (), text, at, end))
        at = after
    return regions


def _plain_label(text: str) -> str:
    if text.startswith("<table"):
        return "table"
    return "title" if re.match(r"#{1,6} ", text) and "\n" not in text else "text"


def _tables_by_order(regions: list[Region], raw: str) -> list[Region]:
    """Give a table region without text the next `<table>` that stands in another region.

    A caption's region often comes between a table's region and its HTML.
    """
    made = list(regions)
    waiting: list[int] = []
    for index, region in enumerate(regions):
        if region.label == "table" and "<table" not in region.text:
            if not region.text:
                waiting.append(index)
            continue
        if region.label == "table" or not waiting or (start := region.text.find("<table")) < 0:
            continue
        end = region.text.rfind("</table>")
        end = len(region.text) if end < start else end + len("</table>")
        place = raw.find("<table", region.start, region.end)
        place = region.start if place < 0 else place
        target = waiting.pop(0)
        made[target] = replace(made[target], text=region.text[start:end], start=place, end=region.end)
        rest = f"{region.text[:start].rstrip()}\n\n{region.text[end:].lstrip()}".strip()
        made[index] = replace(region, text=rest, end=max(region.start, place))
    return made


def _leftovers(raw: str, markers: int = 0) -> list[Note]:
    broken = raw.count("<|ref|>") - markers if "<|ref|>" in raw else raw.count("<|det|>") - markers
    if broken <= 0:
        return []
    return [Note(kind="grammar", message=f"{broken} regions begin and are not well formed.")]
