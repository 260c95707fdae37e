"""MCP servers as further tools: only named ones, only approved definitions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import McpTools, approve_mcp_tools, open_mcp_tools
    from .config import McpServer, parse_servers
    from .pins import Definition, Pins

_HOMES = {
    "Definition": ".pins",
    "McpServer": ".config",
    "McpTools": ".client",
    "Pins": ".pins",
    "approve_mcp_tools": ".client",
    "open_mcp_tools": ".client",
    "parse_servers": ".config",
}

__all__ = [
    "Definition",
    "McpServer",
    "McpTools",
    "Pins",
    "approve_mcp_tools",
    "open_mcp_tools",
    "parse_servers",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
