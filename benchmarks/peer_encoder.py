"""DeepEncoder at full size beside DeepSeek's own code and transformers': the same features, CPU time, memory.

    git clone https://github.com/deepseek-ai/DeepSeek-OCR, then
    python benchmarks/peer_encoder.py PATH/DeepSeek-OCR-master/DeepSeek-OCR-vllm/deepencoder [--rounds 3]

Random weights, the same for all: none is needed to compare arithmetic. One thread, CPU seconds of the process; each
pass in a process of its own, so that its peak of memory is its own. `flash_attn`, which DeepSeek's files import and the
SDPA path never calls, is replaced by an empty module.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any

from _common import SEED, shown, write_result

SIZES = (512, 640, 1024, 1280)
TIMED = (512, 1024)
NAMES = ("ours", "deepseek", "transformers")


def weights() -> dict[str, Any]:
    """Encoder weights by official name, at scales that keep activations near one."""
    import torch

    from tenfold.models.deepocr import DeepOcrConfig, census

    generator = torch.Generator().manual_seed(SEED)
    made: dict[str, Any] = {}
    for name, shape in census(DeepOcrConfig.official()).items():
        if not name.startswith(("model.sam_model", "model.vision_model")):
            continue
        noise = torch.randn(shape, generator=generator)
        norm = len(shape) == 1 and name.endswith("weight")
        scale = 0.1 if len(shape) == 1 else shape[-1] ** -0.5 if len(shape) == 2 else 0.02
        made[name] = 1 + 0.1 * noise if norm else scale * noise
    return made


def ours(state: dict[str, Any], _: Path) -> Any:
    import torch

    from tenfold.models.deepocr import DeepOcrConfig
    from tenfold.models.deepocr.clip import Clip
    from tenfold.models.deepocr.sam import Sam

    config = DeepOcrConfig.official()
    sam, clip = Sam(config.sam), Clip(config.clip)
    part(sam, state, "model.sam_model.")
    part(clip, state, "model.vision_model.", without=("embeddings.patch_embedding.weight",))

    def forward(pixels: Any) -> Any:
        tokens = sam(pixels).flatten(2).transpose(1, 2)
        return torch.cat([clip(tokens), tokens], -1)

    return forward


def deepseek(state: dict[str, Any], folder: Path) -> Any:
    import torch

    stub: Any = types.ModuleType("flash_attn")
    stub.flash_attn_qkvpacked_func = stub.flash_attn_func = None
    sys.modules["flash_attn"] = stub
    sys.path.insert(0, str(folder))
    import clip_sdpa  # pyright: ignore[reportMissingImports]
    import sam_vary_sdpa  # pyright: ignore[reportMissingImports]

    sam, clip = sam_vary_sdpa.build_sam_vit_b(), clip_sdpa.build_clip_l()
    part(sam, state, "model.sam_model.")
    part(clip, state, "model.vision_model.", spare=("embeddings.position_ids",))

    def forward(pixels: Any) -> Any:
        mapped = sam(pixels)
        return torch.cat([clip(pixels, mapped)[:, 1:], mapped.flatten(2).permute(0, 2, 1)], -1)

    return forward


def transformers(state: dict[str, Any], _: Path) -> Any:
    from transformers import UnlimitedOcrVisionConfig
    from transformers.models.unlimited_ocr.modeling_unlimited_ocr import UnlimitedOcrVisionModel

    model = UnlimitedOcrVisionModel._from_config(UnlimitedOcrVisionConfig())
    renamed: dict[str, Any] = {}
    for name, value in state.items():
        if "patch_embedding" in name:
            continue
        for new, piece in _theirs(name.removeprefix("model."), value):
            renamed[new] = piece
    missing, extra = model.load_state_dict(renamed, strict=False)
    assert not extra, extra
    assert all("position_ids" in name for name in missing), missing
    model.eval()
    return lambda pixels: model(pixels).last_hidden_state


def _theirs(name: str, value: Any) -> list[tuple[str, Any]]:
    changes = [
        ("sam_model.blocks.", "sam_encoder.layers."), ("sam_model.patch_embed.proj", "sam_encoder.patch_embed.projection"),
        ("sam_model.net_2", "sam_encoder.proj.conv1"), ("sam_model.net_3", "sam_encoder.proj.conv2"),
        ("sam_model.neck.0", "sam_encoder.neck.conv1"), ("sam_model.neck.1", "sam_encoder.neck.layer_norm1"),
        ("sam_model.neck.2", "sam_encoder.neck.conv2"), ("sam_model.neck.3", "sam_encoder.neck.layer_norm2"),
        ("sam_model.", "sam_encoder."), (".norm1.", ".layer_norm1."), (".norm2.", ".layer_norm2."),
        ("vision_model.transformer.", "vision_encoder.encoder."), ("vision_model.", "vision_encoder."),
    ]  # fmt: skip
    for old, new in changes:
        name = name.replace(old, new)
    if "qkv_proj" not in name:
        return [(name, value)]
    return [(name.replace("qkv", letter), piece) for letter, piece in zip("qkv", value.chunk(3), strict=True)]


def part(
    module: Any,
    state: dict[str, Any],
    prefix: str,
    without: tuple[str, ...] = (),
    spare: tuple[str, ...] = (),
) -> None:
    own = {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}
    missing, extra = module.load_state_dict({n: v for n, v in own.items() if n not in without}, strict=False)
    assert set(missing) <= set(spare), missing
    assert not extra, extra
    module.eval()


def child(name: str, size: int, folder: Path, out: Path, state: Path) -> None:
    """One forward pass: CPU seconds and memory above the loaded weights, as a line of JSON."""
    import torch

    torch.set_num_threads(1)
    pixels = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(size)) * 2 - 1
    forward = globals()[name](torch.load(state, mmap=True, weights_only=True), folder)
    with torch.inference_mode():
        forward(pixels[..., :512, :512])  # lazy allocations, and pages of the weights' file
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        began = time.process_time()
        features = forward(pixels)
        seconds = time.process_time() - began
    status = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line
    )
    peak = int(status["VmHWM"].split()[0]) * 1024
    torch.save(features, out)
    print(json.dumps({"seconds": seconds, "extra": (peak - resident) / 1e9}))


def run(name: str, size: int, folder: Path, scratch: Path) -> dict[str, float]:
    command = [
        sys.executable,
        __file__,
        str(folder),
        "--child",
        name,
        "--size",
        str(size),
        "--scratch",
        str(scratch),
    ]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child")
    parser.add_argument("--size", type=int)
    parser.add_argument("--scratch", type=Path)
    asked = parser.parse_args()
    if asked.child:
        scratch: Path = asked.scratch
        out = scratch / f"{asked.child}-{asked.size}.pt"
        return child(asked.child, asked.size, asked.folder, out, scratch / "weights.pt")
    with tempfile.TemporaryDirectory() as scratch:
        study(asked.folder, asked.rounds, Path(scratch))
    return None


def study(folder: Path, rounds: int, scratch: Path) -> None:
    import torch

    torch.save(weights(), scratch / "weights.pt")
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    for turn in range(rounds):
        for size in TIMED if turn else SIZES:
            for name in NAMES:  # in turn, so that what else the machine does falls on all
                found.setdefault((name, size), []).append(run(name, size, folder, scratch))
                print(name, size, found[name, size][-1], flush=True)
    lines = [
        "| px | code | largest difference | CPU s | ratio to ours | GB above the weights |",
        "|---|---|---|---|---|---|",
    ]
    for size in SIZES:
        mine = torch.load(scratch / f"ours-{size}.pt")
        for name in NAMES:
            features = torch.load(scratch / f"{name}-{size}.pt")
            apart = float((features - mine).abs().max() / mine.abs().max())
            runs = found[name, size]
            ratios = [a["seconds"] / b["seconds"] for a, b in zip(runs, found["ours", size], strict=True)]
            cpu = sorted(r["seconds"] for r in runs)[len(runs) // 2]
            extras = sorted(r["extra"] for r in runs)
            extra = f"{extras[len(runs) // 2]:.2f}" + (
                f" (largest {extras[-1]:.2f})" if len(runs) > 1 else ""
            )
            ratio = shown(ratios) if len(runs) > 1 else f"{ratios[0]:.2f}"
            lines.append(f"| {size} | {name} | {apart:.1e} | {cpu:.1f} | {ratio} | {extra} |")
    note = (
        f"One view, fp32, one thread, random weights of the official shapes; n = {rounds} rounds at {TIMED[0]} and"
        f" {TIMED[1]} px, 1 at the others. The difference is relative to the largest feature. The ratio is CPU time of"
        " the other code over ours in the same round: above 1, ours is faster. Memory is the peak over what was"
        " resident before, the median of the rounds; weights that were not resident before are in it."
    )
    write_result(
        "deepencoder",
        "DeepEncoder beside DeepSeek's code and transformers'",
        "python benchmarks/peer_encoder.py PATH",
        f"{note}\n\n" + "\n".join(lines),
    )


if __name__ == "__main__":
    main()
