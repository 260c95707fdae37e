"""A reader that is not believed when it goes round in circles, and whose text is held against a second engine's."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import CapabilityMissing, ConfigError
from ...pages import Block, Box, Mode, Note, OnPage, PageReader, PageReading, Task
from .crossing import cross_read, missing_parts
from .pictures import has_ink, open_picture

if TYPE_CHECKING:
    from PIL.Image import Image

_OTHER: dict[Mode, Mode] = {
    # Tiles see letters that one view blurs; one view sees a layout that tiles cut.
    "tiny": "base",
    "small": "base",
    "base": "gundam",
    "large": "gundam",
    "gundam": "base",
    "gundam-m": "large",
}


class SafeReader:
    """Reads with one engine and recovers from its loops; every step leaves a note.

    A page of one tone is not read at all, since such models write one letter for ever on it. A page whose text goes
    round in circles, or finds no room, is read again: in another mode where the engine has modes, else in two halves.
    If that fails as well, the longer of the two texts is kept up to its loop, and what is missing is taken from the
    second engine.

    Args:
        reader: The engine whose text is wanted.
        second: An engine of another kind, that invents nothing: rapidocr or tesseract.
        cross: Hold every page against the second engine and note what it does not confirm.
    """

    def __init__(self, reader: PageReader, second: PageReader | None = None, *, cross: bool = True) -> None:
        self._reader, self._second, self._cross = reader, second, cross

    @property
    def name(self) -> str:
        """Both engines."""
        second = f" checked by {self._second.name}" if self._second is not None else ""
        return f"{self._reader.name}{second}"

    def read(
        self,
        pictures: Sequence[bytes],
        *,
        mode: Mode = "auto",
        task: Task = "markdown",
        on_page: OnPage | None = None,
    ) -> list[PageReading]:
        """Read pictures in one batch, then mend page by page; `on_page` is told of a page when it is mended.

        Raises:
            TenfoldError: What the engines raise.
        """
        done: dict[int, PageReading] = {}
        inked: list[int] = []
        for index, data in enumerate(pictures):
            picture = open_picture(data, f"picture {index}")
            if has_ink(picture):
                inked.append(index)
            else:
                done[index] = self._blank(picture, mode, task, "The page is of one tone and was not read.")
                if on_page is not None:
                    on_page(index, done[index])

        def finish(place: int, reading: PageReading) -> None:
            index = inked[place]
            done[index] = self._mended(pictures[index], reading, task)
            if on_page is not None:
                on_page(index, done[index])

        self._reader.read([pictures[i] for i in inked], mode=mode, task=task, on_page=finish)
        return [done[index] for index in range(len(pictures))]

    def _blank(self, picture: Image, mode: Mode, task: Task, why: str) -> PageReading:
        return PageReading(
            engine=self._reader.name,
            mode=mode,
            task=task,
            width=picture.width,
            height=picture.height,
            blocks=(),
            raw="",
            notes=(Note(kind="recovered", message=why),),
        )

    def _mended(self, data: bytes, first: PageReading, task: Task) -> PageReading:
        reading = first
        if first.finish in ("repetition", "length"):
            reading = self._again(data, first, task)
        # A figure or a description is no text of the page: an engine of letters says nothing about it.
        if self._second is None or task in ("figure", "describe"):
            return reading
        broken = reading.finish in ("repetition", "length")
        if not broken and not self._cross:
            return reading
        second = self._second.read([data], task="markdown" if task == "text" else task)[0]
        if broken and not second.text and not second.notes:  # lines that it saw and could not read are text
            return self._nothing(reading, second.engine)
        if broken and second.text:
            reading = splice(reading, second)
        return with_notes(reading, cross_read(reading, second)) if self._cross else reading

    def _again(self, data: bytes, first: PageReading, task: Task) -> PageReading:
        other = _OTHER.get(first.mode)
        # An engine without modes, or a server whose mode is fixed, would write the same again: it gets other pictures.
        if first.vision_tokens and other is not None:
            retry, how = self._in_mode(data, other, task), f"in mode {other}"
        else:
            retry, how = self._halves(data, first, task), "in two halves"
        if retry is None:
            return first
        tokens = first.output_tokens + retry.output_tokens
        spent = {"output_tokens": tokens, "seconds": first.seconds + retry.seconds}
        if retry.finish == "end":
            note = Note(kind="recovered", message=f"Read again {how} after: {_why(first)}")
            return retry.model_copy(update={**spent, "notes": (*retry.notes, note)})
        best = max(first, retry, key=lambda reading: len(reading.text))
        note = Note(kind="repetition", message=f"Read again {how}, which did not end either.")
        return best.model_copy(update={**spent, "notes": (*best.notes, note)})

    def _in_mode(self, data: bytes, mode: Mode, task: Task) -> PageReading | None:
        try:
            return self._reader.read([data], mode=mode, task=task)[0]
        except (ConfigError, CapabilityMissing):  # a small model without that mode
            return None

    def _halves(self, data: bytes, whole: PageReading, task: Task) -> PageReading | None:
        picture = open_picture(data)
        cut = quiet_row(picture)
        if cut is None or task in ("figure", "describe"):
            return None
        parts = [(0, cut), (cut, picture.height)]
        pngs: list[bytes] = []
        for top, bottom in parts:
            part = io.BytesIO()
            picture.crop((0, top, picture.width, bottom)).save(part, "PNG")
            pngs.append(part.getvalue())
        return stack(self._reader.read(pngs, task=task), [top for top, _ in parts], whole)

    def _nothing(self, reading: PageReading, engine: str) -> PageReading:
        note = Note(
            kind="recovered", message=f"{engine} sees no text on the page: what went round was dropped."
        )
        return reading.model_copy(
            update={"blocks": (), "finish": "end", "notes": (*_without_blocks(reading.notes), note)}
        )


def quiet_row(picture: Image) -> int | None:
    """The row of pixels in the middle third of a page that is the most even; None for a page too small to cut.

    Rows are compared at 64 columns: a gap between two lines is even, a row through letters is not.
    """
    _width, height = picture.size
    if height < 200:
        return None
    strip = picture.convert("L").resize((64, height))
    values = strip.tobytes()
    rows = [values[64 * y : 64 * (y + 1)] for y in range(height // 3, 2 * height // 3)]
    spread = [max(row) - min(row) for row in rows]
    least = min(spread)
    middle = len(rows) // 2
    # Of all quiet rows the one nearest the middle: halves of like size decode in like time.
    best = min((y for y, s in enumerate(spread) if s <= least + 4), key=lambda y: abs(y - middle))
    return height // 3 + best


def stack(parts: Sequence[PageReading], tops: Sequence[int], whole: PageReading) -> PageReading:
    """Readings of horizontal strips of a page as one reading of the page."""
    blocks: list[Block] = []
    notes: list[Note] = []
    for part, top in zip(parts, tops, strict=True):
        notes += [
            n if n.block is None else n.model_copy(update={"block": n.block + len(blocks)})
            for n in part.notes
        ]
        blocks += [
            b.model_copy(update={"boxes": tuple(_shifted(box, top, whole.height) for box in b.boxes)})
            for b in part.blocks
        ]
    worst = next((p.finish for p in parts if p.finish != "end"), "end")
    return whole.model_copy(
        update={
            "blocks": tuple(blocks),
            "raw": "\n\n".join(part.raw for part in parts),
            "finish": worst,
            "output_tokens": sum(part.output_tokens for part in parts),
            "vision_tokens": sum(part.vision_tokens for part in parts),
            "valid_tokens": sum(part.valid_tokens for part in parts),
            "seconds": sum(part.seconds for part in parts),
            "notes": tuple(notes),
        }
    )


def splice(reading: PageReading, second: PageReading) -> PageReading:
    """A broken reading with the blocks that it lacks taken from the second engine, each with that engine's name.

    A block goes behind the block of the reading that holds what precedes it in the second engine's order, or at the
    end.
    """
    lacking = missing_parts(reading, second)
    behind: dict[int, list[Block]] = {}
    place = -1
    for index, block in enumerate(second.blocks):
        parts = [part for at, part in lacking if at == index]
        if block not in parts:  # some of it is held: what follows goes behind that
            place = max(place, _holder(block, reading.blocks, place))
        if parts:
            behind.setdefault(place, []).extend(p.model_copy(update={"engine": second.engine}) for p in parts)
    blocks = list(behind.get(-1, []))
    moved: dict[int, int] = {}
    for index, block in enumerate(reading.blocks):
        moved[index] = len(blocks)
        blocks += [block, *behind.get(index, [])]
    notes = [
        n if n.block is None else n.model_copy(update={"block": moved.get(n.block)}) for n in reading.notes
    ]
    word = "block" if len(lacking) == 1 else "blocks"
    notes.append(
        Note(
            kind="recovered", message=f"{len(lacking)} {word} that this reading lacks are {second.engine}'s."
        )
    )
    return reading.model_copy(update={"blocks": tuple(blocks), "finish": "spliced", "notes": tuple(notes)})


def with_notes(reading: PageReading, notes: Sequence[Note]) -> PageReading:
    """The reading with more notes."""
    return reading.model_copy(update={"notes": (*reading.notes, *notes)})


def _holder(block: Block, blocks: Sequence[Block], default: int) -> int:
    """The index of the block that shares most words with `block`."""
    words = set(block.text.casefold().split())
    shared = [len(words & set(other.text.casefold().split())) for other in blocks]
    best = max(range(len(shared)), key=shared.__getitem__, default=default)
    return best if shared and shared[best] else default


def _shifted(box: Box, top: int, height: int) -> Box:
    return box.model_copy(update={"top": min(height, box.top + top), "bottom": min(height, box.bottom + top)})


def _why(reading: PageReading) -> str:
    kinds = ("repetition", "truncated")
    return next((note.message for note in reading.notes if note.kind in kinds), reading.finish)


def _without_blocks(notes: Sequence[Note]) -> list[Note]:
    return [note for note in notes if note.block is None]
