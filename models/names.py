"""One way to name a chat model everywhere: ``provider:name``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlsplit

from ..errors import ConfigError

ProviderKind = Literal["embedded", "openai", "openai-compatible", "scripted", "endpoint"]

FORMS = (
    "embedded | embedded:NAME or embedded:/path/to/model.gguf | openai:NAME | openai-compatible:NAME@URL | "
    "ENDPOINT:NAME (a server under [endpoints.ENDPOINT] in the TOML file)"
)
DEFAULT_EMBEDDED = "smollm2"


@dataclass(frozen=True, slots=True)
class ModelName:
    """A parsed model name.

    Attributes:
        provider: ``embedded``, ``openai``, ``openai-compatible``, ``scripted`` or an endpoint's name.
        name: The model's name there; for ``embedded`` a pulled name or a path.
        base_url: The server, for ``openai-compatible`` alone.
    """

    provider: str
    name: str
    base_url: str | None = None

    @property
    def kind(self) -> ProviderKind:
        """The provider, with every endpoint's own name folded into ``endpoint``."""
        match self.provider:
            case "embedded" | "openai" | "openai-compatible" | "scripted":
                return self.provider
            case _:
                return "endpoint"

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}" + (f"@{self.base_url}" if self.base_url else "")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``provider:name``.

        Raises:
            ConfigError: The text has none of the valid forms; the message lists them.
        """
        provider, colon, name = text.strip().partition(":")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", provider):
            raise _wrong(text, "it does not begin with a provider")
        if provider == "embedded":
            return cls(provider, name or DEFAULT_EMBEDDED)
        if not colon or not name:
            raise _wrong(text, "it has no provider" if not colon else "it has no model name")
        if provider != "openai-compatible":
            return cls(provider, name)
        model, at, url = name.rpartition("@")
        if not at or not model:
            raise _wrong(text, "it has no @URL")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _wrong(text, f"{url!r} is not an http(s) address")
        if parts.username or parts.password:
            raise _wrong(text, "an address must not hold a password; keys come from the environment")
        return cls(provider, model, url.rstrip("/"))


def _wrong(text: str, reason: str) -> ConfigError:
    return ConfigError(f"Model name {text!r} is not valid: {reason}.", mend=f"Valid forms: {FORMS}.")
