"""A page reader behind an OpenAI-compatible address: vLLM, SGLang or llama-server with DeepSeek-OCR."""

from __future__ import annotations

import base64
import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import ModelTimeout, ModelUnavailable
from ...pages import Finish, Mode, Note, OnPage, PageReading, Task
from ..deepocr import PROMPTS
from ..retry import judge, redact, wait_s
from .grammar import block_of, parse_regions, region_confidence
from .periods import Period, RepetitionWatch
from .pictures import open_picture

if TYPE_CHECKING:
    from openai import OpenAI

KEY = "OPENAI_COMPATIBLE_API_KEY"
_MOST = 200_000  # characters of one page; a server that never ends is cut here
_VLLM: dict[str, Any] = {  # vLLM's recipe: keep the special tokens, forbid repeats but those of empty cells
    "skip_special_tokens": False,
    "vllm_xargs": {"ngram_size": 30, "window_size": 90, "whitelist_token_ids": [128821, 128822]},
}


@dataclass
class _Stream:
    text: str = ""
    places: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    finish: Finish = "end"
    period: Period | None = None
    tokens: int = 0


class ServerReader:
    """Reads pages with the chat completions of a server; several pages at once, each streamed.

    A page that begins to repeat itself is stopped at once, which frees its place on the server. The mode is the
    server's own: vLLM has it as a constant.

    Args:
        url: The base address, up to and with `/v1`.
        model: The model's name there.
        workers: Pages in flight.
        page_s: Seconds one page may take.
        retries: Further tries after a failure that may pass.

    The key is in OPENAI_COMPATIBLE_API_KEY; most local servers want none.
    """

    def __init__(
        self, url: str, model: str, *, workers: int = 8, page_s: float = 600.0, retries: int = 2
    ) -> None:
        self._url, self._model = url, model
        self._workers, self._page_s, self._retries = workers, page_s, retries
        self._key = os.environ.get(KEY, "")
        self._extra: dict[str, Any] = dict(_VLLM)
        self._log_probs = True
        self._client: OpenAI | None = None

    @property
    def name(self) -> str:
        """The model and the address that serves it, without a password."""
        return redact(f"{self._model} at {self._url}", [self._key] if self._key else [])

    def read(
        self,
        pictures: Sequence[bytes],
        *,
        mode: Mode = "auto",
        task: Task = "markdown",
        on_page: OnPage | None = None,
    ) -> list[PageReading]:
        """Read pictures; `on_page` is called from this thread.

        Raises:
            DocumentUnreadable: A picture is damaged or too large.
            ModelNotFound: The server has no such model.
            ModelTimeout: A page took longer than `page_s`, after the retries.
            ModelUnavailable: The server is unreachable, refuses, or failed after all retries.
        """
        sizes = [open_picture(data, f"picture {index}").size for index, data in enumerate(pictures)]
        done: dict[int, PageReading] = {}
        pool = ThreadPoolExecutor(max_workers=self._workers, thread_name_prefix="page")
        try:
            jobs = {
                pool.submit(self._page, data, size, mode, task): index
                for index, (data, size) in enumerate(zip(pictures, sizes, strict=True))
            }
            for job in as_completed(jobs):
                done[jobs[job]] = job.result()
                if on_page is not None:
                    on_page(jobs[job], done[jobs[job]])
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return [done[index] for index in range(len(pictures))]

    def _page(self, data: bytes, size: tuple[int, int], mode: Mode, task: Task) -> PageReading:
        began = time.perf_counter()
        seen = self._tried(data, task)
        kept = seen.text if seen.period is None else seen.text[: seen.period.keep]
        regions, notes = parse_regions(kept)
        if seen.period is not None:
            notes.append(Note(kind="repetition", message=describe(seen.period)))
        elif seen.finish == "length":
            notes.append(Note(kind="truncated", message="The server ended the text for lack of room."))
        blocks = [block_of(r, *size, confidence=region_confidence(r, seen.places)) for r in regions]
        return PageReading(
            engine=self.name,
            mode=mode,
            task=task,
            width=size[0],
            height=size[1],
            blocks=tuple(blocks),
            raw=seen.text,
            finish=seen.finish,
            output_tokens=seen.tokens,
            seconds=time.perf_counter() - began,
            notes=tuple(notes),
        )

    def _tried(self, data: bytes, task: Task) -> _Stream:
        attempt = 0
        while True:
            try:
                return self._streamed(data, task)
            except Exception as error:
                if self._plainer(error):
                    continue  # not a failure: a server that knows fewer options
                verdict = judge(error, self.name, [self._key] if self._key else [])
                if verdict is None:
                    raise
                if not verdict.again or attempt >= self._retries:
                    raise verdict.error from error
                time.sleep(wait_s(attempt, verdict.after_s))
                attempt += 1

    def _plainer(self, error: Exception) -> bool:
        """Drop options that a server refuses, once each: first vLLM's own, then log-probabilities."""
        if getattr(error, "status_code", None) not in (400, 422):
            return False
        if self._extra:
            self._extra = {}
            return True
        had, self._log_probs = self._log_probs, False
        return had

    def _streamed(self, data: bytes, task: Task) -> _Stream:
        seen, watch = _Stream(), RepetitionWatch()
        ends = time.monotonic() + self._page_s
        said: str | None = None
        length = 0
        parts: list[str] = []
        with closing(self._open(data, task)) as stream:
            for chunk in stream:
                if time.monotonic() > ends:
                    raise ModelTimeout(
                        f"Model {self.name!r} did not finish a page in {self._page_s:g} s.",
                        mend="Give it more time, or a smaller mode.",
                    )
                if not chunk.choices:
                    continue
                choice = chunk.choices[0]
                piece = choice.delta.content or ""
                _note_tokens(seen, choice, length, piece)
                parts.append(piece)
                length += len(piece)
                said = choice.finish_reason or said
                seen.period = watch.feed(piece)
                if seen.period is not None or length > _MOST:
                    break  # closing the stream tells the server to stop
        seen.text = "".join(parts)
        if seen.period is not None:
            seen.finish = "repetition"
        elif said == "length" or length > _MOST:
            seen.finish = "length"
        elif said is None:
            raise ModelUnavailable(
                f"Model {self.name!r} broke off in the middle of a page.", mend="Look at the server's log."
            )
        return seen

    def _open(self, data: bytes, task: Task) -> Any:
        from openai import omit

        kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
        url = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
        content: list[Any] = [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": PROMPTS[task]},
        ]
        return self._connected().chat.completions.create(
            model=self._model,
            messages=[{"role": "user", "content": content}],
            temperature=0.0,
            stream=True,
            logprobs=True if self._log_probs else omit,
            extra_body=self._extra or None,
        )

    def _connected(self) -> OpenAI:
        if self._client is None:
            from openai import OpenAI, Timeout

            # Retries are counted here; a page's own clock is `page_s`, this one is for a silent server.
            self._client = OpenAI(
                base_url=self._url,
                api_key=self._key or "none",
                max_retries=0,
                timeout=Timeout(self._page_s, connect=10.0, read=min(120.0, self._page_s)),
            )
        return self._client


def describe(period: Period) -> str:
    """A loop in words, for a note."""
    what = "counts on and on" if period.counting else "repeats itself"
    return f"From character {period.start} the text {what}: {period.repeats} copies of {period.length} characters."


def _note_tokens(seen: _Stream, choice: Any, at: int, piece: str) -> None:
    """Places and probabilities of a piece's tokens; without log-probabilities a piece counts as one token."""
    log_probs: Iterator[Any] = iter(getattr(choice.logprobs, "content", None) or ())
    counted = 0
    for token in log_probs:
        seen.places.append((at, min(1.0, math.exp(token.logprob))))
        at += len(token.token)
        counted += 1
    seen.tokens += counted or (1 if piece else 0)
