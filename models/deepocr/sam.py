"""DeepEncoder's first half: SAM-base's ViTDet trunk, its neck, and the 16x convolutional compressor.

Module names are the checkpoint's. Relative positions are decomposed (q·Rh + q·Rw) and never stand as one
[tokens, tokens] bias for a whole picture: see `_global`.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import PATCH, SamConfig
from .tables import Tables, position_grid, relative_rows

_CHUNK_BYTES = 6 << 20  # of bias held at once: what a core's cache holds is a quarter faster than 48 MiB


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of [B, C, H, W]."""

    def forward(self, input: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Attention(nn.Module):
    """Multi-head attention with decomposed relative positions, in windows or over the whole grid."""

    def __init__(self, config: SamConfig, window: int) -> None:
        super().__init__()
        self.heads, self.window, self.head = config.heads, window, config.width // config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.proj = nn.Linear(config.width, config.width)
        side = window or config.grid
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, self.head))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, self.head))
        self._tables = Tables()

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, n, width] -> the same shape."""
        # Tokens that pad a window are zeros *before* this projection and take part as keys (ViTDet): they are its
        # bias, which need not be computed 1,764 - 1,024 times at 512 pixels.
        qkv = self.qkv(x)
        mixed = self._windows(qkv) if self.window else self._global(qkv)
        return self.proj(mixed)

    def _rows(self, side: int) -> tuple[Tensor, Tensor]:
        """Rh, Rw: [side (query), side (key), head]."""
        return (
            self._tables.get("h", side, self.rel_pos_h, lambda: relative_rows(self.rel_pos_h, side)),
            self._tables.get("w", side, self.rel_pos_w, lambda: relative_rows(self.rel_pos_w, side)),
        )

    def _windows(self, qkv: Tensor) -> Tensor:
        batch, n, _, _ = qkv.shape
        w = self.window
        windows = -(-n // w)
        padded = windows * w
        if padded != n:
            whole = self.qkv.bias.expand(batch, padded, padded, -1).clone()
            whole[:, :n, :n] = qkv
            qkv = whole
        qkv = qkv.view(batch, windows, w, windows, w, 3, self.heads, self.head)
        q, k, v = qkv.permute(5, 0, 1, 3, 6, 2, 4, 7).reshape(3, -1, self.heads, w * w, self.head).unbind(0)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=self._bias(q, w, *self._rows(w)))
        out = out.view(batch, windows, windows, self.heads, w, w, self.head).permute(0, 1, 4, 2, 5, 3, 6)
        return out.reshape(batch, padded, padded, -1)[:, :n, :n]

    def _bias(self, q: Tensor, side: int, rows_h: Tensor, rows_w: Tensor) -> Tensor:
        """[B, heads, side², side²] for queries of whole rows of the grid; rows_h may be a part of the rows."""
        height = rows_h.shape[0]
        grid = q.reshape(*q.shape[:2], height, side, self.head)
        # Contiguous while they are small, so that their large sum is too.
        by_h = torch.einsum("bnhwc,hkc->bnhwk", grid, rows_h).contiguous()
        by_w = torch.einsum("bnhwc,wkc->bnhwk", grid, rows_w).contiguous()
        return (by_h[..., :, None] + by_w[..., None, :]).view(*q.shape[:2], height * side, -1)

    def _global(self, qkv: Tensor) -> Tensor:
        batch, n, _, _ = qkv.shape
        qkv = qkv.view(batch, n * n, 3, self.heads, self.head)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attend = self._folded if q.is_cuda and self.head + 2 * n <= 256 else self._chunked
        out = attend(q, k, v, n)
        return out.transpose(1, 2).reshape(batch, n, n, -1)

    def _folded(self, q: Tensor, k: Tensor, v: Tensor, n: int) -> Tensor:
        """The positions as more columns of q and one-hot columns of k: their product is the bias itself.

        Flash kernels then apply, and the largest tensor is [B, heads, n², head + 2n].
        """
        rows_h, rows_w = self._rows(n)
        grid = q.reshape(*q.shape[:2], n, n, self.head)
        by_h = torch.einsum("bnhwc,hkc->bnhwk", grid, rows_h).flatten(2, 3)
        by_w = torch.einsum("bnhwc,wkc->bnhwk", grid, rows_w).flatten(2, 3)
        eye = torch.eye(n, dtype=k.dtype, device=k.device)
        place = torch.cat([eye.repeat_interleave(n, 0), eye.repeat(n, 1)], 1).expand(*k.shape[:2], -1, -1)
        wide = torch.cat([q * self.head**-0.5, by_h, by_w], -1)
        values = F.pad(v, (0, 2 * n))
        out = F.scaled_dot_product_attention(wide, torch.cat([k, place], -1), values, scale=1.0)
        return out[..., : self.head]

    def _chunked(self, q: Tensor, k: Tensor, v: Tensor, n: int) -> Tensor:
        """Some rows of queries at a time, each with its part of the bias: no more work than the whole bias at once."""
        rows_h, rows_w = self._rows(n)
        row_bytes = q.shape[0] * self.heads * n * n * n * q.element_size()
        rows = max(1, min(n, _CHUNK_BYTES // row_bytes))
        out = [
            F.scaled_dot_product_attention(
                part, k, v, attn_mask=self._bias(part, n, rows_h[a : a + rows], rows_w)
            )
            for a in range(0, n, rows)
            for part in [q[:, :, a * n : (a + rows) * n]]
        ]
        return torch.cat(out, 2)


class Mlp(nn.Module):
    """Linear, exact GELU, linear."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.lin1, self.lin2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] -> [..., width]."""
        return self.lin2(F.gelu(self.lin1(x)))


class Block(nn.Module):
    """Pre-norm transformer block; `window` 0 attends over the whole grid."""

    def __init__(self, config: SamConfig, window: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width, eps=1e-6)
        self.attn = Attention(config, window)
        self.norm2 = nn.LayerNorm(config.width, eps=1e-6)
        self.mlp = Mlp(config.width, config.mlp)

    def forward(self, x: Tensor) -> Tensor:
        """[B, n, n, width] -> the same shape."""
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    """Pixels to tokens, one a patch of 16x16."""

    def __init__(self, config: SamConfig) -> None:
        super().__init__()
        self.proj = (
            nn.Conv2d(3, config.width, PATCH, PATCH) if config.stem == "patch" else _conv_stem(config.width)
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """[B, 3, S, S] -> [B, S/16, S/16, width]."""
        return self.proj(pixels).permute(0, 2, 3, 1)


def _conv_stem(width: int) -> nn.Sequential:
    """Four 3x3 convolutions with stride 2: small models learn to read with it, and not with one 16x16 (section 4)."""
    widths = [3, width // 8, width // 4, width // 2, width]
    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(pairwise(widths)):
        layers += [nn.Conv2d(before, after, 3, 2, 1)] + ([nn.GELU()] if number < 3 else [])
    return nn.Sequential(*layers)


class Sam(nn.Module):
    """Patches, blocks, neck and compressor: one token for each 64x64 pixels."""

    def __init__(self, config: SamConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = PatchEmbed(config)
        self.pos_embed = nn.Parameter(torch.zeros(1, config.grid, config.grid, config.width))
        windows = [0 if i in config.global_layers else config.window for i in range(config.layers)]
        self.blocks = nn.ModuleList(Block(config, window) for window in windows)
        self.neck = nn.Sequential(
            nn.Conv2d(config.width, config.neck, 1, bias=False),
            LayerNorm2d(config.neck, eps=1e-6),
            nn.Conv2d(config.neck, config.neck, 3, padding=1, bias=False),
            LayerNorm2d(config.neck, eps=1e-6),
        )
        self.net_2 = nn.Conv2d(config.neck, config.compressor[0], 3, 2, 1, bias=False)
        self.net_3 = nn.Conv2d(*config.compressor, 3, 2, 1, bias=False)
        self._tables = Tables()

    def forward(self, pixels: Tensor) -> Tensor:
        """[B, 3, S, S] normalised pixels -> [B, compressor width, S/64, S/64]."""
        x = self.patch_embed(pixels)
        n = x.shape[1]
        x = x + self._tables.get("pos", n, self.pos_embed, lambda: position_grid(self.pos_embed, n))
        for block in self.blocks:
            x = block(x)
        return self.net_3(self.net_2(self.neck(x.permute(0, 3, 1, 2))))
