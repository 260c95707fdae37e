"""`tenfold phone`: do a task on a phone, look at what was done, serve a virtual one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from ..errors import ConfigError, RunError
from ._common import Exit, print_json, say, services
from .phone_memory import knowledge_app, macro_app, profile_app
from .phone_run import VIRTUAL, device_of, perform
from .research import Json, Output, Quiet, RunName, caps_of
from .servers import printable

_RUN = "run"


class TaskOrCommand(TyperGroup):
    """`tenfold phone "task"` is `tenfold phone run "task"`: what is no command is a task."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in where it was left out."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


phone_app = typer.Typer(
    cls=TaskOrCommand,
    help='Do a task on a phone: tenfold phone "Turn on Wi-Fi". Without a device it is a virtual phone.',
    no_args_is_help=True,
)
phone_app.add_typer(profile_app, name="profile")
phone_app.add_typer(knowledge_app, name="knowledge")
phone_app.add_typer(macro_app, name="macro")

Serial = Annotated[str | None, typer.Option(help="A device as adb names it.")]
Virtual = Annotated[
    bool, typer.Option("--virtual", help="Tenfold's virtual phone; so it is without a device.")
]
Appium = Annotated[str | None, typer.Option(help="Address of an Appium server.")]
Model = Annotated[str | None, typer.Option(help="provider:name; the default is the embedded model.")]
Approve = Annotated[
    Literal["ask", "foreseen", "never"],
    typer.Option(help="Ask about each gated action, only about unforeseen ones, or do none of them."),
]
Confirm = Annotated[
    bool,
    typer.Option(
        "--confirm/--no-confirm", help="Show plan, apps and foreseen classes before the first touch."
    ),
]
Secrets = Annotated[
    list[str] | None,
    typer.Option("--secret", help="NAME of a value that may be typed: from the environment, or asked for."),
]
Rules = Annotated[Path | None, typer.Option(help="A JSON file of rules that come before the default table.")]
Personal = Annotated[
    bool, typer.Option("--profile/--no-profile", help="Use what is known about you and the apps.")
]
Budget = Annotated[list[str] | None, typer.Option(help="A cap: tokens=50000, usd=0.5 or minutes=10.")]
OutFile = Annotated[Path | None, typer.Option(help="Where to write the report: .md, .html or .json.")]


@phone_app.command(_RUN)
def run(
    task: Annotated[str, typer.Argument(help="What is to be done.")],
    serial: Serial = None,
    virtual: Virtual = False,
    appium: Appium = None,
    seed: Annotated[int, typer.Option(help="What a virtual phone is filled from.", min=0)] = 0,
    model: Model = None,
    approve: Approve = "ask",
    confirm: Confirm = True,
    max_steps: Annotated[int, typer.Option(help="The most decisions.", min=1, max=500)] = 50,
    budget: Budget = None,
    rules: Rules = None,
    secret: Secrets = None,
    profile: Personal = True,
    learn: Annotated[
        bool, typer.Option("--learn", help="Keep what the run teaches about you and the apps.")
    ] = False,
    out: OutFile = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Do a task on a phone. Ctrl-C pauses; `tenfold resume RUN` goes on."""
    output = Output(out, as_json, quiet)
    device = device_of(serial=serial, virtual=virtual, appium=appium)
    options: dict[str, Any] = {
        "confirm": confirm, "max_steps": max_steps, "learn": learn, "limits": caps_of(budget or [], loops=False),
        "approve": "unforeseen" if approve == "foreseen" else "each",
        "modules": {} if profile else {"personalise": False, "retrieve": False},
    }  # fmt: skip
    asked = {
        "goal": task, "device": device, "seed": seed, "model": model, "secrets": secret or [], "options": options,
        "rules": rules_of(rules, never=approve == "never"),
    }  # fmt: skip
    perform(asked, output)


def rules_of(path: Path | None, *, never: bool) -> str:
    """The user's rules as JSON; `never` puts a refusal of every gated action behind them.

    Raises:
        ConfigError: They cannot be read.
    """
    import json
    from typing import get_args

    from ..tools.phone import ActionClass, SafetyPolicy

    try:
        text = path.expanduser().read_text(encoding="utf-8") if path else "[]"
    except UnicodeDecodeError:
        raise ConfigError(f"{str(path)!r} is no text.", mend="Write the rules as JSON.") from None
    rules = [rule.model_dump() for rule in SafetyPolicy.parse(text).rules]
    if never:
        why = "Nothing that needs approval is done in this run."
        rules.append({"decision": "deny", "classes": list(get_args(ActionClass)), "why": why})
    return json.dumps(rules) if rules else ""


@phone_app.command()
def doctor(
    appium: Annotated[str, typer.Option(help="Address of the Appium server.")] = "http://127.0.0.1:4723",
    as_json: Json = False,
) -> None:
    """Look for adb, devices, Node, Appium and its driver, and say what to do. A virtual phone needs none of them."""
    from dataclasses import asdict

    from ..tools.phone import doctor as look

    found = look(appium_url=appium)
    if as_json:
        print_json([asdict(check) for check in found])
    else:
        for check in found:
            mark = "ok     " if check.ok else "missing"
            typer.echo(f"{mark}  {check.name}: {printable(check.found) or '-'}")
            if not check.ok:
                typer.echo(f"         {check.mend}")
        typer.echo('A virtual phone needs none of these: tenfold phone "Turn on Wi-Fi"')
    raise typer.Exit(Exit.DONE if all(check.ok for check in found) else Exit.FAILED)


@phone_app.command()
def serve(
    adb_port: Annotated[int, typer.Option(min=0, max=65535, help="0 is a free one.")] = 5137,
    uia_port: Annotated[int, typer.Option(min=0, max=65535, help="0 is a free one.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="What the phone is filled from.")] = 0,
) -> None:
    """Serve a virtual phone to adb, Appium and everything built on them, until Ctrl-C."""
    from ..tools.android import VirtualAndroid, wait_forever
    from ..tools.android import serve as open_servers

    try:
        served = open_servers(VirtualAndroid(seed=seed), adb_port=adb_port, uia_port=uia_port)
    except OSError as error:
        raise ConfigError(
            f"Port {adb_port} cannot be used: {error.strerror}.", mend="Give --adb-port."
        ) from error
    say(f"{VIRTUAL}\n\n    adb -P {served.adb_port} devices")
    say(
        f"    Appium: appium:adbPort {served.adb_port}\n    UiAutomator2 server: 127.0.0.1:{served.uia_port}\n"
    )
    typer.echo(f"serving adb_port={served.adb_port} uia_port={served.uia_port}")
    wait_forever(served)


@phone_app.command()
def replay(
    run: RunName,
    out: Annotated[Path | None, typer.Option(help="Where to write the page; else replay-RUN.html.")] = None,
) -> None:
    """Write a run as one page: each step with before and after, decision, rule, approval, verdict, and the log."""
    from ..graphs.coloragent import replay_html
    from ..web.runs import images_of

    opened = services()
    found = opened.store.run(run)
    if found.graph != "phone":
        raise RunError(f"Run {found.id!r} is no phone task.", mend=f"See it with: tenfold show {found.id}")
    images = images_of(opened.store)
    events = opened.store.events(found.id, limit=1_000_000)
    page = replay_html(found, events, lambda sha: images.get(found.id, sha))
    path = out.expanduser() if out else Path(f"replay-{found.id}.html")
    path.write_bytes(page.encode("utf-8", "replace"))
    typer.echo(str(path))


@phone_app.command()
def tasks(
    kind: Annotated[
        Literal["plain", "ask", "personal", "adversarial"] | None, typer.Option(help="Only those of a kind.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the task templates by which phone agents are evaluated here."""
    from ..evals.phone import Task, all_templates

    found = all_templates().all(kind=kind)
    rows = [
        {
            "name": t.name, "kind": t.kind, "difficulty": t.difficulty, "max_steps": t.max_steps,
            "apps": list(t.apps), "example": Task(t, 0).goal,
        }
        for t in found
    ]  # fmt: skip
    if as_json:
        return print_json(rows)
    for row in rows:
        typer.echo(
            f"{row['name']}  ({row['kind']}, {row['difficulty']}, {row['max_steps']} steps)  {row['example']}"
        )
    say(f"{len(rows)} templates.")
