"""The decoder: DeepSeek-3B-MoE with plain multi-head attention (`use_mla` false), and its key-value cache.

Module names are the checkpoint's, but the routed experts of a layer stand stacked in two tensors.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import DecoderConfig


class Cache:
    """Keys and values of the sequences being decoded, one row each; rows 0..n-1 are in use.

    A sequence that ends gives its row to the last one (`remove`), so that a step reads views and copies nothing.

    Attributes:
        lengths: Tokens in each row, [rows] int64.
    """

    def __init__(self, config: DecoderConfig, rows: int, dtype: torch.dtype, device: torch.device) -> None:
        head = config.width // config.heads
        self._shape = (config.layers, 2, rows, config.heads)
        self._store = torch.zeros(*self._shape, 0, head, dtype=dtype, device=device)
        self.lengths = torch.zeros(rows, dtype=torch.int64, device=device)
        self._limit = config.context

    def reserve(self, tokens: int) -> None:
        """Make room for sequences of `tokens`; the cache grows by doubling, up to the context."""
        have = self._store.shape[4]
        if tokens > have:
            more = min(max(tokens, 2 * have, 256), self._limit)
            self._store = F.pad(self._store, (0, 0, 0, more - have))

    def write(self, layer: int, rows: Tensor, at: Tensor, keys: Tensor, values: Tensor) -> None:
        """Put keys and values [B, heads, T, head] of rows [B] at positions [B, T]."""
        # Advanced indices on both sides of a slice come first: [B, T, heads, head].
        self._store[layer, 0, rows[:, None], :, at] = keys.transpose(1, 2)
        self._store[layer, 1, rows[:, None], :, at] = values.transpose(1, 2)

    def read(self, layer: int, first: int, rows: int, tokens: int) -> tuple[Tensor, Tensor]:
        """Keys and values [rows, heads, tokens, head], views."""
        part = self._store[layer, :, first : first + rows, :, :tokens]
        return part[0], part[1]

    def remove(self, row: int, used: int) -> None:
        """Free `row` of the `used` first ones; the last of them takes its place."""
        last = used - 1
        if row != last:
            tokens = int(self.lengths[last])
            self._store[:, :, row, :, :tokens] = self._store[:, :, last, :, :tokens]
            self.lengths[row] = self.lengths[last]
        self.lengths[last] = 0


class RmsNorm(nn.Module):
    """Root-mean-square norm, computed in fp32."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self._eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] -> the same shape."""
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self._eps)
        return self.weight * wide.to(x.dtype)


class Attention(nn.Module):
    """Causal multi-head attention with rotary positions."""

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        self.heads, self.layer = config.heads, layer
        self.q_proj = nn.Linear(config.width, config.width, bias=False)
        self.k_proj = nn.Linear(config.width, config.width, bias=False)
        self.v_proj = nn.Linear(config.width, config.width, bias=False)
        self.o_proj = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor], step: Step | None) -> Tensor:
        """[B, T, width] -> the same shape; without a step the sequence is whole and attends causally to itself."""
        batch, length, width = x.shape
        q, k, v = (
            proj(x).view(batch, length, self.heads, -1).transpose(1, 2)
            for proj in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = _rotate(q, *rotary), _rotate(k, *rotary)
        if step is None:
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            step.cache.write(self.layer, step.rows, step.positions, k, v)
            k, v = step.cache.read(self.layer, step.first, batch, step.tokens)
            mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=step.mask)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, width))


class Mlp(nn.Module):
    """SiLU-gated, without biases."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, hidden, bias=False)
        self.up_proj = nn.Linear(width, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] -> [..., width]."""
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Experts(nn.Module):
    """The routed experts of a layer, stacked: gate and up [experts, 2·hidden, width], down [experts, width, hidden]."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        e, hidden, width = config.experts, config.expert_mlp, config.width
        self.gate_up_proj = nn.Parameter(torch.zeros(e, 2 * hidden, width))
        self.down_proj = nn.Parameter(torch.zeros(e, width, hidden))

    def forward(self, x: Tensor, chosen: Tensor, weights: Tensor) -> Tensor:
        """[N, width], chosen and weights [N, k] -> [N, width]."""
        per_token = chosen.shape[1]
        order = chosen.flatten().argsort(stable=True)
        counts = torch.bincount(chosen.flatten(), minlength=self.down_proj.shape[0])
        rows = x[order // per_token]
        out = self._grouped(rows, counts) if x.is_cuda else self._looped(rows, counts)
        out = out * weights.flatten()[order, None].to(out.dtype)
        return torch.zeros_like(x).index_add_(0, order // per_token, out)

    def _looped(self, rows: Tensor, counts: Tensor) -> Tensor:
        parts, at = [], 0
        for expert, count in enumerate(counts.tolist()):
            if count:
                gate, up = F.linear(rows[at : at + count], self.gate_up_proj[expert]).chunk(2, -1)
                parts.append(F.linear(F.silu(gate) * up, self.down_proj[expert]))
                at += count
        return torch.cat(parts)

    def _grouped(self, rows: Tensor, counts: Tensor) -> Tensor:
        ends = counts.cumsum(0).to(torch.int32)
        gate, up = F.grouped_mm(rows, self.gate_up_proj.transpose(1, 2), offs=ends).chunk(2, -1)
        return F.grouped_mm(F.silu(gate) * up, self.down_proj.transpose(1, 2), offs=ends)


class MoE(nn.Module):
    """Routed experts and the shared ones; the weights of the chosen are not renormalised (`norm_topk_prob` false)."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, config.experts, bias=False)
        self.experts = Experts(config)
        self.shared_experts = Mlp(config.width, config.shared_experts * config.expert_mlp)
        self._per_token = config.experts_per_token

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, width] -> the same shape."""
        flat = x.reshape(-1, x.shape[-1])
        scores = F.linear(flat.float(), self.gate.weight.float()).softmax(-1)
        weights, chosen = scores.topk(self._per_token, dim=-1, sorted=False)
        return self.experts(flat, chosen, weights).view_as(x) + self.shared_experts(x)


class Layer(nn.Module):
    """Pre-norm decoder layer; the first ones are dense."""

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        self.input_layernorm = RmsNorm(config.width, config.rms_eps)
        self.self_attn = Attention(config, layer)
        self.post_attention_layernorm = RmsNorm(config.width, config.rms_eps)
        dense = layer < config.dense_layers or not config.experts
        self.mlp = Mlp(config.width, config.mlp) if dense else MoE(config)

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor], step: Step | None) -> Tensor:
        """[B, T, width] -> the same shape."""
        x = x + self.self_attn(self.input_layernorm(x), rotary, step)
        return x + self.mlp(self.post_attention_layernorm(x))


class Step:
    """One pass over rows first..first+B of a cache: where its tokens go and what they may look at.

    Args:
        cache: Its lengths are moved on by T.
        length: T, tokens of each row in this pass.
    """

    def __init__(self, cache: Cache, first: int, rows: int, length: int, longest: int) -> None:
        device = cache.lengths.device
        self.cache, self.first, self.tokens = cache, first, longest + length
        self.rows = torch.arange(first, first + rows, device=device)
        starts = cache.lengths[first : first + rows]
        self.positions = starts[:, None] + torch.arange(length, device=device)
        cache.reserve(self.tokens)
        keys = torch.arange(self.tokens, device=device)
        self.mask = (keys <= self.positions[..., None])[:, None]  # [B, 1, T, tokens]
        starts += length


class Decoder(nn.Module):
    """Layers and last norm, over embeddings; embedding table and head are the whole model's."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(Layer(config, i) for i in range(config.layers))
        self.norm = RmsNorm(config.width, config.rms_eps)

    def forward(self, x: Tensor, step: Step | None = None) -> Tensor:
        """Embeddings [B, T, width] -> hidden states of the same shape."""
        positions = torch.arange(x.shape[1], device=x.device)[None] if step is None else step.positions
        rotary = self._rotary(positions, x.dtype)
        for layer in self.layers:
            x = layer(x, rotary, step)
        return self.norm(x)

    def _rotary(self, positions: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        head = self.config.width // self.config.heads
        powers = torch.arange(0, head, 2, device=positions.device).float() / head
        angles = positions[..., None].float() * self.config.rope_theta**-powers
        angles = torch.cat([angles, angles], -1)[:, None]  # [B, 1, T, head]
        return angles.cos().to(dtype), angles.sin().to(dtype)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    left, right = x.chunk(2, -1)
    return x * cos + torch.cat([-right, left], -1) * sin
