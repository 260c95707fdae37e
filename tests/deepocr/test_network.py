"""The network against transformers' class, which is DeepSeek-OCR tensor for tensor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from deepocr_world import IMAGE, TINY, oracle, stored, tiny_model
from PIL import Image

from tenfold.models.deepocr import DeepOcr, DeepOcrConfig, Views, census, load, views

BOS = TINY.decoder.bos


def picture(width: int, height: int, seed: int = 1) -> Image.Image:
    noise = torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))
    return Image.fromarray((noise * 255).to(torch.uint8).permute(1, 2, 0).numpy())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[DeepOcr, Any]:
    folder = stored(tmp_path_factory.mktemp("tiny"))
    return load(folder), oracle(folder)


def official(model: Any, ids: torch.Tensor, page: Views) -> Any:
    local = {}
    if page.tiles:
        local = {
            "pixel_values_local": torch.stack(page.tiles),
            "num_local_patches": [len(page.tiles)],
            "patches_grid": [list(page.grid)],
        }
    with torch.no_grad():
        return model(input_ids=ids[None], pixel_values=page.whole[None], **local)


PAGES = [
    ("tiny", 200, 300), ("small", 333, 222), ("base", 500, 300), ("large", 300, 500),
    ("gundam", 190, 190), ("gundam", 400, 200), ("gundam", 420, 600), ("gundam-m", 900, 600),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "width", "height"), PAGES)
def test_features_and_logits_are_the_oracles(
    pair: tuple[DeepOcr, Any], mode: str, width: int, height: int
) -> None:
    ours, theirs = pair
    page = views(picture(width, height), mode, TINY)
    n = page.layout.placeholders
    ids = torch.tensor([BOS, *[IMAGE] * n, 17, 5, 44, 100])
    result = official(theirs, ids, page)
    with torch.no_grad():
        tokens = ours.encode([page])[0]
        logits = ours.logits(ours.model(ours.embed(ids, tokens)[None]))[0]
    assert tokens.shape == (n, TINY.decoder.width)
    expected = result.image_hidden_states
    expected = torch.cat(list(expected)) if isinstance(expected, (list, tuple)) else expected
    torch.testing.assert_close(tokens, expected.reshape(n, -1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logits, result.logits[0].float(), atol=1e-5, rtol=1e-5)


def test_a_mixed_batch_gives_each_page_what_it_gets_alone(pair: tuple[DeepOcr, Any]) -> None:
    ours, theirs = pair
    pages = [views(picture(w, h, seed), mode, TINY) for seed, (mode, w, h) in enumerate(PAGES)]
    with torch.no_grad():
        together = ours.encode(pages, batch=5)
        for page, tokens in zip(pages, together, strict=True):
            ids = torch.tensor([BOS, *[IMAGE] * page.layout.placeholders, 9])
            logits = ours.logits(ours.model(ours.embed(ids, tokens)[None]))[0]
            expected = official(theirs, ids, page).logits[0].float()
            torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)


def test_the_folded_positions_are_the_chunked_ones(pair: tuple[DeepOcr, Any]) -> None:
    attention = pair[0].model.sam_model.blocks[2].attn
    q, k, v = torch.randn(3, 2, 4, 256, 12, generator=torch.Generator().manual_seed(3)).unbind(0)
    with torch.no_grad():
        torch.testing.assert_close(attention._folded(q, k, v, 16), attention._chunked(q, k, v, 16))


def test_experts_grouped_are_experts_one_by_one(pair: tuple[DeepOcr, Any]) -> None:
    experts = pair[0].model.layers[1].mlp.experts
    rows, counts = torch.randn(9, 64), torch.tensor([4, 0, 5, 0])
    torch.testing.assert_close(experts._grouped(rows, counts), experts._looped(rows, counts))


def test_a_changed_weight_changes_its_table() -> None:
    ours = tiny_model()
    page = views(picture(200, 200), "tiny", TINY)
    with torch.no_grad():
        before = ours.encode([page])[0]
        ours.model.sam_model.pos_embed += 1
        assert not torch.allclose(before, ours.encode([page])[0])


def test_the_official_census() -> None:
    names = census(DeepOcrConfig.official())
    assert len(names) == 2710
    assert 2 * sum(torch.Size(shape).numel() for shape in names.values()) == 6_672_212_480
    with torch.device("meta"):
        model = DeepOcr(DeepOcrConfig.official())
    assert sum(p.numel() for p in model.parameters()) == 3_336_106_240 - 602_112


def test_a_forward_pass_holds_no_bias_of_the_whole_picture() -> None:
    """At 1024 pixels a [4096, 4096] bias is what others hold; ours has no tensor of that size in its trace."""
    from torch.utils._python_dispatch import TorchDispatchMode

    largest = 0

    class Sizes(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            nonlocal largest
            out = func(*args, **(kwargs or {}))
            for value in out if isinstance(out, (tuple, list)) else [out]:
                if isinstance(value, torch.Tensor):
                    largest = max(largest, value.numel() * value.element_size())
            return out

    ours = tiny_model()
    with torch.no_grad(), Sizes():
        ours.features(torch.zeros(1, 3, 1024, 1024))
    assert 0 < largest <= 64 << 20 < 4 * 4096 * 4096 * 4


@pytest.mark.parametrize("size", [128, 256])
def test_one_graph_for_each_size_without_a_break(pair: tuple[DeepOcr, Any], size: int) -> None:
    """`fullgraph` fails on any break: no table is made, and nothing is read back to the host, inside the graph."""
    pixels = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(size))
    with torch.no_grad():
        expected = pair[0].features(pixels)
        compiled = torch.compile(pair[0].features, backend="eager", fullgraph=True, dynamic=False)
        torch.testing.assert_close(compiled(pixels), expected)


def test_weights_go_to_disk_and_back(tmp_path: Path) -> None:
    ours = tiny_model()
    again = load(stored(tmp_path, ours))
    assert again.config == TINY
    for (name, a), (other, b) in zip(ours.named_parameters(), again.named_parameters(), strict=True):
        assert name == other and torch.equal(a, b), name
