"""`tenfold research`, `resume` and `steer`: run, go on, and speak to a run."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import ConfigError
from ._common import Exit, console, load, print_json, services

if TYPE_CHECKING:
    from ..tools.runs import Run
    from ..web import Driver, RunRequest, RunView, Services

Many = Annotated[list[str] | None, typer.Option()]


def research(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    docs: Annotated[
        Path | None, typer.Option(help="Folder of your documents; indexed first, and only what changed.")
    ] = None,
    web: Annotated[bool, typer.Option(help="Search the web, without a key.")] = False,
    academic: Annotated[bool, typer.Option(help="Search arXiv, OpenAlex and Crossref.")] = False,
    code: Annotated[bool, typer.Option(help="Search GitHub.")] = False,
    wikipedia: Annotated[bool, typer.Option(help="Search Wikipedia.")] = False,
    db: Annotated[
        list[str] | None,
        typer.Option(help="A database to read: SQLite, DuckDB, CSV file, or a postgresql address."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="provider:name; the default is the embedded model.")
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(help="A cap: tokens=50000, usd=0.5, minutes=10 or loops=3. May be given again."),
    ] = None,
    approve_plan: Annotated[bool, typer.Option(help="Show the plan and wait for your word.")] = False,
    clarify: Annotated[bool, typer.Option(help="Allow one question back.")] = False,
    unverified: Annotated[
        str, typer.Option(help="drop or mark claims that fail the citation check twice.")
    ] = "drop",
    out: Annotated[Path | None, typer.Option(help="Where to write the report: .md, .html or .json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts, no live view.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No live view.")] = False,
) -> None:
    """Research a question and print a report in which every statement is checked against a stored quote."""
    from ..graphs.edr import RunOptions
    from ..web import RunRequest

    _check_out(out)
    request = RunRequest(
        model=model,
        docs=str(docs.expanduser().resolve()) if docs else None,
        web=web,
        academic=academic,
        code=code,
        encyclopedia=wikipedia,
        databases=db or [],
        options=RunOptions.model_validate(
            {
                "approve_plan": approve_plan,
                "clarify": clarify,
                "unverified": unverified,
                "limits": _limits(budget or []),
            }
        ),
    )
    opened = services(load(model=model))
    asyncio.run(_research(opened, question, request, out=out, as_json=as_json, show=not (as_json or quiet)))


def resume(
    run: Annotated[str, typer.Argument(help="A run's id, or the beginning of it.")],
    approve: Annotated[bool, typer.Option(help="Approve the plan that waits.")] = False,
    reject: Annotated[str | None, typer.Option(help="Reject the plan, with what to do better.")] = None,
    answer: Annotated[str | None, typer.Option(help="Answer the question that waits.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the report: .md, .html or .json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts, no live view.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No live view.")] = False,
) -> None:
    """Go on with a run that was paused, killed, or waits for you. Nothing that had finished is done again."""
    _check_out(out)
    reply: dict[str, Any] | str | None = answer
    if approve:
        reply = {"action": "approve"}
    elif reject is not None:
        reply = {"action": "reject", "feedback": reject}
    opened = services()
    asyncio.run(_go_on(opened, run, reply, out=out, as_json=as_json, show=not (as_json or quiet)))


def steer(
    run: Annotated[str, typer.Argument(help="A run's id, or the beginning of it.")],
    message: Annotated[
        str, typer.Argument(help="For example: “focus on safety”, “exclude patents”, “stop”.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """Send a message to a run, also one that runs in another window."""
    sent = services().store.post(run, message)
    if as_json:
        print_json(sent.model_dump())
    else:
        console().print(
            f"{sent.status}. {sent.reason}" if sent.reason else "Queued; the run takes it at its next step."
        )
    if sent.status == "rejected":
        raise typer.Exit(Exit.FAILED)


def _limits(caps: list[str]) -> dict[str, float]:
    limits: dict[str, float] = {}
    for cap in caps:
        name, _, value = cap.partition("=")
        try:
            number = float(value.replace(",", ""))
        except ValueError:
            number = -1.0
        if name not in ("tokens", "usd", "minutes", "loops") or number <= 0:
            raise ConfigError(
                f"--budget {cap!r} is not a cap.", mend="Write tokens=50000, usd=0.5, minutes=10 or loops=3."
            )
        limits[name] = int(number) if name in ("tokens", "loops") else number
    return limits


def _check_out(out: Path | None) -> None:
    if out is None:
        return
    if out.suffix not in (".md", ".html", ".json"):
        raise ConfigError(f"--out {str(out)!r} has no known ending.", mend="End it in .md, .html or .json.")
    if not out.expanduser().resolve().parent.is_dir():
        raise ConfigError(f"The folder of --out {str(out)!r} does not exist.", mend="Make it first.")


async def _research(
    opened: Services, question: str, request: RunRequest, *, out: Path | None, as_json: bool, show: bool
) -> None:
    from ..web import Driver
    from .setup import index_folder, prepare_model

    prepare_model(opened.settings, request.model, show=show)
    if request.docs:
        await index_folder(opened, Path(request.docs), show=show)
    driver = Driver(opened)
    run = driver.create(question, request)
    await _drive(driver, run, None, out=out, as_json=as_json, show=show)


async def _go_on(
    opened: Services,
    run_id: str,
    reply: dict[str, Any] | str | None,
    *,
    out: Path | None,
    as_json: bool,
    show: bool,
) -> None:
    from ..web import Driver

    driver = Driver(opened)
    view = await driver.view(run_id)
    if view.status == "completed":
        return _deliver(view, out=out, as_json=as_json)
    answers = {interrupt_id: reply for interrupt_id in view.interrupts} if reply is not None else None
    if view.interrupts and answers is None:
        answers = _ask_all(view) if show else None
        if answers is None:
            return _waits(view, as_json=as_json)
    await _drive(driver, view.run, answers, out=out, as_json=as_json, show=show)


async def _drive(
    driver: Driver, run: Run, answers: dict[str, Any] | None, *, out: Path | None, as_json: bool, show: bool
) -> None:
    from .watch import watched

    _pause_on_interrupt(driver, run.id)
    while True:
        view = await watched(driver, run, answers) if show else await driver.drive(run.id, answers=answers)
        if view.status != "waiting_human":
            break
        answers = _ask_all(view) if show else None
        if answers is None:
            return _waits(view, as_json=as_json)
    if view.status == "paused":
        console(error=True).print(f"Paused. Everything is kept. Go on with: tenfold resume {run.id}")
        if as_json:
            print_json({"run": run.id, "status": "paused"})
        raise typer.Exit(Exit.PAUSED)
    if view.status == "failed":
        screen = console(error=True)
        screen.print(f"The run failed: {view.run.error}", style="red", markup=False)
        screen.print(f"What was done is kept. Try again with: tenfold resume {run.id}", markup=False)
        if as_json:
            print_json({"run": run.id, "status": "failed", "error": view.run.error})
        raise typer.Exit(Exit.FAILED)
    _deliver(view, out=out, as_json=as_json)


def _pause_on_interrupt(driver: Driver, run_id: str) -> None:
    """Ctrl-C: once is a pause at the next step, twice ends the process at once; both keep the run."""
    pressed = 0

    def on_interrupt() -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 1 or not driver.pause(run_id):
            raise KeyboardInterrupt
        console(error=True).print("Pausing after the current step; press Ctrl-C again to stop at once.")

    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, on_interrupt)


def _ask_all(view: RunView) -> dict[str, Any] | None:
    """Ask a person at the terminal; None when there is none."""
    import sys

    if not sys.stdin.isatty():
        return None
    return {interrupt_id: _ask(value) for interrupt_id, value in view.interrupts.items()}


def _ask(value: dict[str, Any]) -> Any:
    screen = console(error=True)
    if value["kind"] == "clarify":
        return {"answer": typer.prompt(value["question"], default="", err=True)}
    for item in value["todo"]["items"]:
        if item["status"] != "cancelled":
            screen.print(f"{item['id']}  {item['priority']:>3}  {item['title']}", markup=False)
    choice: Literal["a", "r"] | str = typer.prompt(
        "Approve the plan (a), or reject it and say why (r)?", default="a", err=True
    )
    if choice.strip().lower() in ("a", "approve"):
        return {"action": "approve"}
    return {"action": "reject", "feedback": typer.prompt("What should be different?", err=True)}


def _waits(view: RunView, *, as_json: bool) -> None:
    run = view.run.id
    if as_json:
        print_json({"run": run, "status": view.status, "interrupts": view.interrupts})
    else:
        console(error=True).print(
            f"The run waits for you. Go on with: tenfold resume {run} --approve | --reject TEXT | --answer TEXT"
        )
    raise typer.Exit(Exit.WAITS)


def _deliver(view: RunView, *, out: Path | None, as_json: bool) -> None:
    from ..graphs.edr import byline, render

    assert view.report is not None
    if out is not None:
        out.expanduser().write_text(render(view.report, out.suffix[1:]), encoding="utf-8")  # type: ignore[arg-type]
    if as_json:
        print_json(
            {
                "run": view.run.id,
                "status": view.status,
                "out": str(out) if out else None,
                "report": view.report,
            }
        )
    elif out is None:
        typer.echo(render(view.report, "md"))
    screen = console(error=True)
    screen.print(byline(view.report), markup=False)
    where = f" Written to {out}." if out else ""
    screen.print(f"Run {view.run.id}.{where} See it again: tenfold show {view.run.id}", markup=False)
