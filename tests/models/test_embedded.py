"""The real engine with the real model: SmolLM2-135M on llama.cpp."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from tenfold.durable import MemoryLedger
from tenfold.errors import CapabilityMissing, ModelNotFound, ModelTimeout, ModelUnavailable
from tenfold.models import (
    Budget,
    EmbeddedChat,
    Engine,
    EngineShape,
    ModelCaller,
    get_engine,
    open_model,
    serve,
)
from tenfold.models.schema import response_format
from tenfold.settings import BudgetLimits, load_settings

pytestmark = pytest.mark.model

CONTEXT = 512


Word = Annotated[str, Field(max_length=12)]


class River(BaseModel):
    name: Word
    countries: list[Word] = Field(max_length=2)
    long: bool


@pytest.fixture
def chat(smollm2: Path) -> EmbeddedChat:
    return EmbeddedChat(path=smollm2, threads=1, context_tokens=CONTEXT)


@pytest.fixture
def engine(chat: EmbeddedChat) -> Engine:
    return chat.engine


# One thread everywhere: a second one stalls both when the machine has other work (see engine._free_cores).


async def wait_busy(engine: Engine, slots: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while engine.busy_slots() != slots:  # noqa: ASYNC110 - another process's state
            await asyncio.sleep(0.05)


async def test_twenty_of_twenty_replies_fit_the_schema_at_temperature_0_8(chat: EmbeddedChat) -> None:
    topics = ["Nile", "cats", "war", "JSON", "나일강", "<|im_end|>", "}{", "", "Paris", "a" * 300]
    form = response_format(River)

    async def ask(n: int) -> River:
        text = f"Tell me about {topics[n % 10]}. Variation {n}."
        reply = await chat.ainvoke(text, temperature=0.8, response_format=form, max_tokens=120)
        return River.model_validate_json(reply.text)

    rivers = await asyncio.gather(*(ask(n) for n in range(20)))
    assert len(rivers) == 20 and len({r.model_dump_json() for r in rivers}) > 5


async def test_log_probs_are_a_distribution_and_greedy_takes_its_top(
    chat: EmbeddedChat, engine: Engine
) -> None:
    reply = await chat.bind(logprobs=True, top_logprobs=20, max_tokens=12).ainvoke("Name a river.")
    steps = reply.response_metadata["logprobs"]["content"]
    assert len(steps) == 12 == reply.usage_metadata["output_tokens"]
    for step in steps:
        top = step["top_logprobs"]
        assert len(top) == 20 and math.fsum(math.exp(t["logprob"]) for t in top) <= 1 + 1e-5
        assert step["id"] == max(top, key=lambda t: t["logprob"])["id"]
        assert step["logprob"] == pytest.approx(top[0]["logprob"])
    assert engine.detokenize([step["id"] for step in steps]) == reply.text


@pytest.mark.parametrize("head", ["", "한국어 문장. "])
async def test_a_prompt_of_ten_contexts_returns(chat: EmbeddedChat, engine: Engine, head: str) -> None:
    filler = (head + "The river flows past the old town and on to the sea. ") * 700
    question = "Now answer with one word: what flows?"
    assert engine.count_tokens(filler) > 10 * CONTEXT
    reply = await chat.ainvoke(
        [("system", "You answer in one word."), ("user", f"{filler}\n{question}")], max_tokens=20
    )
    assert reply.response_metadata["trimmed_tokens"] > 9 * CONTEXT
    used = reply.usage_metadata
    assert used["input_tokens"] <= CONTEXT - 20 and used["total_tokens"] <= CONTEXT
    body, fitted = chat._request(reply_prompt(filler, question), None, {"max_tokens": 20})
    assert fitted.messages[0]["content"] == "You answer in one word."
    assert fitted.messages[1]["content"].endswith(question) and "�" not in fitted.messages[1]["content"]
    assert body["max_tokens"] == 20 and fitted.tokens == len(
        engine.tokenize(engine.render(fitted.messages), special=True)
    )


def reply_prompt(filler: str, question: str) -> list[object]:
    from langchain_core.messages import HumanMessage, SystemMessage

    return [SystemMessage("You answer in one word."), HumanMessage(f"{filler}\n{question}")]


async def test_many_long_messages_and_a_long_system_message_still_fit(chat: EmbeddedChat) -> None:
    long = "word and other things " * 400
    for messages in (
        [("system", long), ("user", "hi")],
        [("user", long), ("assistant", long)] * 30 + [("user", "And now?")],
        [("user", "hm")] * 600,
    ):
        reply = await chat.ainvoke(messages, max_tokens=8)
        assert reply.usage_metadata["total_tokens"] <= CONTEXT, messages[0][1][:20]
        assert reply.response_metadata["trimmed_tokens"] > 0


async def test_the_reply_is_cut_to_what_the_context_leaves(chat: EmbeddedChat) -> None:
    chat_ = chat.model_copy(update={"context_tokens": 512})
    reply = await chat_.ainvoke(
        "word " * 300 + "Repeat all words.", max_tokens=100_000, logit_bias=[[2, False]]
    )
    assert reply.response_metadata["finish_reason"] == "length"
    assert 500 <= reply.usage_metadata["total_tokens"] <= CONTEXT


async def test_greedy_replies_are_the_same_whatever_came_before(chat: EmbeddedChat) -> None:
    prompts = ["Write about war and peace", "Write about war", "Tell me about rivers. " * 8]
    first = [(await chat.ainvoke(p, max_tokens=40)).text for p in prompts]
    second = [(await chat.ainvoke(p, max_tokens=40)).text for p in reversed(prompts)]
    assert first == second[::-1]


async def test_a_seed_fixes_a_warm_reply(chat: EmbeddedChat) -> None:
    ask = {"max_tokens": 30, "temperature": 1.2}
    texts = [(await chat.ainvoke("Make up a name.", seed=7, **ask)).text for _ in range(2)]
    other = (await chat.ainvoke("Make up a name.", seed=8, **ask)).text
    assert texts[0] == texts[1] != other


async def test_streaming_brings_pieces_and_the_numbers(chat: EmbeddedChat) -> None:
    pieces, usage, began, first = [], None, time.monotonic(), 0.0
    async for chunk in chat.astream("Tell a story.", max_tokens=60):
        first = first or time.monotonic() - began
        pieces.append(chunk.text)
        usage = chunk.usage_metadata or usage
    reply = await chat.ainvoke("Tell a story.", max_tokens=60)
    whole, timings = reply.text, reply.response_metadata["timings"]
    assert timings["predicted_n"] == 60 and timings["prompt_n"] == reply.usage_metadata["input_tokens"]
    assert "".join(pieces) == whole and len([p for p in pieces if p]) > 30
    assert usage and usage["output_tokens"] == 60 and first < (time.monotonic() - began) / 3
    assert "".join(c.text for c in chat.stream("Tell a story.", max_tokens=60)) == whole
    assert chat.invoke("Tell a story.", max_tokens=60).text == whole


async def test_cancelling_while_it_writes_frees_the_slot_at_once(chat: EmbeddedChat, engine: Engine) -> None:
    for streamed in (False, True):

        async def run(streamed: bool = streamed) -> None:
            if streamed:
                async for _ in chat.astream(
                    "Tell a very long story.", max_tokens=450, logit_bias=[[2, False]]
                ):
                    pass
            else:
                await chat.ainvoke("Tell a very long story.", max_tokens=450, logit_bias=[[2, False]])

        tasks = [asyncio.create_task(run()) for _ in range(4)]
        await wait_busy(engine, 4, 20)
        await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(d, asyncio.CancelledError) for d in done)
        await wait_busy(engine, 0, 2)  # all the tokens of four slots take far longer
    async with asyncio.timeout(5):
        await chat.ainvoke("hi", max_tokens=3)


async def test_cancelling_while_it_reads_frees_the_slot_before_it_would_end(
    smollm2: Path,
) -> None:
    chat = EmbeddedChat(path=smollm2, threads=1, context_tokens=2048, slots=1)
    task = asyncio.create_task(chat.ainvoke("word and " * 900, max_tokens=450))
    await asyncio.to_thread(lambda: chat.engine.context_tokens)
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    began = time.monotonic()
    await chat.ainvoke("hi", max_tokens=1)
    assert time.monotonic() - began < 8  # one thread reads it all in 15 s or more


async def test_a_time_out_frees_the_slot_too(smollm2: Path) -> None:
    settings = load_settings(context_tokens=CONTEXT, concurrency=4, threads=1)
    model = open_model(f"embedded:{smollm2}", settings)
    caller = ModelCaller(
        model, MemoryLedger(), Budget(BudgetLimits.model_validate({})), timeout_s=0.5, retries=0
    )
    got = await caller.structured(
        "r",
        [("user", "A very long list of rivers.")],
        River,
        fallback=lambda: River(name="?", countries=[], long=False),
        max_tokens=450,
        temperature=0.8,
    )
    assert got.source in ("fallback", "model")
    with pytest.raises(ModelTimeout, match=r"0\.5 s"):
        await caller.text("r", [("user", "Tell a very long story.")], max_tokens=450)
    await wait_busy(get_engine(EngineShape(smollm2, CONTEXT, 4, 1)), 0, 2)


async def test_structured_through_the_caller(smollm2: Path) -> None:
    model = open_model(f"embedded:{smollm2}", load_settings(context_tokens=CONTEXT, threads=1))
    assert model.info.small and "json_schema" in model.info.capabilities
    caller = ModelCaller(model, MemoryLedger(), Budget(BudgetLimits.model_validate({"usd": 1})))
    got = await caller.structured(
        "r",
        [("user", "Describe the river Nile.")],
        River,
        fallback=lambda: River(name="?", countries=[], long=False),
        max_tokens=120,
    )
    assert got.source == "model" and got.usage.output_tokens > 5 and got.usage.cost == 0


async def test_four_calls_at_once_and_instances_that_share_one_engine(smollm2: Path) -> None:
    one = EmbeddedChat(path=smollm2, threads=1, context_tokens=CONTEXT)
    two = EmbeddedChat(path=smollm2, threads=1, context_tokens=CONTEXT, temperature=0.5)
    assert one.engine is two.engine
    both = await asyncio.gather(
        *(c.ainvoke(f"Count to {n}.", max_tokens=40) for n, c in enumerate([one, two] * 2))
    )
    assert all(reply.text for reply in both)
    assert one.engine.context_tokens == CONTEXT and one.engine.parameters == 134_515_008


def test_token_counts_are_the_tokenizers_own(engine: Engine) -> None:
    assert engine.count_tokens("") == 0
    assert engine.count_tokens("Hello world") == 2 == len(engine.tokenize("Hello world"))
    for text in ("Hello  world\n", "나일강은 길다", "<|im_start|>", "🙂 café"):
        assert engine.detokenize(engine.tokenize(text)) == text
    assert len(engine.tokenize("<|im_start|>", special=True)) == 1 < engine.count_tokens("<|im_start|>")


def test_files_that_are_not_models(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="pull"):
        get_engine(EngineShape(tmp_path / "no.gguf"))
    (tmp_path / "html.gguf").write_text("<html>")
    with pytest.raises(ModelUnavailable, match="not a GGUF"):
        get_engine(EngineShape(tmp_path / "html.gguf"))
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\0" * 1000)
    with pytest.raises(ModelUnavailable, match="cannot load"):
        get_engine(EngineShape(tmp_path / "bad.gguf"))


async def test_a_schema_that_no_grammar_can_hold_is_a_clear_error(chat: EmbeddedChat) -> None:
    bad = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"$ref": "#/$defs/None"}}}
    with pytest.raises((CapabilityMissing, ModelUnavailable), match="embedded engine"):
        await chat.ainvoke("hi", response_format=bad, max_tokens=5)


def test_the_openai_client_drives_the_engine(smollm2: Path) -> None:
    import httpx
    import openai

    with serve(EngineShape(smollm2, CONTEXT, 2, 1)) as engine:
        client = openai.OpenAI(base_url=engine.base_url, api_key=engine.api_key, max_retries=0)
        ask = [{"role": "user", "content": "Name a river."}]
        whole = client.chat.completions.create(model="m", messages=ask, max_tokens=12, temperature=0)
        assert whole.choices[0].message.content and whole.usage.completion_tokens == 12
        parts = client.chat.completions.create(
            model="m", messages=ask, max_tokens=12, temperature=0, stream=True
        )
        assert len([p for p in parts if p.choices and p.choices[0].delta.content]) > 5
        parsed = client.chat.completions.parse(
            model="m", messages=ask, response_format=River, max_tokens=300, temperature=0.5
        )
        assert isinstance(parsed.choices[0].message.parsed, River)
        stranger = openai.OpenAI(base_url=engine.base_url, api_key="guess", max_retries=0)
        with pytest.raises(openai.AuthenticationError):
            stranger.chat.completions.create(model="m", messages=ask)
        url = engine.base_url
    with pytest.raises(httpx.TransportError):
        httpx.get(url + "/models")


@pytest.mark.parametrize("how", ["idle", "daemon thread", "cancelled", "foreign client"])
def test_the_process_ends_cleanly_and_silently(smollm2: Path, how: str) -> None:
    code = f"""
        import asyncio, threading, time, httpx
        from pathlib import Path
        from tenfold.models import EmbeddedChat
        chat = EmbeddedChat(path=Path({str(smollm2)!r}), context_tokens=512, threads=1)
        engine, how = chat.engine, {how!r}

        def long():
            try:
                chat.invoke("Tell a long story.", max_tokens=400)
            except Exception:
                pass

        def foreign():
            ask = {{"messages": [{{"role": "user", "content": "Tell a long story."}}], "max_tokens": 400}}
            head = {{"Authorization": f"Bearer {{engine.api_key}}"}}
            try:
                httpx.post(f"{{engine.base_url}}/chat/completions", json=ask, headers=head, timeout=None)
            except Exception:
                pass

        async def cancelled():
            task = asyncio.create_task(chat.ainvoke("Tell a long story.", max_tokens=400))
            await asyncio.sleep(0.5)
            task.cancel()

        if how == "cancelled":
            asyncio.run(cancelled())
        elif how != "idle":
            for _ in range(2):
                threading.Thread(target=long if how == "daemon thread" else foreign, daemon=True).start()
            while engine.busy_slots() < 2:
                time.sleep(0.05)
        print("end")
    """
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")
    assert time.monotonic() - began < 20
