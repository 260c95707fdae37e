"""`tenfold phone profile`, `knowledge` and `macro`: what is kept about you, all of it yours to read, edit and erase."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import ConfigError, RunError
from ._common import print_json, say, services, wrong_values
from .servers import printable

if TYPE_CHECKING:
    from ..tools.memory import Memory

profile_app = typer.Typer(help="What you prefer, by domain and by app.", no_args_is_help=True)
knowledge_app = typer.Typer(
    help="What runs have learned about apps and ways of working.", no_args_is_help=True
)
macro_app = typer.Typer(help="Recorded runs that can be played again.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]


@contextmanager
def _memory() -> Generator[Memory]:
    from ..web.runs import open_memory

    opened = services()
    memory = open_memory(opened.store, "local")
    try:
        yield memory
    finally:
        memory.close()
        opened.close()


@profile_app.command("show")
def show_profile(as_json: Json = False) -> None:
    """Print your profile."""
    with _memory() as memory:
        profile = memory.profile()
    if as_json:
        return print_json(profile.model_dump())
    for name, values in [*profile.domains.items(), *profile.apps.items()]:
        for key, value in values.items():
            typer.echo(printable(f"{name}: {key} = {value}"))
    if not profile.domains and not profile.apps:
        typer.echo(
            "Nothing is kept about you. Write a line with: tenfold phone profile edit diet lunch=noodles"
        )


@profile_app.command("edit")
def edit_profile(
    name: Annotated[str, typer.Argument(help="A domain (diet, shop, …) or an app's package.")],
    values: Annotated[list[str], typer.Argument(help="KEY=VALUE; an empty value deletes the key.")],
) -> None:
    """Change one domain or one app of your profile."""
    from ..tools.memory import DOMAINS

    pairs = pairs_of(values)
    with _memory() as memory:
        if name in DOMAINS:
            memory.touch_profile(domain=name, values=pairs)
        elif "." in name:
            memory.touch_profile(app=name, values=pairs)
        else:
            raise ConfigError(
                f"{name!r} is no domain and no package.", mend=f"Domains: {', '.join(DOMAINS)}."
            )
    say("Kept.")


@profile_app.command("delete")
def delete_profile(
    everything: Annotated[
        bool, typer.Option("--everything", help="Knowledge, ways of working and macros too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erase your profile."""
    from ..tools.memory import Profile

    if not yes:
        typer.confirm(
            "Erase all that is kept about you?" if everything else "Erase your profile?", abort=True, err=True
        )
    with _memory() as memory:
        if everything:
            memory.forget()
        else:
            memory.replace_profile(Profile())
    say("Erased.")


@knowledge_app.command("list")
def list_knowledge(as_json: Json = False) -> None:
    """List facts about apps and ways of working, with where they come from."""
    with _memory() as memory:
        facts, sops = memory.facts(), memory.sops()
    if as_json:
        return print_json({"facts": [f.model_dump() for f in facts], "sops": [s.model_dump() for s in sops]})
    for fact in facts:
        screen = ", read from screens" if fact.tainted else ""
        typer.echo(printable(f"fact {fact.id}  {fact.package}: {fact.text}  ({fact.source}{screen})"))
    for sop in sops:
        typer.echo(printable(f"way {sop.id}  {sop.task}: {' → '.join(sop.steps)}  ({sop.source})"))
    if not facts and not sops:
        typer.echo("Nothing was learned yet. A run keeps what it learns with --learn.")


@knowledge_app.command("delete")
def delete_knowledge(
    what: Annotated[Literal["fact", "way"], typer.Argument(help="As `list` calls it.")],
    number: Annotated[int, typer.Argument(help="Its number.")],
) -> None:
    """Forget a fact or a way of working."""
    with _memory() as memory:
        if not memory.delete({"fact": "facts", "way": "sops"}[what], number):
            raise ConfigError(f"There is no {what} {number}.", mend="See: tenfold phone knowledge list")
    say("Forgotten.")


@macro_app.command("record")
def record(
    run: Annotated[str, typer.Argument(help="A finished run, or the beginning of its id.")],
    name: Annotated[str, typer.Argument(help="What the macro is to be called.")],
) -> None:
    """Keep a run's steps as a macro: controls by what they are, typed texts of the task as parameters."""
    from pydantic import ValidationError

    from ..tools.memory import record_macro

    opened = services()
    found = opened.store.run(run)
    steps: dict[int, dict[str, Any]] = {}
    for event in opened.store.events(found.id, limit=1_000_000):
        for path, value in (event.data.get("state") or {}).items():
            if path.startswith("/phone/steps/") and value:
                steps[value["n"]] = value
    if found.graph != "phone" or not steps:
        raise RunError(f"Run {found.id!r} has no steps on a phone.", mend="Choose a phone run: tenfold runs")
    try:
        macro = record_macro(name, found.question, [steps[n] for n in sorted(steps)])
    except ValidationError as error:
        raise RunError(
            f"Run {found.id!r} cannot be a macro: {wrong_values(error)}",
            mend="Choose a run whose steps worked.",
        ) from error
    opened.close()
    with _memory() as memory:
        memory.keep_macro(macro.model_copy(update={"source": f"run {found.id}"}))
    given = "".join(f"  {key}={value}" for key, value in macro.parameters.items())
    say(f"Kept {len(macro.steps)} steps as {name!r}.{printable(given)}")


@macro_app.command("list")
def list_macros() -> None:
    """List your macros."""
    with _memory() as memory:
        found = memory.macros()
    for macro in found:
        typer.echo(printable(f"{macro.name}  {len(macro.steps)} steps  {macro.goal}  ({macro.source})"))
    if not found:
        typer.echo("No macros yet. Keep a run as one: tenfold phone macro record RUN NAME")


@macro_app.command("show")
def show_macro(name: Annotated[str, typer.Argument(help="The macro.")]) -> None:
    """Print a macro's steps and parameters, as JSON."""
    with _memory() as memory:
        macro = memory.macro(name)
    if macro is None:
        raise _no_macro(name)
    typer.echo(json.dumps(macro.model_dump(), ensure_ascii=False, indent=2))


@macro_app.command("play")
def play(
    name: Annotated[str, typer.Argument(help="The macro.")],
    values: Annotated[
        list[str] | None, typer.Argument(help="PARAMETER=TEXT; the others stay as recorded.")
    ] = None,
    serial: Annotated[str | None, typer.Option(help="A device as adb names it.")] = None,
    appium: Annotated[str | None, typer.Option(help="Address of an Appium server.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Of the agent that takes over where the macro does not fit.")
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm/--no-confirm", help="Show the plan first.")] = True,
    as_json: Json = False,
) -> None:
    """Play a macro. Gated actions are asked about as always; where the screen differs, the agent takes over."""
    from .phone_run import device_of, perform
    from .research import Output

    pairs = pairs_of(values or [])
    with _memory() as memory:
        macro = memory.macro(name)
    if macro is None:
        raise _no_macro(name)
    asked = {
        "goal": macro.goal or name, "device": device_of(serial=serial, virtual=False, appium=appium), "model": model,
        "macro": {"name": name, "parameters": pairs}, "options": {"confirm": confirm},
    }  # fmt: skip
    perform(asked, Output(None, as_json, False))


@macro_app.command("delete")
def delete_macro(name: Annotated[str, typer.Argument(help="The macro.")]) -> None:
    """Delete a macro."""
    with _memory() as memory:
        macro = memory.macro(name)
        if macro is None or not memory.delete("macros", macro.id):
            raise _no_macro(name)
    say("Deleted.")


def pairs_of(values: Sequence[str]) -> dict[str, str]:
    """KEY=VALUE arguments.

    Raises:
        ConfigError: One has no equals sign.
    """
    found: dict[str, str] = {}
    for value in values:
        key, sign, text = value.partition("=")
        if not sign:
            raise ConfigError(f"{value!r} is not KEY=VALUE.", mend="For example: lunch=noodles")
        found[key.strip()] = text
    return found


def _no_macro(name: str) -> ConfigError:
    return ConfigError(f"There is no macro {name!r}.", mend="See: tenfold phone macro list")
