"""Walk a folder: what could be a document, and what is refused by its kind alone."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DocumentUnreadable

_SKIPPED_FOLDERS = frozenset("__pycache__ node_modules venv site-packages".split())
_SKIPPED_NAMES = frozenset({"Thumbs.db", "desktop.ini"})
_SKIPPED_PREFIXES = (".", "~$")  # hidden files; lock files of office programs


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file.

    Attributes:
        path: Relative to the folder, with forward slashes.
    """

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What a folder holds.

    Attributes:
        refused: (path, reason) of each entry that is not a readable regular file of an allowed size.
        unseen: Folders that could not be listed; what was known of them is kept.
    """

    files: list[Found] = field(default_factory=list[Found])
    refused: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    unseen: list[str] = field(default_factory=list[str])


def scan_folder(root: Path, max_bytes: int, *, skip: Path | None = None) -> Scan:
    """List a folder and what is under it, in order of path. Symbolic links are never followed.

    Args:
        root: The folder.
        max_bytes: Larger files are refused by their size alone.
        skip: A folder that is left out: the index itself, where it lies inside the folder.
    """
    result = Scan()
    todo = [root]
    while todo:
        folder = todo.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            name = folder.relative_to(root).as_posix()
            result.unseen.append(name)
            result.refused.append(
                (name, f"The folder cannot be listed: {error.strerror}. Correct its rights.")
            )
            continue
        for entry in entries:
            if entry.name.startswith(_SKIPPED_PREFIXES) or entry.name in _SKIPPED_NAMES:
                continue
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED_FOLDERS and path != skip:
                    todo.append(path)
                continue
            _sort(entry, path.relative_to(root).as_posix(), max_bytes, result)
    result.files.sort(key=lambda found: found.path)
    return result


def _sort(entry: os.DirEntry[str], name: str, max_bytes: int, result: Scan) -> None:
    try:
        status = entry.stat(follow_symlinks=False)
        name.encode()
    except OSError as error:
        result.refused.append((name, f"It cannot be examined: {error.strerror}."))
        return
    except UnicodeEncodeError:
        shown = name.encode("utf-8", "replace").decode()
        result.refused.append((shown, "Its name is not valid UTF-8. Rename it."))
        return
    if stat.S_ISLNK(status.st_mode):
        result.refused.append((name, "It is a symbolic link, and links are not followed. Copy the file."))
    elif not stat.S_ISREG(status.st_mode):
        result.refused.append((name, "It is not a regular file (a pipe, socket or device)."))
    elif status.st_size > max_bytes:
        result.refused.append((name, str(too_large(name, status.st_size, max_bytes))))
    else:
        result.files.append(Found(name, status.st_size, status.st_mtime_ns))


def read_regular(path: Path, max_bytes: int) -> bytes:
    """Read a regular file that is not a link, without waiting on a pipe that took its place.

    Raises:
        OSError: It cannot be opened.
        DocumentUnreadable: It is larger than `max_bytes`.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path.name!r} is not a regular file")
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise too_large(path.name, status.st_size, max_bytes)
    return data


def too_large(name: str, size: int, limit: int) -> DocumentUnreadable:
    """The error for a file beyond the size limit."""
    return DocumentUnreadable(f"{name!r} has {size} bytes; the limit is {limit}.", mend="Split the file.")
