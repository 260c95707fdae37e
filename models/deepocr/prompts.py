"""The prompts that DeepSeek-OCR was trained with (paper, section 4; the released code's README)."""

from __future__ import annotations

from ...pages import Task
from .config import DeepOcrConfig
from .tokenizer import OcrTokenizer

PROMPTS: dict[Task, str] = {
    "markdown": "<|grounding|>Convert the document to markdown.",
    "ocr": "<|grounding|>OCR this image.",
    "text": "Free OCR.",
    "figure": "Parse the figure.",
    "describe": "Describe this image in detail.",
}


def prompt_ids(task: Task, placeholders: int, tokenizer: OcrTokenizer, config: DeepOcrConfig) -> list[int]:
    """Beginning of sentence, the page's placeholders, a line end, the task's words; no roles, no trailing space."""
    words = tokenizer.encode("\n" + PROMPTS[task].strip())
    return [config.decoder.bos, *[config.decoder.image] * placeholders, *words]
