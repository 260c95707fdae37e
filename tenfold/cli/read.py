"""`tenfold read`: a scan, an image or a folder of them as Markdown, HTML or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import ConfigError, DocumentUnreadable
from ._common import Exit, bar, load, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..pages import Mode, PageReader, PageReading, Task
    from ..tools.pages import Export, Job, PagePicture, Progress
else:  # as there; importing it would bring pydantic into the start of every command
    Mode = Literal["auto", "tiny", "small", "base", "large", "gundam", "gundam-m"]
    Task = Literal["markdown", "ocr", "text", "figure", "describe"]

Format = Literal["md", "html", "json"]
_BATCH = 8  # pages that a model is handed at a time; the CPU engines read one by one anyway


def read(
    path: Annotated[Path, typer.Argument(help="A PDF, an image, or a folder of them.")],
    mode: Annotated[
        Mode, typer.Option(help="Vision tokens a page may cost, for engines that have them.")
    ] = "auto",
    engine: Annotated[
        str | None,
        typer.Option(
            help="auto, rapidocr, tesseract, deepocr:FOLDER or openai:URL#MODEL; else as in the settings."
        ),
    ] = None,
    task: Annotated[Task, typer.Option(help="What is asked of each page.")] = "markdown",
    out: Annotated[Format, typer.Option(help="The form of the text.")] = "md",
    to: Annotated[
        Path | None, typer.Option(help="Folder for the texts; a folder is always read into one.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes for a folder, each its own engine.")
    ] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a folder; no page is read twice.")
    ] = False,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Read a folder by Ray on many machines.")
    ] = False,
    dpi: Annotated[float, typer.Option(min=36, max=600, help="Dots per inch at which PDFs are drawn.")] = 144,
) -> None:
    """Read pages that are pictures: one file to standard output, or a folder into another."""
    from ..models.reading import open_safe

    path = path.expanduser()
    if not (path.is_file() or path.is_dir()):
        raise ConfigError(
            f"{str(path)!r} is no file and no folder.", mend="Name a PDF, an image, or a folder of them."
        )
    make_reader = partial(open_safe, engine or load().page_reader)
    if path.is_dir():
        _folder(path, to, make_reader, mode, task, out, workers, resume, cluster, dpi)
        return
    if resume or cluster:
        raise ConfigError("--resume and --cluster are for folders.", mend="Leave them out, or name a folder.")
    _file(path, to, make_reader(), mode, task, out, dpi)


def _file(
    path: Path, to: Path | None, reader: PageReader, mode: Mode, task: Task, out: Format, dpi: float
) -> None:
    from ..tools.pages import pictures_of

    problems: list[str] = []
    pngs: list[bytes] = []
    readings: list[PageReading] = []
    with bar(f"Reading {path.name}", unit="pages") as move:
        total: list[int] = []
        pictures = pictures_of(
            path.read_bytes(),
            path.name,
            dpi=dpi,
            on_count=total.append,
            on_problem=lambda number, why: problems.append(f"page {number}: {why}"),
        )
        for batch in _batches(pictures):
            done = len(readings)
            given = [picture.png for picture in batch]
            found = reader.read(
                given, mode=mode, task=task, on_page=lambda index, _, at=done: move(at + index + 1, total[0])
            )
            readings += found
            pngs += given if out == "html" else []
            for picture, reading in zip(batch, found, strict=True):
                hints = [note.message for note in reading.notes]
                hints += [] if hints or reading.text else ["no text was found on it."]
                problems += [f"page {picture.number}: {hint}" for hint in hints]
    for problem in problems:
        say(f"  {problem}", "yellow")
    if not readings:
        raise DocumentUnreadable(f"No page of {path.name!r} could be read.", mend="Save it again.")
    text = _shown(readings, pngs, path.name) if out == "html" else _export(out).show(readings)
    if to is None:
        sys.stdout.write(text)
        return
    to.mkdir(parents=True, exist_ok=True)
    (to / f"{path.name}.{out}").write_text(text, encoding="utf-8")


def _batches(pictures: Iterator[PagePicture]) -> Iterator[list[PagePicture]]:
    """One page first, so that something is seen soon; then as many as a model reads side by side."""
    batch: list[PagePicture] = []
    size = 1
    for picture in pictures:
        batch.append(picture)
        if len(batch) == size:
            yield batch
            batch, size = [], _BATCH
    if batch:
        yield batch


def _shown(readings: Sequence[PageReading], pngs: Sequence[bytes], title: str) -> str:
    from ..models.reading import to_html

    return to_html(readings, pictures=pngs, title=title)


def _folder(
    folder: Path,
    to: Path | None,
    make_reader: Callable[[], PageReader],
    mode: Mode,
    task: Task,
    out: Format,
    workers: int,
    resume: bool,
    cluster: bool,
    dpi: float,
) -> None:
    from ..tools.pages import Job, read_folder, read_on_cluster

    if to is None:
        raise ConfigError("A folder is read into a folder.", mend="Name one for the texts with --to.")
    job = Job(
        folder, to.expanduser(), make_reader, _export(out),
        mode=mode, task=task, dpi=dpi, batch=_size(make_reader), resume=resume,
    )  # fmt: skip
    _tell(job, read_on_cluster(job, workers) if cluster else read_folder(job, workers), to)


def _size(make_reader: Callable[[], PageReader]) -> int:
    return _BATCH if make_reader().name.startswith(("deepocr", "openai")) else 1


def _tell(job: Job, steps: Iterator[Progress], to: Path) -> None:
    last: Progress | None = None
    failed: set[str] = set()
    with bar(f"Reading {job.folder.name}") as move:
        for last in steps:
            move(last.files_done, last.files)
            if last.problem:
                failed.add(last.path)
            if told := last.problem or last.note:
                say(f"  {last.path}: {told}", "yellow")
    if last is None or last.pages_read + last.pages_kept == 0:
        say(f"No page of {str(job.folder)!r} could be read. Name a folder of PDFs and images.")
        raise typer.Exit(Exit.FAILED)
    kept = f", {last.pages_kept} were read before" if last.pages_kept else ""
    left = f", {len(failed)} with problems" if failed else ""
    say(f"Read {last.pages_read} pages{kept}; {last.files_done} files into {to}{left}.")


def _export(out: Format) -> Export:
    from ..models.reading import to_html, to_markdown
    from ..tools.pages import Export

    return Export(f".{out}", {"md": to_markdown, "html": to_html, "json": to_json}[out])


def to_json(readings: Sequence[PageReading]) -> str:
    """All that is known of each page."""
    pages = [reading.model_dump(mode="json") for reading in readings]
    return json.dumps(pages, ensure_ascii=False, indent=2) + "\n"
