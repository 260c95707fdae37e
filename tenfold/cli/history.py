"""`tenfold runs` and `tenfold show`: what was asked, and what came of it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import RunError
from ._common import console, print_json, services

if TYPE_CHECKING:
    from rich.text import Text

    from ..tools.runs import Run

_STYLE = {
    "completed": "green",
    "failed": "red",
    "waiting_human": "yellow",
    "paused": "yellow",
    "running": "cyan",
}


def runs(
    limit: Annotated[int, typer.Option(help="The most runs to list.", min=1)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """List the runs, newest first."""
    opened = services()
    found = [run.model_copy(update={"status": opened.status(run)}) for run in opened.store.runs(limit=limit)]
    if as_json:
        return print_json([run.model_dump() for run in found])
    from rich.table import Table

    if not found:
        return typer.echo('No runs yet. Start one: tenfold research "your question" --docs FOLDER')
    table = Table(box=None, pad_edge=False, expand=True)
    for name in ("run", "status", "asked (UTC)"):
        table.add_column(name, width=max(len(_cells(run)[name]) for run in found), no_wrap=True)
    table.add_column("question", ratio=1, no_wrap=True, overflow="ellipsis")
    for run in found:
        table.add_row(*map(_text, (*_cells(run).values(), run.question)), style=_STYLE.get(run.status, ""))
    console().print(table)


def _cells(run: Run) -> dict[str, str]:
    asked = run.created[:16].replace("T", " ")
    return {"run": run.id, "status": run.status.replace("_", " "), "asked (UTC)": asked}


def _text(text: str) -> Text:
    """One line that rich does not read as markup."""
    from rich.text import Text

    return Text(" ".join(text.split()))


def show(
    run: Annotated[str, typer.Argument(help="A run's id, or the beginning of it.")],
    form: Annotated[
        Literal["md", "html", "json"], typer.Option("--format", "-f", help="The form of the report.")
    ] = "md",
    events: Annotated[bool, typer.Option("--events", help="The log instead of the report, as JSON.")] = False,
    calls: Annotated[
        bool, typer.Option("--calls", help="What was called and paid for instead of the report, as JSON.")
    ] = False,
) -> None:
    """Print a run's report, its log, or its calls."""
    import asyncio

    from ..graphs.coloragent import render_report
    from ..graphs.edr import render

    opened = services()
    found = opened.store.run(run)
    if events:
        return print_json([asdict(event) for event in opened.store.events(found.id, limit=1_000_000)])
    if calls:
        records = asyncio.run(opened.store.ledger(found.id).records())
        return print_json(
            [
                {
                    "kind": r.kind, "role": r.role, "name": r.name, "input_tokens": r.input_tokens,
                    "output_tokens": r.output_tokens, "usd": r.cost, "ms": round(r.ms, 1),
                }
                for r in records
            ]
        )  # fmt: skip
    report = opened.store.report(found.id)
    if report is None:
        status = opened.status(found)
        mend = "Wait for it." if status == "running" else f"Go on with: tenfold resume {found.id}"
        raise RunError(f"Run {found.id!r} is {status.replace('_', ' ')} and has no report yet.", mend=mend)
    sys.stdout.write((render_report if found.graph == "phone" else render)(report, form))
