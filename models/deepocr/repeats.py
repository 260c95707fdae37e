"""The windowed no-repeat-n-gram rule of DeepSeek-OCR's scripts, as a tensor operation over a batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .tokenizer import CELLS


@dataclass(frozen=True, slots=True)
class NoRepeat:
    """No n-gram of `size` tokens twice among the last `window` generated ones.

    Attributes:
        allowed: Tokens that may always come; without the cells of tables, empty rows are damaged.
    """

    size: int = 30
    window: int = 90
    allowed: tuple[int, ...] = CELLS

    def __post_init__(self) -> None:
        if not 2 <= self.size <= self.window:
            raise ValueError(f"an n-gram of {self.size} in a window of {self.window}: 2 <= size <= window")


def banned(tail: Tensor, rule: NoRepeat, vocab: int) -> Tensor:
    """Which tokens may not come next.

    Args:
        tail: The last `rule.window` generated ids of each sequence, [B, window] int64, right-aligned; -1 where a
            sequence is shorter.
        vocab: Columns of the result.

    Returns:
        [B, vocab] bool.
    """
    n = rule.size
    grams = tail.unfold(1, n, 1)  # [B, window - n + 1, n]
    prefix = tail[:, None, tail.shape[1] - n + 1 :]
    # A prefix with -1 in it belongs to a sequence shorter than n - 1 tokens: nothing can repeat yet.
    same = (grams[..., :-1] == prefix).all(-1) & (grams >= 0).all(-1)
    next_ids = torch.where(same, grams[..., -1], vocab)
    mask = torch.zeros(tail.shape[0], vocab + 1, dtype=torch.bool, device=tail.device)
    mask.scatter_(1, next_ids, True)
    mask[:, [t for t in rule.allowed if t < vocab]] = False
    return mask[:, :vocab]
