"""Fixtures: a driver over a small world, databases, and a server with two people on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_world import Site, site
from cli_world import Cli
from postgres_server import fresh_database, serve_postgres
from web_world import Desk

from tenfold.settings import load_settings
from tenfold.web import open_services


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    cli = Cli(tmp_path)
    services = open_services(load_settings(data_dir=cli.data, cache_dir=tmp_path / "cache"))
    yield Desk(cli, services)
    services.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of a superuser on a fresh server."""
    with serve_postgres() as dsn:
        yield dsn


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def _database(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "sqlite" else fresh_database(request.getfixturevalue("postgres"))


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> str | None:
    """Where runs are kept: None is SQLite in the data folder, else a fresh PostgreSQL database."""
    return _database(request)


@pytest.fixture(scope="module", params=BOTH)
def module_database(request: pytest.FixtureRequest) -> str | None:
    """The same for all tests of a module."""
    return _database(request)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with two people on it."""
    with site(tmp_path_factory.mktemp("people"), users=True, logins_per_minute=1000, upload_mb=1) as running:
        yield running


@pytest.fixture(scope="module")
def alice(people: Site) -> httpx.Client:
    return people.browser("alice")


@pytest.fixture(scope="module")
def bob(people: Site) -> httpx.Client:
    return people.browser("bob")
