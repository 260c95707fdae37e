"""A tiny DeepSeek-OCR with every kind of tensor, random weights, and transformers' class as its oracle."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import torch

from tenfold.models.deepocr import (
    ClipConfig,
    DecoderConfig,
    DeepOcr,
    DeepOcrConfig,
    SamConfig,
    ViewSizes,
    save,
)

VOCAB, IMAGE = 200, 199
TINY = DeepOcrConfig(
    sam=SamConfig(
        width=48, layers=3, heads=4, mlp=96, window=7, global_layers=(2,), image_size=256, neck=32, compressor=(48, 64)
    ),
    clip=ClipConfig(width=64, layers=2, heads=4, mlp=128, grid=4),
    decoder=DecoderConfig(
        width=64, layers=3, heads=4, vocab=VOCAB, mlp=160, expert_mlp=48, experts=4, experts_per_token=2,
        shared_experts=2, context=1024, image=IMAGE,
    ),
    modes={
        "tiny": ViewSizes(128, pad=False),
        "small": ViewSizes(192, pad=False),
        "base": ViewSizes(256),
        "large": ViewSizes(320),
        "gundam": ViewSizes(256, tile=192),
        "gundam-m": ViewSizes(320, tile=256),
    },
)  # fmt: skip


def tiny_model(config: DeepOcrConfig = TINY, seed: int = 0, *, scaled: bool = False) -> DeepOcr:
    """Random weights, large enough that every part shows in the result.

    `scaled` divides by the root of what a unit sums over, without which wide models amplify every rounding.
    """
    model = DeepOcr(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            scale = (
                0.15
                if not scaled
                else 0.1
                if p.ndim == 1
                else p[0].numel() ** -0.5
                if "embed" not in name
                else 1.0
            )
            p.copy_(
                1 + 0.1 * noise
                if "norm" in name and name.endswith("weight") and p.ndim == 1
                else scale * noise
            )
    return model.eval().requires_grad_(False)


def oracle(folder: Path, config: DeepOcrConfig = TINY) -> Any:
    """transformers' class with the weights of `folder`."""
    from transformers import UnlimitedOcrConfig, UnlimitedOcrForConditionalGeneration

    logging.getLogger("transformers").setLevel(logging.ERROR)
    sam, clip, dec = config.sam, config.clip, config.decoder
    vision = {
        "sam_config": {
            "hidden_size": sam.width, "output_channels": sam.neck, "num_hidden_layers": sam.layers,
            "num_attention_heads": sam.heads, "image_size": sam.image_size, "window_size": sam.window,
            "global_attn_indexes": list(sam.global_layers), "mlp_dim": sam.mlp,
            "downsample_channels": list(sam.compressor),
        },
        "encoder_config": {
            "hidden_size": clip.width, "intermediate_size": clip.mlp, "num_hidden_layers": clip.layers,
            "num_attention_heads": clip.heads, "image_size": clip.grid * 14, "patch_size": 14,
        },
    }  # fmt: skip
    text = {
        "vocab_size": dec.vocab, "hidden_size": dec.width, "intermediate_size": dec.mlp,
        "num_hidden_layers": dec.layers, "num_attention_heads": dec.heads, "num_key_value_heads": dec.heads,
        "max_position_embeddings": dec.context, "n_routed_experts": dec.experts, "n_shared_experts": dec.shared_experts,
        "num_experts_per_tok": dec.experts_per_token, "moe_intermediate_size": dec.expert_mlp,
        "layer_types": ["full_attention"] * dec.layers,
    }  # fmt: skip
    made = UnlimitedOcrConfig(vision_config=vision, text_config=text, image_token_id=dec.image)
    model, info = UnlimitedOcrForConditionalGeneration.from_pretrained(
        folder, config=made, output_loading_info=True, dtype=torch.float32
    )
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    return model.eval()


def stored(folder: Path, model: DeepOcr | None = None) -> Path:
    """A folder with a tiny checkpoint in the official naming."""
    save(model or tiny_model(), folder, torch.float32)
    return folder


def header_of(path: Path) -> tuple[dict[str, Any], bytes]:
    """A safetensors file's header and its bytes."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def rewrite(path: Path, header: dict[str, Any], data: bytes) -> None:
    """Write a safetensors file with this header."""
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
