"""A real OpenAI-protocol server drives the whole graph through the `openai` client, also when it misbehaves.

The server is the embedded engine's own loopback address with SmolLM2-135M behind it. Its key is a canary: after the
run the bytes of the whole data folder are searched for it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenfold.graphs.edr import RunOptions
from tenfold.models import Engine, EngineShape, ensure_asset, serve
from tenfold.settings import Settings, load_settings
from tenfold.tools.runs import RunStore
from tenfold.web import Driver, RunRequest, RunView, open_services

# One event loop for all: langchain-openai shares its connections per address, and they die with their loop.
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.timeout(240),
]
OTHER_SECRETS = {"OPENAI_API_KEY": "sk-canary-0f3e9a71", "TAVILY_API_KEY": "tvly-canary-55d1c0"}
DOCUMENT = "# Lighthouses\n\nThe Eddystone lighthouse was finished in 1759. It was built by John Smeaton.\n"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    path = ensure_asset("smollm2", load_settings())
    with serve(EngineShape(path, context_tokens=4096, slots=2)) as served:
        yield served


@pytest.fixture
def settings(tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, secret in {**OTHER_SECRETS, "OPENAI_COMPATIBLE_API_KEY": engine.api_key}.items():
        monkeypatch.setenv(name, secret)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "light.md").write_text(DOCUMENT)
    data = tmp_path / "data"
    data.mkdir()
    (data / "models").symlink_to(ensure_asset("smollm2", load_settings()).parent)
    for asset in ("minilm-onnx", "minilm-tokenizer"):
        ensure_asset(asset, load_settings())
    return load_settings(data_dir=data, cache_dir=tmp_path / "cache", timeout_s=12, retries=3)


async def ask(settings: Settings, base_url: str) -> RunView:
    """Index the folder and ask about it."""
    services = open_services(settings)
    folder = settings.data_dir.parent / "docs"
    await services.corpus(folder).index(folder)
    driver = Driver(services)
    options = RunOptions.model_validate({"max_tasks": 1, "limits": {"loops": 1}})
    model = f"openai-compatible:smollm2@{base_url}"
    # A server does not say how large its model is; this one is small, and is to be asked as a small one.
    opened = services.model(model)
    services.use(model, replace(opened, info=replace(opened.info, small=True)))
    run = driver.create(
        "Who built the Eddystone lighthouse?", RunRequest(model=model, docs=str(folder), options=options)
    )
    try:
        return await driver.drive(run.id)
    finally:
        services.close()


def secrets_in(folder: Path, secrets: list[str]) -> list[str]:
    """Files below a folder that hold one of the secrets; the models are not ours to search."""
    files = [p for p in folder.rglob("*") if p.is_file() and "models" not in p.parts]
    assert any(p.name == "runs.db" for p in files) and any(p.name == "checkpoints.db" for p in files)
    return [f"{p.name}: {s}" for p in files for s in secrets if s.encode() in p.read_bytes()]


def calls(view: RunView, settings: Settings) -> list[dict[str, Any]]:
    store = RunStore(settings.data_dir)
    found = [asdict(e) for e in store.events(view.run.id) if e.type.startswith("call.")]
    store.close()
    return found


async def test_the_whole_graph_over_the_openai_protocol(settings: Settings, engine: Engine) -> None:
    view = await ask(settings, engine.base_url)
    assert view.status == "completed", view.run.error
    assert view.report is not None and "Smeaton" in json.dumps(view.report["sections"])
    assert view.report["about"]["model"] == "smollm2 (openai-compatible)"
    ended = [e for e in calls(view, settings) if e["type"] == "call.end"]
    assert len(ended) >= 3 and all(e["data"]["usage"]["output_tokens"] > 0 for e in ended)
    assert secrets_in(settings.data_dir, [engine.api_key, *OTHER_SECRETS.values()]) == []


class Misbehaving(BaseHTTPRequestHandler):
    """A proxy: the first call is limited, the second cut, the third never answered; then all is well."""

    protocol_version = "HTTP/1.1"
    upstream = ""
    seen: list[str]
    lock = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            fate = ["limited", "cut", "hang"][len(self.seen)] if len(self.seen) < 3 else "well"
            self.seen.append(fate)
        key = self.headers["Authorization"]
        if fate == "limited":
            words = json.dumps({"error": {"message": f"Too many requests for {key}"}}).encode()
            return self._send(429, words, len(words), {"Retry-After": "0"})
        if fate == "hang":
            time.sleep(14)
            self.close_connection = True
            return None
        answer = httpx.post(
            self.upstream + self.path.removeprefix("/v1"), content=body, timeout=60,
            headers={"Authorization": key, "Content-Type": "application/json"},
        )  # fmt: skip
        whole = answer.content
        half = whole[: len(whole) // 2] if fate == "cut" else whole
        kind = {"Content-Type": answer.headers["content-type"]}
        return self._send(answer.status_code, half, len(whole), kind)

    def _send(self, status: int, body: bytes, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = len(body) != length

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def proxy(upstream: str) -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    handler = type("Handler", (Misbehaving,), {"upstream": upstream, "seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", seen
    server.shutdown()
    server.server_close()


async def test_a_limit_a_cut_reply_and_a_hang_cost_nothing_but_time(
    settings: Settings, engine: Engine
) -> None:
    with proxy(engine.base_url) as (address, seen):
        view = await ask(settings, address)
    assert view.status == "completed", view.run.error
    assert view.report is not None and "Smeaton" in json.dumps(view.report["sections"])
    assert seen[:3] == ["limited", "cut", "hang"] and seen.count("well") >= 3
    retries = [e["data"]["text"] for e in calls(view, settings) if e["type"] == "call.retry"]
    assert len(retries) >= 3 and "429" in retries[0] and "12" in retries[2]
    assert "[key]" in retries[0], "the server's own words held the key"
    assert secrets_in(settings.data_dir, [engine.api_key, *OTHER_SECRETS.values()]) == []


async def test_a_refused_key_is_told_without_the_key(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_COMPATIBLE_API_KEY", "wrong-canary-7d3a")
    view = await ask(settings, engine.base_url)
    assert view.status == "completed" and view.report is not None
    assert view.report["about"]["extractive"], "without a model the report is made of quotes"
    told = [e["data"]["text"] for e in calls(view, settings) if e["type"] == "call.fallback"]
    assert told and "refuses the key" in told[0]
    assert secrets_in(settings.data_dir, ["wrong-canary-7d3a", engine.api_key]) == []
