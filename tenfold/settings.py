"""Settings: defaults, then one TOML file, then the environment, validated once.

The file is the first of ``$TENFOLD_CONFIG``, ``./tenfold.toml`` and ``~/.config/tenfold/config.toml`` that
exists. Environment variables are ``TENFOLD_`` and the field's name, nested with two underscores:
``TENFOLD_MODEL``, ``TENFOLD_BUDGET__TOKENS``. Secrets are read from the environment alone and never enter a
run's state, its events or its log.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from .errors import ConfigError


class BudgetLimits(BaseModel):
    """Caps of one run; None is no cap."""

    tokens: int | None = Field(default=None, gt=0, description="Prompt and completion tokens together.")
    usd: float | None = Field(default=None, gt=0, description="US dollars, by the price table.")
    minutes: float | None = Field(
        default=None, gt=0, description="Minutes of running time; paused time is free."
    )
    loops: int = Field(default=3, ge=1, le=50, description="Research loops: plan, search, reflect.")


class Endpoint(BaseModel):
    """A server that speaks the OpenAI protocol: vLLM, Ollama, llama.cpp, or a gateway."""

    base_url: str
    api_key_env: str | None = Field(
        default=None, description="Name of the environment variable that holds the key."
    )
    context_tokens: int = Field(default=8192, gt=255)
    small: bool = Field(
        default=False, description="Under about a billion parameters: short prompts, hard checks."
    )
    json_schema: bool = Field(
        default=True, description="Whether the server enforces a JSON schema on the output."
    )
    vision: bool = Field(default=False, description="Whether the model reads pictures.")
    usd_per_million_in: float = 0.0
    usd_per_million_out: float = 0.0


class OidcSettings(BaseModel):
    """An OpenID Connect provider that vouches for people."""

    issuer: str = Field(
        description="Address under which the provider's /.well-known/openid-configuration lies."
    )
    client_id: str
    client_secret_env: str | None = Field(
        default=None, description="Name of the environment variable that holds the client secret."
    )
    label: str = Field(default="Single sign-on", description="What the login form calls it.")
    allow: list[str] = Field(
        default_factory=list[str],
        description="Verified e-mail addresses or @domains that may log in; empty is everybody the provider knows.",
    )


class WebSettings(BaseModel):
    """The web chat. With accounts on, people reach only the models, folders and databases named here."""

    runs_at_once: int = Field(default=8, ge=1, le=1000, description="Runs that one server drives at a time.")
    public_url: str | None = Field(
        default=None, description="Address at which people open it, when a proxy stands before the server."
    )
    hosts: list[str] = Field(default_factory=list[str], description="Further host names it answers to.")
    models: list[str] = Field(default_factory=list[str], description="Models offered beside the default one.")
    folders: list[Path] = Field(
        default_factory=list[Path], description="Folders of documents offered to all."
    )
    databases: list[str] = Field(default_factory=list[str], description="Databases offered to all.")
    phones: list[str] = Field(
        default_factory=list[str],
        description="Phones offered to all beside the virtual one: serials, or addresses of Appium servers.",
    )
    oidc: OidcSettings | None = None
    upload_mb: int = Field(default=50, ge=1, description="Megabytes of one upload, all files together.")
    upload_files: int = Field(default=100, ge=1, description="Files of one upload.")
    upload_total_mb: int = Field(default=500, ge=1, description="Megabytes of all uploads of one person.")
    requests_per_minute: int = Field(default=1200, ge=1, description="Of one person or address.")
    runs_per_hour: int = Field(default=120, ge=1, description="New runs of one person.")
    traces: bool = Field(
        default=False,
        description="Send OpenTelemetry traces; the OTEL_… variables say where to (extra otel).",
    )
    logins_per_minute: int = Field(
        default=10, ge=1, description="Login tries from one address, and for one name."
    )


class Settings(BaseSettings):
    """All settings of Tenfold."""

    model_config = SettingsConfigDict(
        env_prefix="TENFOLD_", env_nested_delimiter="__", extra="forbid", hide_input_in_errors=True
    )

    model: str = Field(default="embedded", description="The chat model, as provider:name.")
    data_dir: Path = Field(
        default_factory=lambda: _xdg("XDG_DATA_HOME", ".local/share"), description="Runs, indexes, models."
    )
    cache_dir: Path = Field(
        default_factory=lambda: _xdg("XDG_CACHE_HOME", ".cache"), description="Search and page cache."
    )
    endpoints: dict[str, Endpoint] = Field(
        default_factory=dict[str, Endpoint], description="Servers by name."
    )
    budget: BudgetLimits = Field(default_factory=lambda: BudgetLimits())
    timeout_s: float = Field(default=120.0, gt=0, description="Seconds one model call may take.")
    retries: int = Field(
        default=4, ge=0, le=10, description="Further tries after 429, 5xx or a cut connection."
    )
    concurrency: int = Field(default=4, ge=1, le=64, description="Research tasks at the same time.")
    context_tokens: int = Field(default=2048, ge=512, description="Context of the embedded engine, per slot.")
    threads: int | None = Field(
        default=None, ge=1, description="Threads of the embedded engine; None is all cores."
    )
    page_reader: str = Field(
        default="auto",
        description="Who reads scans: auto, rapidocr, tesseract, deepocr:FOLDER or openai:URL#MODEL.",
    )
    phone_reader: str = Field(
        default="off",
        description="Who reads what a phone shows and its tree does not say: off, or as page_reader. Needs pictures.",
    )
    searxng_url: str | None = Field(
        default=None, description="A SearXNG server with the JSON format enabled."
    )
    database: str | None = Field(
        default=None,
        repr=False,
        pattern=r"^postgres(ql)?://",
        description="PostgreSQL for the runs, as postgresql://…; None keeps them in the data folder.",
    )
    web: WebSettings = Field(default_factory=lambda: WebSettings(), description="The web chat.")
    mcp_servers: dict[str, dict[str, Any]] = Field(default_factory=dict[str, dict[str, Any]])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        path = config_path()
        if path is None:
            return init_settings, env_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)


def _xdg(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / default) / "tenfold"


def config_path() -> Path | None:
    """The TOML file in force, or None.

    Raises:
        ConfigError: `$TENFOLD_CONFIG` names a file that does not exist.
    """
    if named := os.environ.get("TENFOLD_CONFIG"):
        path = Path(named).expanduser()
        if not path.is_file():
            raise ConfigError(
                f"TENFOLD_CONFIG names {named!r}, which is not a file.", mend="Correct or unset it."
            )
        return path
    candidates = (Path("tenfold.toml"), Path.home() / ".config/tenfold/config.toml")
    return next((path for path in candidates if path.is_file()), None)


def load_settings(**overrides: Any) -> Settings:
    """Read and validate the settings.

    Raises:
        ConfigError: A value is wrong; the message names each field, the value and where it came from.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        # The address of the database may hold a password.
        lines = [
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}"
            + ("" if e["loc"] == ("database",) else f" (got {e['input']!r})")
            for e in error.errors()
        ]
        source = config_path() or "the environment"
        raise ConfigError(
            "Settings are not valid: " + "; ".join(lines) + ".", mend=f"Correct {source}."
        ) from error
    except ValueError as error:  # TOML syntax
        raise ConfigError(f"{config_path()} is not valid TOML: {error}.", mend="Correct the file.") from error
