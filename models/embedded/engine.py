"""llama.cpp in this process: one engine per model file and shape, shared by every node that asks for it.

xllamacpp runs llama.cpp's own server inside the process and lets it listen on a free loopback port. All calls
go through that port, for three reasons: closing the connection is the one way to stop a generation that has
not produced a token yet, any OpenAI client can use the very same engine, and no Python thread is held while
the model thinks. The port asks for a key that is drawn anew for each process, so that neither other users of
the machine nor a web page in a browser can use the engine.

Measured here (2 idle cores, SmolLM2-135M Q4_1): loading 0.6 s, 139 tokens/s, 222 prompt tokens/s; HTTP adds
1-2 ms to a call and under 5 % to a streamed reply.
"""

from __future__ import annotations

import atexit
import os
import secrets
import socket
import stat
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ModelNotFound, ModelUnavailable
from .. import check_gguf

if TYPE_CHECKING:
    import httpx

_BATCH = 256  # tokens per step: a cancelled prompt stops at the next step, and speed is that of 512 or 2048


@dataclass(frozen=True, slots=True)
class EngineShape:
    """What an engine is made of; equal shapes share one engine.

    Attributes:
        path: The GGUF file.
        context_tokens: Prompt and reply together, per slot; the model's own limit caps it.
        slots: Generations that run at the same time; further calls wait in the engine's queue.
        threads: CPU threads; None is the cores that are free when the engine loads.
    """

    path: Path
    context_tokens: int = 2048
    slots: int = 4
    threads: int | None = None


class Engine:
    """A loaded model that answers on loopback. Get one from `get_engine`, which shares it.

    Raises:
        ModelNotFound: The file does not exist.
        ModelUnavailable: The file is not GGUF, is damaged, or does not fit in memory.
    """

    def __init__(self, shape: EngineShape) -> None:
        if not shape.path.is_file():
            raise ModelNotFound(
                f"No model file {str(shape.path)!r}.",
                mend="Run: tenfold models pull smollm2, or give a path.",
            )
        check_gguf(shape.path)
        self.shape = shape
        self.schemas: set[str] = set()  # JSON schemas that a grammar can hold, as text
        self.api_key = secrets.token_urlsafe(24)
        self._server = _load(shape, self.api_key)
        self.address: str = self._server.listening_address

    @property
    def base_url(self) -> str:
        """The address for OpenAI clients, with ``/v1``; they send `api_key`."""
        return f"{self.address}/v1"

    @cached_property
    def context_tokens(self) -> int:
        """Tokens of prompt and reply together that one slot really has."""
        return int(self._get("/slots")[0]["n_ctx"])

    @cached_property
    def parameters(self) -> int:
        """The model's number of weights."""
        return int(self._get("/v1/models")["data"][0]["meta"]["n_params"])

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """The model's token ids of `text`; with `special`, markers such as ``<|im_start|>`` are one token."""
        body = {"content": text, "add_special": False, "parse_special": special}
        return [int(token) for token in self._post("/tokenize", body)["tokens"]]

    def detokenize(self, tokens: list[int]) -> str:
        """The text of token ids; a character cut in two becomes U+FFFD."""
        return str(self._post("/detokenize", {"tokens": tokens})["content"]) if tokens else ""

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` is for this model, by its own tokenizer."""
        return len(self.tokenize(text)) if text else 0

    def render(self, messages: list[dict[str, Any]]) -> str:
        """The prompt that the model's chat template makes of OpenAI-style messages."""
        return str(self._post("/apply-template", {"messages": messages})["prompt"])

    def busy_slots(self) -> int:
        """How many slots are generating now."""
        return sum(bool(slot["is_processing"]) for slot in self._get("/slots"))

    def client(self) -> httpx.Client:
        """A new HTTP client for this engine."""
        import httpx

        return httpx.Client(**self._client_options())

    def async_client(self) -> httpx.AsyncClient:
        """A new asynchronous HTTP client for this engine (each event loop needs its own)."""
        import httpx

        return httpx.AsyncClient(**self._client_options())

    def close(self) -> None:
        """Stop all generations and free the model. The engine cannot be used after that."""
        if self._server is None:
            return
        # The server's destructor waits for every open stream; a closed connection ends them at the next token.
        _shut_connections(int(self.address.rsplit(":", 1)[1]))
        self._server = None

    def _client_options(self) -> dict[str, Any]:
        import httpx

        return {
            "base_url": self.address,
            # Loopback: no proxy, no certificates (whose loading costs 20 ms); the caller sets the time-out.
            "trust_env": False,
            "verify": False,
            "timeout": None,
            "headers": {"Authorization": f"Bearer {self.api_key}"},
            # The server drops idle connections without a word, and a reused one then fails the call.
            "limits": httpx.Limits(max_keepalive_connections=0),
        }

    @cached_property
    def _http(self) -> httpx.Client:
        return self.client()

    def _get(self, path: str) -> Any:
        return _checked(self._http.get(path))

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return _checked(self._http.post(path, json=body))


def _checked(response: httpx.Response) -> Any:
    if response.status_code != 200:
        raise ModelUnavailable(
            f"The embedded engine answered {response.status_code}: {response.text[:200]!r}."
        )
    return response.json()


def _load(shape: EngineShape, api_key: str) -> Any:
    import xllamacpp

    llama: Any = xllamacpp  # a compiled module: no types
    params = llama.CommonParams()
    params.model.path = str(shape.path)
    params.n_ctx = shape.context_tokens * shape.slots
    params.n_parallel = shape.slots
    params.n_batch = params.n_ubatch = _BATCH
    params.n_threads_http = shape.slots + 64  # waiting calls hold a thread each; /tokenize must still get in
    threads = shape.threads or _free_cores()
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.verbosity = -1
    params.ui = False
    params.api_keys = [api_key]
    params.cors_origins = "null"
    params.cache_ram_mib = 0  # a copy of each old prompt in memory: not worth it for short prompts
    params.fit_params = False  # would shrink the context to the free memory of an absent GPU
    params.warmup = False
    try:
        return llama.Server(params)
    except RuntimeError as error:
        raise ModelUnavailable(
            f"llama.cpp cannot load {str(shape.path)!r} with {shape.context_tokens} tokens x {shape.slots} slots.",
            mend="Fetch the file again, or lower TENFOLD_CONTEXT_TOKENS or TENFOLD_CONCURRENCY.",
        ) from error


def _free_cores() -> int:
    """Cores of this process that others leave free now, at least one.

    llama.cpp's threads spin where they wait for each other, so a thread without a core of its own stalls all:
    on 2 cores beside 4 busy processes, 2 threads made 2.8 tokens/s and 1 thread 24.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, cores - round(busy)) if busy >= 1 else cores


def _shut_connections(port: int) -> None:
    """Shut every socket of this process whose own end is `port`."""
    for number in range(3, 4096):
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as copy:
                if copy.family == socket.AF_INET and copy.getsockname()[1] == port:
                    copy.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue  # not open, or gone in the meantime


_ENGINES: dict[EngineShape, Engine] = {}
_LOCK = threading.Lock()


def get_engine(shape: EngineShape) -> Engine:
    """The process's engine of this shape, loaded now if this is the first call for it.

    Raises:
        ModelNotFound, ModelUnavailable: As `Engine`.
    """
    with _LOCK:
        if (engine := _ENGINES.get(shape)) is None:
            engine = _ENGINES[shape] = Engine(shape)
        return engine


def close_engines() -> None:
    """Free every engine of this process; the next `get_engine` loads anew."""
    with _LOCK:
        while _ENGINES:
            _ENGINES.popitem()[1].close()


@contextmanager
def serve(shape: EngineShape) -> Generator[Engine]:
    """An OpenAI-protocol server on loopback for as long as the block lasts.

    It is an engine of its own, not the shared one: `engine.base_url` and `engine.api_key` are for the client.
    """
    engine = Engine(shape)
    _SERVED.add(engine)
    try:
        yield engine
    finally:
        _SERVED.discard(engine)
        engine.close()


_SERVED: set[Engine] = set()


@atexit.register
def _at_exit() -> None:
    # llama.cpp crashes if the interpreter ends while a generation runs in one of its threads.
    close_engines()
    for engine in _SERVED:
        engine.close()
