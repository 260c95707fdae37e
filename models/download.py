"""Fetch one file over HTTP so that a kill in the middle costs only what was not yet read.

Bytes go to ``NAME.part``; a sidecar ``NAME.part.json`` remembers which file they belong to (a digest of the
address, since it may hold a password, and the server's ETag). The next try asks for the rest with a Range
header (RFC 9110 section 14); ``If-Range`` keeps two versions of a file from being glued together.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..errors import ModelUnavailable

if TYPE_CHECKING:
    import httpx

OnProgress = Callable[[int, int | None], None]
"""Called with the bytes that are here and the bytes of the whole (None if the server does not say)."""

_TRIES = 5


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown(url: str) -> str:
    """An address without its user, password and query: fit for a message."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def fetch_file(url: str, part: Path, *, pinned: bool = False, on_progress: OnProgress | None = None) -> Path:
    """Bring the file at `url` to `part`, going on from the bytes that are already there.

    Args:
        url: An http, https or file address.
        part: Where the bytes go; its folder must exist.
        pinned: The caller checks a hash afterwards, so bytes may be resumed even without an ETag.
        on_progress: Called after each block.

    Returns:
        `part`, complete.

    Raises:
        ModelUnavailable: The server refuses or cannot be reached, or the disk is too small.
    """
    if url.startswith("file:"):
        return _copy(Path(url2pathname(urlsplit(url).path)), part, on_progress)
    import httpx

    last: Exception | None = None
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(min(0.2 * 2**attempt, 5.0))
        before = _size(part)
        try:
            # The system's own trust store, as pip uses it, so that a company's CA is honoured.
            with httpx.Client(
                timeout=30.0, follow_redirects=True, verify=ssl.create_default_context()
            ) as client:
                _stream(client, url, part, pinned, on_progress)
            return part
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status < 500 and status not in (408, 416, 429):
                raise ModelUnavailable(
                    f"The server answered {status} for {shown(url)!r}.", mend="Check the address."
                ) from error
            last = error
        except httpx.TransportError as error:
            last = error
            if attempt == 1 and isinstance(error, httpx.ConnectError) and before == _size(part) == 0:
                break  # nobody is there: waiting longer helps no one
    kept = f"{_size(part)} bytes are kept; run it again to go on." if _size(part) else "Check the network."
    raise ModelUnavailable(f"Could not fetch {shown(url)!r}: {last}.", mend=kept) from last


def discard(part: Path) -> None:
    """Remove a partial file and its sidecar."""
    part.unlink(missing_ok=True)
    _sidecar(part).unlink(missing_ok=True)


def _stream(client: httpx.Client, url: str, part: Path, pinned: bool, on_progress: OnProgress | None) -> None:
    have, validator = _resume_point(url, part, pinned)
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if validator:
            headers["If-Range"] = validator
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 416:
            if response.headers.get("content-range", "").endswith(f"/{have}"):
                return  # all of it was here already
            discard(part)
        response.raise_for_status()
        if response.status_code != 206:
            have = 0  # the server sends the whole again
        total = _total(response, have)
        _need_space(part, (total or 0) - have)
        strong = response.headers.get("etag", "")
        validator = (
            response.headers.get("last-modified", "") if strong.startswith("W/") or not strong else strong
        )
        _sidecar(part).write_text(json.dumps({"url": _digest(url), "validator": validator}))
        with part.open("r+b" if part.exists() else "wb") as file:
            file.truncate(have)
            file.seek(have)
            for block in response.iter_raw():
                file.write(block)
                file.flush()  # a killed process keeps what it had
                have += len(block)
                if on_progress:
                    on_progress(have, total)


def _resume_point(url: str, part: Path, pinned: bool) -> tuple[int, str]:
    """How many bytes of this very file are here, and the validator they came with."""
    if not part.exists():
        return 0, ""
    try:
        note = json.loads(_sidecar(part).read_text())
        same, validator = note["url"] == _digest(url), str(note["validator"])
    except (OSError, ValueError, KeyError, TypeError):
        same, validator = False, ""
    if not pinned and not (same and validator):
        return 0, ""
    return _size(part), validator if same else ""


def _total(response: httpx.Response, have: int) -> int | None:
    length = response.headers.get("content-length", "")
    return have + int(length) if length.isdigit() else None


def _need_space(part: Path, more: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if more > free:
        raise ModelUnavailable(
            f"{str(part.parent)!r} has {free} bytes free and the download needs {more} more.",
            mend="Free some space or set TENFOLD_DATA_DIR.",
        )


def _copy(source: Path, part: Path, on_progress: OnProgress | None) -> Path:
    try:
        total, done = source.stat().st_size, 0
        _need_space(part, total)
        with source.open("rb") as reader, part.open("wb") as writer:
            while block := reader.read(1 << 22):
                writer.write(block)
                done += len(block)
                if on_progress:
                    on_progress(done, total)
    except OSError as error:
        raise ModelUnavailable(f"Could not read {str(source)!r}: {error}.", mend="Check the path.") from error
    return part


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sidecar(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
