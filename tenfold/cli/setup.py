"""`tenfold index`, `tenfold models` and `tenfold doctor`: what must be there before a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._common import Exit, console, load, print_json, services

if TYPE_CHECKING:
    from ..settings import Settings
    from ..web import Services

models_app = typer.Typer(help="Fetch and list model files.", no_args_is_help=True)


@contextmanager
def _bar(label: str, *, show: bool, unit: str = "files") -> Generator[Callable[[int, int | None], None]]:
    """A progress bar on standard error: (done, total) moves it."""
    if not show:
        yield lambda done, total: None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    counts = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        counts,
        TimeRemainingColumn(),
        console=console(error=True),
        transient=True,
    ) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def prepare_model(settings: Settings, name: str | None, *, show: bool) -> None:
    """Fetch what the model needs, once: the embedded default's file, and the embedding model."""
    from ..models import ASSETS, asset_path, ensure_asset

    wanted = ["minilm-onnx", "minilm-tokenizer"]
    if (name or settings.model) == "embedded":
        wanted.append("smollm2")
    for asset in wanted:
        if asset_path(asset, settings) is None:
            with _bar(f"Fetching {ASSETS[asset].about}", show=show, unit="bytes") as move:
                ensure_asset(asset, settings, move)


async def index_folder(opened: Services, folder: Path, *, show: bool) -> None:
    """Index a folder; only what changed is read again."""
    corpus = opened.corpus(folder)
    with _bar(f"Indexing {folder.name}", show=show) as move:
        report = await corpus.index(folder, lambda progress: move(progress.done, progress.total))
    if not show:
        return
    screen = console(error=True)
    changes = f"{report.added} added, {report.changed} changed, {report.removed} removed, {report.unchanged} unchanged"
    screen.print(f"Indexed {folder}: {changes} ({report.seconds:.1f} s)", markup=False)
    for path, reason in (*report.failed, *report.notes):
        screen.print(f"  {path}: {reason}", markup=False, style="yellow")


def index(
    folder: Annotated[Path, typer.Argument(help="Folder of your documents.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """Read a folder of documents into the index; only what changed is read again."""
    opened = services()
    prepare_model(opened.settings, "none", show=not as_json)
    if not as_json:
        return asyncio.run(index_folder(opened, folder, show=True))
    report = asyncio.run(opened.corpus(folder).index(folder))
    print_json(
        {
            "added": report.added, "changed": report.changed, "removed": report.removed,
            "unchanged": report.unchanged, "failed": [[str(p), why] for p, why in report.failed],
        }
    )  # fmt: skip


@models_app.command("pull")
def pull_model(
    source: Annotated[
        str, typer.Argument(help="smollm2, a GGUF file or address, or hub:owner/repo/file.gguf.")
    ] = "smollm2",
    name: Annotated[str | None, typer.Option(help="The name to keep it under.")] = None,
    sha256: Annotated[str | None, typer.Option(help="The hash it must have.")] = None,
) -> None:
    """Fetch a model file, with progress; a broken download goes on where it stopped."""
    from ..models import ASSETS, ensure_asset, pull

    settings = load()
    with _bar(f"Fetching {source}", show=True, unit="bytes") as move:
        path = (
            ensure_asset(source, settings, move)
            if source in ASSETS
            else pull(source, settings, name=name, sha256=sha256, on_progress=move)
        )
    console(error=True).print(f"{path}", markup=False)


@models_app.command("list")
def list_models() -> None:
    """List the model files that are here, and those that can be fetched."""
    from ..models import ASSETS, asset_path, model_files

    settings, screen = load(), console()
    for model, path in model_files(settings).items():
        screen.print(f"embedded:{model}  {path.stat().st_size / 1e6:.0f} MB  {path}", markup=False)
    for asset in ASSETS.values():
        if asset_path(asset.name, settings) is None:
            screen.print(
                f"{asset.name}  not fetched ({asset.size / 1e6:.0f} MB)  {asset.about}",
                markup=False,
                style="dim",
            )


def doctor(as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False) -> None:
    """Say what is configured, what is reachable, what is missing, and how to mend it."""
    from .checks import all_checks

    checks = asyncio.run(all_checks(load()))
    if as_json:
        print_json([vars(check) for check in checks])
    else:
        from rich.table import Table

        table = Table("", "what", "found", "mend", box=None, pad_edge=False)
        marks = {
            "ok": "[green]✓[/green]",
            "off": "[dim]·[/dim]",
            "warn": "[yellow]![/yellow]",
            "fail": "[red]✗[/red]",
        }
        for check in checks:
            from rich.text import Text

            table.add_row(
                marks[check.state], Text(check.what), Text(check.found), Text(check.mend, style="dim")
            )
        console().print(table)
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(Exit.FAILED)
