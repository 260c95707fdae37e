"""A driver over the rivers of `cli_world`, in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cli_world import QUESTION, Cli

from tenfold.graphs.edr import RunOptions
from tenfold.tools.runs import Run
from tenfold.web import Driver, RunRequest, Services


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
