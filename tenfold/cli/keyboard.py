"""Reads lines from a terminal while something else is drawn on it."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import re
import sys
import unicodedata
from collections.abc import Callable
from typing import Any

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\[O])")  # cursor and function keys, Alt-letter
_ESCAPE_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?\Z")
_MOST = 4000


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
        self._begun = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self) -> LineReader:
        if not sys.stdin.isatty():
            return self
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        self._saved = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor, termios.TCSADRAIN)  # keeps what was typed before
        asyncio.get_running_loop().add_reader(descriptor, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        if self._saved is None:
            return
        import termios

        self._stop()
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._saved)

    def _read(self) -> None:
        data = b""
        with contextlib.suppress(OSError):  # the terminal is gone
            data = os.read(sys.stdin.fileno(), 4096)
        self.feed(data) if data else self._stop()

    def _stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be closed already
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())

    def feed(self, data: bytes) -> None:
        """Take typed bytes: text, Enter, Backspace, Ctrl-U (line), Ctrl-W (word); other keys are ignored."""
        typed = _ESCAPE.sub("", self._begun + self._decoder.decode(data))
        begun = _ESCAPE_BEGUN.search(typed)
        self._begun = begun.group() if begun else ""
        for character in typed[: begun.start()] if begun else typed:
            self._key(character)

    def _key(self, character: str) -> None:
        if character in "\r\n":
            line, self.text = self.text.strip(), ""
            if line:
                self._on_line(line)
        elif character in "\x7f\x08":
            self.text = self.text[:-1]
        elif character == "\x15":
            self.text = ""
        elif character == "\x17":
            self.text = re.sub(r"\S*\s*\Z", "", self.text)
        elif character.isprintable() and len(self.text) < _MOST:
            # Composed, so that one Backspace takes away one Korean syllable or accented letter.
            self.text = unicodedata.normalize("NFC", self.text + character)
