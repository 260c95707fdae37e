"""`tenfold mcp`: which MCP servers the settings name, what they run, and which of their tools are approved."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigError
from ._common import Exit, load, print_json, say

if TYPE_CHECKING:
    from ..settings import Settings
    from ..tools.mcp import Pins

mcp_app = typer.Typer(help="List and approve MCP servers.", no_args_is_help=True)
_NONE = "The settings name no MCP server: see [mcp_servers.NAME] in the settings file."


def pins_of(settings: Settings) -> Pins:
    """What was approved; kept in the data folder."""
    from ..tools.mcp import Pins

    return Pins(settings.data_dir.expanduser() / "mcp-tools.json")


@mcp_app.command("list")
def list_servers(as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False) -> None:
    """List the servers, the exact command or address of each, and the approved tools. Starts none of them."""
    from ..tools.mcp import parse_servers

    settings = load()
    servers, pins = parse_servers(settings), pins_of(settings)
    if as_json:
        return print_json(
            [
                {
                    "name": name, "transport": server.transport, "shown": server.shown,
                    "approved": sorted(pins.pinned(name)),
                }
                for name, server in servers.items()
            ]
        )  # fmt: skip
    for name, server in servers.items():
        approved = ", ".join(sorted(pins.pinned(name))) or f"none yet: tenfold mcp approve {name}"
        typer.echo(
            f"{name}\n  {server.transport}: {printable(server.shown)}\n  approved tools: {printable(approved)}"
        )
    if not servers:
        typer.echo(_NONE)


@mcp_app.command("approve")
def approve_server(
    name: Annotated[str, typer.Argument(help="The server's name in the settings.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Start a server, show the tools that it offers, and approve them as they are now."""
    from ..tools.mcp import approve_mcp_tools, parse_servers

    settings = load()
    servers = parse_servers(settings)
    if name not in servers:
        named = f"Named there: {', '.join(servers)}." if servers else _NONE
        raise ConfigError(f"No MCP server {name!r} is in the settings.", mend=named)
    server, before = servers[name], pins_of(settings).pinned(name)
    verb = "run on this machine, with your rights" if server.command else "be connected to"
    say(f"{name} will {verb}:\n\n    {printable(server.shown)}\n")
    if not yes:
        if not sys.stdin.isatty():
            raise ConfigError(
                "Nobody is here to approve it.", mend="Look at the command above, and give --yes."
            )
        if not typer.confirm("Start it, and approve the tools that it offers now?", err=True):
            say("Not approved.")
            raise typer.Exit(Exit.FAILED)
    for tool in asyncio.run(approve_mcp_tools(settings, name)):
        known = before.get(tool.name)
        mark = "new" if known is None else "as before" if known == tool.sha256 else "changed"
        typer.echo(f"{printable(tool.name)} ({mark}): {printable(tool.description)}")
    say(
        f"Approved. A tool that changes afterwards is refused until `tenfold mcp approve {name}` is given again."
    )


def printable(text: str) -> str:
    """One line in which characters that a terminal would hide or obey are shown as codes."""
    return "".join(ch if ch.isprintable() else " " if ch == "\n" else f"<U+{ord(ch):04X}>" for ch in text)
