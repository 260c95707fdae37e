"""Train the small DeepOCR: the class of the 3.3 B model, on rendered pages, from nothing.

The recipe is for one core and an hour. One page of 8x6 letters in three modes: the one with four vision tokens first, the
others when it is read. Heads that name all letters of a vision token and of a patch at once, and one that tells the
decoder where the next letter stands, make every token a sample; they are dropped at the end. Everything that is drawn
comes from the step's number, so a run that was killed goes on from its last checkpoint as if nothing had happened.

    python benchmarks/peer_train_small_deepocr.py RUN_FOLDER --minutes 60 --steps 8000
    python benchmarks/peer_train_small_deepocr.py RUN_FOLDER --minutes 25 --steps 60000 --width gpu --device cuda

With --device cuda: bf16 autocast, compiled, and eight times the pages a step. RUN_FOLDER/model is what `load` reads:
the moving average of the weights, in fp16.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from _common import SEED
from _small_model import Trainee, configuration, write_tokenizer
from _small_pages import Task, training_batch

from tenfold.models.deepocr import save

LEVELS = ((Task(8, 6, 128),), (Task(8, 6, 64), Task(8, 6, 192)))
LISTENS = 0.4
"""Share of letters that the head must name before the decoder is trained at all."""
OPENS = 0.6
"""Share of letters that tokens' head and decoder must name on a level's first task before the next one opens."""
PEAK, WARM = 2e-3, 200
MEAN = 0.998  # of the moving average, a step
SAVE_SECONDS = 120


@dataclass
class State:
    """Where a run is; with the weights and the optimiser's moments all that a later process needs."""

    step: int = 0
    level: int = 0
    pages: int = 0
    tokens: int = 0
    cpu_seconds: float = 0.0
    right: dict[str, list[float]] = field(default_factory=dict[str, list[float]])


class Run:
    def __init__(self, folder: Path, args: argparse.Namespace) -> None:
        self.folder, self.device, self.steps = folder, args.device, args.steps
        self.cuda = args.device.startswith("cuda")
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(SEED)
        self.model = Trainee(configuration(args.width)).to(self.device)
        self.mean = copy.deepcopy(self.model.ocr).requires_grad_(False)
        matrices = [p for p in self.model.parameters() if p.ndim > 1]
        vectors = [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": 0.02}, {"params": vectors, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.98), fused=True)
        self.state = State()
        self.path = folder / "checkpoint.pt"
        if self.path.is_file():
            self._resume()
        self.forward = torch.compile(self.model, dynamic=False) if self.cuda else self.model

    def _resume(self) -> None:
        kept = torch.load(self.path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(kept["model"])
        self.mean.load_state_dict(kept["mean"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.state = State(**kept["state"])
        print(f"resumed at step {self.state.step}", flush=True)

    def save(self) -> None:
        """Checkpoint, and the moving average as a folder that `load` reads."""
        parts = {"model": self.model, "mean": self.mean, "optimiser": self.optimiser}
        kept = {name: part.state_dict() for name, part in parts.items()}
        partial = self.path.with_suffix(".partial")
        torch.save({**kept, "state": vars(self.state)}, partial)
        os.replace(partial, self.path)
        save(self.mean, self.folder / "model")
        write_tokenizer(self.folder / "model")
        facts = vars(self.state) | {"steps": self.steps, "device": self.device, "seed": SEED}
        (self.folder / "training.json").write_text(json.dumps(facts, indent=1), "utf-8")

    def task(self, chance: random.Random) -> Task:
        """Half of the steps go to the newest level, the rest to all that are open; larger pages are likelier."""
        open_levels = range(self.state.level + 1)
        level = (
            self.state.level
            if chance.random() < 0.5
            else chance.choices(open_levels, [2 + n for n in open_levels])[0]
        )
        return chance.choice(LEVELS[level])

    def listens(self) -> bool:
        return self.state.level > 0 or self.state.right.get(LEVELS[0][0].name, [0.0])[0] > LISTENS

    def rate(self) -> float:
        done = self.state.step / self.steps
        warm = min(1.0, (self.state.step + 1) / WARM)
        return PEAK * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def advance(self) -> str:
        """One step; returns a line for the log."""
        state = self.state
        task = self.task(random.Random(f"{SEED} {state.step}"))
        pages = max(4, min(32, 384 // task.letters, 32 // task.side**2)) * (8 if self.cuda else 1)
        batch = training_batch(task, pages, SEED + state.step, self.device)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        with torch.autocast("cuda", torch.bfloat16, enabled=self.cuda):
            heads, told, right = self.forward(batch, self.listens())
        self.optimiser.zero_grad(set_to_none=True)
        (heads + told).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self._average()
        values = right.tolist()
        before = state.right.get(task.name, [0.0] * 3)
        state.right[task.name] = [0.95 * b + 0.05 * v for b, v in zip(before, values, strict=True)]
        state.step += 1
        state.pages += pages
        state.tokens += pages * task.side**2
        first = LEVELS[state.level][0].name
        if state.level + 1 < len(LEVELS) and min(state.right.get(first, [0.0])[:2]) > OPENS:
            state.level += 1
        return f"{task.name} heads {heads.item():.3f} decoder {told.item():.3f}"

    @torch.no_grad()
    def _average(self) -> None:
        keep = min(MEAN, (1 + self.state.step) / (10 + self.state.step))
        mine = dict(self.model.ocr.named_parameters())
        names = [n for n, _ in self.mean.named_parameters()]
        torch._foreach_lerp_([p for _, p in self.mean.named_parameters()], [mine[n] for n in names], 1 - keep)

    def go(self, minutes: float) -> None:
        """Train until the steps are done or the minutes are over."""
        end, saved = time.monotonic() + 60 * minutes, time.monotonic()
        while self.state.step < self.steps and time.monotonic() < end:
            cpu = time.process_time()
            line = self.advance()
            self.state.cpu_seconds += time.process_time() - cpu
            if self.state.step % 50 == 0:
                shown = {n: [round(v, 3) for v in r] for n, r in self.state.right.items()}
                print(self.state.step, f"{self.state.cpu_seconds:.0f} s", line, shown, flush=True)
            if time.monotonic() - saved > SAVE_SECONDS:
                self.save()
                saved = time.monotonic()
        self.save()
        print("done", self.state.step, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=8000, help="of the whole schedule, over all processes")
    parser.add_argument("--width", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    if not args.device.startswith("cuda"):
        torch.set_num_threads(1)
    Run(args.folder, args).go(args.minutes)


if __name__ == "__main__":
    main()
