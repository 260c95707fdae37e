"""The loader: strict by name, whatever is done to the file; nothing in it is ever run."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from deepocr_world import TINY, header_of, rewrite, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenfold.errors import CheckpointInvalid
from tenfold.models.deepocr import DeepOcr, DeepOcrConfig, load, save

EXPERT = "model.layers.1.mlp.experts.3.up_proj.weight"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return stored(tmp_path)


def changed(folder: Path, change: Any) -> Path:
    path = folder / "model.safetensors"
    header, data = header_of(path)
    data = change(header, data) or data
    rewrite(path, header, data)
    return folder


def refused(folder: Path, *words: str) -> None:
    with pytest.raises(CheckpointInvalid) as caught:
        load(folder)
    for word in words:
        assert word in str(caught.value), caught.value


def without(name: str) -> Any:
    def change(header: dict[str, Any], data: bytes) -> bytes:
        start, end = header.pop(name)["data_offsets"]
        for entry in header.values():
            if "data_offsets" in entry and entry["data_offsets"][0] >= end:
                entry["data_offsets"] = [at - (end - start) for at in entry["data_offsets"]]
        return data[:start] + data[end:]

    return change


def extra(name: str) -> Any:
    def change(header: dict[str, Any], data: bytes) -> bytes:
        header[name] = {"dtype": "F32", "shape": [1], "data_offsets": [len(data), len(data) + 4]}
        return data + bytes(4)

    return change


def test_one_missing_expert_one_extra_name_one_wrong_shape(tmp_path: Path) -> None:
    refused(changed(stored(tmp_path / "a"), without(EXPERT)), "missing", EXPERT)
    refused(
        changed(stored(tmp_path / "b"), extra("model.layers.9.odd")),
        "not of this model",
        "model.layers.9.odd",
    )

    def turned(header: dict[str, Any], data: bytes) -> None:
        header[EXPERT]["shape"] = header[EXPERT]["shape"][::-1]

    refused(changed(stored(tmp_path / "c"), turned), EXPERT, "(64, 48)", "(48, 64)")


def test_position_ids_are_ignored(folder: Path) -> None:
    assert load(changed(folder, extra("model.vision_model.embeddings.position_ids")))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite(folder: Path, value: float) -> None:
    def poisoned(header: dict[str, Any], data: bytes) -> bytes:
        start = header[EXPERT]["data_offsets"][0]
        return data[:start] + torch.tensor([value]).numpy().tobytes() + data[start + 4 :]

    refused(changed(folder, poisoned), EXPERT, "not finite")


def test_another_type(folder: Path) -> None:
    def integers(header: dict[str, Any], data: bytes) -> None:
        header[EXPERT]["dtype"] = "I32"

    refused(changed(folder, integers), EXPERT, "'I32'")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    (tmp_path / "config.json").write_text(TINY.to_json())
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    refused(tmp_path, "pickle", "pytorch_model.bin")
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Bomb()) + bytes(64))
    refused(tmp_path, "no safetensors file")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_every_type_is_read_and_upcast_where_that_is_faster(tmp_path: Path, dtype: torch.dtype) -> None:
    source = load(stored(tmp_path / "a"))
    save(source, tmp_path / "b", dtype)
    assert load(tmp_path / "b", dtype=torch.float32).dtype == torch.float32
    kept = load(tmp_path / "b", dtype=dtype)
    assert kept.dtype == dtype
    for a, b in zip(source.parameters(), kept.parameters(), strict=True):
        assert torch.equal(a.to(dtype), b)
    assert load(tmp_path / "b").dtype in (torch.float32, torch.bfloat16)


def sharded(folder: Path, names_of: Any) -> Path:
    header, data = header_of(folder / "model.safetensors")
    header.pop("__metadata__")
    names = sorted(header, key=lambda n: header[n]["data_offsets"])
    weight_map: dict[str, str] = {}
    for number in (0, 1):
        part, blob = {}, b""
        for name in names[number::2]:
            start, end = header[name]["data_offsets"]
            part[name] = {**header[name], "data_offsets": [len(blob), len(blob) + end - start]}
            blob += data[start:end]
            weight_map[name] = names_of(number)
        rewrite(folder / f"model-0000{number + 1}-of-00002.safetensors", part, blob)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return folder


def test_shards(tmp_path: Path) -> None:
    whole = load(stored(tmp_path / "a"))
    parts = load(sharded(stored(tmp_path / "b"), lambda n: f"model-0000{n + 1}-of-00002.safetensors"))
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), parts.parameters(), strict=True))
    refused(sharded(stored(tmp_path / "c"), lambda n: "../../etc/passwd"), "../../etc/passwd")
    lacking = sharded(stored(tmp_path / "d"), lambda n: f"model-0000{n + 1}-of-00002.safetensors")
    (lacking / "model-00002-of-00002.safetensors").unlink()
    refused(lacking, "model-00002-of-00002.safetensors", "missing")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_damaged_anywhere_is_refused_or_the_same(folder: Path, data: st.DataObject) -> None:
    """A changed header byte, a cut, a huge length: a clear error, or a file that still says the same shapes."""
    path = folder / "model.safetensors"
    good = path.read_bytes()
    header = int.from_bytes(good[:8], "little")
    try:
        raw = bytearray(good)
        if data.draw(st.booleans()):
            raw = raw[: data.draw(st.integers(0, len(raw) - 1))]
        else:
            raw[data.draw(st.integers(0, 7 + header))] = data.draw(st.integers(0, 255))
        path.write_bytes(raw)
        try:
            assert isinstance(load(folder), DeepOcr)
        except CheckpointInvalid as error:
            assert error.mend
    finally:
        path.write_bytes(good)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"tenfold": 3}',
        '{"tenfold": {"sam": {"widht": 3}}}',
        '{"language_config": {"use_mla": true}}',
    ],
)
def test_configurations_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(CheckpointInvalid, match=r"config\.json"):
        DeepOcrConfig.from_json(tmp_path / "config.json")


def test_the_official_configuration_is_read(tmp_path: Path) -> None:
    official = {
        "model_type": "deepseek_vl_v2",
        "language_config": {
            "hidden_size": 1280, "intermediate_size": 6848, "max_position_embeddings": 8192, "use_mla": False,
            "moe_intermediate_size": 896, "n_routed_experts": 64, "n_shared_experts": 2, "num_attention_heads": 10,
            "num_experts_per_tok": 6, "num_hidden_layers": 12, "first_k_dense_replace": 1, "vocab_size": 129280,
        },
        "vision_config": {
            "width": {
                "clip-l-14-224": {"heads": 16, "image_size": 224, "layers": 24, "patch_size": 14, "width": 1024},
                "sam_vit_b": {"downsample_channels": [512, 1024], "global_attn_indexes": [2, 5, 8, 11],
                              "heads": 12, "layers": 12, "width": 768},
            }
        },
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(official))
    assert DeepOcrConfig.from_json(tmp_path / "config.json") == DeepOcrConfig.official()
