"""A folder read by many machines: Ray Data actors (extra `cluster`), which see the folder at the same path."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from ...errors import DocumentUnreadable, MissingExtra
from ...pages import PageReading
from .batch import Batch, Job, Progress
from .pictures import pictures_of


def read_on_cluster(job: Job, actors: int = 1, *, gpus: float = 0.0) -> Iterator[Progress]:
    """As `read_folder`, with Ray: machines draw and read, this process keeps the ledger and writes.

    What the ledger has is neither drawn nor read again. Readings come home by blocks of a file or more, so that a run
    that is killed loses the blocks that were under way. Ray is started on this machine unless a cluster is named
    (`RAY_ADDRESS`). The folder must stand at the same path on all machines.

    Args:
        job: What is read how.
        actors: Readers at the same time.
        gpus: Of each reader.

    Raises:
        MissingExtra: Ray is not installed.
        ConfigError, ToolError: As `Batch`.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
        import ray.data  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MissingExtra("Reading on a cluster", "cluster") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    # Progress is ours to show.
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    with Batch(job) as batch:
        yield from batch.refused()
        items: list[dict[str, Any]] = []
        for event in batch.todo():
            if isinstance(event, Progress):
                yield event
            else:
                path, digest, _ = event
                items.append({"path": path, "file": digest, "skip": sorted(batch.files[digest].done)})
        if not items:
            return
        pages: Any = ray.data.from_items(items, override_num_blocks=len(items))
        one, many = (ray.data.ActorPoolStrategy(size=n) for n in (1, max(1, actors)))
        drawn = pages.flat_map(_Draw, fn_constructor_args=(job,), compute=one, num_cpus=0.5)
        read = drawn.map_batches(
            _Read,
            fn_constructor_args=(job,),
            batch_size=job.batch,
            compute=many,
            num_cpus=0.5,
            num_gpus=gpus,
        )
        for row in read.iter_rows():
            yield from _settled(batch, row)


def _settled(batch: Batch, row: dict[str, Any]) -> Iterator[Progress]:
    digest, page = str(row["file"]), int(row["page"])
    if row["count"]:
        yield from batch.counted(digest, int(row["count"]))
    elif row["problem"]:
        yield from batch.problem(digest, page, str(row["problem"]))
    else:
        yield from batch.record(digest, page, PageReading.model_validate_json(row["reading"]))


class _Draw:
    """Files to rows of pages; a row with a count says how many pages a file has."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        from .._folder import read_regular

        rows: list[dict[str, Any]] = []

        def add(page: int, *, png: bytes = b"", count: int = 0, problem: str = "") -> None:
            rows.append({"file": row["file"], "page": page, "png": png, "count": count, "problem": problem})

        try:
            data = read_regular(self._job.folder.resolve() / row["path"], self._job.limits.max_bytes)
            for picture in pictures_of(
                data,
                row["path"],
                self._job.limits,
                dpi=self._job.dpi,
                skip=[int(page) for page in row["skip"]],
                on_count=lambda count: add(0, count=count),
                on_problem=lambda number, why: add(number, problem=why),
            ):
                add(picture.number, png=picture.png)
        except (OSError, DocumentUnreadable) as error:
            rows = [r for r in rows if not r["count"]]
            add(0, problem=str(error))
            add(0, count=len(row["skip"]) + len(rows))
        return rows


class _Read:
    """An actor with a reader of its own."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._reader = job.make_reader()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        pngs = [bytes(png) for png in batch["png"]]
        readings, problems = [""] * len(pngs), [str(problem) for problem in batch["problem"]]
        wanted = [index for index, png in enumerate(pngs) if png]
        try:
            found = self._reader.read([pngs[i] for i in wanted], mode=self._job.mode, task=self._job.task)
        except DocumentUnreadable:
            found = [self._alone(pngs[index]) for index in wanted]
        for index, reading in zip(wanted, found, strict=True):
            if isinstance(reading, str):
                problems[index] = reading
            else:
                readings[index] = reading.model_dump_json()
        return {
            "file": [str(file) for file in batch["file"]],
            "page": [int(page) for page in batch["page"]],
            "count": [int(count) for count in batch["count"]],
            "reading": readings,
            "problem": problems,
        }

    def _alone(self, png: bytes) -> PageReading | str:
        try:
            return self._reader.read([png], mode=self._job.mode, task=self._job.task)[0]
        except DocumentUnreadable as error:
            return str(error)
