"""all-MiniLM-L6-v2 on onnxruntime: 384 numbers for a text, mean-pooled and normalised.

The model is the sentence-transformers export with int8 weights; activations stay in float32, so a vector does not
depend on which other texts are embedded beside it. Texts run one by one without padding, each on one thread, and
several at a time: on two cores that took 0.48 CPU-seconds per thousand tokens, against 0.85 for one text spread
over both cores, and padding made every batch size above one slower.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ModelNotFound
from ..assets import ensure_asset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...settings import Settings

MAX_TOKENS = 256  # what the model was trained for; later words do not count

_OPEN: dict[tuple[Path, int], MiniLM] = {}
_OPEN_LOCK = threading.Lock()


class MiniLM:
    """An `Embedder` for English (other languages are embedded, but poorly).

    Args:
        model: The ONNX file.
        tokenizer: The `tokenizer.json` beside it.
        threads: Texts embedded at the same time; None is all cores.

    Raises:
        ModelNotFound: A file is missing or is not what its name says.
    """

    name = "all-MiniLM-L6-v2-int8"
    dimension = 384

    def __init__(self, model: Path, tokenizer: Path, *, threads: int | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._tokenizer = _load_tokenizer(tokenizer)
        self._session = _load_session(model)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="minilm")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts, each cut at `MAX_TOKENS`.

        Returns:
            Array [len(texts), 384], float32, rows of length 1.
        """
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), np.float32)
        encoded = [
            encoding.ids for encoding in self._tokenizer.encode_batch([_valid(text) for text in texts])
        ]
        # The longest first: no thread is left alone with a long text at the end.
        order = sorted(range(len(texts)), key=lambda i: -len(encoded[i]))

        def fill(i: int) -> None:
            vectors[i] = self._one(encoded[i])

        if len(order) == 1:
            fill(0)
        else:
            list(self._pool.map(fill, order))
        return vectors

    def _one(self, ids: list[int]) -> NDArray[np.float32]:
        import numpy as np

        tokens = np.array([ids], np.int64)  # [1, t]
        inputs = {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.zeros_like(tokens),
        }
        hidden: NDArray[np.float32] = self._session.run(None, inputs)[0][0]  # [t, 384]
        pooled = hidden.mean(axis=0)  # no padding, so the attention mask is all ones
        return pooled / max(float(np.linalg.norm(pooled)), 1e-12)


def open_minilm(settings: Settings, on_progress: Callable[[int, int | None], None] | None = None) -> MiniLM:
    """The one MiniLM of this process for these settings, fetching its two files first if needed.

    Raises:
        ModelUnavailable: The files are not here and no source has them.
    """
    model = ensure_asset("minilm-onnx", settings, on_progress)
    tokenizer = ensure_asset("minilm-tokenizer", settings, on_progress)
    key = (model, settings.threads or 0)
    with _OPEN_LOCK:
        if key not in _OPEN:
            _OPEN[key] = MiniLM(model, tokenizer, threads=settings.threads)
        return _OPEN[key]


def _valid(text: str) -> str:
    """A lone surrogate has no UTF-8 form, and the tokenizer refuses it."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _load_tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer: Any = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing narrower
        raise ModelNotFound(
            f"{str(path)!r} is not a tokenizer: {error}.", mend="Give the model's tokenizer.json."
        ) from error
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _load_session(path: Path) -> Any:
    import onnxruntime

    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes are not importable by name in every version
        raise ModelNotFound(
            f"{str(path)!r} is not a usable ONNX model: {error}.", mend="Fetch it again: tenfold models pull."
        ) from error
