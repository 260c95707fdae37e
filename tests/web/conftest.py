"""Fixtures: a driver over a small world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_world import Cli
from web_world import Desk

from tenfold.settings import load_settings
from tenfold.web import open_services


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    cli = Cli(tmp_path)
    services = open_services(load_settings(data_dir=cli.data, cache_dir=tmp_path / "cache"))
    yield Desk(cli, services)
    services.close()
