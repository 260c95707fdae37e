"""Tesseract, where its binary is installed: cheap, and it orders columns itself."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence

from ...errors import ConfigError, DocumentUnreadable, ModelTimeout, ModelUnavailable
from ...pages import Block, Box, Mode, OnPage, PageReading, Task
from .pictures import open_picture
from .rapid import one_by_one, only_text

MEND = "Install it (Debian: apt-get install tesseract-ocr), or use rapidocr."
_LANGUAGES = re.compile(
    r"[A-Za-z][A-Za-z_]*(\+[A-Za-z][A-Za-z_]*)*"
)  # nothing that could be an option or a path
_WORD = "5"  # the level of a word in the TSV


class TesseractReader:
    """Reads pages with `tesseract --psm 3`; tasks `markdown`, `ocr` and `text`.

    Args:
        languages: Tesseract's codes, joined by a plus sign ("eng+kor").
        timeout_s: Seconds for one page.

    Raises:
        ConfigError: No binary, or no such language is installed.
    """

    def __init__(self, languages: str = "eng", *, timeout_s: float = 120.0) -> None:
        if not _LANGUAGES.fullmatch(languages):
            raise ConfigError(
                f"{languages!r} names no languages of tesseract.", mend="Write for example eng+kor."
            )
        found = shutil.which("tesseract")
        if found is None:
            raise ConfigError("There is no tesseract on the PATH.", mend=MEND)
        self._binary, self._languages, self._timeout_s = found, languages, timeout_s
        here = self._run(["--list-langs"], b"", "the list of languages").split()
        if absent := [code for code in languages.split("+") if code not in here]:
            raise ConfigError(
                f"Tesseract has no data for {absent[0]!r}.",
                mend=f"Install it (Debian: tesseract-ocr-{absent[0]}).",
            )
        self._version = self._run(["--version"], b"", "its version").split("\n")[0].removeprefix("tesseract ")

    @property
    def name(self) -> str:
        """The binary's version and the languages."""
        return f"tesseract {self._version} {self._languages}"

    def read(
        self,
        pictures: Sequence[bytes],
        *,
        mode: Mode = "auto",
        task: Task = "markdown",
        on_page: OnPage | None = None,
    ) -> list[PageReading]:
        """Read pictures one after the other.

        Raises:
            CapabilityMissing: The task needs a model that understands pictures.
            DocumentUnreadable: A picture is damaged or too large.
            ModelTimeout: A page took longer than `timeout_s`.
            ModelUnavailable: The binary failed.
        """
        only_text(task, "tesseract")
        return one_by_one(pictures, lambda data, index: self._page(data, index, mode, task), on_page)

    def _page(self, data: bytes, index: int, mode: Mode, task: Task) -> PageReading:
        began = time.perf_counter()
        picture = open_picture(data, f"picture {index}")
        clean = io.BytesIO()
        picture.save(clean, "PNG", compress_level=1)  # the binary's own decoders never see the original bytes
        table = self._run(
            ["stdin", "stdout", "--psm", "3", "-l", self._languages, "tsv"],
            clean.getvalue(),
            f"picture {index}",
        )
        blocks = blocks_of_tsv(table, picture.width, picture.height, by_line=task == "ocr")
        return PageReading(
            engine=self.name,
            mode=mode,
            task=task,
            width=picture.width,
            height=picture.height,
            blocks=tuple(blocks),
            raw=table,
            seconds=time.perf_counter() - began,
        )

    def _run(self, arguments: list[str], data: bytes, what: str) -> str:
        try:
            done = subprocess.run(
                [self._binary, *arguments],
                input=data,
                capture_output=True,
                timeout=self._timeout_s,
                check=False,
                env={
                    **os.environ,
                    "OMP_THREAD_LIMIT": "1",
                },  # its threads wait for each other: slower on few cores
            )
        except subprocess.TimeoutExpired as error:
            message = f"Tesseract did not finish {what} in {self._timeout_s:g} s."
            raise ModelTimeout(message, mend="Scale the picture down.") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()[-300:]
            kind = DocumentUnreadable if "read" in said.lower() and data else ModelUnavailable
            raise kind(f"Tesseract failed at {what} ({said}).", mend="Try rapidocr.")
        return done.stdout.decode(errors="replace")


def blocks_of_tsv(table: str, width: int, height: int, *, by_line: bool = False) -> list[Block]:
    """Blocks of tesseract's TSV: one a paragraph, or one a line; confidence is the mean of the words' by letters."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row.get("level") == _WORD and (row.get("text") or "").strip():
            keys = ("block_num", "par_num", "line_num") if by_line else ("block_num", "par_num")
            groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    blocks: list[Block] = []
    for words in groups.values():
        edges = [(int(w["left"]), int(w["top"]), int(w["width"]), int(w["height"])) for w in words]
        box = Box(
            left=min(e[0] for e in edges),
            top=min(e[1] for e in edges),
            right=min(width, max(e[0] + e[2] for e in edges)),
            bottom=min(height, max(e[1] + e[3] for e in edges)),
        )
        letters = sum(len(w["text"]) for w in words)
        sure = sum(max(0.0, float(w["conf"])) * len(w["text"]) for w in words) / letters / 100
        blocks.append(Block(label="text", text=_text(words), boxes=(box,), confidence=min(1.0, sure)))
    return blocks


def _text(words: list[dict[str, str]]) -> str:
    text, line = "", ""
    for word in words:
        here, new_line = word["text"].strip(), word["line_num"] != line
        line = word["line_num"]
        if text and new_line and re.search(r"[^\W\d_]-$", text) and here[:1].islower():
            text = text[:-1] + here
        else:
            text += f" {here}" if text else here
    return text
