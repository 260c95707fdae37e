"""The network's reader with a tiny checkpoint of random weights: what it writes is nonsense, how it is told is not."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from deepocr_world import VOCAB, stored
from pages_world import draw
from tokenizers import Tokenizer
from tokenizers.decoders import Fuse
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from tenfold.errors import ConfigError
from tenfold.models.deepocr import Decoded
from tenfold.models.reading import NetworkReader, open_reader

PAGES = [draw([(20, 20, "Hello")], (300, 400)), draw([(20, 60, "World")], (420, 600))]
SPECIAL = ["<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose vocabulary is characters."""
    made = stored(tmp_path_factory.mktemp("reader"))
    words = [chr(c) for c in (10, *range(32, 127))]
    vocab = {w: i for i, w in enumerate(["<s>", "</s>", "<pad>", "?unk", *SPECIAL, *words])}
    vocab |= {chr(0xAC00 + i): i for i in range(len(vocab), VOCAB)}
    tokenizer = Tokenizer(WordLevel(vocab, unk_token="?unk"))
    tokenizer.pre_tokenizer = Split("", "isolated")
    tokenizer.decoder = Fuse()
    tokenizer.save(str(made / "tokenizer.json"))
    return made


def test_pages_are_read_in_one_batch_and_told_what_they_cost(folder: Path) -> None:
    reader = open_reader(f"deepocr:{folder}")
    told: list[int] = []
    readings = reader.read(PAGES, mode="gundam", on_page=lambda index, _: told.append(index))
    assert sorted(told) == [0, 1]
    alone = reader.read(PAGES[1:], mode="gundam")[0]
    assert alone.raw == readings[1].raw and alone.output_tokens == readings[1].output_tokens
    assert [(r.width, r.height, r.mode) for r in readings] == [(300, 400, "gundam"), (420, 600, "gundam")]
    for reading in readings:
        assert reading.vision_tokens > 16 and 0 < reading.valid_tokens <= reading.vision_tokens
        assert reading.output_tokens > 0 and reading.raw
        assert reading.finish == (
            "repetition" if any(n.kind == "repetition" for n in reading.notes) else reading.finish
        )
    assert reader.read(PAGES[:1], mode="auto")[0].mode == "base"
    assert reader.name == open_reader(f"deepocr:{folder}").name and folder.name in reader.name


def test_modes_and_folders_that_are_not(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no checkpoint"):
        open_reader(f"deepocr:{tmp_path}")
    with pytest.raises(ConfigError, match="no mode"):
        NetworkReader(folder).read(PAGES[:1], mode="huge")  # type: ignore[arg-type]


def test_what_was_decoded_becomes_blocks_with_the_tokens_probabilities(folder: Path) -> None:
    reader = NetworkReader(folder)
    ids = [
        *_ids(reader, ""),
        4,
        *_ids(reader, "text"),
        5,
        6,
        *_ids(reader, "[[0, 0, 999, 999]]"),
        7,
        *_ids(reader, "\nab"),
    ]
    probs = [0.5] * (len(ids) - 3) + [1.0, 0.8, 0.6]
    decoded = Decoded(ids, [math.log(p) for p in probs], "end")
    reading = reader._reading(decoded, (30, 40), "base", "markdown")
    (block,) = reading.blocks
    assert (block.label, block.text, block.boxes[0].right) == ("text", "ab", 30)
    assert block.confidence == pytest.approx(0.8) and reading.finish == "end"


def test_a_loop_is_stopped_while_it_is_decoded(folder: Path) -> None:
    reader = NetworkReader(folder)
    ids = _ids(reader, "So it began: ")
    loop = _ids(reader, "round it goes, ")
    stopped = 0
    while not reader._loops(ids):
        ids.append(loop[stopped % len(loop)])
        stopped += 1
        assert stopped < 200
    reading = reader._reading(Decoded(ids, [0.0] * len(ids), "stopped"), (30, 40), "base", "markdown")
    assert reading.finish == "repetition" and reading.text.count("round it goes") <= 2
    assert reading.notes[0].kind == "repetition"
    counting = _ids(reader, " ".join(f"{n}." for n in range(1, 200)))
    assert any(reader._loops(counting[:size]) for size in range(16, len(counting), 16))


def _ids(reader: NetworkReader, text: str) -> list[int]:
    return reader._tokenizer.encode(text)
