from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tenfold.errors import ConfigError, ModelNotFound
from tenfold.models import ModelName, ScriptedChat, estimate_tokens, open_model, register_script
from tenfold.models.info import openai_info
from tenfold.settings import Endpoint, Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path, endpoints={"lab": {"base_url": "http://127.0.0.1:9/v1"}})


@pytest.mark.parametrize(
    ("text", "provider", "name", "url"),
    [
        ("embedded", "embedded", "smollm2", None),
        ("embedded:", "embedded", "smollm2", None),
        ("embedded:/a/b c.gguf", "embedded", "/a/b c.gguf", None),
        ("openai:gpt-5.5", "openai", "gpt-5.5", None),
        ("openai:ft:gpt-4o:org::id", "openai", "ft:gpt-4o:org::id", None),
        (
            "openai-compatible:qwen2.5:7b@http://127.0.0.1:11434/v1/",
            "openai-compatible",
            "qwen2.5:7b",
            "http://127.0.0.1:11434/v1",
        ),
        (
            "openai-compatible:org/m@v2@https://host.example/v1",
            "openai-compatible",
            "org/m@v2",
            "https://host.example/v1",
        ),
        ("lab:some/model", "lab", "some/model", None),
        ("scripted:/x/y.json", "scripted", "/x/y.json", None),
    ],
)
def test_valid_names(text: str, provider: str, name: str, url: str | None) -> None:
    parsed = ModelName.parse(text)
    assert (parsed.provider, parsed.name, parsed.base_url) == (provider, name, url)
    assert ModelName.parse(str(parsed)) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gpt-5.5",
        "openai:",
        ":x",
        "openai-compatible:m",
        "openai-compatible:m@host",
        "openai-compatible:@http://h",
        "openai-compatible:m@ftp://h",
        "openai-compatible:m@http://me:pw@h/v1",
        "sp ace:x",
    ],
)
def test_invalid_names_show_the_valid_forms(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ModelName.parse(text)
    assert repr(text) in str(caught.value) and "openai-compatible:NAME@URL" in str(caught.value)


def test_open_needs_what_is_missing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        open_model("openai:gpt-5.5", settings)
    with pytest.raises(ConfigError, match=r"no endpoint 'nolab'.*there are: lab"):
        open_model("nolab:x", settings)
    with pytest.raises(ModelNotFound, match="tenfold models pull smollm2"):
        open_model("embedded", settings)
    with pytest.raises(ModelNotFound, match=r"nofile\.gguf"):
        open_model("embedded:/nofile.gguf", settings)
    with pytest.raises(ModelNotFound, match="not a chat model"):
        open_model("embedded:minilm-onnx", settings)
    with pytest.raises(ModelNotFound, match="nobody"):
        open_model("scripted:nobody", settings)


def test_open_reads_keys_from_the_environment_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecret")
    opened = open_model("openai:gpt-4o-mini", settings)
    assert opened.secrets == ("sk-verysecret",) and "verysecret" not in repr(opened)
    assert opened.info.usd_per_million_in == 0.15
    monkeypatch.setenv("LAB_KEY", "labsecret")
    settings.endpoints["lab"] = Endpoint(
        base_url="http://127.0.0.1:9/v1",
        api_key_env="LAB_KEY",
        json_schema=False,
        context_tokens=4096,
        usd_per_million_in=1.0,
    )
    lab = open_model("lab:m", settings)
    assert lab.secrets == ("labsecret",) and lab.info.capabilities == {"stream"}
    assert (lab.info.context_tokens, lab.info.usd_per_million_in) == (4096, 1.0)


def test_prices() -> None:
    assert openai_info("gpt-4o-2024-08-06").usd_per_million_in == 2.5
    assert openai_info("gpt-4o-mini").cost(1_000_000, 1_000_000) == pytest.approx(0.75)
    unknown = openai_info("gpt-4o-audio-preview")
    assert unknown.usd_per_million_in is None and unknown.cost(1, 1) is None
    assert openai_info("gpt-5.5").reasoning and not openai_info("gpt-4.1").reasoning


def test_registered_and_written_scripts(settings: Settings, tmp_path: Path) -> None:
    name = register_script("toy", ScriptedChat(answer=lambda prompt: prompt.upper()))
    assert open_model(name, settings).chat.invoke("abc").text == "ABC"
    path = tmp_path / "script.json"
    path.write_text('{"rules": [{"match": "river", "reply": "Nile"}, {"match": "", "reply": {"a": 1}}]}')
    opened = open_model(f"scripted:{path}", settings)
    assert opened.chat.invoke("a river").text == "Nile" and opened.chat.invoke("x").text == '{"a": 1}'
    path.write_text('{"rules": 3}')
    with pytest.raises(ConfigError, match="not a script"):
        open_model(f"scripted:{path}", settings)


@pytest.mark.model
def test_the_estimate_is_above_a_real_tokenizer_for_the_languages_it_knows(smollm2: Path) -> None:
    from tenfold.models import EngineShape, get_engine

    engine = get_engine(EngineShape(smollm2, context_tokens=512, slots=1))
    english = "The quick brown fox jumps over the lazy dog, and then it rests beside the old stone wall. " * 5
    assert engine.count_tokens(english) <= estimate_tokens(english) <= 2 * engine.count_tokens(english)
    assert estimate_tokens("한국어 문장입니다") >= 8 and estimate_tokens("") == 0


def test_importing_the_room_is_cheap() -> None:
    heavy = ("langchain_core", "openai", "httpx", "xllamacpp", "langchain_openai", "pydantic")
    code = f"import sys, tenfold.models; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_every_public_name_loads() -> None:
    import tenfold.models as room
    import tenfold.models.embedded as embedded

    for module in (room, embedded):
        for name in module.__all__:
            assert getattr(module, name) is not None
        with pytest.raises(AttributeError):
            _ = module.nothing


@pytest.mark.parametrize(
    ("name", "small"),
    [
        ("smollm2:135m", True),
        ("SmolLM2-135M-Instruct", True),
        ("qwen3:0.6b", True),
        ("qwen3:8b", False),
        ("llama-3.2-1b", False),
        ("gpt-oss", False),
        ("x8x22b", False),
    ],
)
def test_a_small_model_behind_a_server_is_known_by_its_name(name: str, small: bool, tmp_path: Path) -> None:
    opened = open_model(f"openai-compatible:{name}@http://127.0.0.1:9/v1", load_settings(data_dir=tmp_path))
    assert opened.info.small is small
