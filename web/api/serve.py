"""One server process: uvicorn with our limits, and a stop that ends the streams before it waits for them."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from ...errors import ConfigError
from .desk import Desk


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # uvicorn's own raises the signal once more at the end, which would kill the process before it has closed.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop, signals = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)
        for name in signals:
            loop.add_signal_handler(name, self.handle_exit, name, None)
        try:
            yield
        finally:
            for name in signals:
                loop.remove_signal_handler(name)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # A stream never ends by itself, and uvicorn waits for its connections; clients come back on their own.
        desk: Desk = self.config.app.state.desk  # type: ignore[union-attr]
        desk.hub.close()
        await super().shutdown(sockets)


def calm_gc() -> None:
    """Collect garbage less often, for a process that is a server and nothing else.

    By default a full collection comes so often under thousands of events a second, and walks over so much that lives
    as long as the process, that the slowest twentieth of events were five times as old (benchmarks/web_load.py).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is a free one.

    Raises:
        ConfigError: The address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's delay off only where the protocol is named; it adds 40 ms to every small answer.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"{host}:{port} cannot be used: {error.strerror}.",
            mend="Choose another with --port, or --port 0.",
        ) from error
    return sock


def address(sock: socket.socket) -> str:
    """The address of a listening socket for a browser."""
    host, port = sock.getsockname()[:2]
    shown = (
        "127.0.0.1"
        if host == "0.0.0.0"
        else "[::1]"
        if host == "::"
        else f"[{host}]"
        if ":" in host
        else host
    )
    return f"http://{shown}:{port}"


def server(app: FastAPI, *, stop_s: int = 20) -> uvicorn.Server:
    """A server for an application; its `serve(sockets=[…])` returns after a signal, when everything is drained."""
    options: dict[str, Any] = {"h11_max_incomplete_event_size": 32_768, "timeout_graceful_shutdown": stop_s}
    return _Server(
        uvicorn.Config(
            app, access_log=False, log_config=None, server_header=False, lifespan="on", timeout_keep_alive=20,
            backlog=2048, proxy_headers=False, **options,
        )
    )  # fmt: skip
