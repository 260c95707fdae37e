"""Pictures of a run, by content hash: the screens that an agent saw."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from ...errors import MissingExtra, RunError

Box = tuple[int, int, int, int]
MAX_RUN_BYTES = 512 * 1024 * 1024
MAX_IMAGE_BYTES = 32 * 1024 * 1024


class ImageStore:
    """Pictures in one folder a run.

    Args:
        folder: Where the runs' folders lie.
        max_run_bytes: What one run may take; beyond it, pictures are not kept.
    """

    def __init__(self, folder: Path, *, max_run_bytes: int = MAX_RUN_BYTES) -> None:
        self._folder = folder
        self._max = max_run_bytes
        self._used: dict[str, int] = {}

    def put(self, run_id: str, png: bytes) -> str:
        """Keep a picture; a killed process leaves a whole file or none.

        Returns:
            SHA-256 of its bytes; empty when it is too large or the run has used up its room.
        """
        if not png.startswith(b"\x89PNG\r\n\x1a\n") or len(png) > MAX_IMAGE_BYTES:
            return ""
        sha = hashlib.sha256(png).hexdigest()
        path = self._run(run_id) / f"{sha}.png"
        if path.exists():
            return sha
        if self._size(run_id) + len(png) > self._max:
            return ""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{sha}.{os.getpid()}.{secrets.token_hex(4)}")
        part.write_bytes(png)
        part.replace(path)
        self._used[run_id] = self._size(run_id) + len(png)
        return sha

    def get(self, run_id: str, sha: str) -> bytes | None:
        """The picture of this hash, or None."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha):
            return None
        try:
            return (self._run(run_id) / f"{sha}.png").read_bytes()
        except FileNotFoundError:
            return None

    def path(self, run_id: str, sha: str) -> Path | None:
        """Where the picture lies, for a server that sends files; None when it is not there."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha):
            return None
        path = self._run(run_id) / f"{sha}.png"
        return path if path.is_file() else None

    def copy(self, run_id: str, to: str) -> None:
        """Give another run the pictures of this one: a fork shows what its parent saw."""
        if self._run(run_id).is_dir():
            shutil.copytree(self._run(run_id), self._run(to), copy_function=os.link, dirs_exist_ok=True)
            self._used.pop(to, None)

    def delete(self, run_id: str) -> None:
        """Forget all pictures of a run."""
        shutil.rmtree(self._run(run_id), ignore_errors=True)
        self._used.pop(run_id, None)

    def _run(self, run_id: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,120}", run_id):
            raise RunError(f"{run_id[:40]!r} is no id of a run.")
        return self._folder / run_id

    def _size(self, run_id: str) -> int:
        if run_id not in self._used:
            self._used[run_id] = sum(p.stat().st_size for p in self._run(run_id).glob("*.png"))
        return self._used[run_id]


def blacken(png: bytes, boxes: Sequence[Box]) -> bytes:
    """A picture with these boxes (left, top, right, bottom, in its pixels) made black; without boxes, as it is.

    Raises:
        MissingExtra: Pillow is not installed, and there is something to hide.
    """
    if not boxes:
        return png
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise MissingExtra("Hiding password fields in pictures", "phone") from None
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    draw = ImageDraw.Draw(picture)
    for left, top, right, bottom in boxes:
        if right > left and bottom > top:
            draw.rectangle((left, top, right - 1, bottom - 1), fill=(0, 0, 0))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()
