"""DeepSeek-OCR in this process as a page reader: many pages in one batch, loops stopped while they are decoded."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ConfigError, MissingExtra
from ...pages import Finish, Mode, Note, OnPage, PageReading, Task
from .grammar import block_of, parse_regions, region_confidence
from .periods import Period, find_period
from .pictures import open_picture
from .server import describe

if TYPE_CHECKING:
    from ..deepocr import Decoded, DeepOcr, OcrTokenizer, Request, Views

_EVERY, _EVERY_TEXT, _TAIL = 16, 64, 1500  # tokens between two looks; tokens of a look at the text
_CHUNK = 32  # pages whose views lie in memory together: 13 to 57 MB each


class NetworkReader:
    """Reads pages with a checkpoint of DeepSeek-OCR, official or small.

    Args:
        folder: config.json, safetensors and, for a vocabulary of its own, tokenizer.json.
        device: As torch names it; by default a GPU where there is one.
        rows: Pages that decode together.

    Raises:
        ConfigError: No such folder.
        MissingExtra: torch is not installed.
    """

    def __init__(self, folder: Path, *, device: str | None = None, rows: int = 8) -> None:
        if not (folder / "config.json").is_file():
            raise ConfigError(
                f"There is no checkpoint in {str(folder)!r}.",
                mend="Give a folder with config.json and safetensors.",
            )
        try:
            import torch
        except ImportError as error:
            raise MissingExtra("DeepSeek-OCR in this process", "deepocr") from error
        self._folder, self._rows = folder, rows
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")

    @cached_property
    def _model(self) -> DeepOcr:
        from ..deepocr import load

        return load(self._folder, device=self._device)

    @cached_property
    def _tokenizer(self) -> OcrTokenizer:
        from ..deepocr import OcrTokenizer

        return OcrTokenizer.of(self._folder)

    @property
    def name(self) -> str:
        """The folder's name and a digest of the configuration, the weights' sizes and their first mebibytes."""
        return self._name

    @cached_property
    def _name(self) -> str:
        digest = hashlib.sha256((self._folder / "config.json").read_bytes())
        for path in sorted(self._folder.glob("*.safetensors")):
            with path.open(
                "rb"
            ) as file:  # the header names every tensor, the first weights tell two trainings apart
                digest.update(f"{path.name} {path.stat().st_size}".encode() + file.read(1 << 20))
        return f"deepocr {self._folder.name} {digest.hexdigest()[:8]}"

    def read(
        self,
        pictures: Sequence[bytes],
        *,
        mode: Mode = "auto",
        task: Task = "markdown",
        on_page: OnPage | None = None,
    ) -> list[PageReading]:
        """Read pictures in one batch of the decoder; `seconds` counts from the batch's beginning.

        Raises:
            CheckpointInvalid: The checkpoint is damaged.
            ConfigError: The model has no such mode.
            DocumentUnreadable: A picture is damaged or too large.
        """
        done: dict[int, PageReading] = {}
        for first in range(0, len(pictures), _CHUNK):
            for index, reading in self._chunk(pictures[first : first + _CHUNK], first, mode, task):
                done[index] = reading
                if on_page is not None:
                    on_page(index, reading)
        return [done[index] for index in range(len(pictures))]

    def _chunk(
        self, pictures: Sequence[bytes], first: int, mode: Mode, task: Task
    ) -> Iterator[tuple[int, PageReading]]:
        from ..deepocr import Request, decode, prompt_ids, views

        began = time.perf_counter()
        sizes: list[tuple[int, int]] = []
        modes: list[Mode] = []
        pages: list[Views] = []
        requests: list[Request] = []
        for number, data in enumerate(pictures):
            picture = open_picture(data, f"picture {first + number}")
            sizes.append(picture.size)
            modes.append(self._mode(mode, *picture.size))
            pages.append(views(picture, modes[-1], self._model.config))
            ids = prompt_ids(task, pages[-1].layout.placeholders, self._tokenizer, self._model.config)
            requests.append(Request(ids, pages[-1], stop_when=self._loops))
        for number, decoded in decode(self._model, requests, rows=self._rows):
            reading = self._reading(decoded, sizes[number], modes[number], task)
            cost = pages[number].layout
            yield (
                first + number,
                reading.model_copy(
                    update={
                        "vision_tokens": cost.vision_tokens,
                        "valid_tokens": cost.valid_tokens,
                        "seconds": time.perf_counter() - began,
                    }
                ),
            )

    def _mode(self, mode: Mode, width: int, height: int) -> Mode:
        """The mode for a page: with tiles only where the picture has more detail than one view keeps."""
        has = self._model.config.modes
        if mode == "auto":
            large = max(width, height) > 1400
            best: tuple[Mode, ...] = ("gundam", "base") if large else ("base", "large")
            rest: tuple[Mode, ...] = ("large", "small", "tiny", "gundam", "gundam-m")
            found: list[Mode] = [m for m in (*best, *rest) if m in has]
            mode = found[0] if found else mode
        if mode not in has:
            raise ConfigError(
                f"{self._folder.name!r} has no mode {mode!r}.", mend=f"There are: {', '.join(has) or 'none'}."
            )
        return mode

    def _loops(self, ids: Sequence[int]) -> bool:
        if len(ids) % _EVERY:
            return False
        return find_period(ids) is not None or (
            len(ids) % _EVERY_TEXT == 0 and find_period(self._tokenizer.decode(ids[-_TAIL:])) is not None
        )

    def _reading(self, decoded: Decoded, size: tuple[int, int], mode: Mode, task: Task) -> PageReading:
        raw, places = self._spelled(decoded)
        kept, period = raw, None
        if decoded.finish == "stopped":
            kept, period = self._before_the_loop(decoded.ids, raw)
        regions, notes = parse_regions(kept)
        if decoded.finish == "stopped":
            message = describe(period) if period else "The tokens repeat themselves."
            notes.append(Note(kind="repetition", message=message))
        elif decoded.finish == "length":
            notes.append(Note(kind="truncated", message="The context was full before the text ended."))
        finish: Finish = "repetition" if decoded.finish == "stopped" else decoded.finish
        return PageReading(
            engine=self.name,
            mode=mode,
            task=task,
            width=size[0],
            height=size[1],
            blocks=tuple(block_of(r, *size, confidence=region_confidence(r, places)) for r in regions),
            raw=raw,
            finish=finish,
            output_tokens=len(decoded.ids),
            notes=tuple(notes),
        )

    def _before_the_loop(self, ids: list[int], raw: str) -> tuple[str, Period | None]:
        if (period := find_period(raw)) is not None:
            return raw[: period.keep], period
        in_ids = find_period(ids)
        return (self._tokenizer.decode(ids[: in_ids.keep]), None) if in_ids else (raw, None)

    def _spelled(self, decoded: Decoded) -> tuple[str, list[tuple[int, float]]]:
        """The text, and where each of its tokens begins with its probability.

        A character of several tokens is decoded whole, so that places are those of the text.
        """
        held: list[int] = []
        pieces: list[str] = []
        places: list[tuple[int, float]] = []
        at = 0
        for token, log_prob in zip(decoded.ids, decoded.log_probs, strict=True):
            held.append(token)
            places.append((at, min(1.0, math.exp(log_prob))))
            piece = self._tokenizer.decode(held)
            if "\ufffd" not in piece or len(held) >= 4:
                pieces.append(piece)
                at += len(piece)
                held.clear()
        pieces.append(self._tokenizer.decode(held) if held else "")
        return "".join(pieces), places
