"""DeepSeek-OCR (arXiv 2510.18234): pages to a few vision tokens, and text from them; extra `deepocr`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checkpoint import load, save
    from .config import ClipConfig, DecoderConfig, DeepOcrConfig, SamConfig, ViewSizes
    from .decoder import Cache, Step
    from .names import census
    from .network import DeepOcr
    from .pictures import Layout, Views, layout, open_picture, tile_grid, views

_HOMES = {
    "Cache": "decoder",
    "ClipConfig": "config",
    "DecoderConfig": "config",
    "DeepOcr": "network",
    "DeepOcrConfig": "config",
    "Layout": "pictures",
    "SamConfig": "config",
    "Step": "decoder",
    "ViewSizes": "config",
    "Views": "pictures",
    "census": "names",
    "layout": "pictures",
    "load": "checkpoint",
    "open_picture": "pictures",
    "save": "checkpoint",
    "tile_grid": "pictures",
    "views": "pictures",
}


__all__ = [
    "Cache",
    "ClipConfig",
    "DecoderConfig",
    "DeepOcr",
    "DeepOcrConfig",
    "Layout",
    "SamConfig",
    "Step",
    "ViewSizes",
    "Views",
    "census",
    "layout",
    "load",
    "open_picture",
    "save",
    "tile_grid",
    "views",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
