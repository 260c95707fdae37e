"""The embedded engine against llama.cpp's own benchmark, on the same file with the same number of threads.

llama-bench is no part of Tenfold: bring your own, as llama.cpp's releases and many distributions have it. Each turn
runs llama-bench (pp256 and tg128, with its warm-up) and the embedded engine two ways: a streamed reply of `EmbeddedChat`
(what a user sees: template, HTTP and parsing included), and by the timings that the engine itself gives for the same
replies. A ratio is taken within a turn, so that a machine that gets busier slows both sides.

    python benchmarks/embedded_engine.py --llama-bench PATH [--turns 9] [--threads 2] [--model FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from _common import interval, shown, write_result
from langchain_core.messages import AIMessageChunk

from tenfold.durable import MemoryLedger
from tenfold.models import Budget, ModelCaller, OpenModel, ensure_asset, open_model
from tenfold.models.embedded import EmbeddedChat, close_engines
from tenfold.settings import BudgetLimits, load_settings

PROMPT, REPLY, SHORT = 256, 128, 16  # tokens
ASK = "Count from one to one thousand in words. one two three"
Chunks = list[tuple[float, float, AIMessageChunk]]
"""Pieces of a reply with the clock's and the processor's seconds since the call."""


@dataclass
class Turn:
    """One turn: tokens per second, unless a name says milliseconds; `cpu` is processor time for each token."""

    bench_prompt: float
    bench_reply: float
    bench_cpu_ms: float
    seen_prompt: float
    seen_reply: float
    seen_cpu_ms: float
    own_prompt: float
    own_reply: float
    first_ms: float


def bench(program: Path, model: Path, threads: int, *sizes: str) -> tuple[float, float]:
    """Run one test of llama-bench; returns its tokens/s and the processor seconds of the whole process."""
    command = [str(program), "-m", str(model), "-r", "1", "-t", str(threads), "-o", "json", *sizes]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    reply = subprocess.run(command, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float(json.loads(reply.stdout)[0]["avg_ts"]), seconds


def bench_all(args: argparse.Namespace, model: Path, depth: int) -> tuple[float, float, float]:
    """llama-bench's prompt and generation tokens/s, and its processor milliseconds for each generated token.

    Loading and warm-up take processor time too, so the last one is the difference of a long and a short run.
    """
    program, threads, behind = args.llama_bench, args.threads, ("-d", str(depth))
    prompt, _ = bench(program, model, threads, "-p", str(PROMPT), "-n", "0")
    reply, long = bench(program, model, threads, "-p", "0", "-n", str(REPLY), *behind)
    _, short = bench(program, model, threads, "-p", "0", "-n", str(SHORT), *behind)
    return prompt, reply, 1000 * (long - short) / (REPLY - SHORT)


def size(chat: EmbeddedChat, text: str) -> int:
    """Tokens of a prompt with the chat template around it."""
    rendered = chat.engine.render([{"role": "user", "content": text}])
    return len(chat.engine.tokenize(rendered, special=True))


def prompt_of(chat: EmbeddedChat) -> str:
    """A text whose prompt has exactly `PROMPT` tokens."""
    for n in range(1, PROMPT):
        if size(chat, text := "word " * n + ASK) == PROMPT:
            return text
    raise SystemExit("No text of this model has a prompt of exactly the tokens wanted.")


async def reply_to(chat: EmbeddedChat, text: str, tokens: int) -> Chunks:
    """A streamed reply of so many tokens: those that end a turn are ruled out."""
    ends = chat.engine.tokenize("<|im_end|><|endoftext|>", special=True)
    options: dict[str, Any] = {"max_tokens": tokens, "logit_bias": [[token, False] for token in ends]}
    began, cpu = time.perf_counter(), time.process_time()
    chunks: Chunks = []
    async for chunk in chat.astream([("user", text)], **options):
        chunks.append((time.perf_counter() - began, time.process_time() - cpu, chunk))
    return chunks


def timings(chunks: Chunks) -> dict[str, float]:
    """The engine's own account."""
    return next(c.response_metadata["timings"] for _, _, c in chunks if "timings" in c.response_metadata)


async def ours(chat: EmbeddedChat, text: str) -> tuple[float, float, float, float, float, float]:
    """Prompt and generation tokens/s and processor milliseconds a token as seen, the engine's own, first token in ms."""
    prompt = await reply_to(chat, text, 1)
    reply = await reply_to(chat, ASK, REPLY)
    own_prompt, own_reply = timings(prompt), timings(reply)
    if (own_prompt["prompt_n"], own_reply["predicted_n"]) != (PROMPT, REPLY):
        raise SystemExit(f"Not the tokens wanted: {own_prompt}, {own_reply}")
    words = [chunk for chunk in reply if chunk[2].content]
    seconds, cpu = words[-1][0] - words[0][0], words[-1][1] - words[0][1]
    return (
        PROMPT / prompt[0][0],
        (REPLY - 1) / seconds,
        1000 * cpu / (REPLY - 1),
        own_prompt["prompt_per_second"],
        own_reply["predicted_per_second"],
        1000 * prompt[0][0],
    )


async def measure(args: argparse.Namespace, model: Path) -> tuple[list[Turn], dict[str, float]]:
    """All turns, and MiB: llama-bench's peak, ours before the engine, and ours at its peak."""
    settings = load_settings(threads=args.threads)
    # Before the engine is loaded: a child's peak begins with what its parent held when it forked.
    bench_all(args, model, 40)
    memory = {
        "bench": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        "before": _resident(),
    }
    opened = open_model(f"embedded:{model}", settings)
    chat = opened.chat
    assert isinstance(chat, EmbeddedChat)
    text, memory["depth"] = prompt_of(chat), size(chat, ASK)
    await reply_to(chat, text, 1)
    turns: list[Turn] = []
    for number in range(args.turns):
        theirs = None if number % 2 else bench_all(args, model, int(memory["depth"]))
        mine = await ours(chat, text)
        theirs = theirs or bench_all(args, model, int(memory["depth"]))
        turns.append(Turn(*theirs, *mine))
        print(number + 1, turns[-1], flush=True)
    memory["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    memory["call_ms"] = await call_cost(opened)
    close_engines()
    return turns, memory


async def call_cost(opened: OpenModel) -> float:
    """Milliseconds that `ModelCaller` adds to a call of the chat model: the median difference over 15 pairs."""
    caller = ModelCaller(opened, MemoryLedger(), Budget(BudgetLimits()))
    differences: list[float] = []
    for number in range(15):
        text = f"Number {number}. Say yes."
        began = time.perf_counter()
        await caller.text("benchmark", [("user", text)], max_tokens=1)
        middle = time.perf_counter()
        await opened.chat.ainvoke([("user", text)], max_tokens=1)
        differences.append(1000 * (2 * middle - began - time.perf_counter()))
    return statistics.median(differences)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def body(turns: list[Turn], memory: dict[str, float], threads: int, model: Path) -> str:
    """The result as Markdown."""
    rows = [
        ("llama-bench", [t.bench_prompt for t in turns], [t.bench_reply for t in turns], None, None),
        *(
            (name, prompt, reply, [p / t.bench_prompt for p, t in zip(prompt, turns, strict=True)],
             [r / t.bench_reply for r, t in zip(reply, turns, strict=True)])
            for name, prompt, reply in (
                ("engine, by its own clock", [t.own_prompt for t in turns], [t.own_reply for t in turns]),
                ("engine, as a caller sees it", [t.seen_prompt for t in turns], [t.seen_reply for t in turns]),
            )
        ),
    ]  # fmt: skip
    cpu = [t.bench_cpu_ms / t.seen_cpu_ms for t in turns]
    lines = [
        f"{model.name}, {threads} thread(s) on both sides, {len(turns)} turns (A B, B A, A B, …); xllamacpp "
        f"{version('xllamacpp')}. Medians with 95 % bootstrap intervals; ratios are taken within a turn. The load of "
        f"the last five minutes was {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores: a load above the cores means "
        "that other work ran beside it, so that the ratios say something and the absolute speeds are low.",
        "",
        f"| | prompt, {PROMPT} tokens (tokens/s) | of llama-bench | reply, {REPLY} tokens (tokens/s) | of llama-bench |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, prompt, reply, prompt_ratio, reply_ratio in rows:
        ratios = [shown(r) if r else "1" for r in (prompt_ratio, reply_ratio)]
        lines.append(f"| {name} | {shown(prompt, 1)} | {ratios[0]} | {shown(reply, 1)} | {ratios[1]} |")
    lines += [
        "",
        "“As a caller sees it” counts from the call to the first streamed token (tokenizing, template, HTTP and the "
        f"first sampled token included), and from there to the last. A reply follows a prompt of {memory['depth']:.0f} "
        f"tokens on both sides (`-d {memory['depth']:.0f}`).",
        "",
        f"- Processor time for each generated token, which other work touches less: llama-bench "
        f"{shown([t.bench_cpu_ms for t in turns])} ms, the whole process with engine, HTTP and Python "
        f"{shown([t.seen_cpu_ms for t in turns])} ms; speed by that measure, of llama-bench: {shown(cpu)}.",
        f"- Time to the first token after a prompt of {PROMPT} tokens: {shown([t.first_ms for t in turns], 0)} ms.",
        f"- `ModelCaller` (budget, ledger, events) against the bare chat model, a call of one token: {memory['call_ms']:+.0f} ms (median of 15 pairs; below nothing means that it drowns in the machine's noise).",
        f"- Memory: {memory['before']:.0f} MiB before the engine, {memory['peak']:.0f} MiB at the peak with it "
        f"(4 slots of 2,048 tokens); llama-bench {memory['bench']:.0f} MiB.",
    ]
    middle = interval([t.seen_reply / t.bench_reply for t in turns])[0]
    lines += [
        "",
        f"Target: at least 0.9 of llama-bench's generation speed. Seen: {middle:.2f} by the clock on the wall, "
        f"{interval(cpu)[0]:.2f} by processor time.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--llama-bench", type=Path, required=True, help="llama.cpp's llama-bench")
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--model", type=Path, help="a GGUF file; the embedded default otherwise")
    args = parser.parse_args()
    model = args.model or ensure_asset("smollm2", load_settings())
    turns, memory = asyncio.run(measure(args, model))
    command = f"python benchmarks/embedded_engine.py --llama-bench PATH --turns {args.turns} --threads {args.threads}"
    write_result("engine", "The embedded engine", command, body(turns, memory, args.threads, model))


if __name__ == "__main__":
    main()
