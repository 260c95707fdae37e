"""Reads lines from a terminal while something else is drawn on it."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any


class LineReader:
    """Collects what a person types, character by character, so that a live view can show it.

    Inside a terminal the characters are read as they come (no echo); otherwise nothing is read. Ctrl-C stays a
    signal.

    Args:
        on_line: Called with each finished line.
    """

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self.text = ""
        self._on_line = on_line
        self._saved: list[Any] | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self) -> LineReader:
        if not sys.stdin.isatty():
            return self
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        self._saved = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor)
        asyncio.get_running_loop().add_reader(descriptor, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        if self._saved is None:
            return
        import termios

        descriptor = sys.stdin.fileno()
        with contextlib.suppress(RuntimeError):  # the loop may be closed already
            asyncio.get_running_loop().remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, self._saved)

    def _read(self) -> None:
        self.feed(os.read(sys.stdin.fileno(), 4096))

    def feed(self, data: bytes) -> None:
        """Take typed bytes: printable text, Enter, Backspace, Ctrl-U; other control bytes are ignored."""
        for character in self._decoder.decode(data):
            if character in "\r\n":
                line, self.text = self.text.strip(), ""
                if line:
                    self._on_line(line)
            elif character in "\x7f\x08":
                self.text = self.text[:-1]
            elif character == "\x15":
                self.text = ""
            elif character.isprintable():
                self.text += character
