"""Reads a command line: quotes, `;`, `&&`, `||`, `if`, pipes, redirections, globs. No variables but $?, no $(…)."""

from __future__ import annotations

import fnmatch
import posixpath
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from .base import COMMANDS, Shell, failed

if TYPE_CHECKING:
    from ..device import VirtualAndroid

_OPERATORS = ("&&", "||", "2>&1", "2>>", "2>", "1>", ">>", ">", "<", ";", "|", "&", "\n")


@dataclass(slots=True)
class _Word:
    text: str
    glob: bool = False
    operator: bool = False


@dataclass(slots=True)
class _Simple:
    words: list[_Word] = field(default_factory=list[_Word])
    out: tuple[str, bool] | None = None
    err: tuple[str, bool] | None = None
    merge: bool = False
    into: str | None = None


_MODULES = ("activity", "content", "disk", "packages", "screen", "system", "words")
for _module in _MODULES:  # importing them fills the table of commands
    import_module(f".{_module}", __package__)


class _Bad(Exception):
    """The line cannot be read."""


def _lex(line: str) -> list[_Word]:
    words: list[_Word] = []
    at, text, open_, glob = 0, "", False, False

    def end() -> None:
        nonlocal text, open_, glob
        if open_:
            words.append(_Word(text, glob))
        text, open_, glob = "", False, False

    while at < len(line):
        letter = line[at]
        if letter in " \t":
            end()
        elif letter in "'\"":
            inside, at = _quoted(line, at)
            text, open_ = text + inside, True
        elif letter == "\\" and at + 1 < len(line):
            text, open_, at = text + line[at + 1], True, at + 1
        elif letter == "`" or line.startswith("$(", at):
            raise _Bad("command substitution is not known here")
        else:
            operator = next((o for o in _OPERATORS if line.startswith(o, at)), None)
            if operator and not (operator[0] in "12" and open_):
                end()
                words.append(_Word(operator, operator=True))
                at += len(operator) - 1
            else:
                text, open_, glob = text + letter, True, glob or letter in "*?"
        at += 1
    end()
    return words


def _quoted(line: str, at: int) -> tuple[str, int]:
    quote, text, at = line[at], "", at + 1
    while at < len(line) and line[at] != quote:
        if quote == '"' and line[at] == "\\" and line[at + 1 : at + 2] in ('"', "\\", "$", "`"):
            at += 1
        text += line[at]
        at += 1
    if at >= len(line):
        raise _Bad("no closing quote")
    return text, at


def _expand(android: VirtualAndroid, word: _Word, status: int) -> list[str]:
    text = word.text.replace("$?", str(status)).replace("$EXTERNAL_STORAGE", "/sdcard")
    if not word.glob:
        return [text]
    folder, pattern = posixpath.split(text)
    names = [n for n in android.files.list(folder or "/") if fnmatch.fnmatchcase(n, pattern)]
    return [f"{folder}/{name}" if folder else name for name in names if not name.startswith(".")] or [text]


def _redirect(simple: _Simple, operator: str, target: str) -> None:
    if operator == "<":
        simple.into = target
    elif operator.startswith("2"):
        simple.err = (target, operator.endswith(">>"))
    else:
        simple.out = (target, operator.endswith(">>"))


def _pipeline(words: list[_Word]) -> list[_Simple]:
    parts = [_Simple()]
    at = 0
    while at < len(words):
        word = words[at]
        if not word.operator:
            parts[-1].words.append(word)
        elif word.text == "|":
            parts.append(_Simple())
        elif word.text == "2>&1":
            parts[-1].merge = True
        else:
            at += 1
            if at >= len(words) or words[at].operator:
                raise _Bad(f"nothing after {word.text}")
            _redirect(parts[-1], word.text, words[at].text)
        at += 1
    return parts


def _one(android: VirtualAndroid, simple: _Simple, stdin: bytes, status: int) -> Shell:
    args = [text for word in simple.words for text in _expand(android, word, status)]
    if not args:
        return Shell()
    if simple.into is not None:
        if not android.files.exists(simple.into):
            return failed(f"/system/bin/sh: can't open {simple.into}: No such file or directory\n")
        stdin = android.files.read(simple.into)
    command = COMMANDS.get(posixpath.basename(args[0]))
    if command is None:
        result = failed(f"/system/bin/sh: {args[0]}: inaccessible or not found\n", 127)
    else:
        result = command(android, args[1:], stdin)
    out, err = result.stdout, result.stderr
    if simple.merge:
        out, err = out + err, b""
    if simple.err is not None:
        _put(android, simple.err, err)
        err = b""
    if simple.out is not None:
        _put(android, simple.out, out)
        out = b""
    return Shell(out, err, result.code)


def _put(android: VirtualAndroid, target: tuple[str, bool], data: bytes) -> None:
    path, append = target
    if path == "/dev/null":
        return
    old = android.files.read(path) if append and android.files.exists(path) else b""
    android.files.write(path, old + data)


def _chain(android: VirtualAndroid, words: list[_Word], status: int) -> Shell:
    result = Shell(code=status)
    out = err = stdin = b""
    for simple in _pipeline(words):
        result = _one(android, simple, stdin, status)
        stdin, err = result.stdout, err + result.stderr
    out = stdin
    return Shell(out, err, result.code)


class _Branches:
    """Where in nested `if`s a line stands, and whether what comes now is to be run."""

    def __init__(self) -> None:
        self.running = True
        self._open: list[tuple[bool, bool]] = []  # whether the whole `if` runs; whether a branch was taken

    def read(self, word: str, status: int) -> bool:
        """Whether a part's first word is one of the grammar, which is taken in."""
        if word == "if":
            self._open.append((self.running, False))
            return True
        if word not in ("then", "elif", "else", "fi"):
            return False
        if not self._open:
            raise _Bad(f"{word} without if")
        whole, taken = self._open.pop()
        if word == "fi":
            self.running = whole
            return True
        if word == "then":
            self.running = self.running and status == 0
            taken = taken or self.running
        else:
            self.running = whole and not taken
        self._open.append((whole, taken))
        return True

    def close(self) -> None:
        """The line is over."""
        if self._open:
            raise _Bad("if without fi")


def run(android: VirtualAndroid, line: str) -> Shell:
    """Run a command line; the exit status is the last command's."""
    try:
        words = _lex(line.strip())
        out = err = b""
        status, skip = 0, False
        part: list[_Word] = []
        branches = _Branches()
        for word in [*words, _Word(";", operator=True)]:
            if not (word.operator and word.text in ("&&", "||", ";", "&", "\n")):
                if part or not branches.read(word.text, status):
                    part.append(word)
                continue
            if part and not skip and branches.running:
                result = _chain(android, part, status)
                out, err, status = out + result.stdout, err + result.stderr, result.code
            part = []
            skip = (word.text == "&&" and status != 0) or (word.text == "||" and status == 0)
        branches.close()
        return Shell(out, err, status)
    except _Bad as bad:
        return failed(f"/system/bin/sh: syntax error: {bad}\n", 2)
