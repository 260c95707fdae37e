"""The dense half of the index: a local Chroma collection that is given its vectors and downloads nothing.

Chroma holds nothing that SQLite could not give again: a collection that is damaged, or was made by another
embedding model, is thrown away.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NAME = "chunks"
# The search list is twice the hits that fusion asks for; its recall was measured in docs/results/retrieval.md.
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 200}
_BATCH = 2000  # below the number of SQL variables that Chroma may bind


class VectorStore:
    """Vectors by chunk id.

    Args:
        path: Chroma's folder.

    Attributes:
        fresh: Whether the collection was made just now, so that nothing is in it.

    Raises:
        Exception: The folder is damaged; Chroma raises many kinds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self.fresh = False
        self._client, self._collection = self._connect()

    def _connect(self) -> tuple[Any, Any]:
        import chromadb
        from chromadb.config import Settings
        from chromadb.errors import NotFoundError

        client: Any = chromadb.PersistentClient(
            str(self._path), settings=Settings(anonymized_telemetry=False)
        )
        try:
            try:
                collection: Any = client.get_collection(_NAME, embedding_function=None)
            except NotFoundError:
                self.fresh = True
                collection = self._create(client)
            collection.count()
        except BaseException:
            client.close()
            raise
        return client, collection

    @staticmethod
    def _create(client: Any) -> Any:
        return client.get_or_create_collection(_NAME, embedding_function=None, configuration={"hnsw": _HNSW})

    def reopen(self, path: Path) -> None:
        """See what another process wrote: Chroma keeps the state it had when it was opened."""
        with self._lock:
            self._client.close()
            self._path = path
            self._client, self._collection = self._connect()

    def reset(self) -> None:
        """Throw everything away."""
        with self._lock:
            self._client.delete_collection(_NAME)
            self._collection = self._create(self._client)

    def close(self) -> None:
        """Let the files go."""
        with self._lock:
            self._client.close()

    def count(self) -> int:
        """Vectors in the collection."""
        with self._lock:
            return int(self._collection.count())

    def ids(self) -> set[int]:
        """Every chunk id that has a vector."""
        with self._lock:
            return {int(i) for i in self._collection.get(include=[])["ids"]}

    def put(self, ids: Sequence[int], vectors: NDArray[np.float32], documents: Sequence[int]) -> None:
        """Store vectors [len(ids), dimension] with the document each chunk belongs to."""
        for at in range(0, len(ids), _BATCH):
            part = slice(at, at + _BATCH)
            with self._lock:
                self._collection.upsert(
                    ids=[str(i) for i in ids[part]],
                    embeddings=vectors[part],
                    metadatas=[{"document": document} for document in documents[part]],
                )

    def delete(self, ids: Sequence[int]) -> None:
        """Remove vectors; ids that are not there are ignored."""
        for at in range(0, len(ids), _BATCH):
            with self._lock:
                self._collection.delete(ids=[str(i) for i in ids[at : at + _BATCH]])

    def nearest(
        self, vector: NDArray[np.float32], n: int, documents: Sequence[int] | None = None
    ) -> list[int]:
        """Ids of the `n` chunks nearest to a vector [dimension], nearest first; only of `documents` if given."""
        where = None if documents is None else {"document": {"$in": list(documents)}}
        with self._lock:
            size = int(self._collection.count())
            if size == 0 or documents == []:
                return []
            found: Any = self._collection.query(
                query_embeddings=[vector], n_results=min(n, size), where=where, include=[]
            )
        return [int(i) for i in found["ids"][0]]
