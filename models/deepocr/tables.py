"""Position tables at other sizes than the trained one: interpolated in fp32, once a size, kept in the weights' type."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


class Tables:
    """Interpolated tables of one module; a table is made again when its parameter has changed or gradients are wanted.

    Interpolating on every call, as others do, costs a synchronisation for each block and forbids CUDA graphs.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], tuple[tuple[object, ...], Tensor]] = {}

    def get(self, name: str, size: int, source: Tensor, make: Callable[[], Tensor]) -> Tensor:
        """The table `name` for a grid of `size`, by `make` if it is not there yet."""
        if source.requires_grad and torch.is_grad_enabled():
            return make()
        if torch.compiler.is_compiling():  # a constant of the graph, if an ordinary call has made it
            return self._kept[name, size][1] if (name, size) in self._kept else make()
        state = (source.data_ptr(), source._version, source.dtype, source.device)  # pyright: ignore[reportPrivateUsage]
        kept = self._kept.get((name, size))
        if kept is None or kept[0] != state:
            with torch.no_grad():
                kept = self._kept[name, size] = (state, make())
        return kept[1]

    def __deepcopy__(self, memo: dict[int, object]) -> Tables:
        return Tables()


def position_grid(table: Tensor, size: int) -> Tensor:
    """Absolute positions [1, g, g, width] at another grid: bicubic, antialiased."""
    if table.shape[1] == size:
        return table
    square = table.permute(0, 3, 1, 2).float()
    square = F.interpolate(square, size=(size, size), mode="bicubic", antialias=True, align_corners=False)
    return square.permute(0, 2, 3, 1).to(table.dtype)


def relative_rows(table: Tensor, size: int) -> Tensor:
    """Relative positions [2g - 1, head] as rows [query, key, head] of a grid of `size`: linear interpolation."""
    rows = 2 * size - 1
    if table.shape[0] != rows:
        line = F.interpolate(table.float().T[None], size=rows, mode="linear")
        table = line[0].T.to(table.dtype)
    at = torch.arange(size, device=table.device)
    return table[at[:, None] - at[None, :] + size - 1]
