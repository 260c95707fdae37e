"""Weights from disk: safetensors read by hand, checked by name, shape, type and value; nothing is ever unpickled."""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...errors import CheckpointInvalid
from .config import DeepOcrConfig
from .names import IGNORED, UNUSED, census
from .network import DeepOcr

_TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_NAMES = {dtype: name for name, dtype in _TYPES.items()}
_MAX_HEADER = 100_000_000  # bytes; safetensors' own limit
_INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor lies in its file."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    end: int


def load(
    folder: Path,
    *,
    device: str = "cpu",
    dtype: torch.dtype | None = None,
    config: DeepOcrConfig | None = None,
) -> DeepOcr:
    """The model in `folder`: config.json, and one safetensors file, or shards with their index.

    Args:
        dtype: Of the weights in memory; by default as stored, but fp32 on CPUs without fast bf16 arithmetic.
        config: In place of the folder's config.json.

    Raises:
        CheckpointInvalid: Names what is missing, extra, misshaped, of another type, or not finite.
    """
    config = config or DeepOcrConfig.from_json(folder / "config.json")
    files = {path: _Safetensors(path) for path in _files(folder)}
    where = _located(files)
    wanted = census(config)
    _compare(wanted, {name: files[path].entries[name].shape for name, path in where.items()})
    stored = {files[path].entries[name].dtype for name, path in where.items()}
    kept = dtype or _comfortable(stored, device)
    with torch.device("meta"):
        model = DeepOcr(config)
    model = model.to(kept).to_empty(device=device)
    target = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    with torch.no_grad():
        for name in wanted:
            if name in UNUSED:
                continue
            value = files[where[name]].tensor(name)
            if not bool(torch.isfinite(value).all()):
                raise _invalid(folder, f"{name!r} holds values that are not finite")
            _slot(target, name).copy_(value)
    return model.eval().requires_grad_(False)


def save(model: DeepOcr, folder: Path, dtype: torch.dtype = torch.float16) -> Path:
    """Write config.json and one safetensors file in the official naming; the opposite of `load`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(model.config.to_json(), "utf-8")
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    values: list[Tensor] = []
    at = 0
    source = dict(model.named_parameters())
    for name, shape in census(model.config).items():
        value = torch.zeros(shape) if name in UNUSED else _slot(source, name)
        value = value.detach().to("cpu", dtype).contiguous()
        size = value.numel() * value.element_size()
        header[name] = {"dtype": _NAMES[dtype], "shape": list(shape), "data_offsets": [at, at + size]}
        values.append(value)
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = folder / "model.safetensors"
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in values:
            file.write(value.view(torch.uint8).numpy().tobytes())
    os.replace(partial, path)
    return path


def _slot(tensors: dict[str, Any], name: str) -> Tensor:
    """Where a checkpoint's tensor stands in the model; an expert's is a row of its layer's stack."""
    head, found, tail = name.partition(".mlp.experts.")
    if not found:
        return tensors[name]
    number, kind, _ = tail.split(".")
    if kind == "down_proj":
        return tensors[f"{head}.mlp.experts.down_proj"][int(number)]
    both = tensors[f"{head}.mlp.experts.gate_up_proj"][int(number)]
    half = both.shape[0] // 2
    return both[:half] if kind == "gate_proj" else both[half:]


def _comfortable(stored: set[torch.dtype], device: str) -> torch.dtype:
    widest = torch.float32 if len(stored) != 1 else next(iter(stored))
    if device.startswith("cuda") or widest is torch.float32:
        return widest
    # fp16 has no fast path on any CPU here, bf16 only with AMX or AVX512-BF16 (60 times slower without, measured).
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # pyright: ignore[reportPrivateUsage]
    return torch.bfloat16 if widest is torch.bfloat16 and fast else torch.float32


def _files(folder: Path) -> list[Path]:
    index = folder / _INDEX
    if index.is_file():
        try:
            names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _invalid(folder, f"{_INDEX} is damaged ({error})") from error
        odd = [
            n for n in names if not isinstance(n, str) or Path(n).name != n or not n.endswith(".safetensors")
        ]
        if odd:
            raise _invalid(folder, f"{_INDEX} names {odd[0]!r}, which is no safetensors file beside it")
        paths = [folder / name for name in names]
    else:
        paths = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise _invalid(folder, f"the file {missing[0]!r} is missing")
    if not paths:
        pickles = [p.name for p in folder.glob("*") if p.suffix in (".bin", ".pt", ".pth", ".ckpt", ".pkl")]
        why = f"; {pickles[0]!r} is a pickle, which could run code, and is not read" if pickles else ""
        raise _invalid(folder, f"there is no safetensors file in it{why}")
    return paths


def _located(files: dict[Path, _Safetensors]) -> dict[str, Path]:
    where: dict[str, Path] = {}
    for path, file in files.items():
        for name in file.entries:
            if name in IGNORED:
                continue
            if name in where:
                raise _invalid(path, f"{name!r} is in {where[name].name!r} too")
            where[name] = path
    return where


def _compare(wanted: dict[str, tuple[int, ...]], found: dict[str, tuple[int, ...]]) -> None:
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    shapes = [f"{n!r} is {found[n]}, not {wanted[n]}" for n in wanted if n in found and found[n] != wanted[n]]
    parts = [_listed("missing", map(repr, missing)), _listed("not of this model", map(repr, extra))]
    parts.append(_listed("of another shape", shapes))
    wrong = "; ".join(part for part in parts if part)
    if wrong:
        raise CheckpointInvalid(
            f"The weights do not fit their configuration: {wrong}.",
            mend="Take weights and config.json from the same release, whole.",
        )


def _listed(what: str, names: Iterable[str]) -> str:
    some = list(names)
    if not some:
        return ""
    more = f" and {len(some) - 5} more" if len(some) > 5 else ""
    return f"{what}: {', '.join(some[:5])}{more}"


class _Safetensors:
    """One safetensors file: 8 bytes of header length, a JSON header, and the tensors' bytes, memory-mapped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            if len(start) < 8:
                raise _invalid(path, "it is too short for a safetensors file")
            (length,) = struct.unpack("<Q", start)
            if start[:2] in (b"PK", b"\x80\x02") or length > min(_MAX_HEADER, size - 8):
                raise _invalid(path, "its header is longer than the file; it is no safetensors file")
            text = file.read(length)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) if size > 8 + length else None
        self._data = 8 + length
        self.entries = dict(self._read(text, size - 8 - length))

    def _read(self, text: bytes, room: int) -> Iterator[tuple[str, Entry]]:
        try:
            header: dict[str, Any] = json.loads(text, object_pairs_hook=_unique)
            items = [(n, e) for n, e in header.items() if n != "__metadata__"]
            entries = [
                (n, e["dtype"], tuple(map(_count, e["shape"])), *map(_count, e["data_offsets"]))
                for n, e in items
            ]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _invalid(self._path, f"its header is damaged ({type(error).__name__}: {error})") from error
        end_before = 0
        for name, kind, shape, start, end in sorted(entries, key=lambda e: e[3:5]):
            if kind not in _TYPES:
                raise _invalid(self._path, f"{name!r} is of type {kind!r}, not one of {', '.join(_TYPES)}")
            size = math.prod(shape) * _TYPES[kind].itemsize
            if start != end_before or end - start != size or end > room:
                raise _invalid(self._path, f"the bytes of {name!r} are not where its header says")
            end_before = end
            yield name, Entry(_TYPES[kind], shape, start, end)

    def tensor(self, name: str) -> Tensor:
        """The tensor, over the file's bytes."""
        entry = self.entries[name]
        if self._map is None or entry.end == entry.start:
            return torch.zeros(entry.shape, dtype=entry.dtype)
        count = math.prod(entry.shape)
        flat = torch.frombuffer(self._map, dtype=entry.dtype, count=count, offset=self._data + entry.start)
        return flat.view(entry.shape)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 48:
        raise ValueError(f"{value!r} is no count")
    return value


def _invalid(path: Path, why: str) -> CheckpointInvalid:
    return CheckpointInvalid(f"{path.name!r} cannot be loaded: {why}.", mend="Download the weights again.")
