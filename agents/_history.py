"""What optical memory shows, as the content of a chat message."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ..models import Image
from ..tools.optical import Fragment
from ._prompt import DATA_RULE, data

_BEGIN = (
    "The history so far, oldest first. Pages that are shown as pictures or not at all are kept word for word: "
    f"recall_history gives a page by its id, or the lines with certain words. {DATA_RULE}"
)


def history_content(fragments: Sequence[Fragment]) -> list[str | Image]:
    """A history of `OpticalMemory.fragments` for a chat message: words as marked data, faded pages as pictures.

    A history repeats what tools and documents said, so all of it is data; orders that still hold belong into the
    system message. Neighbouring pages that were dropped are one line, however many they are. The words around the
    pages cost about 80 tokens, and each picture's line about 30, on top of what the fragments count.

    Returns:
        Texts and PNGs in the order of the fragments; empty for no fragments.
    """
    parts: list[str | Image] = []
    lines = [_BEGIN]
    for level, run in groupby(fragments, key=lambda fragment: fragment.level):
        same = list(run)
        if level == "dropped":
            lines.append(f"[pages not shown: {len(same)}]")
            continue
        for fragment in same:
            if fragment.level == "text":
                lines.append(data(fragment.text))
                continue
            lines.append(f"[page {fragment.id}, {fragment.age} rounds old]")
            parts += ["\n\n".join(lines), Image(fragment.png)]
            lines = []
    return [*parts, "\n\n".join(lines)] if lines and fragments else parts
