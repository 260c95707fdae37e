"""Measures of a reading against the truth, on texts alone."""

from __future__ import annotations

from ...errors import MissingExtra


def normalised_edit_distance(found: str, truth: str) -> float:
    """Levenshtein's distance of two texts divided by the longer one's length: 0 (equal) to 1; of two empty ones 0.

    Raises:
        MissingExtra: rapidfuzz is not installed.
    """
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError as error:
        raise MissingExtra("Scoring of readings", "evals") from error
    return Levenshtein.normalized_distance(found, truth)


def fox_precision(found: str, truth: str) -> float:
    """Share of the truth's different words that stand anywhere in `found`, 0 to 1; of an empty truth 1.

    What the script that ships with Fox (arXiv 2405.14295) prints as precision, for its arguments are swapped: order,
    repeats and words too many do not count. DeepSeek-OCR's 97 % at 10x is of this kind, if that script was used.
    Words are what white space separates.
    """
    wanted = set(truth.split())
    return len(wanted & set(found.split())) / len(wanted) if wanted else 1.0
