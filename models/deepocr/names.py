"""Every tensor of a checkpoint by name and shape, from the configuration alone; 2,710 for the official one."""

from __future__ import annotations

from itertools import pairwise

from .config import PATCH, ClipConfig, DecoderConfig, DeepOcrConfig, SamConfig

Shape = tuple[int, ...]
Census = dict[str, Shape]

IGNORED = ("model.vision_model.embeddings.position_ids",)
"""In some re-saved checkpoints: a constant that nothing needs."""
UNUSED = ("model.vision_model.embeddings.patch_embedding.weight",)
"""In the checkpoint, and never used: CLIP gets the compressor's tokens."""


def census(config: DeepOcrConfig) -> Census:
    """Names and shapes of `config`'s checkpoint, in the official naming."""
    width = config.decoder.width
    names: Census = {}
    names |= _under("model.sam_model", _sam(config.sam))
    names |= _under("model.vision_model", _clip(config.clip))
    names |= {
        "model.projector.layers.weight": (width, 2 * config.clip.width),
        "model.projector.layers.bias": (width,),
        "model.image_newline": (width,),
        "model.view_seperator": (width,),
        "model.embed_tokens.weight": (config.decoder.vocab, width),
        "model.norm.weight": (width,),
        "lm_head.weight": (config.decoder.vocab, width),
    }
    return names | _under("model", _decoder(config.decoder))


def _under(prefix: str, names: Census) -> Census:
    return {f"{prefix}.{name}": shape for name, shape in names.items()}


def _linear(name: str, before: int, after: int, *, bias: bool = True) -> Census:
    return {f"{name}.weight": (after, before)} | ({f"{name}.bias": (after,)} if bias else {})


def _norm(name: str, width: int) -> Census:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _sam(sam: SamConfig) -> Census:
    width, head = sam.width, sam.width // sam.heads
    names: Census = {"pos_embed": (1, sam.grid, sam.grid, width)}
    if sam.stem == "patch":
        names |= {"patch_embed.proj.weight": (width, 3, PATCH, PATCH), "patch_embed.proj.bias": (width,)}
    else:
        steps = [3, width // 8, width // 4, width // 2, width]
        for i, (before, after) in enumerate(pairwise(steps)):
            at = f"patch_embed.proj.{2 * i}"
            names |= {f"{at}.weight": (after, before, 3, 3), f"{at}.bias": (after,)}
    for i in range(sam.layers):
        rows = 2 * (sam.grid if i in sam.global_layers else sam.window) - 1
        block = _norm("norm1", width) | _norm("norm2", width)
        block |= {"attn.rel_pos_h": (rows, head), "attn.rel_pos_w": (rows, head)}
        block |= _linear("attn.qkv", width, 3 * width) | _linear("attn.proj", width, width)
        block |= _linear("mlp.lin1", width, sam.mlp) | _linear("mlp.lin2", sam.mlp, width)
        names |= _under(f"blocks.{i}", block)
    names |= {"neck.0.weight": (sam.neck, width, 1, 1), "neck.2.weight": (sam.neck, sam.neck, 3, 3)}
    names |= _norm("neck.1", sam.neck) | _norm("neck.3", sam.neck)
    middle, last = sam.compressor
    return names | {"net_2.weight": (middle, sam.neck, 3, 3), "net_3.weight": (last, middle, 3, 3)}


def _clip(clip: ClipConfig) -> Census:
    width = clip.width
    names: Census = {
        "embeddings.class_embedding": (width,),
        "embeddings.position_embedding.weight": (clip.grid**2 + 1, width),
    }
    if clip.patch:
        names["embeddings.patch_embedding.weight"] = (width, 3, clip.patch, clip.patch)
    names |= _norm("pre_layrnorm", width)
    for i in range(clip.layers):
        layer = _norm("layer_norm1", width) | _norm("layer_norm2", width)
        layer |= _linear("self_attn.qkv_proj", width, 3 * width) | _linear("self_attn.out_proj", width, width)
        layer |= _linear("mlp.fc1", width, clip.mlp) | _linear("mlp.fc2", clip.mlp, width)
        names |= _under(f"transformer.layers.{i}", layer)
    return names


def _mlp(name: str, width: int, hidden: int) -> Census:
    return (
        _linear(f"{name}.gate_proj", width, hidden, bias=False)
        | _linear(f"{name}.up_proj", width, hidden, bias=False)
        | _linear(f"{name}.down_proj", hidden, width, bias=False)
    )


def _decoder(decoder: DecoderConfig) -> Census:
    width = decoder.width
    names: Census = {}
    for i in range(decoder.layers):
        layer: Census = {"input_layernorm.weight": (width,), "post_attention_layernorm.weight": (width,)}
        for proj in ("q", "k", "v", "o"):
            layer |= _linear(f"self_attn.{proj}_proj", width, width, bias=False)
        if i < decoder.dense_layers or not decoder.experts:
            layer |= _mlp("mlp", width, decoder.mlp)
        else:
            layer |= _linear("mlp.gate", width, decoder.experts, bias=False)
            for expert in range(decoder.experts):
                layer |= _mlp(f"mlp.experts.{expert}", width, decoder.expert_mlp)
            layer |= _mlp("mlp.shared_experts", width, decoder.shared_experts * decoder.expert_mlp)
        names |= _under(f"layers.{i}", layer)
    return names
