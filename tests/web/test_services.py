"""What a request becomes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tenfold.models import ModelInfo, OpenModel, ScriptedChat
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


def test_a_slow_model_has_its_time_whatever_the_timeout(tmp_path: Path) -> None:
    services = open_services(load_settings(data_dir=tmp_path, timeout_s=5.0))
    for name, patience_s in (("slow", 900.0), ("quick", 0.0)):
        info = ModelInfo(name, "scripted", name, 1000, patience_s=patience_s)
        services.use(f"scripted:{name}", OpenModel(ScriptedChat(), info, len))
        caller = services.context("r", RunRequest(model=f"scripted:{name}", web=True)).caller
        assert caller._timeout_s == max(patience_s, 5.0)  # pyright: ignore[reportPrivateUsage]
    services.close()
