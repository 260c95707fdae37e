"""The small model that comes with the package: trained here, for study and tests, of the 3.3 B model's class."""

from __future__ import annotations

from pathlib import Path

from .checkpoint import load
from .network import DeepOcr
from .tokenizer import OcrTokenizer

_FOLDER = Path(__file__).parent / "small"


def load_small(*, device: str = "cpu") -> tuple[DeepOcr, OcrTokenizer]:
    """The small model in fp32, and its tokenizer: one token a letter of printable ASCII.

    It is for pages of 8x6 monospaced letters like those of `benchmarks/_small_pages.py`, in the modes "64", "128" and
    "192" (pixels a side: 1, 4 and 9 vision tokens), and is asked with no words: begin, placeholders.
    What it can and cannot do is measured in docs/results/deepocr-small.md.
    """
    import torch

    return load(_FOLDER, device=device, dtype=torch.float32), OcrTokenizer.of(_FOLDER)
