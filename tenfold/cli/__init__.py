"""The command line: `tenfold research "question" --docs FOLDER`, and what belongs around it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .. import __version__
from ._common import exit_code, print_json, say, what_went_wrong
from .history import runs, show
from .phone import phone_app
from .read import read
from .research import research, resume, steer
from .servers import mcp_app
from .setup import doctor, index, models_app
from .users import users_app
from .web import web

__all__ = ["app", "main"]

app = typer.Typer(
    help="Deep research and phone tasks that run on your machine: steered, resumable, and approved by you.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tenfold {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of all commands."""


app.command()(research)
app.command()(resume)
app.command()(steer)
app.command()(runs)
app.command()(show)
app.command()(index)
app.command()(read)
app.command()(doctor)
app.command()(web)
app.add_typer(models_app, name="models")
app.add_typer(mcp_app, name="mcp")
app.add_typer(phone_app, name="phone")
app.add_typer(users_app, name="users")


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 failed, 2 wrong input, 3 waits for a person, 4 paused, 130 stopped."""
    try:
        app(prog_name="tenfold")
    except Exception as error:
        problem = what_went_wrong(error)
        if problem is None:
            raise  # a fault of ours: whoever mends it needs the traceback
        if "--json" in sys.argv:
            print_json({"status": "error", "error": problem})
        else:
            say(f"tenfold: {problem}")
        raise SystemExit(exit_code(error)) from None
