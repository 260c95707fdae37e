"""The virtual file system: /sdcard and /data, in memory. Databases of apps appear in it as files."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

_SHARED = "/storage/emulated/0"
_ALIASES = (
    ("/sdcard", _SHARED),
    ("/mnt/sdcard", _SHARED),
    ("/storage/self/primary", _SHARED),
    ("/data/user/0", "/data/data"),
)


@dataclass(frozen=True, slots=True)
class File:
    """A file's bytes and when they were written (seconds since 1970)."""

    data: bytes
    modified: int


@dataclass(frozen=True, slots=True)
class Mount:
    """A file whose bytes live elsewhere: a database of an app."""

    read: Callable[[], bytes]
    write: Callable[[bytes], None]


def normal(path: str) -> str:
    """One name for each place: links such as /sdcard are followed, dots are taken out."""
    path = posixpath.normpath("/" + path.lstrip("/"))
    for link, target in _ALIASES:
        if path == link or path.startswith(link + "/"):
            return target + path[len(link) :]
    return path


class Files:
    """Paths are absolute; folders that a file needs are made with it.

    Args:
        now: The device's clock, in seconds since 1970.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._files: dict[str, File] = {}
        self._folders: dict[str, int] = {"/": 0}
        self._mounts: dict[str, Mount] = {}
        self.changes = 0

    def mount(self, path: str, mount: Mount) -> None:
        """Let a database appear as a file."""
        self._mounts[normal(path)] = mount
        self.mkdir(posixpath.dirname(normal(path)))

    def read(self, path: str) -> bytes:
        """A file's bytes.

        Raises:
            FileNotFoundError: It is not there.
        """
        path = normal(path)
        if path in self._mounts:
            return self._mounts[path].read()
        if path not in self._files:
            raise FileNotFoundError(path)
        return self._files[path].data

    def read_text(self, path: str) -> str:
        """A file as UTF-8 text; raises as `read`."""
        return self.read(path).decode("utf-8", "replace")

    def write(self, path: str, data: bytes | str) -> None:
        """Write a whole file, with the folders above it."""
        path = normal(path)
        data = data.encode() if isinstance(data, str) else data
        if path in self._mounts:
            self._mounts[path].write(data)
        else:
            self.mkdir(posixpath.dirname(path))
            self._files[path] = File(data, self._now())
        self.changes += 1

    def mkdir(self, path: str) -> None:
        """Make a folder and those above it."""
        path = normal(path)
        while path not in self._folders:
            self._folders[path] = self._now()
            path = posixpath.dirname(path)
        self.changes += 1

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all in it; nothing happens if it is not there."""
        path = normal(path)
        for table in (self._files, self._folders):
            for name in [n for n in table if n == path or n.startswith(path.rstrip("/") + "/")]:
                if name != "/":
                    del table[name]
        self.changes += 1

    def move(self, source: str, target: str) -> None:
        """Move a file or folder; the target is replaced.

        Raises:
            FileNotFoundError: The source is not there.
        """
        source, target = normal(source), normal(target)
        if not self.exists(source):
            raise FileNotFoundError(source)
        self.copy(source, target)
        if source != target:
            self.remove(source)

    def copy(self, source: str, target: str) -> None:
        """Copy a file or folder; raises as `read`."""
        source, target = normal(source), normal(target)
        if not self.is_folder(source):
            self.write(target, self.read(source))
            return
        self.mkdir(target)
        for name in [n for n in self._folders if n.startswith(source + "/")]:
            self.mkdir(target + name[len(source) :])
        for name in [n for n in self._files if n.startswith(source + "/")]:
            self.write(target + name[len(source) :], self._files[name].data)

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        path = normal(path)
        return path in self._files or path in self._mounts or self.is_folder(path)

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder."""
        path = normal(path)
        return path in self._folders or any(name.startswith(path + "/") for name in self._mounts)

    def list(self, path: str) -> list[str]:
        """Names in a folder, sorted; empty if there is none."""
        path = normal(path).rstrip("/") + "/"
        names = {
            name[len(path) :].split("/")[0]
            for table in (self._files, self._folders, self._mounts)
            for name in table
            if name.startswith(path) and name != path
        }
        return sorted(names - {""})

    def walk(self, path: str) -> list[str]:
        """A path and all beneath it, sorted; empty if it is not there."""
        path = normal(path)
        if not self.exists(path):
            return []
        under = path.rstrip("/") + "/"
        tables = (self._files, self._folders, self._mounts)
        return sorted({n for table in tables for n in table if n == path or n.startswith(under)})

    def modified(self, path: str) -> int:
        """When it was last written, in seconds since 1970."""
        path = normal(path)
        if path in self._files:
            return self._files[path].modified
        return self._folders.get(path, self._now())

    def snapshot(self) -> tuple[dict[str, File], dict[str, int]]:
        """All that `restore` needs; cheap, bytes are shared."""
        return dict(self._files), dict(self._folders)

    def restore(self, snapshot: tuple[dict[str, File], dict[str, int]]) -> None:
        """Back to a snapshot."""
        self._files, self._folders = dict(snapshot[0]), dict(snapshot[1])
        self.changes += 1
