"""Fixtures: a driver over the rivers of `cli_world`, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli_world import QUESTION, Cli

from tenfold.graphs.edr import RunOptions
from tenfold.settings import load_settings
from tenfold.tools.runs import Run
from tenfold.web import Driver, RunRequest, Services, open_services


@dataclass
class Desk:
    """A data folder, its services and driver."""

    cli: Cli
    services: Services

    def __post_init__(self) -> None:
        self.driver = Driver(self.services)

    def create(self, *, model: str | None = None, question: str = QUESTION, **options: Any) -> Run:
        request = RunRequest(
            model=model or self.cli.script(),
            databases=[str(self.cli.db)],
            options=RunOptions.model_validate(options),
        )
        return self.driver.create(question, request)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    cli = Cli(tmp_path)
    services = open_services(load_settings(data_dir=cli.data, cache_dir=tmp_path / "cache"))
    yield Desk(cli, services)
    services.close()
