"""The shape of a DeepSeek-OCR model: the official 3.3 B one and any smaller one of the same class.

Read from the official `config.json` (model_type `deepseek_vl_v2`); what that file cannot say about another model
(stem, window, view sizes) stands under its key `tenfold`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from ...errors import CheckpointInvalid
from ...pages import SIDES

PATCH = 16
"""Pixels a side of a SAM patch (arXiv 2510.18234, section 3.2)."""
QUERY = 64
"""Pixels a side that one vision token covers: a patch, and the 16x compressor's two strides of 2."""


@dataclass(frozen=True, slots=True)
class SamConfig:
    """The ViTDet trunk with its neck and the 16x compressor.

    Attributes:
        image_size: Pixels a side for which `pos_embed` and the global relative positions were trained.
        stem: One 16x16 convolution ("patch", official) or four 3x3 ones with stride 2 ("conv").
    """

    width: int = 768
    layers: int = 12
    heads: int = 12
    mlp: int = 3072
    window: int = 14
    global_layers: tuple[int, ...] = (2, 5, 8, 11)
    image_size: int = 1024
    neck: int = 256
    compressor: tuple[int, int] = (512, 1024)
    stem: Literal["patch", "conv"] = "patch"

    @property
    def grid(self) -> int:
        """Patches a side at `image_size`."""
        return self.image_size // PATCH


@dataclass(frozen=True, slots=True)
class ClipConfig:
    """The CLIP body over the compressor's tokens; its width is the compressor's.

    Attributes:
        grid: Tokens a side for which `position_embedding` was trained.
        patch: Pixels a side of its own patch convolution, which is in the checkpoint and never used; 0 for none.
    """

    width: int = 1024
    layers: int = 24
    heads: int = 16
    mlp: int = 4096
    grid: int = 16
    patch: int = 14


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """The DeepSeek-V2-style mixture of experts with plain multi-head attention; `experts` 0 makes all layers dense."""

    width: int = 1280
    layers: int = 12
    heads: int = 10
    vocab: int = 129_280
    mlp: int = 6848
    expert_mlp: int = 896
    experts: int = 64
    experts_per_token: int = 6
    shared_experts: int = 2
    dense_layers: int = 1
    context: int = 8192
    rope_theta: float = 10_000.0
    rms_eps: float = 1e-6
    bos: int = 0
    eos: int = 1
    pad: int = 2
    image: int = 128_815


@dataclass(frozen=True, slots=True)
class ViewSizes:
    """The views of one mode.

    Attributes:
        base: Pixels a side of the global view.
        tile: Pixels a side of a local tile; 0 for modes without tiles.
        pad: Whether the global view keeps the page's aspect and pads with grey; else it is stretched to the square.
        max_tiles: Most tiles of a page; the fewest is 2.
    """

    base: int
    tile: int = 0
    pad: bool = True
    max_tiles: int = 9


OFFICIAL_MODES: dict[str, ViewSizes] = {
    "tiny": ViewSizes(SIDES["tiny"], pad=False),
    "small": ViewSizes(SIDES["small"], pad=False),
    "base": ViewSizes(SIDES["base"]),
    "large": ViewSizes(SIDES["large"]),
    "gundam": ViewSizes(1024, tile=640),
    "gundam-m": ViewSizes(1280, tile=1024),
}
"""Paper, table 1; `max_tiles` is the paper's and the released code's 9 (vLLM's configuration says 6)."""


@dataclass(frozen=True, slots=True)
class DeepOcrConfig:
    """Everything that fixes the tensors of a model and the pictures it is given."""

    sam: SamConfig = field(default_factory=SamConfig)
    clip: ClipConfig = field(default_factory=ClipConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    modes: dict[str, ViewSizes] = field(default_factory=lambda: dict(OFFICIAL_MODES))

    def __post_init__(self) -> None:
        sam, clip, decoder = self.sam, self.clip, self.decoder
        _check(sam.compressor[1] == clip.width, "the compressor's last width is not CLIP's")
        _check(decoder.width % decoder.heads == 0, "the decoder's width is no multiple of its heads")
        _check(
            sam.width % sam.heads == 0 and clip.width % clip.heads == 0, "a width is no multiple of its heads"
        )
        _check(set(sam.global_layers) <= set(range(sam.layers)), "a global layer is past the last layer")
        sizes = [s for mode in self.modes.values() for s in (mode.base, mode.tile)]
        _check(all(s % QUERY == 0 for s in sizes), f"a view's side is no multiple of {QUERY} pixels")

    @classmethod
    def official(cls) -> DeepOcrConfig:
        """DeepSeek-OCR as released."""
        return cls()

    @classmethod
    def from_json(cls, path: Path) -> DeepOcrConfig:
        """Read a `config.json`, the official one or one that `to_json` wrote.

        Raises:
            CheckpointInvalid: Not a configuration of this class.
        """
        try:
            whole: dict[str, Any] = json.loads(path.read_text("utf-8"))
            own = whole.get("tenfold")
            return cls._own(own) if own else cls._official(whole)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise CheckpointInvalid(
                f"{path.name!r} does not describe a DeepSeek-OCR model: {error}.",
                mend="Take the config.json that came with the weights.",
            ) from error

    def to_json(self) -> str:
        """The text of a `config.json` that `from_json` reads."""
        return json.dumps({"model_type": "deepseek_vl_v2", "tenfold": asdict(self)}, indent=1)

    @classmethod
    def _own(cls, own: dict[str, Any]) -> DeepOcrConfig:
        sam: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in own["sam"].items()}
        modes = {name: ViewSizes(**sizes) for name, sizes in own["modes"].items()}
        return cls(SamConfig(**sam), ClipConfig(**own["clip"]), DecoderConfig(**own["decoder"]), modes)

    @classmethod
    def _official(cls, whole: dict[str, Any]) -> DeepOcrConfig:
        language: dict[str, Any] = whole["language_config"]
        if language.get("use_mla"):
            raise ValueError("its decoder has latent attention (use_mla)")
        known = {ours: language[theirs] for ours, theirs in _LANGUAGE.items() if theirs in language}
        decoder = replace(DecoderConfig(), **known)
        widths = whole.get("vision_config", {}).get("width", {})
        sam, clip = widths.get("sam_vit_b", {}), widths.get("clip-l-14-224", {})
        return cls(
            sam=_replaced(SamConfig(), sam, {"global_layers": "global_attn_indexes"}),
            clip=_replaced(ClipConfig(), clip, {"patch": "patch_size"}),
            decoder=decoder,
        )


_LANGUAGE = {
    "width": "hidden_size", "layers": "num_hidden_layers", "heads": "num_attention_heads", "vocab": "vocab_size",
    "mlp": "intermediate_size", "expert_mlp": "moe_intermediate_size", "experts": "n_routed_experts",
    "experts_per_token": "num_experts_per_tok", "shared_experts": "n_shared_experts",
    "dense_layers": "first_k_dense_replace", "context": "max_position_embeddings", "rope_theta": "rope_theta",
    "rms_eps": "rms_norm_eps", "bos": "bos_token_id", "eos": "eos_token_id",
}  # fmt: skip


def _replaced(config: Any, values: dict[str, Any], renamed: dict[str, str]) -> Any:
    names = {f.name: renamed.get(f.name, f.name) for f in fields(config) if f.name != "image_size"}
    new = {ours: values[theirs] for ours, theirs in names.items() if theirs in values}
    return replace(config, **{k: tuple(v) if isinstance(v, list) else v for k, v in new.items()})


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise CheckpointInvalid(
            f"This configuration makes no model: {what}.", mend="Correct the configuration."
        )
