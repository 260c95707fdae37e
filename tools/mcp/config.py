"""Which MCP servers may be used: those that the settings name, and no others."""

from __future__ import annotations

import re
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...errors import ConfigError
from ...settings import Settings

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class McpServer(BaseModel):
    """One entry of `[mcp_servers.NAME]`.

    Attributes:
        command: Program of a local server, with `args`; it speaks over its standard streams.
        env: Variables for that program, beyond the few that the MCP library passes on; `${VAR}` is expanded.
        url: Address of a remote server (streamable HTTP); https, or http on this machine.
        headers: Sent to the remote server.
        tools: Only these of its tools; empty is all.
        timeout_s: Seconds for starting the server and one call together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str | None = None
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict[str, str])
    cwd: str | None = None
    url: str | None = None
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    tools: tuple[str, ...] = ()
    timeout_s: float = Field(default=60.0, gt=0, le=600)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("give either a command (a local server) or a url (a remote one)")
        if self.url is not None:
            parts = urlsplit(self.url)
            local = parts.scheme == "http" and parts.hostname in _LOOPBACK
            if parts.scheme != "https" and not local:
                raise ValueError(f"{self.url!r} is not https, so anyone on the way could change its tools")
        return self

    @property
    def transport(self) -> Literal["stdio", "streamable_http"]:
        """How it is spoken to."""
        return "stdio" if self.command is not None else "streamable_http"

    @property
    def shown(self) -> str:
        """The exact command or address, for the user to see before it is used."""
        return " ".join([self.command, *self.args]) if self.command is not None else str(self.url)

    def connection(self) -> dict[str, Any]:
        """As langchain-mcp-adapters takes it."""
        if self.command is None:
            return {"transport": self.transport, "url": self.url, "headers": dict(self.headers)}
        local = {
            "transport": self.transport,
            "command": self.command,
            "args": list(self.args),
            "cwd": self.cwd,
        }
        return {**local, "env": dict(self.env)} if self.env else local


def parse_servers(settings: Settings) -> dict[str, McpServer]:
    """The servers that the settings name, validated.

    Raises:
        ConfigError: A name or an entry is wrong.
    """
    servers: dict[str, McpServer] = {}
    for name, entry in settings.mcp_servers.items():
        if not _NAME.fullmatch(name) or len(name) > 32 or "__" in name:
            raise ConfigError(
                f"{name!r} cannot be the name of an MCP server.",
                mend="Use lower-case letters, digits and single hyphens or underscores, 32 at most.",
            )
        try:
            servers[name] = McpServer.model_validate(entry)
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, e['loc']))} {e['msg']}".strip() for e in error.errors())
            raise ConfigError(
                f"[mcp_servers.{name}] is not valid: {reasons}.", mend="Correct the settings."
            ) from error
    return servers
