"""A chat model that answers from a script, at once: for tests, benchmarks and rehearsals.

A script is a function or a list of rules. A rule's matcher is a string that the prompt must contain, a regular
expression, or a predicate; its reply is a text, a JSON value, a `Failure`, or a function. As a file it is JSON:

    {"rules": [{"match": "Name a river", "reply": "The Nile"},
               {"match": "", "fail": {"status": 429, "retry_after": 1}, "times": 1},
               {"match": "", "reply": {"any": "JSON"}}]}
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, PrivateAttr

from ..errors import ConfigError, ModelNotFound
from .info import ModelInfo, OpenModel
from .picture import Image


class UnexpectedCall(AssertionError):
    """The script has no rule for this prompt. Never retried and never turned into a fallback."""


class ServerFailure(Exception):
    """A scripted HTTP failure, with the attributes that a client library's errors have."""

    def __init__(self, status_code: int, retry_after: float | None) -> None:
        super().__init__(f"scripted failure {status_code}")
        self.status_code = status_code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Failure:
    """A scripted failure.

    Attributes:
        status: An HTTP status, or ``timeout`` (never answers), ``connection`` (no server), ``cut`` (the stream
            ends in the middle of `text`).
        retry_after: Seconds that the server asks for, with 429 or 503.
        text: What a cut stream sends before it ends.
    """

    status: int | Literal["timeout", "connection", "cut"]
    retry_after: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A scripted reply with its own numbers; None counts characters by four."""

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    finish: str = "stop"


Answer = str | dict[str, Any] | list[Any] | Said | Failure | Exception
Reply = Answer | Callable[[str], Answer]
Matcher = str | re.Pattern[str] | Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the first whose matcher fits the prompt's text and that is not used up answers.

    Attributes:
        match: What the prompt must be; the empty string fits all.
        reply: The answer.
        times: How often it may be used; None is always.
    """

    match: Matcher
    reply: Reply
    times: int | None = None

    def fits(self, prompt: str) -> bool:
        """Whether the matcher fits."""
        if isinstance(self.match, str):
            return self.match in prompt
        if isinstance(self.match, re.Pattern):
            return self.match.search(prompt) is not None
        return self.match(prompt)


class ScriptedChat(BaseChatModel):
    """A chat model that answers from rules or a function of the prompt's text.

    Args:
        rules: Rules in order; a (matcher, reply) pair is a rule without a limit.
        answer: Instead of rules, or after them: a function of the prompt's text.
        log: A file that gets one JSON line when a call begins and one when it ends, each on disk before the
            model goes on, so that a test that kills the process can count calls.
        delay_s: Seconds each call takes.
        strict: Raise `UnexpectedCall` where nothing answers; otherwise the reply is empty.
        vision: Whether it takes pictures; the prompt shows them as ``[picture SHA WIDTHxHEIGHT]``.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    rules: Sequence[Rule | tuple[Matcher, Reply]] = ()
    answer: Callable[[str], Answer] | None = None
    log: Path | None = None
    delay_s: float = 0.0
    strict: bool = True
    vision: bool = False
    _used: dict[int, int] = PrivateAttr(default_factory=dict[int, int])
    _calls: int = PrivateAttr(default=0)
    _lock: Any = PrivateAttr(default_factory=Lock)

    @property
    def calls(self) -> int:
        """Calls begun so far."""
        return self._calls

    def unused(self) -> list[Rule]:
        """Rules that have never answered."""
        return [rule for i, rule in enumerate(self._all_rules()) if i not in self._used]

    @property
    def _llm_type(self) -> str:
        return "tenfold-scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        number, prompt = self._begin(messages)
        time.sleep(self.delay_s)
        said = self._say(prompt)
        if said.finish == "timeout":
            time.sleep(3600)
        return self._end(number, prompt, said)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        number, prompt = self._begin(messages)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        said = self._say(prompt)
        if said.finish == "timeout":
            await asyncio.sleep(3600)
        return self._end(number, prompt, said)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        number, prompt = self._begin(messages)
        time.sleep(self.delay_s)
        yield from self._pieces(number, prompt, self._say(prompt))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        number, prompt = self._begin(messages)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        said = self._say(prompt)
        if said.finish == "timeout":
            await asyncio.sleep(3600)
        for piece in self._pieces(number, prompt, said):
            yield piece

    def _all_rules(self) -> list[Rule]:
        return [rule if isinstance(rule, Rule) else Rule(*rule) for rule in self.rules]

    def _begin(self, messages: list[BaseMessage]) -> tuple[int, str]:
        with self._lock:
            self._calls += 1
            number = self._calls
        prompt = "\n\n".join(map(_words, messages))
        self._write("begin", number, prompt)
        return number, prompt

    def _find(self, prompt: str) -> Answer:
        with self._lock:
            for i, rule in enumerate(self._all_rules()):
                if rule.fits(prompt) and (rule.times is None or self._used.get(i, 0) < rule.times):
                    self._used[i] = self._used.get(i, 0) + 1
                    return rule.reply(prompt) if callable(rule.reply) else rule.reply
        if self.answer is not None:
            return self.answer(prompt)
        if self.strict:
            raise UnexpectedCall(f"No rule of {len(self.rules)} fits the prompt {prompt[:400]!r}.")
        return ""

    def _say(self, prompt: str) -> Said:
        answer = self._find(prompt)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Failure):
            return _fail(answer)
        if isinstance(answer, Said):
            return answer
        return Said(answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))

    def _end(self, number: int, prompt: str, said: Said) -> ChatResult:
        if said.finish == "cut":
            raise ConnectionError("scripted cut: the reply ended in the middle")
        self._write("end", number, prompt)
        message = AIMessage(content=said.text, response_metadata=_metadata(said))
        message.usage_metadata = _usage(prompt, said)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _pieces(self, number: int, prompt: str, said: Said) -> Iterator[ChatGenerationChunk]:
        for word in re.findall(r"\s*\S+|\s+$", said.text):
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        if said.finish == "cut":
            return
        self._write("end", number, prompt)
        last = AIMessageChunk(content="", response_metadata=_metadata(said))
        last.usage_metadata = _usage(prompt, said)
        yield ChatGenerationChunk(message=last)

    def _write(self, event: Literal["begin", "end"], number: int, prompt: str) -> None:
        if self.log is None:
            return
        key = hashlib.sha256(prompt.encode()).hexdigest()[:16]
        with self._lock, self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, "n": number, "key": key}) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _words(message: BaseMessage) -> str:
    """A message's text; a picture is seen as ``[picture SHA WIDTHxHEIGHT]``, SHA being 16 digits of its SHA-256."""
    if isinstance(message.content, str):
        return message.content
    seen: list[str] = []
    for part in message.content:
        if isinstance(part, dict) and part.get("type") == "image_url":
            image = Image(base64.b64decode(part["image_url"]["url"].partition(",")[2]))
            seen.append("[picture {} {}x{}]".format(image.sha256[:16], *image.size))
        else:
            seen.append(part if isinstance(part, str) else str(part.get("text", "")))
    return "\n\n".join(seen)


def _fail(failure: Failure) -> Said:
    match failure.status:
        case "timeout" | "cut":
            return Said(failure.text, finish=failure.status)
        case "connection":
            raise ConnectionRefusedError("scripted: no server")
        case status:
            raise ServerFailure(status, failure.retry_after)


def _metadata(said: Said) -> dict[str, Any]:
    return {"finish_reason": said.finish, "model_name": "scripted"}


def _usage(prompt: str, said: Said) -> Any:
    into = len(prompt) // 4 + 1 if said.input_tokens is None else said.input_tokens
    out = len(said.text) // 4 + 1 if said.output_tokens is None else said.output_tokens
    return {"input_tokens": into, "output_tokens": out, "total_tokens": into + out}


_SCRIPTS: dict[str, ScriptedChat] = {}


def register_script(name: str, model: ScriptedChat) -> str:
    """Make `model` available in this process as ``scripted:NAME``; returns that name."""
    _SCRIPTS[name] = model
    return f"scripted:{name}"


def open_script(name: str) -> OpenModel:
    """The scripted model of a registered name or of a JSON file.

    Raises:
        ModelNotFound: Neither a registered name nor a file.
        ConfigError: The file is not a script.
    """

    chat = _SCRIPTS.get(name) or _read(Path(name))
    info = ModelInfo(
        name=name,
        provider="scripted",
        label=f"{name} (scripted)",
        context_tokens=128_000,
        capabilities=frozenset(
            {"json_schema", "stream", "vision"} if chat.vision else {"json_schema", "stream"}
        ),
        usd_per_million_in=0.0,
        usd_per_million_out=0.0,
    )
    return OpenModel(chat, info, lambda text: len(text) // 4 + 1)


def _read(path: Path) -> ScriptedChat:
    if not path.is_file():
        raise ModelNotFound(f"No scripted model {str(path)!r}.", mend="Register it, or give a JSON file.")
    try:
        script = json.loads(path.read_text(encoding="utf-8"))
        rules = [
            Rule(
                rule.get("match", ""),
                Failure(**rule["fail"]) if "fail" in rule else rule["reply"],
                rule.get("times"),
            )
            for rule in script["rules"]
        ]
        log = Path(script["log"]) if script.get("log") else None
        return ScriptedChat(rules=rules, log=log, delay_s=float(script.get("delay_s", 0.0)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{str(path)!r} is not a script: {error!r}.", mend='Write {"rules": [...]}.'
        ) from error
