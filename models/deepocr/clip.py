"""DeepEncoder's second half: CLIP-L's body over the compressor's tokens, and the projector's input."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import ClipConfig
from .tables import Tables, position_grid


class Embeddings(nn.Module):
    """The class token and the positions; the checkpoint's patch convolution is never used, and not kept."""

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(config.width))
        self.position_embedding = nn.Embedding(config.grid**2 + 1, config.width)
        self._grid = config.grid
        self._tables = Tables()

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, n², width] -> [B, 1 + n², width]."""
        n = round(tokens.shape[1] ** 0.5)
        table = self.position_embedding.weight
        first = self.class_embedding.expand(tokens.shape[0], 1, -1)
        return torch.cat([first, tokens], 1) + self._tables.get("pos", n, table, lambda: self._positions(n))

    def _positions(self, n: int) -> Tensor:
        table = self.position_embedding.weight
        square = position_grid(table[1:].view(1, self._grid, self._grid, -1), n)
        return torch.cat([table[:1], square.reshape(n * n, -1)])


class SelfAttention(nn.Module):
    """Bidirectional multi-head attention with one projection for q, k, v."""

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv_proj = nn.Linear(config.width, 3 * config.width)
        self.out_proj = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, width] -> the same shape."""
        batch, length, width = x.shape
        qkv = self.qkv_proj(x).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.out_proj(mixed.transpose(1, 2).reshape(batch, length, width))


class Mlp(nn.Module):
    """Linear, quick GELU (x·sigmoid(1.702 x)), linear."""

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(config.width, config.mlp), nn.Linear(config.mlp, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] -> [..., width]."""
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x))


class Layer(nn.Module):
    """Pre-norm transformer layer."""

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(config.width, eps=1e-5)
        self.self_attn = SelfAttention(config)
        self.layer_norm2 = nn.LayerNorm(config.width, eps=1e-5)
        self.mlp = Mlp(config)

    def forward(self, x: Tensor) -> Tensor:
        """[B, L, width] -> the same shape."""
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class Transformer(nn.Module):
    """The stack of layers."""

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))


class Clip(nn.Module):
    """CLIP without its patches in front and without its last norm behind."""

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.pre_layrnorm = nn.LayerNorm(config.width, eps=1e-5)  # sic: the checkpoint's name
        self.transformer = Transformer(config)

    def forward(self, tokens: Tensor) -> Tensor:
        """Compressor tokens [B, n², width] -> [B, n², width], without the class token."""
        x = self.pre_layrnorm(self.embeddings(tokens))
        for layer in self.transformer.layers:
            x = layer(x)
        return x[:, 1:]
