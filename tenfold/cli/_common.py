"""What the commands share: settings, consoles, exit codes."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, ModelNotFound, RunError, TenfoldError

if TYPE_CHECKING:
    from rich.console import Console

    from ..settings import Settings
    from ..web import Services

LOG_FILE = "tenfold.log"


class Exit(IntEnum):
    """Exit codes of all commands."""

    DONE = 0
    FAILED = 1
    WRONG_INPUT = 2
    WAITS = 3
    PAUSED = 4


def exit_code(error: Exception) -> Exit:
    """Wrong input is what another command line would mend: an option, a name, a run that cannot do this."""
    from pydantic import ValidationError

    wrong = isinstance(error, ConfigError | RunError | ModelNotFound | ValidationError)
    return Exit.WRONG_INPUT if wrong else Exit.FAILED


def what_went_wrong(error: Exception) -> str | None:
    """The error in words for the person at the terminal; None when it is a fault of ours."""
    from pydantic import ValidationError

    if isinstance(error, TenfoldError):
        return str(error)
    if isinstance(error, ValidationError):
        return wrong_values(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror}: {str(error.filename)!r}. Correct its name or its rights."
    return None


def wrong_values(error: Any) -> str:
    """A pydantic error as one line per value: where, what was given, what is wanted."""
    return " ".join(
        f"{'.'.join(map(str, e['loc'])) or error.title} cannot be {e['input']!r}: {e['msg'][:1].lower()}{e['msg'][1:]}."
        for e in error.errors()
    )


def load(**overrides: Any) -> Settings:
    """The settings, with what the command line says on top."""
    from ..settings import load_settings

    return load_settings(**{name: value for name, value in overrides.items() if value is not None})


def services(settings: Settings | None = None) -> Services:
    """Open the data folder; warnings of this process go to a log file there, not into the person's screen."""
    from ..web import open_services

    settings = settings or load()
    opened = open_services(settings)
    path = settings.data_dir.expanduser() / LOG_FILE
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    logging.basicConfig(
        handlers=[handler], level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    return opened


def console(*, error: bool = False) -> Console:
    """A rich console; progress goes to standard error, so that standard output is the result alone."""
    from rich.console import Console

    return Console(stderr=error, highlight=False)


def say(text: str, style: str = "") -> None:
    """A line on standard error as it is: never broken, so that ids and paths can be copied."""
    console(error=True).print(text, style=style or None, markup=False, soft_wrap=True)


@contextmanager
def bar(
    label: str, *, show: bool = True, unit: str = "files"
) -> Generator[Callable[[int, int | None], None]]:
    """A progress bar on standard error, where that is a terminal: (done, total) moves it."""
    if not show or not console(error=True).is_terminal:
        yield lambda done, total: None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    counts = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        counts,
        TimeRemainingColumn(),
        console=console(error=True),
        transient=True,
    ) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
