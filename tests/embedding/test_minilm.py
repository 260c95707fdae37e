"""MiniLM against vectors that a float32 BERT in numpy gave (`make_golden.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tenfold.errors import ModelNotFound
from tenfold.models import ensure_asset
from tenfold.models.embedding import Embedder, MiniLM, open_minilm
from tenfold.settings import load_settings

GOLDEN = json.loads(Path(__file__).with_name("minilm_golden.json").read_text())
TEXTS = [row["text"] for row in GOLDEN]
VECTORS = np.array([row["vector"] for row in GOLDEN], np.float32)

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return open_minilm(load_settings())


def test_vectors_agree_with_the_float32_weights(minilm: MiniLM) -> None:
    got = minilm.embed(TEXTS)
    cosines = (got * VECTORS).sum(axis=1)
    assert cosines.min() >= 0.998, cosines  # int8 weights; seen: 0.9984 to 0.9997


def test_neighbours_come_in_the_same_order(minilm: MiniLM) -> None:
    got = minilm.embed(TEXTS)
    ours, theirs = got @ got.T, VECTORS @ VECTORS.T
    margin = 0.02  # int8 weights move a cosine by up to about that; closer pairs are ties
    compared = 0
    for mine, true in zip(ours, theirs, strict=True):
        clear = true[:, None] - true[None, :] > margin
        compared += int(clear.sum())
        assert (mine[:, None] > mine[None, :])[clear].all()
    assert compared > 250
    assert list(np.argsort(-ours[0])[:2]) == [0, 1]  # eating food: having a meal
    assert list(np.argsort(-ours[3])[:2]) == [3, 4]  # lithium prices: battery metals


def test_shape_type_and_length(minilm: MiniLM) -> None:
    got = minilm.embed(TEXTS)
    assert got.shape == (len(TEXTS), minilm.dimension) and got.dtype == np.float32
    assert np.allclose(np.linalg.norm(got, axis=1), 1, atol=1e-5)
    assert minilm.embed([]).shape == (0, 384)
    assert isinstance(minilm, Embedder)


def test_a_vector_does_not_depend_on_its_neighbours(minilm: MiniLM) -> None:
    together = minilm.embed(TEXTS)
    alone = np.vstack([minilm.embed([text]) for text in reversed(TEXTS)])[::-1]
    assert np.array_equal(together, alone)


def test_words_after_256_tokens_do_not_count(minilm: MiniLM) -> None:
    long = "word " * 300
    assert np.array_equal(minilm.embed([long]), minilm.embed([long + "banana"]))
    assert not np.array_equal(minilm.embed(["word"]), minilm.embed(["word banana"]))


def test_threads_share_it(minilm: MiniLM) -> None:
    alone = minilm.embed(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda _: minilm.embed(TEXTS), range(8)):
            assert np.array_equal(got, alone)


def test_odd_text_is_embedded(minilm: MiniLM) -> None:
    got = minilm.embed(["", "\ud800 lone surrogate", "\x00"])
    assert np.isfinite(got).all()


def test_one_instance_per_process() -> None:
    settings = load_settings()
    assert open_minilm(settings) is open_minilm(settings)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    settings = load_settings()
    junk = tmp_path / "model.onnx"
    junk.write_bytes(b"not a model")
    with pytest.raises(ModelNotFound, match=r"model\.onnx.*tenfold models pull"):
        MiniLM(junk, ensure_asset("minilm-tokenizer", settings))
    with pytest.raises(ModelNotFound, match=r"model\.onnx"):
        MiniLM(ensure_asset("minilm-onnx", settings), junk)


def test_importing_loads_no_engine() -> None:
    code = "import sys, tenfold.models.embedding; print({'onnxruntime', 'tokenizers', 'numpy'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"
