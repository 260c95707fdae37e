"""Uploads: one person's documents, each upload a folder of its own, names made harmless before anything is written."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ...errors import ConfigError, DocumentUnreadable
from ...settings import Settings
from ...tools.corpus import readable_suffixes

_CHUNK = 1 << 20
_ID = re.compile(r"[a-f0-9]{32}")


@dataclass(frozen=True)
class Upload:
    """One upload.

    Attributes:
        files: (name, bytes) of each file.
    """

    id: str
    files: list[tuple[str, int]]


class UploadStore:
    """The uploads under the data folder. An owner's folder is named by a hash: no name of a person becomes a path."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.data_dir.expanduser() / "uploads"
        self._limits = settings.web

    def folder(self, owner: str, upload_id: str) -> Path | None:
        """The folder of this owner's upload, or None when it is somebody else's or nobody's."""
        if not _ID.fullmatch(upload_id):
            return None
        folder = self._home(owner) / upload_id
        return folder if folder.is_dir() else None

    def all(self, owner: str) -> list[Upload]:
        """All uploads of an owner, newest first."""
        home = self._home(owner)
        folders = [f for f in home.iterdir() if _ID.fullmatch(f.name)] if home.is_dir() else []
        folders.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
        return [Upload(f.name, _listing(f)) for f in folders]

    def one(self, owner: str, upload_id: str) -> Upload | None:
        """One upload, or None."""
        folder = self.folder(owner, upload_id)
        return None if folder is None else Upload(upload_id, _listing(folder))

    def remove(self, owner: str, upload_id: str) -> bool:
        """Delete an upload; False when there is none."""
        folder = self.folder(owner, upload_id)
        if folder is None:
            return False
        shutil.rmtree(folder, ignore_errors=True)
        return True

    def add(self, owner: str, files: Sequence[tuple[str, IO[bytes]]]) -> Upload:
        """Keep files; all of them or none.

        Raises:
            ConfigError: There are too many files or bytes.
            DocumentUnreadable: A file is of a kind that nothing here reads, or empty.
        """
        if not 1 <= len(files) <= self._limits.upload_files:
            raise ConfigError(
                f"The upload has {len(files)} files.", mend=f"Send 1 to {self._limits.upload_files}."
            )
        used = sum(size for upload in self.all(owner) for _, size in upload.files)
        left = min(self._limits.upload_mb << 20, (self._limits.upload_total_mb << 20) - used)
        upload_id = secrets.token_hex(16)
        home = self._home(owner)
        home.mkdir(parents=True, exist_ok=True)
        partial = home / f".{upload_id}"  # seen by nobody until it is whole
        partial.mkdir(mode=0o700)
        try:
            for name, stream in files:
                left -= _keep(partial, safe_name(name), stream, left)
            partial.rename(home / upload_id)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return Upload(upload_id, _listing(home / upload_id))

    def _home(self, owner: str) -> Path:
        return self._root / hashlib.sha256(owner.encode()).hexdigest()[:24]


def safe_name(name: str) -> str:
    """The last part of a name, without anything that a file system or a terminal could take for more than a name.

    Raises:
        DocumentUnreadable: No reader knows the ending.
    """
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(c if c.isalnum() or c in " ._-()+,@" else "_" for c in name).strip(" .")
    suffix = Path(name).suffix.lower()
    if suffix not in readable_suffixes():
        raise DocumentUnreadable(
            f"{name[:80]!r} is of a kind that nothing here reads.",
            mend=f"These are read: {' '.join(sorted(readable_suffixes()))}",
        )
    stem = name[: -len(suffix)].strip(" .") or "document"
    while len(stem.encode()) > 150:
        stem = stem[:-1]
    return stem + suffix


def _keep(folder: Path, name: str, stream: IO[bytes], most: int) -> int:
    path, n = folder / name, 1
    while path.exists():
        n += 1
        path = folder / f"{Path(name).stem} ({n}){Path(name).suffix}"
    size = 0
    with path.open("xb") as out:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise ConfigError(
                    "The upload is larger than is allowed.",
                    mend="Send fewer or smaller files, or delete old uploads.",
                )
            out.write(chunk)
    if size == 0:
        raise DocumentUnreadable(f"{name!r} is empty.", mend="Leave it out, or write it again.")
    return size


def _listing(folder: Path) -> list[tuple[str, int]]:
    return [(f.name, f.stat().st_size) for f in sorted(folder.iterdir()) if f.is_file()]
