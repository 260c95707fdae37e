"""From lines with boxes to paragraphs in reading order, for engines that only see lines."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ...pages import Block, Box

_SPANNING = 0.5  # share of a region's ink that may cross a gutter, as titles and wide figures do
_COLUMN = 5.0  # line heights: narrower than that, side by side, is a table's column or a list's numbers
_LARGE = 1.45  # a line that much taller than the page's usual one is a heading
_CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]")  # scripts that put no space between words


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as an engine saw it: `score` is the engine's mean probability, 0 to 1."""

    text: str
    box: Box
    score: float | None = None

    @property
    def height(self) -> int:
        """Pixels from top to bottom, at least 1."""
        return max(1, self.box.bottom - self.box.top)


@dataclass(frozen=True, slots=True)
class _Row:
    lines: tuple[Line, ...]
    box: Box
    height: float
    table: bool


def order_lines(lines: Sequence[Line]) -> list[list[Line]]:
    """Split a page into regions in reading order; inside a region lines go from top to bottom, left to right.

    A recursive XY-cut (Ha, Haralick, Phillips, "Recursive X-Y cut using bounding boxes of connected components",
    ICDAR 1995) over lines, whose vertical cut may pass through a few lines that span both columns, since with a
    strict cut a heading over two columns hides the gutter (as in XY-Cut++, arXiv 2504.10258). Spanning lines divide
    the region into bands.
    """
    regions: list[list[Line]] = []
    todo: list[list[Line]] = [list(lines)]
    while todo:
        region = todo.pop()
        parts = _columns(region)
        if parts is None:
            if region:
                regions.append([line for row in _rows(region) for line in row.lines])
        else:
            todo.extend(reversed(parts))
    return regions


def blocks_of(lines: Sequence[Line], *, by_line: bool = False) -> list[Block]:
    """Lines as blocks in reading order, each paragraph one block, or each line where `by_line`.

    A paragraph's words that were cut at a line's end are joined again. A block's confidence is the mean of its lines'
    scores, weighted by their letters.
    """
    lines = [line for line in lines if line.text.strip()]
    if not lines:
        return []
    usual = statistics.median(line.height for line in lines)
    blocks: list[Block] = []
    for region in order_lines(lines):
        if by_line:
            blocks += [_block("text", [line], line.text.strip()) for line in region]
            continue
        for rows in _paragraphs(_rows(region)):
            parts = [line for row in rows for line in row.lines]
            large = len(rows) <= 3 and min(row.height for row in rows) > _LARGE * usual
            blocks.append(_block("title" if large else "text", parts, _joined(rows)))
    return blocks


def _block(label: str, lines: list[Line], text: str) -> Block:
    scored = [(line.score, len(line.text)) for line in lines if line.score is not None]
    letters = sum(n for _, n in scored)
    mean = sum(score * n for score, n in scored) / letters if letters else None
    box = _hull([line.box for line in lines])
    return Block(label=label, text=text, boxes=(box,), confidence=None if mean is None else min(1.0, mean))


def _hull(boxes: list[Box]) -> Box:
    return Box(
        left=min(b.left for b in boxes),
        top=min(b.top for b in boxes),
        right=max(b.right for b in boxes),
        bottom=max(b.bottom for b in boxes),
    )


def _columns(region: list[Line]) -> list[list[Line]] | None:
    """The parts of a region with a gutter, in reading order; None where there is no gutter."""
    if len(region) < 4:
        return None
    height = statistics.median(line.height for line in region)
    for cut in _gutters(region, height):
        left = [line for line in region if line.box.right <= cut + height / 2]
        right = [
            line for line in region if line.box.left >= cut - height / 2 and line.box.right > cut + height / 2
        ]
        if _is_column(left, height) and _is_column(right, height) and _beside(left, right):
            spanning = [
                ln for ln in region if ln.box.right > cut + height / 2 and ln.box.left < cut - height / 2
            ]
            return _bands(left, right, spanning)
    return None


def _gutters(region: list[Line], height: float) -> list[float]:
    """Places where a vertical cut crosses least ink, best first."""
    changes: dict[int, int] = {}
    for line in region:
        # A box that leans a little into the gutter must not close it.
        lean = min(round(height / 4), (line.box.right - line.box.left) // 3)
        changes[line.box.left + lean] = changes.get(line.box.left + lean, 0) + line.height
        changes[line.box.right - lean] = changes.get(line.box.right - lean, 0) - line.height
    edges = sorted(changes)
    most = _SPANNING * sum(line.height for line in region)
    ink, found = 0, list[tuple[int, float, float]]()
    for here, after in itertools.pairwise(edges):
        ink += changes[here]
        if ink <= most and after - here >= height / 2:
            found.append((ink, here - after, (here + after) / 2))
    return [cut for _, _, cut in sorted(found)[:8]]


def _is_column(lines: list[Line], height: float) -> bool:
    if len(lines) < 2:
        return False
    # A column may hold a table or many short lines, so its longer lines decide: the upper quartile.
    widths = sorted(line.box.right - line.box.left for line in lines)
    return widths[len(widths) * 3 // 4] >= _COLUMN * height


def _beside(left: list[Line], right: list[Line]) -> bool:
    a, b = _hull([line.box for line in left]), _hull([line.box for line in right])
    return min(a.bottom, b.bottom) > max(a.top, b.top)


def _bands(left: list[Line], right: list[Line], spanning: list[Line]) -> list[list[Line]]:
    """Left before right, but between two spanning lines only what stands between them."""
    spanning.sort(key=lambda line: line.box.top)
    parts: list[list[Line]] = []
    rest_left, rest_right = sorted(left, key=_middle), sorted(right, key=_middle)
    run: list[Line] = []
    for line in spanning:
        at = _middle(line)
        above_left = [ln for ln in rest_left if _middle(ln) < at]
        above_right = [ln for ln in rest_right if _middle(ln) < at]
        if above_left or above_right:
            parts += [run, above_left, above_right]
            run = []
            rest_left, rest_right = rest_left[len(above_left) :], rest_right[len(above_right) :]
        run.append(line)
    parts += [run, rest_left, rest_right]
    return [part for part in parts if part]


def _middle(line: Line) -> float:
    return (line.box.top + line.box.bottom) / 2


def _rows(region: Sequence[Line]) -> list[_Row]:
    """Lines that stand at one height, from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(region, key=_middle):
        last = rows[-1] if rows else []
        if last and _middle(line) - _middle(last[0]) < 0.5 * min(line.height, last[0].height):
            last.append(line)
        else:
            rows.append([line])
    made: list[_Row] = []
    for row in rows:
        row.sort(key=lambda line: line.box.left)
        height = statistics.median(line.height for line in row)
        gaps = [b.box.left - a.box.right for a, b in itertools.pairwise(row)]
        made.append(
            _Row(tuple(row), _hull([ln.box for ln in row]), height, any(g > 1.5 * height for g in gaps))
        )
    return made


def _paragraphs(rows: list[_Row]) -> list[list[_Row]]:
    if not rows:
        return []
    left, right = min(row.box.left for row in rows), max(row.box.right for row in rows)
    gaps = [max(0, b.box.top - a.box.bottom) for a, b in itertools.pairwise(rows)]
    usual_gap = statistics.median(gaps) if gaps else 0
    paragraphs = [[rows[0]]]
    for before, row, gap in zip(rows, rows[1:], gaps, strict=False):
        height = min(before.height, row.height)
        full = before.box.right > right - 0.15 * (right - left)
        indented = row.box.left > left + height and before.box.left < left + height and full
        ends = not full and before.lines[-1].text.rstrip()[-1:] in ".!?:。！？"
        apart = gap > max(0.6 * height, 1.6 * usual_gap)
        unlike = max(before.height, row.height) > 1.35 * height or before.table != row.table
        if apart or unlike or (not row.table and (indented or ends)):
            paragraphs.append([row])
        else:
            paragraphs[-1].append(row)
    return paragraphs


def _joined(rows: list[_Row]) -> str:
    text = ""
    for row in rows:
        here = " ".join(line.text.strip() for line in row.lines)
        if not text:
            text = here
        elif row.table:
            text += f"\n{here}"
        elif re.search(r"[^\W\d_]-$", text) and here[:1].islower():
            text = text[:-1] + here
        elif _CJK.match(text[-1]) and _CJK.match(here):
            text += here
        else:
            text += f" {here}"
    return text
