"""What is only drawn on a screen reaches the model through a page reader, once a picture, and only where it must."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from phone_world import DONE, PhoneWorld, open_app
from PIL import Image, ImageDraw, ImageFont

from tenfold.errors import ModelUnavailable
from tenfold.models.reading import RapidReader
from tenfold.pages import PageReading
from tenfold.tools.android import InProcessDevice, VirtualAndroid
from tenfold.tools.phone import Action, Observation


class Drawn(InProcessDevice):
    """A phone whose Notes app draws a boarding pass of which its tree says nothing."""

    def observe(self, *, screenshot: bool = True) -> Observation:
        seen = super().observe(screenshot=screenshot)
        if seen.png is None or "markor" not in seen.package:
            return seen
        with Image.open(io.BytesIO(seen.png)) as opened:
            picture = opened.convert("RGB")
        pen = ImageDraw.Draw(picture)
        font = ImageFont.load_default(64)
        for row, words in enumerate(("Boarding at gate 42", "Seat 17C", "Group 3")):
            pen.text((120, 1500 + 120 * row), words, fill="black", font=font)
        out = io.BytesIO()
        picture.save(out, "PNG")
        return dataclasses.replace(seen, png=out.getvalue())


class Counting:
    """rapidocr, counted."""

    name = "counting"

    def __init__(self, *, fails: bool = False) -> None:
        self.pictures: list[bytes] = []
        self._fails, self._reader = fails, RapidReader()

    def read(self, pictures: Sequence[bytes], **asked: object) -> list[PageReading]:
        self.pictures += pictures
        if self._fails:
            raise ModelUnavailable("The server is gone.")
        return self._reader.read(pictures)


WAIT = Action(kind="wait", seconds=0.1)


def world(folder: Path, reader: Counting) -> PhoneWorld:
    moves = [open_app("Markor"), WAIT, DONE]
    return PhoneWorld(folder, moves, device=Drawn(VirtualAndroid(), shell=True), page_reader=reader)


async def test_the_model_gets_the_words_of_a_picture_whose_tree_is_silent(tmp_path: Path) -> None:
    reader = Counting()
    phone = world(tmp_path, reader)
    await phone.go(phone.begin("When do I board?", pictures="policy"))
    home, first, second, *_ = [asked.page_text for asked in phone.script.seen]
    assert home == ""  # the launcher says what it shows
    assert "gate 42" in first and "17C" in first and second == first
    assert len(reader.pictures) == 1  # the same picture is read once
    records = await phone.store.ledger(phone.run.id).records()
    assert [(r.kind, r.name) for r in records if r.role == "screen"] == [("read", "counting")]


@pytest.mark.parametrize("pictures", ["never", "policy"])
async def test_a_reader_that_fails_or_gets_no_picture_costs_words_and_no_more(
    tmp_path: Path, pictures: str
) -> None:
    reader = Counting(fails=True)
    phone = world(tmp_path, reader)
    await phone.go(phone.begin("When do I board?", pictures=pictures))
    assert [asked.page_text for asked in phone.script.seen] == ["", "", ""]
    assert len(reader.pictures) == (pictures == "policy")
    assert (await phone.state())["outcome"]["reason"] == "done"
