"""What a command is, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..device import VirtualAndroid


@dataclass(frozen=True, slots=True)
class Shell:
    """What a command line wrote, and its exit status."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0


Command = Callable[["VirtualAndroid", list[str], bytes], Shell]
"""Takes the device, the arguments and what comes through a pipe."""

COMMANDS: dict[str, Command] = {}
"""Name → command."""


def command(*names: str) -> Callable[[Command], Command]:
    """Decorator: the function is the command of these names."""

    def keep(function: Command) -> Command:
        for name in names:
            COMMANDS[name] = function
        return function

    return keep


def said(text: str = "") -> Shell:
    """Success with these words."""
    return Shell(text.encode("utf-8", "surrogateescape"))


def failed(text: str, code: int = 1) -> Shell:
    """Failure with these words on the error stream."""
    return Shell(b"", text.encode("utf-8", "surrogateescape"), code)


def options(args: Sequence[str], *valued: str) -> tuple[dict[str, list[str]], list[str]]:
    """Split arguments into options and others; options named in `valued` take the next argument."""
    found: dict[str, list[str]] = {}
    rest: list[str] = []
    at = 0
    while at < len(args):
        word = args[at]
        if word in valued and at + 1 < len(args):
            found.setdefault(word, []).append(args[at + 1])
            at += 1
        elif word.startswith("-") and len(word) > 1:
            found.setdefault(word, [])
        else:
            rest.append(word)
        at += 1
    return found, rest
