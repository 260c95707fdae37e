"""What `tenfold doctor` looks at. Each check says what it found and how to mend it, and never raises."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..errors import TenfoldError
from ..settings import config_path

if TYPE_CHECKING:
    from ..settings import Endpoint, Settings

_EXTRAS = {
    "ocr": ("pypdfium2", "images and scanned pages"),
    "sql": ("duckdb", "DuckDB, CSV and PostgreSQL"),
    "charts": ("matplotlib", "charts"),
    "mcp": ("langchain_mcp_adapters", "MCP servers"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line. `off` is a choice, not a fault."""

    what: str
    state: Literal["ok", "off", "warn", "fail"]
    found: str
    mend: str = ""


async def all_checks(settings: Settings) -> list[Check]:
    """Every check, in reading order."""
    checks = [_settings(), _folder(settings), *_models(settings)]
    checks += await asyncio.gather(*(_endpoint(name, e) for name, e in sorted(settings.endpoints.items())))
    checks += [
        *await _engines(settings),
        *_readers(settings),
        *server_checks(settings),
        *_extras(),
        *_runs(settings),
    ]
    return checks


def _settings() -> Check:
    path = config_path()
    return Check("settings", "ok", str(path) if path else "defaults and environment")


def _folder(settings: Settings) -> Check:
    folder = settings.data_dir.expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free / 1e9
    except OSError as error:
        return Check(
            "data folder", "fail", f"{folder}: {error}", "Set TENFOLD_DATA_DIR to a folder you can write."
        )
    if not os.access(folder, os.W_OK):
        return Check("data folder", "fail", f"{folder} is not writable", "Set TENFOLD_DATA_DIR.")
    state = "ok" if free > 1 else "warn"
    return Check("data folder", state, f"{folder}, {free:.0f} GB free", "" if free > 1 else "Make room.")


def _models(settings: Settings) -> Iterator[Check]:
    from ..models import ASSETS, asset_path, open_model

    for asset in ASSETS.values():
        here = asset_path(asset.name, settings)
        mend = f"tenfold models pull {asset.name}"
        yield Check(
            asset.name,
            "ok" if here else "warn",
            str(here) if here else "not fetched yet",
            "" if here else mend,
        )
    try:
        info = open_model(settings.model, settings).info
    except TenfoldError as error:
        yield Check(f"model {settings.model}", "fail", error.message, error.mend)
    else:
        size = (
            "small: its writing is checked hardest"
            if info.small
            else f"{info.context_tokens:,} tokens of context"
        )
        yield Check(f"model {settings.model}", "ok", f"{info.label}, {size}")


async def _endpoint(name: str, endpoint: Endpoint) -> Check:
    import httpx

    key = os.environ.get(endpoint.api_key_env or "", "")
    if endpoint.api_key_env and not key:
        return Check(
            f"endpoint {name}",
            "fail",
            f"{endpoint.api_key_env} is not set",
            "Put the key into the environment.",
        )
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            answer = await client.get(endpoint.base_url.rstrip("/") + "/models", headers=headers)
    except httpx.HTTPError as error:
        return Check(
            f"endpoint {name}", "fail", f"{endpoint.base_url}: {type(error).__name__}", "Start the server."
        )
    if answer.status_code >= 400:
        return Check(
            f"endpoint {name}",
            "fail",
            f"{endpoint.base_url}: HTTP {answer.status_code}",
            "Check address and key.",
        )
    return Check(f"endpoint {name}", "ok", endpoint.base_url)


async def _engines(settings: Settings) -> list[Check]:
    from ..tools.search import describe_engines

    checks: list[Check] = []
    for engine in await describe_engines(settings):
        if not engine.configured:
            checks.append(Check(engine.name, "off", f"{engine.source_type}: not configured", engine.mend))
        elif engine.reachable is False:
            checks.append(
                Check(engine.name, "warn", f"{engine.source_type}: not reachable from here", engine.mend)
            )
        else:
            checks.append(Check(engine.name, "ok", engine.source_type, engine.mend))
    return checks


def _readers(settings: Settings) -> Iterator[Check]:
    """What reads scanned pages: each kind of engine, and the one of the settings."""
    from ..models.reading import engines, open_reader

    for engine in engines():
        found = engine.about + (f": {engine.missing} is missing" if engine.missing else "")
        yield Check(f"pages {engine.form}", "off" if engine.missing else "ok", found, engine.mend)
    try:
        reader = open_reader(settings.page_reader)
    except (TenfoldError, OSError) as error:
        mend = error.mend if isinstance(error, TenfoldError) else "Set TENFOLD_PAGE_READER."
        state = "off" if settings.page_reader == "auto" else "fail"
        yield Check("scans", state, f"nothing reads them: {error}", mend)
    else:
        yield Check("scans", "ok", f"read by {reader.name}")


def _extras() -> Iterator[Check]:
    for extra, (module, what) in _EXTRAS.items():
        here = importlib.util.find_spec(module) is not None
        mend = "" if here else f"pip install 'tenfold[{extra}]'"
        yield Check(
            f"extra {extra}", "ok" if here else "off", what if here else f"{what}: not installed", mend
        )


def server_checks(settings: Settings) -> Iterator[Check]:
    """The MCP servers of the settings and whether their tools are approved; none of them is started."""
    from ..tools.mcp import parse_servers
    from .servers import pins_of, printable

    try:
        servers, pins = parse_servers(settings), pins_of(settings)
        approved = {name: pins.pinned(name) for name in servers}
    except TenfoldError as error:
        yield Check("MCP servers", "fail", error.message, error.mend)
        return
    for name, server in servers.items():
        mine, shown = approved[name], printable(server.shown)
        state = f"{len(mine)} tools approved" if mine else "not approved yet"
        mend = "" if mine else f"tenfold mcp approve {name}"
        yield Check(f"MCP {name}", "ok" if mine else "warn", f"{shown}: {state}", mend)


def _runs(settings: Settings) -> Iterator[Check]:
    from ..web import open_services

    try:
        opened = open_services(settings)
        stands = {run.id: opened.status(run) for run in opened.store.runs(limit=10_000)}
        opened.close()
    except (TenfoldError, OSError) as error:
        yield Check("runs", "fail", str(error), "Move runs.db away, or correct its rights.")
        return
    left = [run for run, status in stands.items() if status in ("interrupted", "paused", "waiting_human")]
    count = f"{len(stands)} run" + ("" if len(stands) == 1 else "s")
    found = count + (f"; not finished: {', '.join(left[:5])}" if left else "")
    yield Check("runs", "ok", found, f"tenfold resume {left[0]}" if left else "")
