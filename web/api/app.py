"""The application: routes, door, errors and page, put together over a run manager."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ... import __version__
from ...errors import ConfigError
from ...settings import Settings
from ...tools.accounts import AccountStore
from ..runs import GraphRegistry, RunManager
from ..services import Services
from . import about, agui, files, login, runs
from .desk import Desk, tell_errors
from .feed import FeedHub
from .guard import Door, Guard
from .metrics import Metrics
from .rates import Rates

PAGE = Path(__file__).resolve().parents[1] / "dist"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MULTIPART_SLACK = 200_000  # boundaries and file names of an upload
_ABOUT = (
    "Runs live in the server; a client is a window onto a run's event log. Errors: {error: {message, mend}}."
)


def door_for(settings: Settings, *, host: str, accounts: bool) -> Door:
    """Who may come in at this address.

    Raises:
        ConfigError: The address can be reached from elsewhere, and there are no accounts.
    """
    if host not in _LOOPBACK and not accounts:
        raise ConfigError(
            f"{host!r} can be reached from other machines, and anybody there could use it.",
            mend="Make an account first: tenfold users add NAME",
        )
    web = settings.web
    public = urlsplit(web.public_url or "")
    names = {host, public.hostname, *web.hosts} - {None, "0.0.0.0", "::"}
    return Door(
        hosts=frozenset(str(name) for name in names),
        any_address=host in ("0.0.0.0", "::"),
        accounts=accounts,
        https=public.scheme == "https",
        upload_bytes=(web.upload_mb << 20) + _MULTIPART_SLACK,
        requests_per_minute=web.requests_per_minute,
    )


def create_app(
    services: Services,
    registry: GraphRegistry,
    manager: RunManager,
    *,
    accounts: AccountStore | None = None,
    host: str = "127.0.0.1",
    page: Path = PAGE,
    on_start: Callable[[], None] | None = None,
) -> FastAPI:
    """The web application over a run manager, which it starts and stops.

    Args:
        services: What runs work with.
        registry: The graphs that are served.
        manager: Drives the runs.
        accounts: Who may log in; None is single-user mode.
        host: The address it will listen on.
        page: The folder of the built page.
        on_start: Called when everything is up.

    Raises:
        ConfigError: The address is open to others and there are no accounts.
    """
    settings = services.settings
    metrics, rates = Metrics(), Rates()
    hub = FeedHub(manager, metrics.event)
    desk = Desk(
        settings=settings, services=services, registry=registry, manager=manager, accounts=accounts,
        door=door_for(settings, host=host, accounts=accounts is not None),
        hub=hub, rates=rates, metrics=metrics,
    )  # fmt: skip
    if settings.web.oidc is not None and accounts is not None:
        from .oidc import Provider

        desk.oidc = Provider(settings.web)

    app = FastAPI(
        title="Tenfold", version=__version__, description=_ABOUT, lifespan=lambda _: _alive(desk, on_start),
        docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
    )  # fmt: skip
    app.state.desk = desk
    tell_errors(app)
    for part in (login, about, runs, files, agui):
        app.include_router(part.router)
    _serve_page(app, page)
    # FastAPI builds a router's routes with the first request that passes it: here, not while somebody waits.
    for route in app.routes:
        route.matches({"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []})
    # Outermost: it also sees what is refused and what fails.
    app.add_middleware(_guarding, desk=desk)
    return app


@asynccontextmanager
async def _alive(desk: Desk, on_start: Callable[[], None] | None) -> AsyncGenerator[None]:
    await desk.manager.start()
    traces = _traces(desk.services)
    if on_start is not None:
        on_start()
    try:
        yield
    finally:
        desk.hub.close()
        await desk.manager.stop()
        if traces is not None:
            traces.close()


def _traces(services: Services) -> Any:
    """Tracing, when the settings ask for it; it listens after the manager does."""
    if not services.settings.web.traces:
        return None
    from .traces import Traces

    traces = Traces()
    traces.attach(services)
    return traces


def _guarding(app: ASGIApp, desk: Desk) -> ASGIApp:
    return Guard(app, desk.door, desk.rates, desk.metrics)


class _Page(StaticFiles):
    """The built page; its hashed files may be kept for ever, its index never."""

    def file_response(self, *args: Any, **options: Any) -> Any:
        answer = super().file_response(*args, **options)
        hashed = "/assets/" in str(args[0])
        answer.headers["cache-control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return answer


def _serve_page(app: FastAPI, page: Path) -> None:
    if (page / "index.html").is_file():
        app.mount("/", _Page(directory=page, html=True), name="page")
        return

    @app.get("/", include_in_schema=False)
    async def missing() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        return HTMLResponse(
            "<!doctype html><title>Tenfold</title><p>The page is not built. The API is at /api/docs."
        )
