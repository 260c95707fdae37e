from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tenfold.models import ensure_asset
from tenfold.settings import load_settings

Handle = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """The real model's file; fetched if it is not on this machine yet."""
    return ensure_asset("smollm2", load_settings())


@pytest.fixture
def http_server() -> Iterator[Callable[[Handle], str]]:
    """Start real HTTP servers on loopback; each gets a function that answers GET and POST."""
    servers: list[ThreadingHTTPServer] = []

    def start(handle: Handle) -> str:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                handle(self)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that hangs up is part of the tests

        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class Waits(list[float]):
    """Lets waits between tries pass at once, and remembers how long they would have been."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()
