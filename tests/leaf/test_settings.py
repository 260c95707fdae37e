"""Settings: precedence, and errors that name the field, the value and the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold.errors import ConfigError
from tenfold.settings import load_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TENFOLD_MODEL", "TENFOLD_DATA_DIR", "TENFOLD_CONFIG", "TENFOLD_CONTEXT_TOKENS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_arguments_win_over_the_environment_and_that_over_the_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "tenfold.toml").write_text(
        'model = "openai:a"\ntimeout_s = 7\nretries = 1\n[budget]\ntokens = 5\n'
    )
    monkeypatch.setenv("TENFOLD_RETRIES", "2")
    monkeypatch.setenv("TENFOLD_BUDGET__LOOPS", "9")
    settings = load_settings(model="embedded")
    assert (settings.model, settings.timeout_s, settings.retries) == ("embedded", 7, 2)
    assert (settings.budget.tokens, settings.budget.loops) == (5, 9)


def test_the_named_file_wins(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "tenfold.toml").write_text('model = "openai:a"\n')
    (elsewhere / "other.toml").write_text('model = "openai:b"\n')
    monkeypatch.setenv("TENFOLD_CONFIG", str(elsewhere / "other.toml"))
    assert load_settings().model == "openai:b"
    monkeypatch.setenv("TENFOLD_CONFIG", str(elsewhere / "gone.toml"))
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        load_settings()


@pytest.mark.parametrize(
    ("toml", "named"),
    [("retries = 99", "retries.*99"), ("modle = 'x'", "modle"), ("[budget]\ntokens = -1", "budget.tokens.*-1"),
         ("model = ", "not valid TOML")],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_field_and_file(elsewhere: Path, toml: str, named: str) -> None:
    (elsewhere / "tenfold.toml").write_text(toml)
    with pytest.raises(ConfigError, match=named) as error:
        load_settings()
    assert "tenfold.toml" in str(error.value)
