"""DeepSeek-OCR (arXiv 2510.18234): pages to a few vision tokens, and text from them; extra `deepocr`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checkpoint import load, save
    from .config import ClipConfig, DecoderConfig, DeepOcrConfig, SamConfig, ViewSizes
    from .decoder import Cache, Step
    from .decoding import Decoded, Request, decode
    from .names import census
    from .network import DeepOcr
    from .pictures import Layout, Views, layout, open_picture, tile_grid, views
    from .prompts import PROMPTS, prompt_ids
    from .repeats import NoRepeat, banned
    from .shipped import load_small
    from .tokenizer import OcrTokenizer, deepseek

_HOMES = {
    "Cache": ".decoder",
    "ClipConfig": ".config",
    "Decoded": ".decoding",
    "DecoderConfig": ".config",
    "DeepOcr": ".network",
    "DeepOcrConfig": ".config",
    "Layout": ".pictures",
    "NoRepeat": ".repeats",
    "OcrTokenizer": ".tokenizer",
    "PROMPTS": ".prompts",
    "Request": ".decoding",
    "SamConfig": ".config",
    "Step": ".decoder",
    "ViewSizes": ".config",
    "Views": ".pictures",
    "banned": ".repeats",
    "census": ".names",
    "decode": ".decoding",
    "deepseek": ".tokenizer",
    "layout": ".pictures",
    "load": ".checkpoint",
    "load_small": ".shipped",
    "open_picture": ".pictures",
    "prompt_ids": ".prompts",
    "save": ".checkpoint",
    "tile_grid": ".pictures",
    "views": ".pictures",
}

__all__ = [
    "PROMPTS",
    "Cache",
    "ClipConfig",
    "Decoded",
    "DecoderConfig",
    "DeepOcr",
    "DeepOcrConfig",
    "Layout",
    "NoRepeat",
    "OcrTokenizer",
    "Request",
    "SamConfig",
    "Step",
    "ViewSizes",
    "Views",
    "banned",
    "census",
    "decode",
    "deepseek",
    "layout",
    "load",
    "load_small",
    "open_picture",
    "prompt_ids",
    "save",
    "tile_grid",
    "views",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
