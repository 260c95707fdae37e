"""What runs on tensors, and the chat models built on it.

Each name loads its part when it is first used, so importing this room costs almost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assets import ASSETS, Asset, asset_path, ensure_asset, model_files, pull

_HOMES = {
    "ASSETS": ".assets",
    "Asset": ".assets",
    "asset_path": ".assets",
    "ensure_asset": ".assets",
    "model_files": ".assets",
    "pull": ".assets",
}

__all__ = ["ASSETS", "Asset", "asset_path", "ensure_asset", "model_files", "pull"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tenfold.models' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
