"""How well cross-reading tells what a model invented or left out.

    python benchmarks/reading_guard.py --pages 40

Pages are drawn from the repository's own prose, one or two columns, 15 to 22 pixels, a third of them blurred and
noisy. The reading under test is the true text with errors planted in it; rapidocr is the second engine, and reads the
picture. Precision: of the blocks that are flagged, those with an error in them. Recall: of the errors, those whose
block is flagged, or for dropped text, those that a note quotes. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import io
import math
import random
import re
from collections import Counter
from dataclasses import dataclass

from _common import ROOT, SEED, write_result
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tenfold.models.reading import cross_read, missing_blocks, open_reader
from tenfold.pages import Block, Box, PageReading

SIZE = (1000, 1200)
KINDS = ("word", "digit", "sentence", "line", "block")
SAID = {
    "word": "a word replaced by another of the corpus",
    "digit": "one digit of a number changed",
    "sentence": "a sentence of another page put in",
    "line": "one drawn line dropped",
    "block": "a whole paragraph dropped",
}


@dataclass
class Drawn:
    picture: bytes
    blocks: list[Block]
    lines: list[list[str]]


def paragraphs() -> list[str]:
    found: list[str] = []
    for path in sorted([*(ROOT / "docs" / "design").glob("*.md"), *(ROOT / "docs" / "guide").glob("*.md")]):
        for part in path.read_text("utf-8").split("\n\n"):
            text = re.sub(r"[`*]", "", " ".join(part.split()))
            plain = not re.search(r"[|#<>\[\]{}]|^    ", text) and text.isascii()
            if plain and 120 <= len(text) <= 420 and not part.startswith("    "):
                found.append(text)
    return sorted(set(found))


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) > width and line:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def drawn(texts: list[str], chance: random.Random) -> Drawn:
    columns, px = chance.choice((1, 2)), chance.randint(15, 22)
    width, height, margin = SIZE[0], SIZE[1], 60
    page = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(px)
    room = (width - margin * (columns + 1)) // columns
    column, top = 0, margin
    blocks: list[Block] = []
    kept: list[list[str]] = []
    for text in texts:
        lines = wrapped(text, font, room)
        if top + len(lines) * px * 1.3 > height - margin:
            column, top = column + 1, margin
            if column == columns:
                break
        left, first = margin + column * (room + margin), top
        for line in lines:
            pen.text((left, top), line, fill="black", font=font)
            top += round(px * 1.3)
        box = Box(left=left, top=first, right=left + room, bottom=top)
        blocks.append(Block(label="text", text=text, boxes=(box,)))
        kept.append(lines)
        top += round(px * 1.1)
    if chance.random() < 1 / 3:
        page = page.filter(ImageFilter.GaussianBlur(0.7))
        page = Image.blend(page, Image.effect_noise(page.size, 60).convert("RGB"), 0.12)
    out = io.BytesIO()
    page.save(out, "PNG")
    return Drawn(out.getvalue(), blocks, kept)


def planted(
    page: Drawn, corpus: list[str], chance: random.Random
) -> tuple[list[Block], dict[int, str], list[tuple[str, str]]]:
    """The blocks with errors, which block (in the new order) has which, and what was dropped."""
    whole = " ".join(block.text for block in page.blocks)
    words = [w for text in corpus for w in re.findall(r"\b[a-z]{5,12}\b", text) if w not in whole]
    sentences = [s for text in corpus for s in re.findall(r"[A-Z][^.!?]{30,90}\.", text) if s not in whole]
    blocks: list[Block] = []
    wrong: dict[int, str] = {}
    dropped: list[tuple[str, str]] = []
    for block, lines in zip(page.blocks, page.lines, strict=True):
        kind = chance.choice([*KINDS, *[""] * 5])
        text = block.text
        if kind == "word":
            target = chance.choice(re.findall(r"\b[a-z]{5,12}\b", text) or [""])
            text = re.sub(rf"\b{target}\b", chance.choice(words), text, count=1) if target else text
        elif kind == "digit":
            numbers = [m for m in re.finditer(r"\d", text)]
            if numbers:
                at = chance.choice(numbers).start()
                text = text[:at] + chance.choice([d for d in "0123456789" if d != text[at]]) + text[at + 1 :]
        elif kind == "sentence":
            text = f"{text} {chance.choice(sentences)}"
        elif kind == "line" and len(lines) > 2:
            at = chance.randrange(1, len(lines) - 1)
            dropped.append((kind, lines[at]))
            text = " ".join(lines[:at] + lines[at + 1 :])
        elif kind == "block":
            dropped.append((kind, text))
            continue
        if text != block.text and kind in ("word", "digit", "sentence"):
            wrong[len(blocks)] = kind
        blocks.append(block.model_copy(update={"text": text}))
    return blocks, wrong, dropped


def bare(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def wilson(hits: int, n: int) -> str:
    if n == 0:
        return "none"
    z, p = 1.96, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{p:.3f} [{max(0.0, middle - half):.3f}, {min(1.0, middle + half):.3f}] ({hits} of {n})"


@dataclass
class Tally:
    found: Counter[str]
    all: Counter[str]
    flagged: int = 0
    right: int = 0
    missing: int = 0
    missing_right: int = 0
    blocks: int = 0


def measured(pages: int) -> Tally:
    chance = random.Random(SEED)
    corpus = paragraphs()
    reader = open_reader("rapidocr")
    tally = Tally(Counter(), Counter())
    for number in range(pages):
        page = drawn(chance.sample(corpus, 10), chance)
        second = reader.read([page.picture])[0]
        blocks, wrong, dropped = planted(page, corpus, chance)
        reading = PageReading(
            engine="planted",
            mode="auto",
            task="markdown",
            width=1240,
            height=1600,
            blocks=tuple(blocks),
            raw="",
        )
        notes = cross_read(reading, second)
        flags = {n.block for n in notes if n.kind == "unconfirmed"}
        texts = [bare(part.text) for part in missing_blocks(reading, second)]
        tally.blocks += len(blocks)
        tally.flagged += len(flags)
        tally.right += len(flags & set(wrong))
        tally.missing += len(texts)
        tally.missing_right += sum(any(_shares(t, bare(d)) for _, d in dropped) for t in texts)
        for block, kind in wrong.items():
            tally.all[kind] += 1
            tally.found[kind] += block in flags
        for kind, text in dropped:
            tally.all[kind] += 1
            tally.found[kind] += any(_shares(t, bare(text)) for t in texts)
        print(f"{number + 1}/{pages}", dict(tally.found), dict(tally.all), flush=True)
    return tally


def _shares(a: str, b: str) -> bool:
    """Whether two squeezed texts share a run of twelve letters."""
    return any(a[i : i + 12] in b for i in range(max(1, len(a) - 11)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=40)
    pages = parser.parse_args().pages
    tally = measured(pages)
    rows = "\n".join(f"| {SAID[k]} | {wilson(tally.found[k], tally.all[k])} |" for k in KINDS)
    body = (
        f"{(__doc__ or '').split('    python')[0].strip()}\n\n{(__doc__ or '').split('pages 40')[1].strip()}\n\n"
        f"{pages} pages, {tally.blocks} blocks.\n\n"
        f"| flag | precision |\n| --- | --- |\n"
        f"| unconfirmed, by block | {wilson(tally.right, tally.flagged)} |\n"
        f"| missing, by note | {wilson(tally.missing_right, tally.missing)} |\n\n"
        f"| error | recall |\n| --- | --- |\n{rows}\n"
    )
    write_result(
        "reading-guard",
        "Cross-reading: what the flags are worth",
        f"python benchmarks/reading_guard.py --pages {pages}",
        body,
    )


if __name__ == "__main__":
    main()
