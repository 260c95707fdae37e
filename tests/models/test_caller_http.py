"""The caller, through the OpenAI client, against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from pydantic import BaseModel

from tenfold.durable import MemoryLedger
from tenfold.errors import ModelNotFound, ModelTimeout, ModelUnavailable
from tenfold.models import Budget, CallEvent, ModelCaller, open_model
from tenfold.settings import BudgetLimits, load_settings

KEY = "sk-test-0123456789abcdef"
Sleep = Callable[[float], Awaitable[None]]
Start = Callable[[Callable[[BaseHTTPRequestHandler], None]], str]


class River(BaseModel):
    name: str
    length_km: int


class Script:
    """Answers request number n with step n (the last one for ever), and keeps the requests."""

    def __init__(self, *steps: Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]) -> None:
        self.steps = steps
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        self.steps[min(len(self.bodies), len(self.steps)) - 1](request, body)


def send(request: BaseHTTPRequestHandler, status: int, body: str, **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body.encode())))
    request.end_headers()
    request.wfile.write(body.encode())


def reply(text: str, *, usage: bool = True) -> Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]:
    def step(request: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        if body.get("stream"):
            return stream(text.split(" "))(request, body)
        message = {"role": "assistant", "content": text}
        whole: dict[str, Any] = {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
        if usage:
            whole["usage"] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        send(request, 200, json.dumps(whole))

    return step


def stream(
    words: list[str], *, ends: bool = True, abort: bool = False
) -> Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]:
    def step(request: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()

        def event(**rest: Any) -> None:
            data = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", **rest}
            line = f"data: {json.dumps(data)}\n\n".encode()
            request.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")

        for word in words:
            event(choices=[{"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}])
        if abort:  # in the middle of a chunk
            request.wfile.write(b"40\r\ndata: {")
            request.close_connection = True
            return
        if ends:
            event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
            event(choices=[], usage={"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18})
        done = b"data: [DONE]\n\n"
        request.wfile.write(f"{len(done):x}\r\n".encode() + done + b"\r\n0\r\n\r\n")

    return step


def fail(
    status: int, text: str = "no", **headers: str
) -> Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]:
    def step(request: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        send(request, status, json.dumps({"error": {"message": text, "type": "t", "code": None}}), **headers)

    return step


def hang(request: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    time.sleep(1.5)


def raw(text: str) -> Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]:
    return lambda request, body: send(request, 200, text)


class Rig:
    def __init__(
        self, url: str, *, timeout_s: float = 20, retries: int = 3, sleep: Sleep = asyncio.sleep
    ) -> None:
        settings = load_settings(
            endpoints={
                "lab": {
                    "base_url": f"{url}/v1",
                    "api_key_env": "LAB_KEY",
                    "usd_per_million_in": 1e6,
                    "usd_per_million_out": 2e6,
                }
            }
        )
        self.events: list[CallEvent] = []
        self.ledger = MemoryLedger()
        self.budget = Budget(BudgetLimits.model_validate({}))
        self.caller = ModelCaller(
            open_model("lab:m", settings),
            self.ledger,
            self.budget,
            timeout_s=timeout_s,
            retries=retries,
            on_event=self.events.append,
            sleep=sleep,
        )

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", KEY)


async def test_a_text_is_counted_priced_and_kept(http_server: Start) -> None:
    script = Script(reply("The Nile."))
    rig = Rig(http_server(script))
    for _ in range(2):  # the second is a replay
        got = await rig.caller.text("t", [("system", "s"), ("user", "u")], max_tokens=50, temperature=0.3)
        assert (got.text, got.finish) == ("The Nile.", "stop")
        assert (got.usage.input_tokens, got.usage.output_tokens, got.usage.cost) == (11, 7, 25.0)
    assert len(script.bodies) == 1 and rig.budget.spent.tokens == 18
    sent = script.bodies[0]
    assert sent["messages"] == [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert (sent["max_tokens"], sent["temperature"], sent["model"]) == (50, 0.3, "m")
    assert script.keys == [f"Bearer {KEY}"]
    assert rig.kinds() == ["start", "end"]


async def test_429_waits_as_long_as_it_is_told(http_server: Start, waits: Sleep) -> None:
    rig = Rig(http_server(Script(fail(429, Retry_After="7"), fail(503), reply("ok"))), sleep=waits)
    assert (await rig.caller.text("t", [("user", "u")], max_tokens=5)).text == "ok"
    assert rig.kinds() == ["start", "retry", "retry", "end"]
    told = [e.wait_s for e in rig.events if e.kind == "retry"]
    assert 7 <= told[0] < 7.2 and 0 <= told[1] <= 1.0 and told == waits
    assert rig.budget.spent.tokens == 18


async def test_a_real_wait_is_really_waited(http_server: Start) -> None:
    rig = Rig(http_server(Script(fail(429, Retry_After="1"), reply("ok"))))
    began = time.monotonic()
    await rig.caller.text("t", [("user", "u")], max_tokens=5)
    assert 1.0 <= time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("step", "error", "says", "tries"),
    [
        (fail(500), ModelUnavailable, "500", 4),
        (fail(401, f"Incorrect API key provided: {KEY}"), ModelUnavailable, "key", 1),
        (fail(404), ModelNotFound, "no model 'm'", 1),
        (fail(400), ModelUnavailable, "400", 1),
        (raw("<html>gateway</html>"), ModelUnavailable, "not a reply", 4),
        (raw('{"object": "chat.completion", "choices": null}'), ModelUnavailable, "not a reply", 4),
        (raw('{"id": "x", "object": "chat.completion", "choices": []}'), ModelUnavailable, "not a reply", 4),
    ],
)
async def test_hopeless_servers(
    step: Any,
    error: type[Exception],
    says: str,
    tries: int,
    http_server: Start,
    waits: Sleep,
) -> None:
    script = Script(step)
    rig = Rig(http_server(script), sleep=waits)
    with pytest.raises(error, match=says) as caught:
        await rig.caller.text("t", [("user", "u")], max_tokens=5)
    assert len(script.bodies) == tries
    assert KEY not in str(caught.value) and KEY not in repr(rig.events)
    got = await rig.caller.structured(
        "t", [("user", "u2")], River, fallback=lambda: River(name="?", length_km=0), max_tokens=5
    )
    assert got.source == "fallback" and got.value.name == "?" and got.reason and KEY not in got.reason
    assert rig.events[-1].kind == "fallback"


async def test_no_server_at_all(waits: Sleep) -> None:
    rig = Rig("http://127.0.0.1:9", sleep=waits)
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await rig.caller.text("t", [("user", "u")], max_tokens=5)
    assert rig.kinds().count("retry") == 3


async def test_a_server_that_hangs(http_server: Start, waits: Sleep) -> None:
    script = Script(hang, reply("ok"))
    rig = Rig(http_server(script), timeout_s=0.5, sleep=waits)
    assert (await rig.caller.text("t", [("user", "u")], max_tokens=5)).text == "ok"
    rig = Rig(http_server(Script(hang)), timeout_s=0.2, retries=1, sleep=waits)
    with pytest.raises(ModelTimeout, match=r"0\.2 s"):
        await rig.caller.text("t", [("user", "u")], max_tokens=5)
    assert rig.kinds() == ["start", "retry"]


@pytest.mark.parametrize("cut", [stream(["The", "Ni"], abort=True), stream(["The", "Ni"], ends=False)])
async def test_a_cut_stream_starts_again(cut: Any, http_server: Start, waits: Sleep) -> None:
    rig = Rig(http_server(Script(cut, reply("The Nile flows"))), sleep=waits)
    pieces: list[str] = []
    got = await rig.caller.stream_text("t", [("user", "u")], max_tokens=5, on_delta=pieces.append)
    assert got.text == "The Nile flows " and got.usage.tokens == 18
    retry = rig.kinds().index("retry")
    assert "".join(e.text for e in rig.events[retry:] if e.kind == "delta") == got.text
    assert "".join(pieces).endswith(got.text) and rig.budget.spent.tokens == 18
    again: list[str] = []
    await rig.caller.stream_text("t", [("user", "u")], max_tokens=5, on_delta=again.append)
    assert again == [got.text]


async def test_structured_repairs_once_and_pays_for_both(http_server: Start) -> None:
    script = Script(reply('{"name": "Nile"'), reply('{"name": "Nile", "length_km": "6,650 km"}'))
    rig = Rig(http_server(script))
    got = await rig.caller.structured(
        "t", [("user", "u")], River, fallback=lambda: River(name="?", length_km=0), max_tokens=50
    )
    assert got.value == River(name="Nile", length_km=6650) and got.source == "repaired"
    assert "length_km" in got.reason and got.usage.tokens == 36 == rig.budget.spent.tokens
    first, second = script.bodies
    assert first["response_format"]["json_schema"]["strict"] is True
    assert [m["role"] for m in second["messages"]] == ["user", "assistant", "user"]
    assert '{"name": "Nile"' in second["messages"][1]["content"]
    assert "length_km" in second["messages"][2]["content"]


async def test_a_structured_call_may_be_watched_and_says_when_its_pieces_are_void(
    http_server: Start, waits: Sleep
) -> None:
    good = '{"name": "Nile", "length_km": 6650}'
    rig = Rig(http_server(Script(stream(["{", "x"], abort=True), reply("no JSON"), reply(good))), sleep=waits)
    seen: list[str | None] = []
    got = await rig.caller.structured(
        "t", [("user", "u")], River, fallback=lambda: River(name="?", length_km=0), max_tokens=50,
        on_delta=seen.append,
    )  # fmt: skip
    assert got.value == River(name="Nile", length_km=6650)
    assert seen.count(None) == 2  # once for the cut stream, once for the unusable reply
    last = len(seen) - 1 - seen[::-1].index(None)
    assert "".join(piece or "" for piece in seen[last + 1 :]).strip() == good
    assert "delta" not in rig.kinds()  # raw JSON is nothing to show


async def test_a_server_that_reports_no_usage_is_charged_by_estimate(http_server: Start) -> None:
    rig = Rig(http_server(Script(reply("The Nile is long.", usage=False))))
    got = await rig.caller.text("t", [("user", "How long is it?")], max_tokens=50)
    assert 5 <= got.usage.tokens <= 30 and rig.budget.spent == got.usage
