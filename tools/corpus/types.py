"""What the corpus takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .readers import Region

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TextEmbedder(Protocol):
    """What the corpus needs of an embedding model; `tenfold.models.embedding` has one.

    `tools` does not import `models`, so the shape is written down here too.
    """

    @property
    def name(self) -> str:
        """Names the vector space; an index made in another space is embedded again."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, [len(texts), dimension] float32."""
        ...


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """Where an index run stands.

    Attributes:
        done: Files finished.
        total: Files to read in this run.
        path: The file just finished, relative to the folder.
        chunks: Chunks embedded in this run so far.
    """

    done: int
    total: int
    path: str
    chunks: int


OnProgress = Callable[[IndexProgress], None]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an index run did, in files.

    Attributes:
        failed: (path relative to the folder, reason with its mend) of each file that is not in the index.
        notes: (path, what its reader should know) of files that are in the index in part.
        chunks: Chunks in the index afterwards.
        seconds: Wall time.
    """

    added: int
    changed: int
    removed: int
    unchanged: int
    failed: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]
    chunks: int
    seconds: float


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of the index.

    Attributes:
        path: Relative to the indexed folder, with forward slashes.
        sha256: Of `text` in UTF-8.
        pages: Offset at which each page starts; empty for formats without pages.
        published: ISO date from the file's own metadata.
        modified: ISO date of the file.
        read_at: ISO time in UTC at which it was read.
        regions: Where the text of scanned pages stands; empty without scans.
    """

    path: str
    title: str
    text: str
    sha256: str
    media_type: str
    published: str | None
    modified: str
    pages: tuple[int, ...]
    read_at: str
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A found chunk: `text` is `document.text[start:end]`.

    Attributes:
        heading: The headings above it, parted by ` > `.
        score: Fused rank score, larger is better.
        page: Number of the page on which it starts, from 1; None for formats without pages.
    """

    path: str
    title: str
    heading: str
    text: str
    start: int
    end: int
    score: float
    published: str | None
    page: int | None
