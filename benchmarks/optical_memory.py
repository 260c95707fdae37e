"""What is still known of an old conversation: optical memory beside text that is cut or summarised, at equal cost.

    python benchmarks/optical_memory.py [--histories 6]

A history has 96 rounds; each says one fact ("The locker code of Mina Park is 4821.") among sentences of a licence text.
After the last round every fact is asked for. With optical memory a page is read back by the CPU engine from the very
picture that the model would get; the fact counts if name and number stand together in what was read. The text sides
get as many tokens (DeepSeek's tokenizer) as the optical side cost: the last ones (truncation), the first sentence of
each round as far back as they reach (lead), or the sentences nearest the history's centroid, in order (summary).
"""

from __future__ import annotations

import argparse
import math
import random
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from _common import RESULTS, ROOT, SEED, write_result

from tenfold.models.deepocr import deepseek
from tenfold.models.reading import open_reader
from tenfold.tools.optical import FadingPolicy, OpticalMemory

ROUNDS = 96
BINS = ((0, 4), (4, 8), (8, 16), (16, 32), (32, 64), (64, ROUNDS))
GIVEN = "Mina Jonas Priya Tomas Aiko Lena Omar Ines Karel Noor Petra Diego Yuna Marek Sofia Emil".split()
FAMILY = "Park Weber Singh Novak Sato Hahn Aziz Costa Bauer Kim Lind Rossi Moreau Dunn Vogel Price".split()
SIDES = ("optical", "truncation", "lead", "summary")


@dataclass(frozen=True)
class Fact:
    name: str
    code: str

    @property
    def sentence(self) -> str:
        return f"The locker code of {self.name} is {self.code}."

    def known(self, text: str) -> bool:
        wanted = re.sub(r"\W+", "", f"{self.name}is{self.code}").casefold()
        return wanted in re.sub(r"\W+", "", text).casefold()


def history(seed: int) -> tuple[list[str], list[Fact]]:
    chance = random.Random(seed)
    text = (ROOT / "LICENSE").read_text()
    sentences = [" ".join(s.split()) for s in re.split(r"(?<=[.;])\s+", text) if 60 < len(s) < 400]
    people = chance.sample([f"{given} {family}" for given in GIVEN for family in FAMILY], ROUNDS)
    facts = [Fact(name, f"{chance.randrange(1000, 10_000)}") for name in people]
    rounds: list[str] = []
    for fact in facts:
        words = chance.sample(sentences, 2)
        words.insert(chance.randrange(3), fact.sentence)
        rounds.append(" ".join(words))
    return rounds, facts


def truncated(rounds: list[str], budget: int) -> str:
    kept = deepseek().encode("\n".join(rounds))[-budget:]
    return deepseek().decode(kept)


def lead(rounds: list[str], budget: int) -> str:
    kept: list[str] = []
    for words in reversed(rounds):
        first = re.split(r"(?<=[.;]) ", words)[0]
        budget -= deepseek().count(first)
        if budget < 0:
            break
        kept.append(first)
    return "\n".join(reversed(kept))


def summary(rounds: list[str], budget: int) -> str:
    """Extractive, by TF-IDF cosine with the centroid (Radev et al. 2004)."""
    sentences = [s for words in rounds for s in re.split(r"(?<=[.;]) ", words)]
    bags = [Counter(re.findall(r"\w+", s.casefold())) for s in sentences]
    seen = Counter(word for bag in bags for word in bag)
    weigh = [{w: n * math.log(len(bags) / seen[w]) for w, n in bag.items()} for bag in bags]
    centroid: Counter[str] = Counter()
    for bag in weigh:
        centroid.update(bag)

    def near(bag: dict[str, float]) -> float:
        return sum(v * centroid[w] for w, v in bag.items()) / (math.hypot(*bag.values()) or 1.0)

    kept: set[int] = set()
    for at in sorted(range(len(sentences)), key=lambda i: -near(weigh[i])):
        price = deepseek().count(sentences[at])
        if price <= budget:
            kept.add(at)
            budget -= price
    return "\n".join(s for i, s in enumerate(sentences) if i in kept)


def optical(rounds: list[str], page_tokens: int, folder: Path) -> tuple[str, int, dict[str, int]]:
    policy = FadingPolicy(ages=((0, "text"), (4, "large"), (8, "base"), (16, "small"), (32, "tiny")))
    memory = OpticalMemory(folder, deepseek().count, policy=policy, page_tokens=page_tokens)
    for words in rounds:
        memory.add(words)
        memory.advance()
    fragments = memory.fragments()
    pictures = [f.png for f in fragments if f.png]
    readings = iter(open_reader("rapidocr").read(pictures, task="text"))
    read = [f.text or next(readings).text.replace("\n", " ") for f in fragments]
    levels = Counter(f.level for f in fragments)
    return "\n".join(read), sum(f.tokens for f in fragments), dict(levels)


def wilson(hits: int, n: int) -> str:
    if not n:
        return "-"
    z = 1.96
    middle = (hits + z * z / 2) / (n + z * z)
    half = z * math.sqrt(hits * (n - hits) / n + z * z / 4) / (n + z * z)
    return f"{hits / n:.2f} [{max(0.0, middle - half):.2f}, {min(1.0, middle + half):.2f}]"


def study(page_tokens: int, histories: int) -> str:
    hits: Counter[tuple[str, int]] = Counter()
    asked: Counter[int] = Counter()
    spent, whole = 0, 0
    levels: Counter[str] = Counter()
    for number in range(histories):
        rounds, facts = history(SEED + number)
        with tempfile.TemporaryDirectory() as folder:
            read, budget, shown = optical(rounds, page_tokens, Path(folder))
        levels.update(shown)
        spent += budget
        whole += deepseek().count("\n".join(rounds))
        texts = {
            "optical": read,
            "truncation": truncated(rounds, budget),
            "lead": lead(rounds, budget),
            "summary": summary(rounds, budget),
        }
        for at, fact in enumerate(facts):
            age = ROUNDS - 1 - at
            place = next(i for i, (low, high) in enumerate(BINS) if low <= age < high)
            asked[place] += 1
            for side in SIDES:
                hits[side, place] += fact.known(texts[side])
        print(
            page_tokens,
            number,
            budget,
            {s: sum(hits[s, b] for b in range(len(BINS))) for s in SIDES},
            flush=True,
        )
    lines = [
        f"Pages of {page_tokens} text tokens: {spent / histories:.0f} tokens in place of {whole / histories:.0f}"
        f" ({whole / spent:.1f}x); fragments {dict(levels)}.",
        "", "| age in rounds | facts | " + " | ".join(SIDES) + " |", "|---|---|" + "---|" * len(SIDES),
    ]  # fmt: skip
    for place, (low, high) in enumerate(BINS):
        cells = [wilson(hits[side, place], asked[place]) for side in SIDES]
        lines.append(f"| {low}-{high - 1} | {asked[place]} | " + " | ".join(cells) + " |")
    totals = [wilson(sum(hits[side, b] for b in range(len(BINS))), sum(asked.values())) for side in SIDES]
    return "\n".join([*lines, f"| all | {sum(asked.values())} | " + " | ".join(totals) + " |"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--histories", type=int, default=6)
    asked = parser.parse_args()
    parts = [study(page_tokens, asked.histories) for page_tokens in (640, 1280)]
    note = (
        f"n = {asked.histories} histories of {ROUNDS} rounds; share of facts known, with 95 % Wilson intervals. The reader of the"
        " pictures is rapidocr (PP-OCR), not DeepSeek-OCR, whose weights are not here: what is shown is what can be read"
        " off a page of each mode's pixels, and not what that model's tokens hold. A model that is only shown the"
        " pictures must still find the fact in them. The words themselves are kept by the memory in any case."
    )
    write_result(
        "optical-memory",
        "Optical memory: planted facts by age",
        "python benchmarks/optical_memory.py",
        note + "\n\n" + "\n\n".join(parts),
    )
    print(RESULTS)


if __name__ == "__main__":
    main()
