"""`tenfold index`, `tenfold models` and `tenfold doctor`: what must be there before a run."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigError
from ._common import Exit, bar, console, load, print_json, say, services

if TYPE_CHECKING:
    from ..settings import Settings
    from ..tools.corpus import IndexReport
    from ..web import Services

models_app = typer.Typer(help="Fetch and list model files.", no_args_is_help=True)


def prepare_model(settings: Settings, name: str | None, *, documents: bool) -> None:
    """Fetch what a run needs, once: the embedded default's file, and for documents the embedding model."""
    from ..models import ASSETS, ModelName, asset_path, ensure_asset

    wanted = ["minilm-onnx", "minilm-tokenizer"] if documents else []
    if ModelName.parse(name or settings.model) == ModelName.parse("embedded"):
        wanted.append("smollm2")
    for asset in wanted:
        if asset_path(asset, settings) is None:
            label = f"Fetching {ASSETS[asset].about}"
            say(f"{label} (once, {ASSETS[asset].size / 1e6:.0f} MB)")
            with bar(label, unit="bytes") as move:
                ensure_asset(asset, settings, move)


async def index_folder(opened: Services, folder: Path, *, show: bool) -> IndexReport:
    """Index a folder; only what changed is read again. What could not be read is always said."""
    corpus = opened.corpus(folder)
    with bar(f"Indexing {folder.name}", show=show) as move:
        report = await corpus.index(folder, lambda progress: move(progress.done, progress.total))
    if show:
        say(f"Indexed {folder}: {_changes(report)} ({report.seconds:.1f} s)")
    for path, reason in (*report.failed, *report.notes):
        say(f"  {path}: {reason}", "yellow")
    return report


def _changes(report: IndexReport) -> str:
    names = ("added", "changed", "removed", "unchanged")
    return (
        ", ".join(f"{getattr(report, name)} {name}" for name in names if getattr(report, name))
        or "it is empty"
    )


def index(
    folder: Annotated[Path, typer.Argument(help="Folder of your documents.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """Read a folder of documents into the index; only what changed is read again."""
    if not folder.expanduser().is_dir():
        raise ConfigError(f"{str(folder)!r} is not a folder.", mend="Name a folder that holds documents.")
    opened = services()
    prepare_model(opened.settings, "scripted:none", documents=True)
    report = asyncio.run(index_folder(opened, folder.expanduser().resolve(), show=not as_json))
    if as_json:
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
    with bar(f"Fetching {source}", unit="bytes") as move:
        path = (
            ensure_asset(source, settings, move)
            if source in ASSETS
            else pull(source, settings, name=name, sha256=sha256, on_progress=move)
        )
    typer.echo(path)


@models_app.command("list")
def list_models() -> None:
    """List the model files that are here, and those that can be fetched."""
    from ..models import ASSETS, asset_path, model_files

    settings = load()
    for model, path in model_files(settings).items():
        typer.echo(f"embedded:{model}  {path.stat().st_size / 1e6:.0f} MB  {path}")
    for asset in ASSETS.values():
        here = asset_path(asset.name, settings)
        if here is None:
            size = f"{asset.size / 1e6:.0f} MB"
            typer.echo(f"{asset.name}  not fetched ({size})  {asset.about}: tenfold models pull {asset.name}")
        elif asset.kind != "chat":
            typer.echo(f"{asset.name}  {asset.size / 1e6:.1f} MB  {here}")


def doctor(as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False) -> None:
    """Say what is configured, what is reachable, what is missing, and how to mend it."""
    from .checks import all_checks

    checks = asyncio.run(all_checks(load()))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for name, most in (("", 1), ("what", None), ("found", None), ("mend", None)):
            table.add_column(name, overflow="fold", min_width=most)
        marks = {
            "ok": "[green]✓[/green]",
            "off": "[dim]·[/dim]",
            "warn": "[yellow]![/yellow]",
            "fail": "[red]✗[/red]",
        }
        for check in checks:
            table.add_row(
                marks[check.state], Text(check.what), Text(check.found), Text(check.mend, style="dim")
            )
        console().print(table)
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(Exit.FAILED)
