"""Tree against picture: words that are not drawn, and drawings of which the tree knows nothing."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import MissingExtra, PhoneError
from .port import Observation
from .tree import Bounds, Node

CELL = 40  # pixels of the screen: about a line of text
_FLAT = 12  # grey levels between the darkest and the brightest pixel of one flat colour
_EDGE = 40  # grey levels between neighbours that make an edge
_BUSY = 0.04  # part of a cell's pixels that are edges
_REGION = 3  # cells: fewer are an icon or a shadow


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Where the tree and the picture tell different things.

    Attributes:
        kind: "not_drawn": a node has words, its box is one flat colour. "no_node": the picture is busy where no
            node with words, image or touch lies.
        bounds: Where.
        node: The node that is not drawn.
    """

    kind: Literal["not_drawn", "no_node"]
    bounds: Bounds
    node: Node | None = None


def agreement(observation: Observation) -> list[Disagreement]:
    """Compare the tree with the picture of the same moment; empty when they agree or there is no picture.

    The keyboard and the system's bars are in the picture but not in the tree; they are left out of the comparison.

    Raises:
        MissingExtra: Pillow is not installed.
        PhoneError: The picture cannot be read.
    """
    if observation.png is None or not observation.tree.roots:
        return []
    grey = _grey(observation)
    found = [
        Disagreement("not_drawn", node.bounds, node)
        for node in observation.tree.walk()
        if _says_something(node) and _flat(grey, node.bounds)
    ]
    return found + [Disagreement("no_node", bounds) for bounds in _unknown_regions(grey, observation)]


def _grey(observation: Observation) -> Any:
    try:
        import numpy as np
        from PIL import Image
    except ImportError:
        raise MissingExtra("Comparing tree and picture", "phone") from None
    try:
        with Image.open(io.BytesIO(observation.png or b"")) as picture:
            grey = picture.convert("L")
    except Exception as error:  # Pillow raises many kinds for a damaged picture
        raise PhoneError(
            f"The screenshot cannot be read ({type(error).__name__}).", mend="Look again."
        ) from error
    size = (observation.width, observation.height)
    return np.asarray(grey if grey.size == size else grey.resize(size), dtype=np.int16)


def _says_something(node: Node) -> bool:
    words = node.text.strip() if node.editable else (node.text or node.description).strip()
    return bool(words) and not node.children and node.displayed and not node.bounds.empty


def _flat(grey: Any, box: Bounds) -> bool:
    part = grey[max(box.top, 0) : max(box.bottom, 0), max(box.left, 0) : max(box.right, 0)]
    return bool(part.size) and int(part.max()) - int(part.min()) < _FLAT


def _unknown_regions(grey: Any, observation: Observation) -> list[Bounds]:
    """Boxes around busy cells that hang together and that no node accounts for."""
    import numpy as np

    high, wide = grey.shape
    rows, columns = high // CELL, wide // CELL
    if not rows or not columns:
        return []
    edges = np.zeros(grey.shape, dtype=bool)
    edges[:, 1:] |= np.abs(np.diff(grey, axis=1)) > _EDGE
    edges[1:, :] |= np.abs(np.diff(grey, axis=0)) > _EDGE
    cells = edges[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL).mean(axis=(1, 3))
    busy = cells > _BUSY
    known = np.ones((rows, columns), dtype=bool)
    for root in observation.tree.roots:  # what lies outside the windows is not theirs
        known[_cells(root.bounds, inner=True)] = False
    for node in observation.tree.walk():
        if _accounts(node, wide * high):
            known[_cells(node.bounds)] = True
    known[: max(1, high * 3 // 100 // CELL) + 1] = True  # status bar
    known[-(high * 6 // 100 // CELL + 1) :] = True  # navigation bar
    if observation.keyboard:
        known[int(rows * 0.55) :] = True
    return _boxes(busy & ~known)


def _accounts(node: Node, screen: int) -> bool:
    box = node.bounds
    if not node.displayed or box.empty:
        return False
    small = (box.right - box.left) * (box.bottom - box.top) < screen // 4
    pictured = "Image" in node.class_name
    touched = (node.takes_touch or node.checkable) and not node.scrollable
    worded = bool(node.text or node.description) and (small or not node.children)
    return pictured or worded or (touched and small)


def _cells(box: Bounds, *, inner: bool = False) -> tuple[slice, slice]:
    """The cells that a box touches; `inner`: that lie wholly inside."""
    up = CELL - 1
    top, left = (box.top + up, box.left + up) if inner else (box.top, box.left)
    bottom, right = (box.bottom, box.right) if inner else (box.bottom + up, box.right + up)
    return (
        slice(max(top, 0) // CELL, max(bottom, 0) // CELL),
        slice(max(left, 0) // CELL, max(right, 0) // CELL),
    )


def _boxes(mask: Any) -> list[Bounds]:
    left = {(int(r), int(c)) for r, c in zip(*mask.nonzero(), strict=True)}
    boxes: list[Bounds] = []
    while left:
        waiting, group = [left.pop()], list[tuple[int, int]]()
        while waiting:
            row, column = waiting.pop()
            group.append((row, column))
            near = {(row + dr, column + dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1)} & left
            left -= near
            waiting.extend(near)
        if len(group) >= _REGION:
            down, across = [r for r, _ in group], [c for _, c in group]
            boxes.append(
                Bounds(min(across) * CELL, min(down) * CELL, (max(across) + 1) * CELL, (max(down) + 1) * CELL)
            )
    return sorted(boxes, key=lambda box: (box.top, box.left))
