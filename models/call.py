"""The one way to call a model: budget, ledger, time-out, retries, accounting.

Order inside one call: ledger (a finished call costs nothing) -> budget -> try, with a time-out, until it works
or is hopeless -> charge -> ledger.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from ..durable import CallRecord, Ledger, call_key, once
from ..errors import BudgetExceeded, CapabilityMissing, ConfigError, ModelError, ModelTimeout
from .budget import Budget, Usage
from .info import OpenModel
from .open import estimate_tokens
from .parse import ParseFailed, parse_reply
from .picture import Content, images_of, joined, keyed, sent, text_of
from .retry import CutStream, judge, redact, wait_s
from .schema import hint, json_schema, response_format

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage

T = TypeVar("T", bound=BaseModel)
Speaker = Literal["system", "user", "assistant"]
Message = tuple[Speaker, Content]
EventKind = Literal["start", "delta", "retry", "end", "fallback"]
Source = Literal["model", "repaired", "fallback"]

_THINKING_TOKENS = 4096  # what a reasoning model may think on top of its reply
_TEMPLATE_TOKENS = 32  # a chat template may add a system message of its own
_REPLY_SHOWN = 1500  # characters of a bad reply that its repair shows again


@dataclass(frozen=True, slots=True)
class CallEvent:
    """Something that happened in a call, for a live view. Never holds a secret.

    Attributes:
        kind: ``start``; ``delta`` (a piece of a streamed text); ``retry`` (a try failed: pieces so far are void);
            ``end``; ``fallback`` (the structured call gave up).
        role: Who asked.
        model: The model's label.
        text: The piece, or why.
        wait_s: Seconds until the next try.
        usage: What the call used, at its end.
        ms: Wall time, at its end.
    """

    kind: EventKind
    role: str
    model: str
    text: str = ""
    wait_s: float = 0.0
    usage: Usage | None = None
    ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A text reply. `finish` is ``stop``, or ``length`` if it was cut at its longest."""

    text: str
    usage: Usage
    finish: str


@dataclass(frozen=True, slots=True)
class Structured(Generic[T]):
    """A checked value.

    Attributes:
        value: Always valid: the model's, or the fallback's.
        source: Who made it: the model at once, the model after one repair, or the fallback.
        reason: Why it was repaired or replaced; empty if it was not.
        usage: What all its calls used.
    """

    value: T
    source: Source
    reason: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class _Ask:
    """One question to the model, as the ledger keys it."""

    role: str
    messages: list[Message]
    max_tokens: int
    temperature: float
    schema: type[BaseModel] | None = None


class ModelCaller:
    """Calls one model on behalf of one run.

    Args:
        model: From `open_model`.
        ledger: The run's finished calls: what is in it is not asked again.
        budget: The run's caps.
        timeout_s: Seconds one try may take.
        retries: Further tries after 429, 5xx, time-outs, refused or cut connections and malformed bodies.
        on_event: Gets every `CallEvent`; it must not raise.
        sleep: Waits between tries; for tests.

    Raises:
        ConfigError: There is a cap in dollars and the model's price is unknown.
    """

    def __init__(
        self,
        model: OpenModel,
        ledger: Ledger,
        budget: Budget,
        *,
        timeout_s: float = 120.0,
        retries: int = 4,
        on_event: Callable[[CallEvent], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if budget.limits.usd is not None and model.info.cost(1, 1) is None:
            raise ConfigError(
                f"The cap of {budget.limits.usd} usd cannot be kept: the price of {model.info.name!r} is unknown.",
                mend="Cap tokens instead, or give its price in an [endpoints] entry.",
            )
        self.model = model
        self.ledger = ledger
        self.budget = budget
        self._timeout_s = timeout_s
        self._retries = retries
        self._on_event = on_event
        self._sleep = sleep

    async def text(
        self,
        role: str,
        messages: Sequence[Message | BaseMessage],
        *,
        max_tokens: int,
        temperature: float = 0.0,
    ) -> Reply:
        """Ask for a text.

        Args:
            role: Who asks; part of the ledger's key.
            messages: The chat.
            max_tokens: Longest reply.
            temperature: 0 is greedy.

        Raises:
            BudgetExceeded: A cap is reached; the model was not called.
            ModelTimeout, ModelUnavailable, ModelNotFound: After all retries.
            CapabilityMissing: A message holds a picture and the model reads none; it was not called.
        """
        return _reply(await self._once(_Ask(role, self._plain(messages), max_tokens, temperature)))

    async def stream_text(
        self,
        role: str,
        messages: Sequence[Message | BaseMessage],
        *,
        max_tokens: int,
        on_delta: Callable[[str], None],
        temperature: float = 0.0,
    ) -> Reply:
        """Ask for a text and hand on its pieces as they come.

        A ``retry`` event means that the pieces so far are void. A call that the ledger already has gives its
        whole text as one piece. Otherwise as `text`.
        """
        pieces: list[str] = []

        def deliver(piece: str | None) -> None:
            if piece is None:
                pieces.clear()
                return
            pieces.append(piece)
            on_delta(piece)
            self._emit(CallEvent("delta", role, self.model.info.label, text=piece))

        record = await self._once(_Ask(role, self._plain(messages), max_tokens, temperature), deliver)
        if not pieces and record.value["text"]:
            on_delta(record.value["text"])
        return _reply(record)

    async def structured(
        self,
        role: str,
        messages: Sequence[Message | BaseMessage],
        schema: type[T],
        *,
        fallback: Callable[[], T],
        max_tokens: int,
        temperature: float = 0.0,
        on_delta: Callable[[str | None], None] | None = None,
    ) -> Structured[T]:
        """Ask for a value of `schema`: parse, else repair once, else `fallback()`.

        Never raises for a bad reply, a dead server or an empty budget; `Structured.reason` says which.

        Args:
            on_delta: Gets the pieces of the raw reply as they come, and None when those so far are void. What was
                streamed is a preview only: the value is what counts.

        Raises:
            CapabilityMissing: A message holds a picture and the model reads none; it was not called.
        """
        chat = self._plain(messages)
        if text := hint(schema, self.model.info):
            chat = _append(chat, text)
        usage, reason = Usage(), ""
        try:
            for source in ("model", "repaired"):
                record = await self._once(_Ask(role, chat, max_tokens, temperature, schema), on_delta)
                usage += Usage.of(record)
                reply: str = record.value["text"]
                try:
                    return Structured(parse_reply(reply, schema), source, reason, usage)
                except ParseFailed as error:
                    reason = f"unusable reply: {error}"
                    if on_delta:
                        on_delta(None)
                    chat = _repair(chat, reply, str(error))
        except (BudgetExceeded, ModelError) as error:
            reason = f"{reason}; then {error}" if reason else str(error)
        self._emit(
            CallEvent("fallback", role, self.model.info.label, text=redact(reason, self.model.secrets))
        )
        return Structured(fallback(), "fallback", reason, usage)

    async def _once(self, ask: _Ask, on_delta: Callable[[str | None], None] | None = None) -> CallRecord:
        info = self.model.info
        key = call_key(
            "llm",
            ask.role,
            model=f"{info.provider}:{info.name}",
            messages=[(speaker, keyed(content)) for speaker, content in ask.messages],
            schema=json_schema(ask.schema) if ask.schema else None,
            max_tokens=ask.max_tokens,
            temperature=ask.temperature,
        )
        return await once(self.ledger, key, lambda: self._paid(key, ask, on_delta))

    async def _paid(self, key: str, ask: _Ask, on_delta: Callable[[str | None], None] | None) -> CallRecord:
        info, began = self.model.info, time.monotonic()
        async with self.budget.admit(self._estimate(ask)) as charge:
            self._emit(CallEvent("start", ask.role, info.label))
            message = await self._tried(ask, on_delta)
            text = str(message.text)
            usage = self._usage(ask, message, text)
            charge(usage)
        ms = (time.monotonic() - began) * 1000
        self._emit(CallEvent("end", ask.role, info.label, usage=usage, ms=ms))
        return CallRecord(
            key=key,
            kind="llm",
            name=f"{info.provider}:{info.name}",
            value={
                "text": text,
                "finish": str(message.response_metadata.get("finish_reason") or "stop"),
                "trimmed_tokens": int(message.response_metadata.get("trimmed_tokens") or 0),
                "unpriced_tokens": usage.unpriced_tokens,
            },
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost=usage.cost,
            ms=ms,
            role=ask.role,
        )

    async def _tried(self, ask: _Ask, on_delta: Callable[[str | None], None] | None) -> AIMessage:
        """Try until it works, is hopeless, or the tries are used up."""
        name = self.model.info.name
        for attempt in range(self._retries + 1):
            limit = asyncio.timeout(self._timeout_s)
            try:
                async with limit:
                    return await self._try(ask, on_delta)
            except Exception as error:
                verdict = judge(error, name, self.model.secrets)
                if verdict is None:
                    raise
                if limit.expired():
                    verdict = judge(
                        ModelTimeout(f"Model {name!r} gave no answer in {self._timeout_s} s."), name
                    )
                    assert verdict
                if not verdict.again or attempt == self._retries:
                    raise verdict.error from error
                if on_delta:
                    on_delta(None)
                wait = wait_s(attempt, verdict.after_s)
                self._emit(
                    CallEvent("retry", ask.role, self.model.info.label, text=str(verdict.error), wait_s=wait)
                )
                await self._sleep(wait)
        raise AssertionError("unreachable")

    async def _try(self, ask: _Ask, on_delta: Callable[[str | None], None] | None) -> AIMessage:
        options = self._options(ask)
        chat: list[Any] = [(speaker, sent(content)) for speaker, content in ask.messages]
        if on_delta is None:
            return await self.model.chat.ainvoke(chat, **options)
        whole: Any = None
        async for chunk in self.model.chat.astream(chat, **options):
            whole = chunk if whole is None else whole + chunk
            if piece := str(chunk.text):
                on_delta(piece)
        if whole is None or not whole.response_metadata.get("finish_reason"):
            raise CutStream(f"Model {self.model.info.name!r} closed the stream in the middle of its reply.")
        return whole

    def _options(self, ask: _Ask) -> dict[str, Any]:
        info = self.model.info
        options: dict[str, Any] = {"max_tokens": ask.max_tokens, "temperature": ask.temperature}
        if info.reasoning:
            options = {"max_tokens": ask.max_tokens + _THINKING_TOKENS}
        if ask.schema and "json_schema" in info.capabilities:
            form = response_format(ask.schema)
            # LangChain's OpenAI classes raise on a reply that was cut at max_tokens if they know the schema;
            # a cut reply can still be mended, so the schema goes past them.
            direct = info.provider in ("embedded", "scripted")
            options |= {"response_format": form} if direct else {"extra_body": {"response_format": form}}
        return options

    def _estimate(self, ask: _Ask) -> Usage:
        info = self.model.info
        prompt = _TEMPLATE_TOKENS + sum(_tokens(content) + 8 for _, content in ask.messages)
        reply = ask.max_tokens + (_THINKING_TOKENS if info.reasoning else 0)
        prompt, reply = min(prompt, info.context_tokens), min(reply, info.context_tokens)
        return Usage(prompt, reply, info.cost(prompt, reply) or 0.0)

    def _usage(self, ask: _Ask, message: AIMessage, text: str) -> Usage:
        if reported := message.usage_metadata:
            into, out = reported["input_tokens"], reported["output_tokens"]
        else:  # the server says nothing: count by the upper estimate
            into, out = sum(_tokens(content) for _, content in ask.messages), estimate_tokens(text)
        cost = self.model.info.cost(into, out)
        return Usage(into, out, cost or 0.0, into + out if cost is None else 0)

    def _plain(self, messages: Sequence[Message | BaseMessage]) -> list[Message]:
        chat, info = _plain(messages), self.model.info
        if "vision" not in info.capabilities and any(images_of(content) for _, content in chat):
            raise CapabilityMissing(
                f"Model {info.name!r} reads no pictures and was given one.",
                mend="Choose a model with vision, or declare `vision = true` in its [endpoints] entry.",
            )
        return chat

    def _emit(self, event: CallEvent) -> None:
        if self._on_event:
            self._on_event(event)


def _reply(record: CallRecord) -> Reply:
    return Reply(record.value["text"], Usage.of(record), record.value["finish"])


_SPEAKERS: dict[str, Speaker] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
}


def _plain(messages: Sequence[Message | BaseMessage]) -> list[Message]:
    chat: list[Message] = []
    for message in messages:
        speaker, content = message if isinstance(message, tuple) else (message.type, str(message.text))
        if speaker not in _SPEAKERS:
            raise ConfigError(f"{speaker!r} cannot speak in a chat.", mend=f"Use one of {sorted(_SPEAKERS)}.")
        chat.append((_SPEAKERS[speaker], content))
    return chat


def _tokens(content: Content) -> int:
    return estimate_tokens(text_of(content)) + sum(image.tokens for image in images_of(content))


def _append(chat: list[Message], text: str) -> list[Message]:
    """Add a line to the last user message, or a user message."""
    if chat and chat[-1][0] == "user":
        return [*chat[:-1], ("user", joined(chat[-1][1], text))]
    return [*chat, ("user", text)]


def _repair(chat: list[Message], reply: str, error: str) -> list[Message]:
    ask = f"That answer cannot be used: {error}. Give the whole answer again, as JSON only."
    return [*chat, ("assistant", reply[:_REPLY_SHOWN] or "(nothing)"), ("user", ask)]
