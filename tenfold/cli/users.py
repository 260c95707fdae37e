"""`tenfold users`: the accounts of the web chat."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigError
from ._common import load, say

if TYPE_CHECKING:
    from ..tools.accounts import AccountStore

users_app = typer.Typer(help="Accounts of the web chat.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The user's name.")]


def _accounts() -> AccountStore:
    from ..web import open_accounts

    return open_accounts(load())


def _password(*, twice: bool = True) -> str:
    """Ask for a password; a script gives it as a line of standard input. Never an argument: others see those."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\n")
        if not line:
            raise ConfigError("There is no password.", mend="Give it as one line on standard input.")
        return line
    return typer.prompt("Password", hide_input=True, confirmation_prompt=twice, err=True)


@users_app.command("add")
def add_user(name: Name) -> None:
    """Make an account. From the next start on, the web chat asks everybody to log in."""
    user = _accounts().add(name, _password())
    say(f"Added {user.name}.")


@users_app.command("list")
def list_users() -> None:
    """List the accounts."""
    for user in _accounts().users():
        typer.echo(f"{user.name}  {user.issuer or 'local'}")


@users_app.command("remove")
def remove_user(name: Name) -> None:
    """Take an account away and end its sessions."""
    _accounts().remove(name)
    say(f"Removed {name}.")


@users_app.command("password")
def change_password(name: Name) -> None:
    """Set another password and end all sessions of the account."""
    accounts = _accounts()
    accounts.named(name)
    accounts.set_password(name, _password())
    say(f"The password of {name} is changed; all its sessions ended.")


@users_app.command("token")
def make_token(
    name: Name, days: Annotated[float, typer.Option(min=0.01, max=365, help="How long it is valid.")] = 30
) -> None:
    """Print a token for programs: sent as `Authorization: Bearer TOKEN`."""
    accounts = _accounts()
    typer.echo(accounts.open_session(accounts.named(name), days=days))
