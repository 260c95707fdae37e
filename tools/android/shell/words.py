"""Commands about words: echo, test, grep, and their like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .base import Shell, command, failed, options, said

if TYPE_CHECKING:
    from ..device import VirtualAndroid


@command("echo")
def echo(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Its arguments."""
    if args[:1] == ["-n"]:
        return said(" ".join(args[1:]))
    escaped = args[:1] == ["-e"]
    text = " ".join(args[1:] if escaped else args)
    return said((text.replace("\\n", "\n").replace("\\t", "\t") if escaped else text) + "\n")


@command("printf")
def printf(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """A format with %s and %d only."""
    if not args:
        return failed("printf: not enough arguments\n")
    text, values = args[0].replace("\\n", "\n").replace("\\t", "\t"), iter(args[1:])
    return said(re.sub(r"%[sd]", lambda _: next(values, ""), text))


@command("true", ":")
def true(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Success."""
    return Shell()


@command("false")
def false(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Failure."""
    return Shell(code=1)


@command("[", "test")
def test(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """-e, -f, -d, -z, -n, = and !=, and ! before them."""
    words = args[:-1] if args[-1:] == ["]"] else list(args)
    turned = words[:1] == ["!"]
    if turned:
        words = words[1:]
    files = android.files
    if len(words) == 2:
        kind, value = words
        checks = {
            "-e": lambda: files.exists(value), "-f": lambda: files.exists(value) and not files.is_folder(value),
            "-d": lambda: files.is_folder(value), "-z": lambda: not value, "-n": lambda: bool(value),
            "-r": lambda: files.exists(value), "-w": lambda: files.exists(value),
            "-s": lambda: files.exists(value) and bool(files.is_folder(value) or files.read(value)),
        }  # fmt: skip
        if kind not in checks:
            return failed(f"sh: [: {kind}: unexpected operator\n", 2)
        holds = checks[kind]()
    elif len(words) == 3 and words[1] in ("=", "==", "!=", "-eq", "-ne"):
        holds = (words[0] == words[2]) == (words[1] in ("=", "==", "-eq"))
    elif len(words) == 1:
        holds = bool(words[0])
    else:
        return failed("sh: [: unexpected operator\n", 2)
    return Shell(code=0 if holds != turned else 1)


@command("grep")
def grep(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Lines that match; -i, -v, -c, -E, -F, -o, -q; files or what comes through the pipe."""
    flags, rest = options(args, "-e", "-m")
    letters = "".join(flag.lstrip("-") for flag in flags)
    patterns = flags.get("-e") or rest[:1]
    names = rest if flags.get("-e") else rest[1:]
    if not patterns:
        return failed("grep: no pattern\n", 2)
    texts: list[bytes] = []
    for name in names:
        if not android.files.exists(name):
            return failed(f"grep: {name}: No such file or directory\n", 2)
        texts.append(android.files.read(name))
    source = b"\n".join(texts) if names else stdin
    expression = patterns[0] if "E" in letters else patterns[0].replace("\\|", "|")
    try:
        wanted = re.compile(
            re.escape(expression) if "F" in letters else expression, re.I if "i" in letters else 0
        )
    except re.error:
        return failed(f"grep: bad REGEX {expression!r}\n", 2)
    lines = source.decode("utf-8", "replace").splitlines()
    kept = [line for line in lines if bool(wanted.search(line)) != ("v" in letters)]
    if "o" in letters:
        kept = [hit.group() for line in kept for hit in wanted.finditer(line)]
    code = 0 if kept else 1
    if "q" in letters:
        return Shell(code=code)
    if "c" in letters:
        return Shell(f"{len(kept)}\n".encode(), b"", code)
    return Shell("".join(f"{line}\n" for line in kept).encode(), b"", code)


@command("head")
def head(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """The first lines, 10 or -n."""
    flags, rest = options(args, "-n")
    count = int(flags["-n"][0]) if flags.get("-n") else 10
    data = android.files.read(rest[0]) if rest and android.files.exists(rest[0]) else stdin
    return Shell(b"".join(data.splitlines(keepends=True)[:count]))


@command("tail")
def tail(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """The last lines, 10 or -n."""
    flags, rest = options(args, "-n")
    count = int(flags["-n"][0]) if flags.get("-n") else 10
    data = android.files.read(rest[0]) if rest and android.files.exists(rest[0]) else stdin
    return Shell(b"".join(data.splitlines(keepends=True)[-count:]))


@command("wc")
def wc(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Lines, words and bytes of what comes through the pipe; -l, -w, -c for one of them."""
    counts = {"-l": stdin.count(b"\n"), "-w": len(stdin.split()), "-c": len(stdin)}
    chosen = [counts[a] for a in args if a in counts] or list(counts.values())
    return said(" ".join(map(str, chosen)) + "\n")


@command("sleep")
def sleep(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Time passes on the device's clock."""
    try:
        android.clock.advance(float(args[0]))
    except (IndexError, ValueError):
        return failed("sleep: needs a number of seconds\n")
    return Shell()


@command("whoami", "id")
def whoami(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """adbd runs as root here."""
    return said("root\n")
