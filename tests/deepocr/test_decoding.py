"""Decoding: transformers' greedy tokens, whatever shares the batch; the rule against repeated n-grams."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from deepocr_world import IMAGE, TINY, VOCAB, oracle, stored
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenfold.models.deepocr import (
    DeepOcr,
    NoRepeat,
    Request,
    banned,
    decode,
    deepseek,
    load,
    prompt_ids,
    views,
)

MODES = [
    ("tiny", 200, 300),
    ("base", 500, 300),
    ("gundam", 420, 600),
    ("small", 90, 90),
    ("gundam", 400, 200),
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[DeepOcr, Any]:
    folder = stored(tmp_path_factory.mktemp("tiny"))
    return load(folder), oracle(folder)


def request(mode: str, width: int, height: int, **options: Any) -> Request:
    noise = torch.rand(height, width, 3, generator=torch.Generator().manual_seed(width + height))
    page = views(Image.fromarray((noise * 255).to(torch.uint8).numpy()), mode, TINY)
    ids = [0, *[IMAGE] * page.layout.placeholders, 31, 7]
    return Request(ids, page, **{"max_tokens": 200, "no_repeat": None, **options})


def greedy(model: Any, wanted: Request) -> list[int]:
    page = wanted.page
    assert page is not None
    local: dict[str, Any] = {}
    if page.tiles:
        local = {
            "pixel_values_local": torch.stack(page.tiles),
            "num_local_patches": [len(page.tiles)],
            "patches_grid": [list(page.grid)],
        }
    ids = torch.tensor([wanted.ids])
    out = model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=page.whole[None], **local,
        max_new_tokens=wanted.max_tokens, do_sample=False, pad_token_id=2, eos_token_id=None, use_cache=True,
    )  # fmt: skip
    return out[0, ids.shape[1] :].tolist()


def test_two_hundred_greedy_tokens_are_the_oracles_in_a_mixed_batch(
    pair: tuple[DeepOcr, Any], tmp_path: Path
) -> None:
    """Five pages of other modes in three rows, so that pages join and leave while others decode."""
    _, theirs = pair
    endless = replace(TINY, decoder=replace(TINY.decoder, eos=VOCAB))  # an end token that is never chosen
    ours = load(stored(tmp_path), config=endless)
    requests = [request(*mode) for mode in MODES]
    requests[1] = replace(requests[1], max_tokens=60)
    found = dict(decode(ours, requests, rows=3))
    for number, wanted in enumerate(requests):
        assert found[number].ids == greedy(theirs, wanted), number
    assert [len(found[n].ids) for n in range(5)] == [200, 60, 200, 200, 200]


def test_log_probs_are_the_models_own(pair: tuple[DeepOcr, Any]) -> None:
    ours, _ = pair
    wanted = request("tiny", 100, 100, max_tokens=5)
    ((_, out),) = decode(ours, [wanted])
    assert wanted.page is not None
    with torch.no_grad():
        ids = torch.tensor([*wanted.ids, *out.ids])
        hidden = ours.model(ours.embed(ids, ours.encode([wanted.page])[0])[None])
        own = ours.logits(hidden)[0].log_softmax(-1)
    first = len(wanted.ids) - 1
    expected = [own[first + i, token].item() for i, token in enumerate(out.ids)]
    assert out.log_probs == pytest.approx(expected, abs=1e-4)


def test_ends(pair: tuple[DeepOcr, Any]) -> None:
    ours, _ = pair
    stopped = request("tiny", 50, 60, stop_when=lambda ids: len(ids) == 4)
    short = request("tiny", 50, 60, max_tokens=3)
    text = Request([0, 5, 6], max_tokens=2000, no_repeat=None)
    found = dict(decode(ours, [stopped, short, text], rows=2))
    assert (found[0].finish, len(found[0].ids)) == ("stopped", 4)
    assert (found[1].finish, len(found[1].ids)) == ("length", 3) and found[1].ids == found[0].ids[:3]
    assert found[2].finish == "end" or len(text.ids) + len(found[2].ids) == TINY.decoder.context + 1
    with pytest.raises(ValueError, match="the context is 1024"):
        list(decode(ours, [Request([1] * 1024)]))
    with pytest.raises(ValueError, match="placeholders"):
        list(decode(ours, [Request([0, IMAGE, 4], stopped.page)]))


def by_hand(ids: list[int], rule: NoRepeat) -> set[int]:
    n, last = rule.size, len(ids)
    if last < n:
        return set()
    prefix = ids[last - n + 1 :]
    found = {
        ids[i + n - 1]
        for i in range(max(0, last - rule.window), last - n + 1)
        if ids[i : i + n - 1] == prefix
    }
    return found - set(rule.allowed)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 3), max_size=30), min_size=1, max_size=4),
    st.integers(2, 5),
    st.integers(0, 12),
    st.sets(st.integers(0, 3), max_size=2),
)
def test_the_rule_is_the_scripts_loop(rows: list[list[int]], size: int, more: int, allowed: set[int]) -> None:
    rule = NoRepeat(size, size + more, tuple(allowed))
    tails = [row[-rule.window :] for row in rows]
    padded = torch.tensor([[-1] * (rule.window - len(tail)) + tail for tail in tails])
    mask = banned(padded, rule, 4)
    assert [set(row.nonzero()[:, 0].tolist()) for row in mask] == [by_hand(row, rule) for row in rows]


def test_the_rule_breaks_a_loop_and_keeps_empty_cells(pair: tuple[DeepOcr, Any]) -> None:
    ours, _ = pair
    rule = NoRepeat(3, 20, allowed=())
    found = dict(decode(ours, [request(*mode, no_repeat=rule) for mode in MODES[:2]]))
    for out in found.values():
        for at in range(len(out.ids)):
            assert out.ids[at] not in by_hand(out.ids[:at], rule)
    cells = torch.tensor([[128_821, 128_822] * 45])
    assert not banned(cells, NoRepeat(), 129_280).any()
    assert banned(cells, NoRepeat(allowed=()), 129_280).nonzero().tolist() == [[0, 128_821]]


FIXTURES = {
    "\nFree OCR.": [201, 21431, 126041, 16],
    "\n<|grounding|>Convert the document to markdown.": [201, 128820, 21842, 270, 4940, 304, 2121, 7919, 16],
    "12345": [6895, 1883],
    "The capital of France is": [671, 6102, 294, 8760, 344],
    "日本語のテキスト": [88768, 1576, 17383, 20367, 24552],
}


@pytest.mark.parametrize("text", FIXTURES)
def test_the_tokenizer_is_the_official_one(text: str) -> None:
    assert deepseek().encode(text) == FIXTURES[text]
    assert deepseek().decode(FIXTURES[text]) == text


def test_special_tokens_have_their_ids_and_survive() -> None:
    special = "<image><|ref|><|/ref|><|det|><|/det|><|grounding|><td></td><tr></tr><|User|><|Assistant|>"
    assert deepseek().encode(special) == list(range(128815, 128827))
    assert deepseek().decode(range(128815, 128827)) == special
    ids = prompt_ids("text", 2, deepseek(), TINY)
    assert ids == [0, IMAGE, IMAGE, *FIXTURES["\nFree OCR."]] and TINY.decoder.vocab == VOCAB


def test_a_checkpoints_own_tokenizer_is_used(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models

    from tenfold.models.deepocr import OcrTokenizer

    made = Tokenizer(models.WordLevel({"a": 0, "b": 1, "?": 2}, unk_token="?"))
    made.save(str(tmp_path / "tokenizer.json"))
    assert OcrTokenizer.of(tmp_path).encode("b") == [1]
