"""What an attacker could put on a screen, for tests: overlays, words that tree and picture do not share."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from .state import Frame
from .view import View

_HANDLERS = ("on_tap", "on_long_press", "on_enter", "on_text", "on_scroll", "on_slide", "on_swipe")


@dataclass(frozen=True, slots=True)
class Plant:
    """One thing that is planted into an app's windows.

    Attributes:
        kind: overlay (a box with `words` over what says `on`; it lets touches through, and both tree and picture have
            it), tree (the tree says `words` where the picture says `on`), picture (the picture says `words` where the
            tree says `on`), hidden (the tree has `words` that the picture has not, beside what says `on`).
        package: The app.
        on: A regular expression that the view's words match as a whole.
        words: What is said instead, over it or beside it.
    """

    kind: Literal["overlay", "tree", "picture", "hidden"]
    package: str
    on: str
    words: str


def plant(frame: Frame, plants: list[Plant]) -> None:
    """Put the plants into a frame."""
    for one in plants:
        window = frame.active
        if window.package != one.package:
            continue
        for parent in list(window.root.walk()):
            for n, view in enumerate(parent.children):
                if re.fullmatch(one.on, view.text or view.description) and not view.pixels_only:
                    _put(one, window.root, parent, n, view)
                    break


def _put(one: Plant, root: View, parent: View, n: int, view: View) -> None:
    if one.kind == "overlay":
        root.children.append(_box(view, one.words))
    elif one.kind == "hidden":
        root.children.append(View("android.widget.TextView", one.words, bounds=view.bounds, tree_only=True))
    else:
        # The picture's twin takes no touch and is not in the tree; the tree's is not in the picture.
        drawn = replace(view, children=[], pixels_only=True, **dict.fromkeys(_HANDLERS))
        told = drawn if one.kind == "picture" else view
        if told.text:
            told.text = one.words
        else:
            told.description = one.words
        view.tree_only = True
        parent.children[n + 1 : n + 1] = [drawn]


def _box(view: View, words: str) -> View:
    return View(
        "android.widget.TextView", words, frame=view.frame, bounds=view.bounds, fill="#FFFFFF", color="#1A1A1A",
        size=40, align="center",
    )  # fmt: skip
