"""What the commands share: settings, consoles, exit codes."""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from ..settings import Settings
    from ..web import Services


class Exit(IntEnum):
    """Exit codes of all commands."""

    DONE = 0
    FAILED = 1
    WRONG_INPUT = 2
    WAITS = 3
    PAUSED = 4


def load(**overrides: Any) -> Settings:
    """The settings, with what the command line says on top."""
    from ..settings import load_settings

    return load_settings(**{name: value for name, value in overrides.items() if value is not None})


def services(settings: Settings | None = None) -> Services:
    """Open the data folder."""
    from ..web import open_services

    return open_services(settings or load())


def console(*, error: bool = False) -> Console:
    """A rich console; progress goes to standard error, so that standard output is the result alone."""
    from rich.console import Console

    return Console(stderr=error, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
