"""A reader behind OpenAI's protocol, spoken by a real HTTP server on a socket."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pages_world import draw

from tenfold.errors import ConfigError, DocumentUnreadable, ModelNotFound, ModelTimeout, ModelUnavailable
from tenfold.models.reading import ServerReader, open_reader

Reply = Callable[["Served", dict[str, Any]], None]


class Served(BaseHTTPRequestHandler):
    """Answers with what the test put on the server."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server: Any = self.server
        server.seen.append(body)
        server.reply(self, body)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def refuse(self, status: int, message: str = "no") -> None:
        data = json.dumps({"error": {"message": message}}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(
        self, pieces: Iterator[str] | list[str], finish: str | None = "stop", *, probs: bool = False
    ) -> int:
        """Send pieces as chunks; how many were sent before the client went."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        sent = 0
        try:
            for piece in pieces:
                token = {
                    "token": piece,
                    "logprob": math.log(0.5 if "low" in piece else 1.0),
                    "top_logprobs": [],
                }
                self._chunk(piece, None, {"content": [token]} if probs else None)
                sent += 1
            if finish:
                self._chunk("", finish, None)
                self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            pass
        return sent

    def _chunk(self, piece: str, finish: str | None, probs: Any) -> None:
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": finish, "logprobs": probs}
        chunk = {
            "id": "1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "m",
            "choices": [choice],
        }
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())


@pytest.fixture
def server() -> Generator[Any]:
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), Served)
    made.seen, made.reply = [], None
    made.url = f"http://127.0.0.1:{made.server_port}/v1"
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


PAGE = draw([(50, 50, "Hello")], (400, 200))
TEXT = ["<|ref|>text<|/ref|><|det|>[[0, 0, 999, 500]]<|/det|>", "\nsure", " low", "\n\n",
        "<|ref|>title<|/ref|><|det|>[[0, 500, 999, 999]]<|/det|>", "\n# T"]  # fmt: skip


def test_a_page_is_streamed_parsed_and_its_confidence_is_the_tokens_own(server: Any) -> None:
    server.reply = lambda served, body: served.stream(TEXT, probs=True)
    told: list[int] = []
    reader = open_reader(f"openai:{server.url}#deepseek-ocr")
    first, _ = reader.read([PAGE, PAGE], on_page=lambda index, _: told.append(index))
    assert sorted(told) == [0, 1]
    assert [(b.label, b.text, b.boxes[0].bottom) for b in first.blocks] == [
        ("text", "sure low", 100),
        ("title", "# T", 200),
    ]
    assert first.blocks[0].confidence == pytest.approx((1 + 0.5 + 1) / 3) and first.blocks[1].confidence == 1
    assert (first.output_tokens, first.finish, first.width) == (6, "end", 400)
    body = server.seen[0]
    assert (
        body["temperature"] == 0 and body["stream"] and body["logprobs"] and body["model"] == "deepseek-ocr"
    )
    assert (
        body["vllm_xargs"]["whitelist_token_ids"] == [128821, 128822] and body["skip_special_tokens"] is False
    )
    picture, words = body["messages"][0]["content"]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert words["text"] == "<|grounding|>Convert the document to markdown."


def test_a_loop_is_stopped_early_and_the_server_notices(server: Any) -> None:
    sent: list[int] = []
    server.reply = lambda served, body: sent.append(served.stream(iter(lambda: "round and round ", None)))
    reading = ServerReader(server.url, "m").read([PAGE])[0]
    assert reading.finish == "repetition" and reading.notes[0].kind == "repetition"
    assert reading.text == "round and round" and len(reading.raw) < 2000
    server.shutdown()  # waits for nothing: the handler ended because the client closed its connection
    for _ in range(100):
        if sent:
            break
        threading.Event().wait(0.05)
    assert sent and sent[0] > 10


def test_a_server_that_knows_fewer_options_is_asked_more_plainly(server: Any) -> None:
    def reply(served: Served, body: dict[str, Any]) -> None:
        known = "vllm_xargs" not in body and "logprobs" not in body
        served.stream(["ok"]) if known else served.refuse(400, "unknown field")

    server.reply = reply
    reader = ServerReader(server.url, "m")
    assert reader.read([PAGE], task="text")[0].text == "ok" and len(server.seen) == 3
    assert reader.read([PAGE])[0].blocks[0].confidence is None and len(server.seen) == 4


def test_failures_are_typed_and_passing_ones_tried_again(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.models.reading.server.wait_s", lambda *_: 0.0)

    def twice(served: Served, body: dict[str, Any]) -> None:
        served.refuse(503) if len(server.seen) < 3 else served.stream(["ok"], "length")

    server.reply = twice
    reading = ServerReader(server.url, "m").read([PAGE])[0]
    assert (reading.text, reading.finish, reading.notes[0].kind) == ("ok", "length", "truncated")
    server.reply = lambda served, body: served.refuse(404)
    with pytest.raises(ModelNotFound):
        ServerReader(server.url, "m").read([PAGE])
    server.reply = lambda served, body: served.stream(["half a pa"], None)
    with pytest.raises(ModelUnavailable, match="broke off"):
        ServerReader(server.url, "m", retries=0).read([PAGE])
    server.reply = lambda served, body: served.cut()
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        ServerReader(server.url, "m", retries=0).read([PAGE])
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        ServerReader("http://127.0.0.1:9/v1", "m", retries=1).read([PAGE])


def test_a_page_that_never_ends_runs_out_of_time(server: Any) -> None:
    def slow() -> Iterator[str]:
        for number in range(1000):
            threading.Event().wait(0.05)
            yield f"{number * number % 7919} and so "

    server.reply = lambda served, body: served.stream(slow())
    with pytest.raises(ModelTimeout, match=r"0\.3 s"):
        ServerReader(server.url, "m", page_s=0.3, retries=0).read([PAGE])


def test_no_picture_and_no_address() -> None:
    with pytest.raises(DocumentUnreadable):
        ServerReader("http://127.0.0.1:9/v1", "m").read([b"%!PS-Adobe-3.0 EPSF-3.0"])
    for spec in (
        "openai:",
        "openai:host#m",
        "openai:http://h/v1",
        "openai:file:///etc/passwd#m",
        "what",
        "rapidocr:x",
    ):
        with pytest.raises(ConfigError):
            open_reader(spec)
    name = ServerReader("http://user:secret@host/v1", "m").name
    assert "secret" not in name and "host" in name
