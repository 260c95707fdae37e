"""What runs on tensors, and the chat models built on it.

Each name loads its part when it is first used, so importing this room costs almost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assets import ASSETS, Asset, asset_path, check_gguf, ensure_asset, model_files, pull
    from .budget import Budget, Meter, Usage
    from .call import CallEvent, Message, ModelCaller, Reply, Structured
    from .download import OnProgress
    from .embedded import EmbeddedChat, Engine, EngineShape, close_engines, get_engine, serve
    from .info import Capability, ModelInfo, OpenModel
    from .names import ModelName
    from .open import estimate_tokens, open_model
    from .parse import ParseFailed, parse_reply
    from .picture import Content, Image
    from .scripted import Failure, Rule, Said, ScriptedChat, UnexpectedCall, register_script

_HOMES = {
    "ASSETS": ".assets",
    "Asset": ".assets",
    "Budget": ".budget",
    "CallEvent": ".call",
    "Capability": ".info",
    "Content": ".picture",
    "EmbeddedChat": ".embedded",
    "Engine": ".embedded",
    "EngineShape": ".embedded",
    "Failure": ".scripted",
    "Image": ".picture",
    "Message": ".call",
    "Meter": ".budget",
    "ModelCaller": ".call",
    "ModelInfo": ".info",
    "ModelName": ".names",
    "OnProgress": ".download",
    "OpenModel": ".info",
    "ParseFailed": ".parse",
    "Reply": ".call",
    "Rule": ".scripted",
    "Said": ".scripted",
    "ScriptedChat": ".scripted",
    "Structured": ".call",
    "UnexpectedCall": ".scripted",
    "Usage": ".budget",
    "asset_path": ".assets",
    "check_gguf": ".assets",
    "close_engines": ".embedded",
    "ensure_asset": ".assets",
    "estimate_tokens": ".open",
    "get_engine": ".embedded",
    "model_files": ".assets",
    "open_model": ".open",
    "parse_reply": ".parse",
    "pull": ".assets",
    "register_script": ".scripted",
    "serve": ".embedded",
}

__all__ = [
    "ASSETS",
    "Asset",
    "Budget",
    "CallEvent",
    "Capability",
    "Content",
    "EmbeddedChat",
    "Engine",
    "EngineShape",
    "Failure",
    "Image",
    "Message",
    "Meter",
    "ModelCaller",
    "ModelInfo",
    "ModelName",
    "OnProgress",
    "OpenModel",
    "ParseFailed",
    "Reply",
    "Rule",
    "Said",
    "ScriptedChat",
    "Structured",
    "UnexpectedCall",
    "Usage",
    "asset_path",
    "check_gguf",
    "close_engines",
    "ensure_asset",
    "estimate_tokens",
    "get_engine",
    "model_files",
    "open_model",
    "parse_reply",
    "pull",
    "register_script",
    "serve",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tenfold.models' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
