"""Fixtures: a driver over a small world."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_world import Cli
from postgres_server import serve_postgres
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


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str | None:
    """Where runs are kept: None is SQLite in the data folder, else a fresh PostgreSQL database."""
    if request.param == "sqlite":
        return None
    import psycopg

    dsn: str = request.getfixturevalue("postgres")
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{dsn.rsplit('/', 1)[0]}/{name}"
