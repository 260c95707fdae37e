"""How a phone task ends in the terminal, and the secrets that it may type."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..errors import ConfigError
from ._common import Exit, print_json, say

if TYPE_CHECKING:
    from ..web import Driver, RunView


def deliver_phone(view: RunView, out: Path | None, *, as_json: bool) -> None:
    """Print the answer and how the task ended.

    Raises:
        typer.Exit: The task was not done.
    """
    from ..graphs.coloragent import ending, render_report

    report = view.report
    assert report is not None
    if out is not None:
        form = {".md": "md", ".html": "html", ".json": "json"}[out.suffix]
        out.expanduser().write_text(render_report(report, form), encoding="utf-8")  # type: ignore[arg-type]
    done = report["outcome"].get("reason") in ("done", "answered")
    if as_json:
        written = str(out) if out else None
        print_json({"run": view.run.id, "status": view.status, "out": written, "report": report})
    elif report["answer"]:
        typer.echo(report["answer"])
    sure = done and not report["outcome"].get("doubt")
    say(f"{ending(report)} {len(report['steps'])} steps.", "green" if sure else "yellow")
    say(f"Run {view.run.id}. Step by step: tenfold phone replay {view.run.id}")
    if view.run.options.get("device", "virtual") == "virtual":
        say("This was a virtual phone; results are not results on Android.", "dim")
    if not done:
        raise typer.Exit(Exit.FAILED)


def give_secrets(driver: Driver, names: Sequence[str]) -> None:
    """Let the tasks of this process type these secrets: from the environment, or asked for without echo.

    Raises:
        ConfigError: One is nowhere, and nobody is there to be asked.
    """
    if not names:
        return
    from ..web.runs import ServedPhone

    values: dict[str, str] = {}
    for name in names:
        value = os.environ.get(name)
        if value is None and sys.stdin.isatty():
            value = typer.prompt(f"Secret {name}", hide_input=True, err=True)
        if not value:
            raise ConfigError(
                f"The secret {name!r} is not in the environment.",
                mend=f"Set the variable {name}, or use a terminal.",
            )
        values[name] = value
    driver.registry.add(ServedPhone(driver.services, values))
