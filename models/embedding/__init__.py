"""Sentence embeddings: one interface, and the MiniLM that runs in this process.

onnxruntime and the tokenizer load with the first embedder, not with this import.
"""

from .minilm import MiniLM, open_minilm
from .types import Embedder

__all__ = ["Embedder", "MiniLM", "open_minilm"]
