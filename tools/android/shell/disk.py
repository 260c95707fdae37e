"""Commands about files."""

from __future__ import annotations

import fnmatch
import posixpath
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .base import Shell, command, failed, options, said

if TYPE_CHECKING:
    from ..device import VirtualAndroid

_MISSING = "No such file or directory"


def _line(android: VirtualAndroid, path: str, name: str, full: bool) -> str:
    files = android.files
    when = datetime.fromtimestamp(files.modified(path), UTC)
    stamp = f"{when:%Y-%m-%d %H:%M:%S}.000000000 +0000" if full else f"{when:%Y-%m-%d %H:%M}"
    if files.is_folder(path):
        return f"drwxrwx--- 2 u0_a158 media_rw 4096 {stamp} {name}"
    return f"-rw-rw---- 1 u0_a158 media_rw {len(files.read(path))} {stamp} {name}"


@command("ls")
def ls(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """-l, -ll, -a, -d, -1, -R is not known."""
    flags, paths = options(args)
    letters = "".join(f.lstrip("-") for f in flags)
    files, out, err = android.files, "", ""
    for path in paths or ["/"]:
        if not files.exists(path):
            err += f"ls: {path}: {_MISSING}\n"
            continue
        listing = files.is_folder(path) and "d" not in letters
        names = files.list(path) if listing else [path]
        if listing and "a" not in letters:
            names = [n for n in names if not n.startswith(".")]
        if len(paths) > 1 and listing:
            out += f"{path}:\n"
        if "l" in letters and listing:
            out += f"total {len(names) * 4}\n"
        for name in names:
            place = posixpath.join(path, name) if listing else path
            out += (_line(android, place, name, letters.count("l") > 1) if "l" in letters else name) + "\n"
    return Shell(out.encode(), err.encode(), 1 if err else 0)


@command("cat")
def cat(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Files one after the other."""
    out, err = b"", ""
    for path in args:
        if path == "/proc/net/unix":
            out += b"Num       RefCount Protocol Flags    Type St Inode Path\n"
        elif android.files.is_folder(path):
            err += f"cat: {path}: Is a directory\n"
        elif not android.files.exists(path):
            err += f"cat: {path}: {_MISSING}\n"
        else:
            out += android.files.read(path)
    return Shell(out if args else stdin, err.encode(), 1 if err else 0)


@command("rm", "rmdir")
def rm(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """-r for folders, -f without complaint."""
    flags, paths = options(args)
    letters = "".join(f.lstrip("-") for f in flags)
    err = ""
    for path in paths:
        if not android.files.exists(path):
            err += "" if "f" in letters else f"rm: {path}: {_MISSING}\n"
        elif android.files.is_folder(path) and "r" not in letters and "R" not in letters:
            err += f"rm: {path}: is a directory\n"
        else:
            android.files.remove(path)
    return Shell(b"", err.encode(), 1 if err else 0)


@command("mkdir")
def mkdir(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """-p for those above it, and without complaint."""
    flags, paths = options(args, "-m")
    for path in paths:
        if "-p" not in flags and android.files.exists(path):
            return failed(f"mkdir: '{path}': File exists\n")
        if "-p" not in flags and not android.files.is_folder(posixpath.dirname(path)):
            return failed(f"mkdir: '{path}': {_MISSING}\n")
        android.files.mkdir(path)
    return Shell()


def _carry(android: VirtualAndroid, name: str, args: list[str]) -> Shell:
    _, paths = options(args)
    if len(paths) < 2:
        return failed(f"{name}: needs 2 arguments\n")
    *sources, target = paths
    for source in sources:
        if not android.files.exists(source):
            return failed(f"{name}: bad '{source}': {_MISSING}\n")
        place = (
            posixpath.join(target, posixpath.basename(source)) if android.files.is_folder(target) else target
        )
        (android.files.move if name == "mv" else android.files.copy)(source, place)
    return Shell()


@command("mv")
def mv(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Move files or folders."""
    return _carry(android, "mv", args)


@command("cp")
def cp(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Copy files or folders."""
    return _carry(android, "cp", args)


@command("touch")
def touch(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Make an empty file, or renew its time; -t is not known."""
    for path in options(args, "-t", "-d")[1]:
        android.files.write(path, android.files.read(path) if android.files.exists(path) else b"")
    return Shell()


@command("stat")
def stat(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """-c with %s, %Y, %n, %F; else size and time in words."""
    flags, paths = options(args, "-c")
    out = ""
    for path in paths:
        if not android.files.exists(path):
            return failed(f"stat: '{path}': {_MISSING}\n")
        folder = android.files.is_folder(path)
        size = 4096 if folder else len(android.files.read(path))
        kind, when = "directory" if folder else "regular file", android.files.modified(path)
        form = flags.get("-c", ["  File: %n\n  Size: %s\t%F\nModify: %Y"])[0]
        for mark, value in (("%s", size), ("%Y", when), ("%n", path), ("%F", kind)):
            form = form.replace(mark, str(value))
        out += form + "\n"
    return said(out)


@command("find")
def find(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """PATH… with -name, -iname, -type, -maxdepth, and -o between alternatives."""
    known = ("-name", "-iname", "-type", "-maxdepth")
    ways: list[dict[str, list[str]]] = []
    roots: list[str] = []
    for part in _split(args, "-o"):
        flags, more = options(part, *known)
        strange = [f for f in flags if f not in known]
        if strange:
            return failed(f"find: bad arg '{strange[0]}'\n")
        ways.append(flags)
        roots += more
    out = ""
    for root in roots or ["/"]:
        paths = android.files.walk(root)
        if not paths:
            return failed(f"find: {root}: {_MISSING}\n")
        for path in paths:
            deep = path[len(paths[0]) :].count("/")
            kind = "d" if android.files.is_folder(path) else "f"
            if any(_fits(flags, posixpath.basename(path), kind, deep) for flags in ways):
                out += f"{path}\n"
    return said(out)


def _split(args: list[str], mark: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in args:
        if word == mark:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _fits(flags: dict[str, list[str]], name: str, kind: str, deep: int) -> bool:
    return (
        all(fnmatch.fnmatchcase(name, p) for p in flags.get("-name", []))
        and all(fnmatch.fnmatchcase(name.lower(), p.lower()) for p in flags.get("-iname", []))
        and kind in flags.get("-type", [kind])
        and deep <= int(flags.get("-maxdepth", ["99"])[0])
    )


@command("chmod", "chown", "sync", "restorecon")
def chmod(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """There are no modes and owners: everything belongs to root."""
    return Shell()


@command("df")
def df(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """One disk."""
    return said(
        "Filesystem      1K-blocks    Used Available Use% Mounted on\n/dev/fuse       52428800 18350080  "
        "34078720  35% /storage/emulated\n"
    )


@command("md5sum")
def md5sum(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Digests of files."""
    import hashlib

    out = ""
    for path in options(args)[1]:
        if not android.files.exists(path):
            return failed(f"md5sum: {path}: {_MISSING}\n")
        out += f"{hashlib.md5(android.files.read(path), usedforsecurity=False).hexdigest()}  {path}\n"
    return said(out)


@command("sqlite3")
def sqlite(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """One statement over a database file."""
    if len(args) < 2 or not android.files.exists(args[0]):
        return failed("Error: unable to open database file\n")
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        db.deserialize(android.files.read(args[0]))
        out = ""
        for row in db.execute(" ".join(args[1:])):
            out += "|".join("" if v is None else str(v) for v in row) + "\n"
        if db.total_changes:
            android.files.write(args[0], db.serialize())
        return said(out)
    except sqlite3.Error as error:
        return failed(f"Error: {error}\n")
    finally:
        db.close()
