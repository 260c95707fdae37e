"""The embedded engine as a LangChain chat model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import (
    AIMessageChunk,
    BaseMessage,
    convert_to_openai_messages,
    message_chunk_to_message,
)
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict

from ...errors import CapabilityMissing, ModelUnavailable
from .engine import Engine, EngineShape, get_engine
from .fit import Fitted, Wire, fit

# llguidance, which reads the grammar: https://github.com/guidance-ai/llguidance, docs/json_schema.md
_NO_BLANKS = {"whitespace_flexible": False, "item_separator": ",", "key_separator": ":"}
_PASSED_ON = ("response_format", "top_logprobs", "seed", "top_p", "top_k", "min_p", "grammar", "logit_bias")


class EmbeddedChat(BaseChatModel):
    """A GGUF model on the process-wide engine.

    `bind` or keyword arguments of a call: `response_format` (a JSON schema in OpenAI's form: decoding is then
    constrained to it), `logprobs` and `top_logprobs` (natural logarithms before sampling, in
    ``response_metadata["logprobs"]``), `max_tokens`, `temperature`, `seed`, `top_p`, `top_k`, `min_p`.

    ``response_metadata["timings"]`` is the engine's own account of a reply (`prompt_n`, `prompt_ms`, `predicted_n`,
    `predicted_ms`).

    A prompt that is too long is shortened (see `tenfold.models.embedded.fit`) and
    ``response_metadata["trimmed_tokens"]`` says by how much. Cancelling the task that awaits a reply stops the
    generation and frees its slot. At temperature 0 the prompt cache is off: a cached and a fresh prompt differ
    in the last bits of their logits, and a greedy reply must not depend on what was asked before.

    Args:
        path: The GGUF file.
        context_tokens, slots, threads: As `EngineShape`.
        max_tokens: Longest reply; None is what the context leaves.
        temperature: 0 is greedy.
        seed: Of the sampler, for temperatures above 0; None draws one.
    """

    model_config = ConfigDict(protected_namespaces=())

    path: Path
    context_tokens: int = 2048
    slots: int = 4
    threads: int | None = None
    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int | None = None
    stop: list[str] | None = None

    @property
    def engine(self) -> Engine:
        """The shared engine, loaded when first asked for."""
        return get_engine(EngineShape(self.path, self.context_tokens, self.slots, self.threads))

    @property
    def _llm_type(self) -> str:
        return "tenfold-embedded"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.path.stem, "context_tokens": self.context_tokens}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return {**super()._get_ls_params(stop, **kwargs), "ls_model_name": self.path.stem}

    def get_num_tokens(self, text: str) -> int:
        """How many tokens `text` is, by the model's own tokenizer."""
        return self.engine.count_tokens(text)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _joined(list(self._stream(messages, stop, None, **kwargs)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _joined([chunk async for chunk in self._astream(messages, stop, None, **kwargs)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        body, fitted = self._request(messages, stop, kwargs)
        with (
            self.engine.client() as client,
            client.stream("POST", "/v1/chat/completions", json=body) as response,
        ):
            if response.status_code != 200:
                raise _refused(response.read())
            for line in response.iter_lines():
                for chunk in self._chunks(line, fitted):
                    if run_manager:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        # Loading takes seconds and counting a long prompt takes milliseconds: not on the event loop.
        body, fitted = await asyncio.to_thread(self._request, messages, stop, kwargs)
        async with (
            self.engine.async_client() as client,
            client.stream("POST", "/v1/chat/completions", json=body) as response,
        ):
            if response.status_code != 200:
                raise _refused(await response.aread())
            async for line in response.aiter_lines():
                for chunk in self._chunks(line, fitted):
                    if run_manager:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk

    def _request(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> tuple[dict[str, Any], Fitted]:
        engine = self.engine
        room = engine.context_tokens
        asked: int = options.get("max_tokens") or self.max_tokens or room
        wire: list[Wire] = convert_to_openai_messages(messages, text_format="string")  # pyright: ignore[reportAssignmentType]
        fitted = fit(wire, room - min(asked, room // 4) - 1, engine)
        temperature = float(options.get("temperature", self.temperature))
        body: dict[str, Any] = {
            "messages": fitted.messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": min(asked, room - 1 - fitted.tokens if fitted.trimmed else asked),
            "temperature": temperature,
            "cache_prompt": temperature > 0,
            "stop": stop or self.stop or [],
            "logprobs": bool(options.get("logprobs")),
        }
        if self.seed is not None:
            body["seed"] = self.seed
        body |= {key: options[key] for key in _PASSED_ON if options.get(key) is not None}
        return self._compact(body), fitted

    def _compact(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request with its JSON schema as a grammar that allows no white space between tokens.

        The engine's own grammar allows any amount of it, and a small model at temperature 0.8 goes on with blanks until
        its tokens end: of 60 replies of SmolLM2 all fitted with both, in 3,640 tokens with white space, 1,255 without.

        Raises:
            CapabilityMissing: No grammar can hold the schema.
        """
        asked = body.get("response_format") or {}
        if asked.get("type") != "json_schema":
            return body
        text = json.dumps(asked["json_schema"]["schema"], sort_keys=True)
        if text not in self.engine.schemas:
            # A grammar that does not compile is passed over in silence; a schema that does not is refused, here too.
            with self.engine.client() as client:
                trial = {"messages": [{"role": "user", "content": ""}], "response_format": asked}
                response = client.post("/apply-template", json=trial)
            if response.status_code != 200:
                raise _refused(response.content)
            self.engine.schemas.add(text)
        schema = {**asked["json_schema"]["schema"], "x-guidance": _NO_BLANKS}
        rest = {key: value for key, value in body.items() if key != "response_format"}
        return {**rest, "grammar": f"%llguidance {{}}\nstart: %json {json.dumps(schema)}"}

    def _chunks(self, line: str, fitted: Fitted) -> Iterator[ChatGenerationChunk]:
        """The chunks that one line of the event stream brings: none, or one."""
        if not line.startswith(("data:", "error:")):
            return
        data = line.partition(":")[2].strip()
        if data == "[DONE]":
            return
        event = json.loads(data)
        if "error" in event or line.startswith("error:"):
            raise _refused(data.encode())
        if chunk := _chunk(event, self.path.stem, fitted.trimmed):
            yield chunk


def _chunk(event: dict[str, Any], model: str, trimmed: int) -> ChatGenerationChunk | None:
    text, metadata, info = "", dict[str, Any](), dict[str, Any]()
    for choice in event.get("choices", []):
        text = choice["delta"].get("content") or ""
        if logprobs := choice.get("logprobs"):
            metadata["logprobs"] = logprobs
        if reason := choice.get("finish_reason"):
            info = {"finish_reason": reason}
            metadata |= {"finish_reason": reason, "model_name": model, "trimmed_tokens": trimmed}
    if timings := event.get("timings"):
        metadata["timings"] = timings
    message = AIMessageChunk(content=text, response_metadata=metadata)
    if usage := event.get("usage"):
        message.usage_metadata = {
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
            "total_tokens": usage["total_tokens"],
        }
    if not text and not metadata and not usage:
        return None
    return ChatGenerationChunk(message=message, generation_info=info or None)


def _joined(chunks: list[ChatGenerationChunk]) -> ChatResult:
    if not chunks or "finish_reason" not in (whole := sum(chunks[1:], chunks[0])).message.response_metadata:
        raise ModelUnavailable("The embedded engine closed the stream before the reply's end.")
    message = message_chunk_to_message(whole.message)
    return ChatResult(generations=[ChatGeneration(message=message, generation_info=whole.generation_info)])


def _refused(body: bytes) -> Exception:
    try:
        error = json.loads(body)
        error = error.get("error", error)
        kind, text = str(error.get("type")), str(error.get("message"))
    except (ValueError, AttributeError):
        kind, text = "", body.decode(errors="replace")
    if kind == "invalid_request_error":
        return CapabilityMissing(f"The embedded engine refuses the request: {text[:300]!r}.")
    return ModelUnavailable(f"The embedded engine failed: {text[:300]!r}.")
