"""What a request becomes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tenfold.settings import load_settings
from tenfold.web import RunRequest, open_services


def test_two_databases_of_one_name_are_both_there(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        sqlite3.connect(tmp_path / folder / "sales.sqlite").close()
    names = [str(tmp_path / folder / "sales.sqlite") for folder in ("a", "b")]
    services = open_services(load_settings(data_dir=tmp_path / "data"))
    context = services.context(
        "r", RunRequest(model="openai-compatible:m@http://127.0.0.1:9/v1", databases=names)
    )
    assert list(context.databases or {}) == ["sales (1)", "sales (2)"]
    services.close()
