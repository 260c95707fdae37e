"""The command line: `tenfold research "question" --docs FOLDER`, and what belongs around it."""

from __future__ import annotations

import sys

import typer

from ..errors import ConfigError, TenfoldError
from .history import runs, show
from .research import research, resume, steer
from .setup import doctor, index, models_app

__all__ = ["app", "main"]

app = typer.Typer(
    help="Deep research that runs on your machine: a question in, a report with checked citations out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(research)
app.command()(resume)
app.command()(steer)
app.command()(runs)
app.command()(show)
app.command()(index)
app.command()(doctor)
app.add_typer(models_app, name="models")


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 failed, 2 wrong input, 3 waits for a person, 4 paused."""
    try:
        app()
    except TenfoldError as error:
        print(f"tenfold: {error}", file=sys.stderr)
        raise SystemExit(2 if isinstance(error, ConfigError) else 1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
