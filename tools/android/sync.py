"""adb's file transfer (`adb push`, `pull`, `ls`), protocol version 1, over the virtual file system."""

from __future__ import annotations

import socket
import stat
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .device import VirtualAndroid

_CHUNK = 64 * 1024
_LARGEST = 256 * 1024 * 1024


def serve_sync(connection: socket.socket, android: VirtualAndroid, lock: threading.RLock) -> None:
    """Answer sync requests until the client quits or leaves."""
    while True:
        kind, size = struct.unpack("<4sI", exactly(connection, 8))
        if kind == b"QUIT":
            return
        if size > 4096:
            _fail(connection, "path too long")
            return
        path = exactly(connection, size).decode("utf-8", "replace")
        if kind == b"STAT":
            with lock:
                connection.sendall(b"STAT" + struct.pack("<3I", *_stat(android, path)))
        elif kind == b"LIST":
            _list(connection, android, lock, path)
        elif kind == b"SEND":
            _receive(connection, android, lock, path.rpartition(",")[0])
        elif kind == b"RECV":
            _send(connection, android, lock, path)
        else:
            _fail(connection, f"unknown sync request {kind!r}")
            return


def _stat(android: VirtualAndroid, path: str) -> tuple[int, int, int]:
    """Mode, size and time of writing; zeros for what is not there, as adb has it."""
    files = android.files
    if files.is_folder(path):
        return stat.S_IFDIR | 0o771, 4096, files.modified(path)
    if files.exists(path):
        return stat.S_IFREG | 0o660, len(files.read(path)), files.modified(path)
    return 0, 0, 0


def _list(connection: socket.socket, android: VirtualAndroid, lock: threading.RLock, path: str) -> None:
    with lock:
        entries = [(name, _stat(android, f"{path.rstrip('/')}/{name}")) for name in android.files.list(path)]
    for name, facts in entries:
        raw = name.encode()
        connection.sendall(b"DENT" + struct.pack("<4I", *facts, len(raw)) + raw)
    connection.sendall(b"DONE" + bytes(16))


def _receive(connection: socket.socket, android: VirtualAndroid, lock: threading.RLock, path: str) -> None:
    parts: list[bytes] = []
    total = 0
    while True:
        kind, size = struct.unpack("<4sI", exactly(connection, 8))
        if kind == b"DONE":
            break
        if kind != b"DATA" or size > _CHUNK:
            raise EOFError
        total += size
        part = exactly(connection, size)
        if total <= _LARGEST:
            parts.append(part)
    if total > _LARGEST:
        _fail(connection, "No space left on device")
        return
    with lock:
        if android.files.is_folder(path):
            refusal = f"couldn't create file '{path}': Is a directory"
        else:
            android.files.write(path, b"".join(parts))
            refusal = ""
    if refusal:
        _fail(connection, refusal)
    else:
        connection.sendall(b"OKAY" + bytes(4))


def _send(connection: socket.socket, android: VirtualAndroid, lock: threading.RLock, path: str) -> None:
    try:
        with lock:
            data = android.files.read(path)
    except FileNotFoundError:
        _fail(connection, f"failed to open '{path}': No such file or directory")
        return
    for start in range(0, len(data), _CHUNK):
        part = data[start : start + _CHUNK]
        connection.sendall(b"DATA" + struct.pack("<I", len(part)) + part)
    connection.sendall(b"DONE" + bytes(4))


def _fail(connection: socket.socket, text: str) -> None:
    raw = text.encode()
    connection.sendall(b"FAIL" + struct.pack("<I", len(raw)) + raw)


def exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes of a connection.

    Raises:
        EOFError: It ended before.
    """
    parts: list[bytes] = []
    while size:
        part = connection.recv(min(size, 1 << 16))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
