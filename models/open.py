"""From a model's name to a chat model that can be called."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

from ..errors import ConfigError, ModelNotFound
from ..settings import Endpoint, Settings
from .assets import ASSETS, asset_path, model_files
from .info import Capability, ModelInfo, OpenModel, openai_info
from .names import FORMS, ModelName

_SMALL_FILE = 700_000_000  # bytes: about a billion weights at 5 bits each


def open_model(name: str | ModelName, settings: Settings) -> OpenModel:
    """Open a chat model. Nothing is downloaded and no server is called; the embedded engine loads at first use.

    Args:
        name: ``provider:name``, see `ModelName`.
        settings: Endpoints, the data folder, and the embedded engine's context, slots and threads.

    Raises:
        ConfigError: The name is malformed, the endpoint is not configured, or its key is not set.
        ModelNotFound: The embedded model's file is not here.
    """
    parsed = ModelName.parse(name) if isinstance(name, str) else name
    match parsed.kind:
        case "embedded":
            return _embedded(parsed, settings)
        case "openai":
            return _openai(parsed)
        case "openai-compatible":
            key = "OPENAI_COMPATIBLE_API_KEY"  # optional: most local servers want none
            endpoint = Endpoint.model_validate(
                {"base_url": parsed.base_url, "api_key_env": key if key in os.environ else None}
            )
            return _server(parsed, endpoint)
        case "scripted":
            from .scripted import open_script

            return open_script(parsed.name)
        case "endpoint":
            if parsed.provider not in settings.endpoints:
                known = ", ".join(sorted(settings.endpoints)) or "none"
                raise ConfigError(
                    f"Model name {str(parsed)!r}: no endpoint {parsed.provider!r} is configured (there are: {known}).",
                    mend=f"Valid forms: {FORMS}.",
                )
            return _server(parsed, settings.endpoints[parsed.provider])


def estimate_tokens(text: str) -> int:
    """An upper estimate of a text's tokens that needs no vocabulary (tiktoken would download one).

    Byte-pair vocabularies spend a token on about 4 Latin letters, and on about one Chinese, Japanese or Korean
    character; 3.2 and 0.8 leave a margin.
    """
    plain = len(text.encode("ascii", "ignore"))
    return math.ceil(plain / 3.2 + (len(text) - plain) / 0.8)


def _embedded(parsed: ModelName, settings: Settings) -> OpenModel:
    from .embedded import EmbeddedChat

    path = _embedded_path(parsed.name, settings)
    chat = EmbeddedChat(
        path=path,
        context_tokens=settings.context_tokens,
        slots=settings.concurrency,
        threads=settings.threads,
    )
    info = ModelInfo(
        name=path.stem,
        provider="embedded",
        label=f"{path.stem} (embedded)",
        context_tokens=settings.context_tokens,
        small=path.stat().st_size < _SMALL_FILE,
        capabilities=frozenset({"json_schema", "logprobs", "stream"}),
        usd_per_million_in=0.0,
        usd_per_million_out=0.0,
        # A local model does not hang, it is slow: on a busy machine a long prompt takes minutes.
        patience_s=900.0,
    )
    return OpenModel(chat, info, chat.get_num_tokens)


def _embedded_path(name: str, settings: Settings) -> Path:
    if name in ASSETS:
        if ASSETS[name].kind != "chat":
            raise ModelNotFound(f"{name!r} is not a chat model.", mend="Use embedded:smollm2.")
        if (path := asset_path(name, settings)) is None:
            raise ModelNotFound(
                f"The embedded model {name!r} is not here yet.", mend=f"Run: tenfold models pull {name}"
            )
        return path
    here = model_files(settings)
    if name in here:
        return here[name]
    path = Path(name).expanduser()
    if path.is_file():
        return path.resolve()
    raise ModelNotFound(
        f"No embedded model {name!r}: neither a file nor one of {', '.join(here) or 'the (none) pulled ones'}.",
        mend="Run: tenfold models pull SOURCE, or give a path to a .gguf file.",
    )


def _openai(parsed: ModelName) -> OpenModel:
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    key = _key("OPENAI_API_KEY", str(parsed))
    # max_retries: retries are the caller's, who counts and shows them. The Responses API has another shape of
    # replies; chat completions are what every server speaks.
    chat = ChatOpenAI(
        model=parsed.name, api_key=SecretStr(key), max_retries=0, use_responses_api=False, stream_usage=True
    )
    return OpenModel(chat, openai_info(parsed.name), estimate_tokens, (key,))


def _server(parsed: ModelName, endpoint: Endpoint) -> OpenModel:
    # The base class, since ChatOpenAI renames max_tokens to a field that older servers do not know.
    from langchain_openai.chat_models.base import BaseChatOpenAI
    from pydantic import SecretStr

    key = _key(endpoint.api_key_env, str(parsed)) if endpoint.api_key_env else ""
    chat = BaseChatOpenAI(
        model=parsed.name,
        base_url=endpoint.base_url,
        api_key=SecretStr(key or "none"),
        max_retries=0,
        stream_usage=True,
    )
    info = ModelInfo(
        name=parsed.name,
        provider=parsed.provider,
        label=f"{parsed.name} ({parsed.provider})",
        context_tokens=endpoint.context_tokens,
        small=endpoint.small or _small_by_name(parsed.name),
        capabilities=_abilities(endpoint),
        usd_per_million_in=endpoint.usd_per_million_in,
        usd_per_million_out=endpoint.usd_per_million_out,
    )
    return OpenModel(chat, info, estimate_tokens, (key,) if key else ())


def _abilities(endpoint: Endpoint) -> frozenset[Capability]:
    abilities: set[Capability] = {"stream"}
    if endpoint.json_schema:
        abilities.add("json_schema")
    if endpoint.vision:
        abilities.add("vision")
    return frozenset(abilities)


def _small_by_name(name: str) -> bool:
    """Whether a name says that the model has under a billion parameters: smollm2-135m, qwen3:0.6b."""
    sizes = re.findall(r"(?<![\w.])(\d+(?:\.\d+)?)([mb])(?![a-z0-9])", name.lower().replace("_", "-"))
    return any(unit == "m" or float(size) < 1 for size, unit in sizes)


def _key(variable: str, model: str) -> str:
    if not (key := os.environ.get(variable, "")):
        raise ConfigError(f"Model {model!r} needs a key and {variable} is not set.", mend=f"Set {variable}.")
    return key
