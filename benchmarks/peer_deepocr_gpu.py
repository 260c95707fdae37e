"""DeepEncoder and decoder on one GPU against what its arithmetic and its bandwidth allow.

    python benchmarks/peer_deepocr_gpu.py [--weights FOLDER] [--tflops 790] [--gbytes 4300] [--tiny]

Without weights random ones of the official shapes are used: time does not depend on their values, but for how evenly
the experts are chosen. Bounds: FLOPs of the encoder counted by torch, bytes that a decoding step must read (all experts'
weights, and 61,440 bytes of keys and values for each token of context). `--tiny` runs a small model on the CPU: whether
the script works can be seen on any machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from _common import SEED, write_result

from tenfold.models.deepocr import Cache, DecoderConfig, DeepOcr, DeepOcrConfig, Step, load

PAPER_PAGES_A_DAY = 200_000  # one A100-40G (arXiv 2510.18234, section 1)
OUTPUT_TOKENS = 1000


def model_of(asked: argparse.Namespace, device: str) -> DeepOcr:
    if asked.weights:
        return load(asked.weights, device=device, dtype=torch.bfloat16)
    config = DeepOcrConfig.official()
    if asked.tiny:
        small = DecoderConfig(
            width=128,
            layers=2,
            heads=4,
            vocab=512,
            mlp=256,
            expert_mlp=64,
            experts=8,
            context=2048,
            image=511,
        )
        config = DeepOcrConfig(decoder=small)
    torch.manual_seed(SEED)
    with torch.device(device):
        model = DeepOcr(config).to(torch.float32 if asked.tiny else torch.bfloat16)
    for parameter in model.parameters():
        parameter.data.normal_(0, 0.02)
    return model.eval().requires_grad_(False)


def seconds(work: Callable[[], Any], device: str, times: int) -> float:
    work()
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    began = time.perf_counter()
    for _ in range(times):
        work()
    wait()
    return (time.perf_counter() - began) / times


def encoder(model: DeepOcr, device: str, asked: argparse.Namespace) -> list[str]:
    from torch.utils.flop_counter import FlopCounterMode

    lines = [
        "| view | batch | views/s eager | views/s compiled | TFLOP a view | of the bound |",
        "|---|---|---|---|---|---|",
    ]
    for size in (512,) if asked.tiny else (512, 640, 1024, 1280):
        batch = 1 if asked.tiny else 16
        pixels = torch.rand(batch, 3, size, size, device=device, dtype=model.dtype)
        with FlopCounterMode(display=False) as counter:
            model.features(pixels[:1])
        flops = counter.get_total_flops()
        eager = batch / seconds(lambda p=pixels: model.features(p), device, 2 if asked.tiny else 10)
        fast = eager
        if not asked.tiny:
            compiled = torch.compile(
                model.features, mode="max-autotune-no-cudagraphs", fullgraph=True, dynamic=False
            )
            fast = batch / seconds(lambda p=pixels, c=compiled: c(p), device, 10)
        share = max(eager, fast) * flops / (asked.tflops * 1e12)
        lines.append(f"| {size} | {batch} | {eager:.1f} | {fast:.1f} | {flops / 1e12:.3f} | {share:.0%} |")
    return lines


def step_bytes(model: DeepOcr, rows: int, context: int) -> float:
    """What one decoding step has to read at least."""
    decoder = [
        p
        for n, p in model.named_parameters()
        if "sam_model" not in n and "vision_model" not in n and "embed_tokens" not in n
    ]
    weights = sum(p.numel() * p.element_size() for p in decoder)
    config = model.config.decoder
    return weights + rows * context * config.layers * 2 * config.width * model.lm_head.weight.element_size()


def decoder(model: DeepOcr, device: str, asked: argparse.Namespace) -> tuple[list[str], float]:
    lines = ["| rows | context | tokens/s | of the bandwidth bound |", "|---|---|---|---|"]
    best = 0.0
    for rows in (1, 8) if asked.tiny else (1, 16, 64, 256):
        start = 64 if asked.tiny else 600
        cache = Cache(model.config.decoder, rows, model.dtype, model.device)
        x = torch.randn(rows, 1, model.config.decoder.width, device=device, dtype=model.dtype)
        cache.reserve(start + 64)

        def work(
            rows: int = rows, start: int = start, cache: Cache = cache, x: torch.Tensor = x
        ) -> torch.Tensor:
            cache.lengths.fill_(start)
            return model.logits(model.model(x, Step(cache, 0, rows, 1, start))).argmax(-1)

        rate = rows / seconds(work, device, 3 if asked.tiny else 30)
        bound = rows * asked.gbytes * 1e9 / step_bytes(model, rows, start)
        best = max(best, rate)
        lines.append(f"| {rows} | {start} | {rate:.0f} | {rate / bound:.0%} |")
    return lines, best


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path)
    parser.add_argument(
        "--tflops", type=float, default=790.0, help="dense bf16 of the card; H200: 790 in practice"
    )
    parser.add_argument(
        "--gbytes", type=float, default=4300.0, help="memory bandwidth, GB/s; H200: 4300 in practice"
    )
    parser.add_argument("--tiny", action="store_true")
    asked = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() and not asked.tiny else "cpu"
    if device == "cpu" and not asked.tiny:
        raise SystemExit("No GPU here: give --tiny to see whether the script works.")
    model = model_of(asked, device)
    with torch.inference_mode():
        views = encoder(model, device, asked)
        steps, rate = decoder(model, device, asked)
    pages = 86_400 * rate / OUTPUT_TOKENS
    card = torch.cuda.get_device_name() if device == "cuda" else "the CPU, a small model: no result"
    body = "\n".join([
        f"On {card}.", "", *views, "", *steps, "",
        f"Decoding alone allows {pages:,.0f} pages a day of {OUTPUT_TOKENS} tokens; the paper says {PAPER_PAGES_A_DAY:,} on an A100-40G.",
    ])  # fmt: skip
    if asked.tiny:
        print(body)
    else:
        write_result("deepocr-gpu", "DeepSeek-OCR on one GPU", "python benchmarks/peer_deepocr_gpu.py", body)


if __name__ == "__main__":
    main()
