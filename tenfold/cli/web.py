"""`tenfold web`: the web chat on this machine."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConfigError, MissingExtra
from ._common import load, say
from .setup import prepare_model

if TYPE_CHECKING:
    from ..settings import Settings


def web(
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond this machine it needs accounts.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is a free one.")] = 8321,
    db: Annotated[
        str | None,
        typer.Option(
            help="postgresql://… for several servers; its password goes into PGPASSWORD or ~/.pgpass."
        ),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Every request, as JSON lines on standard error.")
    ] = False,
    concurrency: Annotated[int | None, typer.Option(min=1, max=1000, help="Runs at the same time.")] = None,
) -> None:
    """Open the web chat: ask, steer while it works, read the report. Runs go on when the page is closed."""
    settings = load(database=db, web={"runs_at_once": concurrency} if concurrency else None)
    try:
        from ..web.api import listen
    except ImportError as error:
        raise MissingExtra("The web chat", "web") from error
    accounts = _accounts(settings)
    if host not in ("127.0.0.1", "localhost", "::1") and accounts is None:
        raise ConfigError(
            f"{host!r} can be reached from other machines, and anybody there could use it.",
            mend="Make an account first: tenfold users add NAME",
        )
    sock = listen(host, port)
    # With a model behind a server the embedding model is fetched when the first documents are indexed.
    prepare_model(settings, None, documents=settings.model.startswith("embedded"))
    asyncio.run(_serve(settings, accounts, host, sock, open_page=open_page, log_json=log_json))


def _accounts(settings: Settings) -> Any:
    """The accounts, when there are any or a provider is set up; else None: a single user."""
    from ..web import open_accounts

    accounts = open_accounts(settings)
    if accounts.users() or settings.web.oidc is not None:
        return accounts
    accounts.close()
    return None


async def _serve(
    settings: Settings, accounts: Any, host: str, sock: Any, *, open_page: bool, log_json: bool
) -> None:
    from ..web import open_services
    from ..web.api import address, calm_gc, create_app, server, set_up
    from ..web.runs import RunManager, default_registry

    set_up(sys.stderr, as_json=log_json)
    services = open_services(settings)
    registry = default_registry(services)
    manager = RunManager(services, registry, settings)
    shown = settings.web.public_url or address(sock)

    def started() -> None:
        say(f"Tenfold is at {shown}   (stop with Ctrl-C; runs go on at the next start)")
        if open_page and sys.stderr.isatty() and os.environ.get("BROWSER") != "none":
            webbrowser.open(shown)

    app = create_app(services, registry, manager, accounts=accounts, host=host, on_start=started)
    calm_gc()
    try:
        await server(app).serve(sockets=[sock])
    finally:
        services.close()
        if accounts is not None:
            accounts.close()
