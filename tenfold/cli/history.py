"""`tenfold runs` and `tenfold show`: what was asked, and what came of it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..errors import RunError
from ._common import console, print_json, services


def runs(
    limit: Annotated[int, typer.Option(help="The most runs to list.", min=1)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """List the runs, newest first."""
    opened = services()
    found = opened.store.runs(limit=limit)
    if as_json:
        return print_json([run.model_dump() for run in found])
    from rich.table import Table

    table = Table("run", "status", "asked", "question", box=None, pad_edge=False)
    for run in found:
        table.add_row(
            run.id,
            run.status,
            run.created[:16].replace("T", " "),
            run.question,
            style=_STYLE.get(run.status, ""),
        )
    console().print(
        table if found else 'No runs yet. Start one: tenfold research "your question" --docs FOLDER'
    )


_STYLE = {"completed": "green", "failed": "red", "waiting_human": "yellow", "paused": "yellow"}


def show(
    run: Annotated[str, typer.Argument(help="A run's id, or the beginning of it.")],
    format: Annotated[str, typer.Option("--format", "-f", help="md, html or json.")] = "md",
    events: Annotated[bool, typer.Option(help="The log instead of the report.")] = False,
    calls: Annotated[bool, typer.Option(help="What was called and paid for instead of the report.")] = False,
) -> None:
    """Print a run's report, its log, or its calls."""
    import asyncio

    from ..graphs.edr import render

    opened = services()
    found = opened.store.run(run)
    if events:
        return print_json([event.model_dump() for event in opened.store.events(found.id, limit=100_000)])
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
        raise RunError(
            f"Run {found.id!r} is {found.status} and has no report yet.", mend=f"tenfold resume {found.id}"
        )
    if format not in ("md", "html", "json"):
        raise typer.BadParameter(f"{format!r} is not a format; use md, html or json.")
    sys.stdout.write(render(report, format))  # type: ignore[arg-type]
