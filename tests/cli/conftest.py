"""Fixtures: the command over a small world, in this process or in one of its own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_world import Cli, Done

from tenfold.cli import main


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def here(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """The entry point itself, in this process: as `Cli.run`, but without the imports' seconds."""
    monkeypatch.setenv("TENFOLD_DATA_DIR", str(cli.data))
    monkeypatch.setenv("TENFOLD_CACHE_DIR", str(cli.folder / "cache"))
    monkeypatch.delenv("TENFOLD_CONFIG", raising=False)
    monkeypatch.delenv("TENFOLD_MODEL", raising=False)
    monkeypatch.chdir(cli.folder)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["tenfold", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return run
