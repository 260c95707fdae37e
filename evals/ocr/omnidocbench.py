"""OmniDocBench's scores of a page's reading (arXiv 2412.07626): normalised edit distance, reading order, TEDS.

What is like the published scorer: the cleaning of texts, the categories that count, the edit distance of a page (sum
over matched pairs divided by the sum of the longer lengths), the order's edit distance, TEDS. Matching is its
`simple_match` (one to one, least total distance) or none at all (`no_split`: the page's whole text); its `quick_match`,
which also merges split paragraphs, is not here, and neither is CDM, which needs a TeX system.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from .metrics import normalised_edit_distance
from .trees import table_similarity

COUNTED = ("text_block", "title", "reference", "list", "code_txt")
"""Text that counts; captions, headers, footers and page numbers are matched and then left out, as published."""
MATCHED = (
    "header", "footer", "page_number", "page_footnote", "figure_caption", "figure_footnote", "table_caption",
    "table_footnote", "equation_caption", "code_algorithm", "code_algorithm_caption", "abandon",
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """A page of the set.

    Attributes:
        texts: (category, text) in reading order.
        tables: HTML of each table.
        attributes: The set's own: language, layout, data_source.
    """

    image: Path
    texts: tuple[tuple[str, str], ...]
    tables: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class PageScore:
    """Scores of one page; None where the page has nothing of the kind.

    Attributes:
        text: Normalised edit distance over matched paragraphs, 0 (perfect) to 1.
        whole_text: The same over the page's text in one piece, `no_split`: order counts.
        order: Edit distance of the reading order.
        tables, table_structure: Mean TEDS and TEDS-S, 1 is perfect.
    """

    image: str
    text: float | None
    whole_text: float | None
    order: float | None
    tables: float | None
    table_structure: float | None


def load_pages(folder: Path) -> list[Truth]:
    """The pages of `folder`/pages.json with their pictures in `folder`/images.

    Raises:
        ConfigError: Not the set's format.
    """
    try:
        pages: list[dict[str, Any]] = json.loads((folder / "pages.json").read_text("utf-8"))
        return [_truth(page, folder / "images") for page in pages]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{folder.name!r} holds no pages of OmniDocBench: {error!r}.",
            mend="Give a folder with pages.json and images/.",
        ) from error


def _truth(page: dict[str, Any], images: Path) -> Truth:
    parts = sorted((p for p in page["layout_dets"] if not p.get("ignore")), key=lambda p: p.get("order") or 0)
    texts = [
        (p["category_type"], p["text"])
        for p in parts
        if p.get("text") and p["category_type"] in COUNTED + MATCHED
    ]
    tables = [p["html"] for p in parts if p["category_type"] == "table" and p.get("html")]
    info = page["page_info"]
    return Truth(images / info["image_path"], tuple(texts), tuple(tables), dict(info["page_attribute"]))


def clean(text: str) -> str:
    """Letters, digits and underscores of any script; all else is left out, as the published scorer does."""
    return re.sub(r"\W", "", re.sub(r"\\[tn]|/[tn]", "", text))


def score_page(truth: Truth, texts: Sequence[str], tables: Sequence[str]) -> PageScore:
    """Compare a reading, its paragraphs in order and its HTML tables, with the truth."""
    pairs = match([clean(text) for _, text in truth.texts], [clean(text) for text in texts])
    counted = [i for i, (category, _) in enumerate(truth.texts) if category in COUNTED]
    # A predicted text that matches a caption or a page number is left out with it; one that matches nothing counts.
    scored = [(a, b) for at, _, a, b in pairs if at is None or at in set(counted)]
    whole = clean("".join(truth.texts[i][1] for i in counted))
    found = [(at, place) for at, place, _, _ in pairs if at in set(counted) and place is not None]
    table_pairs = [(t, best_table(t, tables)) for t in truth.tables]
    return PageScore(
        truth.image.name,
        page_distance(scored) if counted else None,
        normalised_edit_distance(clean("".join(texts)), whole) if counted else None,
        order_distance([at for at, _ in sorted(found, key=lambda f: f[1])], counted) if counted else None,
        _mean([table_similarity(p, t) for t, p in table_pairs]),
        _mean([table_similarity(p, t, structure_only=True) for t, p in table_pairs]),
    )


def page_distance(pairs: Sequence[tuple[str, str]]) -> float:
    """Edits of all pairs over the sum of the longer lengths; 0 where nothing is on either side."""
    longest = sum(max(len(a), len(b)) for a, b in pairs)
    edits = sum(normalised_edit_distance(b, a) * max(len(a), len(b)) for a, b in pairs)
    return edits / longest if longest else 0.0


def order_distance(found: Sequence[int], truth: Sequence[int]) -> float:
    """Normalised edit distance of the sequence of matched parts, in the reading's order, from the true one."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.normalized_distance(list(found), list(truth))


def match(truth: Sequence[str], read: Sequence[str]) -> list[tuple[int | None, int | None, str, str]]:
    """One-to-one pairs of least total distance; (place in truth, place in reading, true text, read text).

    What has no partner, or only one with nothing in common, is paired with the empty text.
    """
    pairs: list[tuple[int | None, int | None, str, str]] = []
    left_t, left_r = set(range(len(truth))), set(range(len(read)))
    if truth and read:
        import numpy as np
        from scipy.optimize import linear_sum_assignment

        costs = np.array([[normalised_edit_distance(b, a) for b in read] for a in truth])
        rows, columns = linear_sum_assignment(costs)
        for i, j in zip(map(int, rows), map(int, columns), strict=True):
            if costs[i, j] < 1.0:
                pairs.append((i, j, truth[i], read[j]))
                left_t.discard(i)
                left_r.discard(j)
    pairs += [(i, None, truth[i], "") for i in sorted(left_t)]
    return pairs + [(None, j, "", read[j]) for j in sorted(left_r)]


def best_table(truth: str, tables: Sequence[str]) -> str:
    """The predicted table most like a true one; empty if there is none."""
    return max(tables, key=lambda t: table_similarity(t, truth), default="")


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
