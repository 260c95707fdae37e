"""`tenfold research`, `resume` and `steer`: run, go on, and speak to a run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from ..errors import ConfigError
from ._common import LOG_FILE, Exit, load, print_json, say, services, wrong_values
from .phone_end import deliver_phone, give_secrets
from .plan import ask, choices_of, edits, open_items, show_question

if TYPE_CHECKING:
    from ..graphs.edr import RunOptions
    from ..settings import Settings
    from ..tools.runs import Run
    from ..web import Driver, RunRequest, RunView, Services

_ENDINGS = (".md", ".html", ".json")
RunName = Annotated[str, typer.Argument(help="A run's id, or the beginning of it.")]
Out = Annotated[Path | None, typer.Option(help="Where to write the report: .md, .html or .json.")]
Json = Annotated[bool, typer.Option("--json", help="JSON for scripts, no live view.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No live view.")]


@dataclass(frozen=True, slots=True)
class Output:
    """How a command shows its work and hands over the report."""

    out: Path | None
    as_json: bool
    quiet: bool

    def __post_init__(self) -> None:
        _check_out(self.out)

    @property
    def show(self) -> bool:
        """Whether to show the run while it works."""
        return not (self.as_json or self.quiet)

    @property
    def can_ask(self) -> bool:
        """Whether a person is there to be asked."""
        return not self.as_json and sys.stdin.isatty()


def research(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    docs: Annotated[
        Path | None, typer.Option(help="Folder of your documents; indexed first, and only what changed.")
    ] = None,
    web: Annotated[bool, typer.Option("--web", help="Search the web, without a key.")] = False,
    academic: Annotated[
        bool, typer.Option("--academic", help="Search arXiv, OpenAlex and Crossref.")
    ] = False,
    code: Annotated[bool, typer.Option("--code", help="Search GitHub.")] = False,
    wikipedia: Annotated[bool, typer.Option("--wikipedia", help="Search Wikipedia.")] = False,
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
    approve_plan: Annotated[
        bool, typer.Option("--approve-plan", help="Show the plan and wait for your word.")
    ] = False,
    clarify: Annotated[bool, typer.Option("--clarify", help="Allow one question back.")] = False,
    unverified: Annotated[
        Literal["drop", "mark"],
        typer.Option(help="What becomes of claims that fail the citation check twice."),
    ] = "drop",
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Research a question and print a report in which every statement is checked against a stored quote."""
    from ..web import RunRequest

    output = Output(out, as_json, quiet)
    settings = load(model=model)
    request = RunRequest(
        model=model,
        docs=str(docs.expanduser().resolve()) if docs else None,
        web=web,
        academic=academic,
        code=code,
        encyclopedia=wikipedia,
        databases=[_whole_path(name) for name in db or []],
        options=_options(
            settings, budget or [], approve_plan=approve_plan, clarify=clarify, unverified=unverified
        ),
    )
    opened = services(settings)
    _prepare(opened, question, request)
    asyncio.run(_research(opened, question, request, output))


def resume(
    run: RunName,
    approve: Annotated[bool, typer.Option("--approve", help="Approve the plan that waits.")] = False,
    reject: Annotated[str | None, typer.Option(help="Reject the plan, with what to do better.")] = None,
    edit: Annotated[
        list[str] | None,
        typer.Option(
            help="Edit the plan and approve it: “add TITLE”, “drop t2”, “first t3”, “t2 NEW TITLE”."
        ),
    ] = None,
    answer: Annotated[str | None, typer.Option(help="Answer the question that waits.")] = None,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go on with a run that was paused, killed, or waits for you. Nothing that had finished is done again."""
    given = {
        "--approve": approve,
        "--reject": reject is not None,
        "--edit": bool(edit),
        "--answer": answer is not None,
    }
    chosen = [name for name, is_given in given.items() if is_given]
    if len(chosen) > 1:
        raise ConfigError(f"{' and '.join(chosen)} exclude each other.", mend="Give one of them.")
    reply: _Reply | None = None
    if chosen:
        reply = _Reply(chosen[0], reject or answer or "", tuple(edit or ()))
    asyncio.run(_go_on(services(), run, reply, Output(out, as_json, quiet)))


def steer(
    run: RunName,
    message: Annotated[
        str, typer.Argument(help="For example: “focus on safety”, “exclude patents”, “stop”.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False,
) -> None:
    """Send a message to a run, also one that runs in another window."""
    opened = services()
    sent = opened.store.post(run, message)
    if as_json:
        print_json(sent.model_dump())
    elif sent.status == "rejected":
        say(f"Not taken: {sent.reason}", "red")
    elif opened.status(opened.store.run(run)) == "running":
        typer.echo("Queued; the run takes it at its next step.")
    else:
        typer.echo(f"Queued; the run takes it when it goes on: tenfold resume {sent.run_id}")
    if sent.status == "rejected":
        raise typer.Exit(Exit.FAILED)


@dataclass(frozen=True, slots=True)
class _Reply:
    """A person's answer, as the options of `resume` give it."""

    option: str
    text: str
    lines: tuple[str, ...]

    def to(self, value: dict[str, Any]) -> Any:
        """The answer to what the run asks.

        Raises:
            ConfigError: It answers another kind of question.
        """
        fitting = choices_of(value)
        if self.option not in fitting:
            asked = "a question" if fitting == ("--answer",) else "a plan that waits for approval"
            asked = f"“{value['said']}”" if value["kind"] == "approve_action" else asked
            raise ConfigError(f"{self.option} does not answer {asked}.", mend=f"Use {' or '.join(fitting)}.")
        match self.option:
            case "--answer":
                return {"answer": self.text}
            case "--approve":
                return {"action": "approve"}
            case "--edit":
                return edits(self.lines, open_items(value))
            case _:
                return {"action": "reject", "feedback": self.text}


def _options(settings: Settings, caps: list[str], **given: Any) -> RunOptions:
    """The run's options: caps of the settings, then those of the command line."""
    from ..graphs.edr import RunOptions

    limits = settings.budget.model_dump(exclude_none=True) | caps_of(caps)
    return RunOptions.model_validate({**given, "limits": limits, "parallel": min(16, settings.concurrency)})


def caps_of(caps: list[str], *, loops: bool = True) -> dict[str, float]:
    """Caps as the command line gives them.

    Raises:
        ConfigError: One is not a cap, or has no number.
    """
    from pydantic import ValidationError

    from ..graphs.coloragent import PhoneLimits
    from ..graphs.edr import Limits

    fields, limits = Limits if loops else PhoneLimits, dict[str, float]()
    for cap in caps:
        name, _, value = cap.partition("=")
        if name not in fields.model_fields:
            raise ConfigError(f"--budget {cap!r} is not a cap.", mend=_CAPS if loops else _PHONE_CAPS)
        try:
            number = float(value.replace(",", "").replace("_", ""))
            limits[name] = int(number) if name in ("tokens", "loops") else number
            fields.model_validate(limits)
        except ValidationError as error:
            raise ConfigError(
                f"--budget {cap!r}: {wrong_values(error)}", mend=_CAPS if loops else _PHONE_CAPS
            ) from error
        except (ValueError, OverflowError) as error:
            raise ConfigError(
                f"--budget {cap!r} has no number.", mend=_CAPS if loops else _PHONE_CAPS
            ) from error
    return limits


_CAPS = "Write tokens=50000, usd=0.5, minutes=10 or loops=3."
_PHONE_CAPS = "Write tokens=50000, usd=0.5 or minutes=10."


def _whole_path(database: str) -> str:
    """A file's whole path, so that the run can go on from another folder."""
    path = Path(database).expanduser()
    return str(path.resolve()) if "://" not in database and not database.startswith("sqlite:") else database


def _check_out(out: Path | None) -> None:
    if out is None:
        return
    if out.suffix not in _ENDINGS:
        raise ConfigError(f"--out {str(out)!r} has no known ending.", mend="End it in .md, .html or .json.")
    folder = out.expanduser().resolve().parent
    if not folder.is_dir():
        raise ConfigError(f"The folder of --out {str(out)!r} does not exist.", mend="Make it first.")
    if out.expanduser().is_dir() or not os.access(folder, os.W_OK):
        raise ConfigError(f"--out {str(out)!r} cannot be written.", mend="Name a file in a folder of yours.")


def _prepare(opened: Services, question: str, request: RunRequest) -> None:
    """Refuse what is wrong before anything is fetched, then fetch the models that are not here."""
    from .setup import prepare_model

    if not question.strip():
        raise ConfigError("The question is empty.", mend="Ask something.")
    opened.check(request)
    prepare_model(opened.settings, request.model, documents=bool(request.docs))


async def _research(opened: Services, question: str, request: RunRequest, output: Output) -> None:
    from ..web import Driver
    from .setup import index_folder

    if request.docs:
        await index_folder(opened, Path(request.docs), show=output.show)
    driver = Driver(opened)
    await drive(driver, driver.create(question, request), None, output)


async def _go_on(opened: Services, run_id: str, reply: _Reply | None, output: Output) -> None:
    from ..web import Driver

    driver = Driver(opened)
    view = await driver.view(run_id)
    if view.run.graph == "phone":
        give_secrets(driver, view.run.options.get("secrets", []))
    if view.status == "completed":
        return _deliver(view, output)
    if reply is not None and not view.interrupts:
        mend = f"Go on without {reply.option}: tenfold resume {view.run.id}"
        raise ConfigError(f"Run {view.run.id!r} is {view.status} and asks nothing.", mend=mend)
    answers: dict[str, Any] | None = None
    if reply is not None:
        answers = {number: reply.to(value) for number, value in view.interrupts.items()}
    elif view.interrupts:
        answers = _answers(view, output)
    await drive(driver, view.run, answers, output)


async def drive(driver: Driver, run: Run, answers: dict[str, Any] | None, output: Output) -> None:
    """Drive a run to its end, a pause, or a question that nobody is there to answer.

    Raises:
        typer.Exit: It did not come to its end.
    """
    from .watch import watched

    while True:
        view = await watched(driver, run, answers, show=output.show)
        if view.status != "waiting_human":
            break
        answers, run = _answers(view, output), view.run
    if view.status == "completed":
        return _deliver(view, output)
    result: dict[str, Any] = {"run": run.id, "status": view.status}
    if view.status == "failed":
        say(f"The run failed: {view.run.error}", "red")
        say(f"What was done is kept. Try again with: tenfold resume {run.id}")
        say(f"The log is {driver.services.store.folder / LOG_FILE}", "dim")
        result["error"] = view.run.error
    else:
        say(f"Paused. Everything is kept. Go on with: tenfold resume {run.id}")
    if output.as_json:
        print_json(result)
    raise typer.Exit(Exit.FAILED if view.status == "failed" else Exit.PAUSED)


def _answers(view: RunView, output: Output) -> dict[str, Any]:
    """Ask the person at the terminal; where there is none, say how to answer and end.

    Raises:
        typer.Exit: Nobody can be asked now.
    """
    run = view.run.id
    if output.can_ask:
        with _ctrl_c_as_usual(), contextlib.suppress(typer.Abort, KeyboardInterrupt):
            return {number: ask(value) for number, value in view.interrupts.items()}
        say("\nNot answered.")
    if output.as_json:
        print_json({"run": run, "status": view.status, "interrupts": view.interrupts})
        raise typer.Exit(Exit.WAITS)
    for value in view.interrupts.values():
        if not output.can_ask:
            show_question(value)
        choices = " or ".join(choices_of(value))
        say(f"The run waits for you. Go on with: tenfold resume {run} {choices}")
    raise typer.Exit(Exit.WAITS)


@contextlib.contextmanager
def _ctrl_c_as_usual() -> Generator[None]:
    """asyncio turns the first Ctrl-C into a cancelled task, which a prompt would never notice."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _deliver(view: RunView, output: Output) -> None:
    from ..graphs.edr import byline, render

    assert view.report is not None
    if view.run.graph == "phone":
        return deliver_phone(view, output.out, as_json=output.as_json)
    out = output.out
    if out is not None:
        kind = cast(Literal["md", "html", "json"], out.suffix[1:])
        out.expanduser().write_text(render(view.report, kind), encoding="utf-8")
    if output.as_json:
        written = str(out) if out else None
        print_json({"run": view.run.id, "status": view.status, "out": written, "report": view.report})
    elif out is None:
        typer.echo(render(view.report, "md"))
    say(byline(view.report))
    where = f" Written to {out}." if out else ""
    say(f"Run {view.run.id}.{where} See it again: tenfold show {view.run.id}")
