"""Pages of the small DeepOCR's study: text in a grid of monospaced letters, pasted from glyph atlases as tensors.

A page of C columns and R rows is filled from the left as a terminal does it: words break at the right edge. It is
rendered once, in cells of 16x24 pixels, and resized to the modes. Which 64x64 region of a mode's picture, so which
vision token, a cell falls into is fixed, and so is where in it the letter stands: the slots of the auxiliary heads.

Fonts and texts are what a Debian machine with Python has: fonts-dejavu, fonts-liberation; Python's
own documentation (pydoc_data, docstrings of the standard library) to train on, /usr/share/common-licenses to be
measured on. Nothing of the licences is trained on.
"""

from __future__ import annotations

import ast
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

BOS, EOS, PAD, IMAGE = range(4)
LETTERS = [chr(c) for c in range(32, 127)]
FIRST = 5  # the id of the first letter, the space; 4 stands for letters that the vocabulary lacks
VOCAB = FIRST + len(LETTERS)
BLANK = PAD  # what a slot without a letter is to say
CELL = (16, 24)  # pixels of a cell on the page as rendered: width, height
MARGIN = 4
GRID = {64: (12, 8), 16: (3, 2)}
"""Slots of a vision token's 64x64 pixels and of a patch's 16x16, columns and rows: one a letter of the smallest size."""
FONTS = Path("/usr/share/fonts/truetype")
LICENCES = Path("/usr/share/common-licenses")
FACES = [
    "dejavu/DejaVuSansMono.ttf",
    "dejavu/DejaVuSansMono-Bold.ttf",
    "liberation/LiberationMono-Regular.ttf",
]
KINDS = ("natural", "shuffled", "random")


@dataclass(frozen=True)
class Task:
    """Pages of `columns` x `rows` letters, resized to `size` pixels a side."""

    columns: int
    rows: int
    size: int

    @property
    def letters(self) -> int:
        return self.columns * self.rows

    @property
    def side(self) -> int:
        """Vision tokens a side."""
        return self.size // 64

    @property
    def name(self) -> str:
        return f"{self.columns}x{self.rows}@{self.size}"


def ids_of(text: str) -> list[int]:
    return [FIRST + ord(c) - 32 for c in text]


def text_of(ids: list[int]) -> str:
    return "".join(LETTERS[i - FIRST] for i in ids if i >= FIRST)


def _plain(text: str) -> str:
    """Printable ASCII with single spaces."""
    return " ".join("".join(c if " " <= c <= "~" else " " for c in text).split())


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            doc = ast.get_docstring(node)
            if doc and len(doc) > 80:
                yield doc


@lru_cache(maxsize=1)
def training_text() -> str:
    """Python's reference and the standard library's docstrings; about 2 million letters."""
    from pydoc_data.topics import topics

    library = Path(ast.__file__).parent
    parts = [topics[name] for name in sorted(topics)]
    for path in sorted(library.rglob("*.py")):
        inside = path.relative_to(library).parts
        if inside[0] not in ("test", "site-packages", "pydoc_data", "idlelib"):
            parts += _docstrings(path)
    return _plain(" ".join(parts))


@lru_cache(maxsize=1)
def held_out_text() -> str:
    """The licences that every Debian carries; another source than what was trained on."""
    files = [p for p in sorted(LICENCES.iterdir()) if p.is_file() and not p.is_symlink()]
    if not files:
        sys.exit(f"{LICENCES} is empty: the held-out text is what Debian puts there.")
    return _plain(" ".join(p.read_text("utf-8", "replace") for p in files))


def sample(kind: str, letters: int, chance: random.Random, text: str) -> str:
    """`letters` letters of a kind: as written, with the words in another order, or drawn with equal chances."""
    if kind == "random":
        words = ["".join(chance.choices(LETTERS[1:], k=chance.randint(1, 9))) for _ in range(letters)]
    else:
        span = 30 * letters + 200 if kind == "shuffled" else letters + 40
        at = text.find(" ", chance.randrange(len(text) - span - 100)) + 1
        words = text[at : at + span].split()[:-1]
        if kind == "shuffled":
            chance.shuffle(words)
    # A page neither ends nor begins with a space: nobody could see it.
    whole = " ".join(words)[:letters]
    return whole[:-1] + "." if whole.endswith(" ") else whole


@lru_cache(maxsize=2)
def atlas(scale: int = 1) -> Tensor:
    """Ink of every letter, [faces, letters, 24·scale, 16·scale] in 0..1."""
    from PIL import Image, ImageDraw, ImageFont

    width, height = CELL[0] * scale, CELL[1] * scale
    sheets = []
    for face in FACES:
        if not (FONTS / face).is_file():
            sys.exit(f"{face} is missing: apt install fonts-dejavu fonts-liberation")
        size = int(height * 0.8)
        font = ImageFont.truetype(FONTS / face, size)
        while font.getlength("M") > width:
            size -= 1
            font = ImageFont.truetype(FONTS / face, size)
        up, down = font.getmetrics()
        left, base = (width - font.getlength("M")) / 2, (height - up - down) / 2 + up
        for letter in LETTERS:
            cell = Image.new("L", (width, height))
            ImageDraw.Draw(cell).text((left, base), letter, fill=255, font=font, anchor="ls")
            sheets.append(np.array(cell))
    stacked = torch.from_numpy(np.stack(sheets)).float() / 255
    return stacked.view(len(FACES), len(LETTERS), height, width)


def canvas(ids: Tensor, faces: Tensor, sheet: Tensor) -> Tensor:
    """Ids [B, R, C] and faces [B] -> ink of the pages as rendered, [B, 1, H, W]; blanks are spaces."""
    letters = torch.where(ids >= FIRST, ids - FIRST, 0)
    batch, rows, columns = letters.shape
    glyphs = sheet[faces[:, None, None], letters]  # [B, R, C, 24, 16]
    page = glyphs.permute(0, 1, 3, 2, 4).reshape(batch, 1, rows * CELL[1], columns * CELL[0])
    return F.pad(page, (MARGIN,) * 4)


@lru_cache(maxsize=64)
def regions(task: Task, pixels: int) -> tuple[Tensor, Tensor]:
    """The page cut into squares of `pixels` a side: of each cell its square [N] and its slot in it [N].

    Squares of 64 pixels are vision tokens, those of 16 are patches. A slot is the place in the square where the letter's
    middle lies, one of GRID, so it means the same for letters of any size and in any mode.
    """
    columns, rows = GRID[pixels]
    side = task.size // pixels
    width, height = task.columns * CELL[0] + 2 * MARGIN, task.rows * CELL[1] + 2 * MARGIN
    squares, slots = [], []
    for cell in range(task.letters):
        row, column = divmod(cell, task.columns)
        x = int(((column + 0.5) * CELL[0] + MARGIN) / width * side * columns)
        y = int(((row + 0.5) * CELL[1] + MARGIN) / height * side * rows)
        squares.append(y // rows * side + x // columns)
        slots.append(y % rows * columns + x % columns)
    return torch.tensor(squares), torch.tensor(slots)


@dataclass(frozen=True)
class Batch:
    """Pixels [B, 3, S, S] in -1..1, letters [B, N] (PAD past the text's end) and their number [B].

    `regions` has, by pixels a side, what `regions` says of the task.
    """

    task: Task
    pixels: Tensor
    ids: Tensor
    lengths: Tensor
    regions: dict[int, tuple[Tensor, Tensor]]


def degraded(ink: Tensor, size: int, noise: torch.Generator) -> Tensor:
    """Ink of pages -> pixels of a mode: moved, resized, blurred, with contrast and noise of each page's own."""
    batch, device = ink.shape[0], ink.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=noise, device=device)

    dx, dy = (int(v) for v in torch.randint(-3, 4, (2,), generator=noise, device=device))
    ink = torch.roll(ink, (dy, dx), (2, 3))  # the margin is 4 pixels wide and blank
    ink = F.interpolate(ink, (size, size), mode="bicubic", antialias=True).clamp(0, 1)
    weight = uniform(0, 0.5, batch, 1, 1, 1) * (uniform(0, 1, batch, 1, 1, 1) < 0.2)
    soft = F.avg_pool2d(ink, 3, 1, 1)
    ink = ink + weight * (soft - ink)
    paper, dark = uniform(0.75, 1, batch, 1, 1, 1), uniform(0, 0.35, batch, 1, 1, 1)
    grey = paper + (dark - paper) * ink
    strength = uniform(0, 0.02, batch, 1, 1, 1)
    grey = grey + strength * torch.randn(grey.shape, generator=noise, device=device)
    return ((grey.clamp(0, 1) - 0.5) / 0.5).expand(-1, 3, -1, -1)


def training_batch(task: Task, pages: int, seed: int, device: str = "cpu") -> Batch:
    """Pages made from `seed` alone: natural, shuffled and random text in the shares 40, 20 and 40 %."""
    chance = random.Random(seed)
    ids = torch.full((pages, task.letters), PAD)
    lengths = torch.empty(pages, dtype=torch.int64)
    for page in range(pages):
        kind = chance.choices(KINDS, (0.4, 0.2, 0.4))[0]
        letters = task.letters if chance.random() < 0.6 else chance.randint(1, task.letters)
        some = ids_of(sample(kind, letters, chance, training_text()))
        ids[page, : len(some)] = torch.tensor(some)
        lengths[page] = len(some)
    noise = torch.Generator(device).manual_seed(seed)
    ids, lengths = ids.to(device), lengths.to(device)
    faces = torch.randint(len(FACES), (pages,), generator=noise, device=device)
    ink = canvas(ids.view(pages, task.rows, task.columns), faces, atlas().to(device))
    cut = {side: regions(task, side) for side in GRID}
    places = {side: (square.to(device), slot.to(device)) for side, (square, slot) in cut.items()}
    return Batch(task, degraded(ink, task.size, noise), ids, lengths, places)
