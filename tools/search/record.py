"""Record and replay: the answers of a real service, kept in a file, so that tests need no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import TypeAdapter

from ...errors import SearchFailed
from .cache import search_key
from .types import Capabilities, Filters, Hit, OwnsUrls, SearchEngine, Snapshot

_HITS = TypeAdapter(list[Hit])
RecordMode = Literal["record", "replay", "off"]


class Recorded:
    """An engine whose answers are written to a file, or read back from it.

    Args:
        engine: The real one; never called in replay.
        path: JSON lines, one answer each: readable, and diffs are small.
        mode: `record` asks the engine and appends; `replay` only reads; `off` passes through.
    """

    def __init__(self, engine: SearchEngine, path: Path, *, mode: RecordMode = "replay") -> None:
        self._engine, self._path, self._mode = engine, path, mode
        self.name = engine.name
        self.capabilities: Capabilities = engine.capabilities
        self._kept: dict[str, Any] = _load(path) if mode != "off" else {}

    def owns(self, url: str) -> bool:
        """What the engine says."""
        return isinstance(self._engine, OwnsUrls) and cast("OwnsUrls", self._engine).owns(url)

    async def search(self, q: str, *, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """As the engine, or as it once answered.

        Raises:
            SearchFailed: In replay, nothing was recorded for this question.
        """
        key = search_key(self.name, q, k, filters)
        if self._mode == "replay":
            return _HITS.validate_python(self._recorded(key, f"the search {q!r} (k={k})"))
        hits = await self._engine.search(q, k=k, filters=filters)
        self._keep(key, [hit.model_dump(mode="json") for hit in hits])
        return hits

    async def fetch(self, url: str) -> Snapshot:
        """As the engine, or as it once answered.

        Raises:
            SearchFailed: In replay, nothing was recorded for this address.
        """
        if self._mode == "replay":
            return Snapshot.model_validate(self._recorded(f"page {url}", f"the page {url!r}"))
        snapshot = await self._engine.fetch(url)
        self._keep(f"page {url}", snapshot.model_dump(mode="json"))
        return snapshot

    def _recorded(self, key: str, what: str) -> Any:
        if key not in self._kept:
            raise SearchFailed(
                f"{self.name} has no recording of {what} in {str(self._path)!r}.",
                mend="Record it: mode='record'.",
            )
        return self._kept[key]

    def _keep(self, key: str, value: Any) -> None:
        if self._mode != "record" or self._kept.get(key) == value:
            return
        self._kept[key] = value
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(
                json.dumps({"key": key, "engine": self.name, "value": value}, ensure_ascii=False) + "\n"
            )


def _load(path: Path) -> dict[str, Any]:
    """All answers of a file; a later line replaces an earlier one, a torn last line is left out."""
    kept: dict[str, Any] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            kept[entry["key"]] = entry["value"]
    return kept
