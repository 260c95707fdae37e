"""The user's own documents: readers, chunks, a hybrid index, and the engine that searches it.

Chroma, onnxruntime and the parsers load when they are first needed, not with this import.
"""

from .chunks import Chunk, chunk_text
from .corpus import Corpus
from .engine import CorpusEngine, document_url
from .places import Place, page_of, place_of
from .readers import Document, ReaderPool, ReadLimits, Region, pdf_text, readable_suffixes
from .sentences import sentences
from .types import IndexProgress, IndexReport, OnProgress, Passage, StoredDocument, TextEmbedder

__all__ = [
    "Chunk",
    "Corpus",
    "CorpusEngine",
    "Document",
    "IndexProgress",
    "IndexReport",
    "OnProgress",
    "Passage",
    "Place",
    "ReadLimits",
    "ReaderPool",
    "Region",
    "StoredDocument",
    "TextEmbedder",
    "chunk_text",
    "document_url",
    "page_of",
    "pdf_text",
    "place_of",
    "readable_suffixes",
    "sentences",
]
