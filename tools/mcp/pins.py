"""Tool definitions, pinned: a server that changes what it offers is not used until a person agrees.

The first definition seen is pinned. A tool that later changes its description or its arguments ("rug pull"), or
appears beside the pinned ones, is refused; what was approved goes on working.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ...errors import ToolError

_PINS = TypeAdapter(dict[str, dict[str, str]])


class Definition(BaseModel):
    """What a server says about one of its tools."""

    model_config = ConfigDict(frozen=True)

    name: str
    description: str
    schema_: dict[str, Any]
    annotations: dict[str, Any]

    @property
    def sha256(self) -> str:
        """Of everything a model or a person is shown."""
        plain = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode()).hexdigest()


class Pins:
    """The pinned hashes, in one JSON file: server → tool → SHA-256.

    Args:
        path: The file; it is made when something is pinned.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self, server: str, offered: list[Definition]) -> dict[str, str]:
        """Compare with what is pinned; a server seen for the first time is pinned as it is.

        Returns:
            The refused tools and why; empty when all is as it was.

        Raises:
            ToolError: The file of pins is damaged.
        """
        with self._locked():
            pins = self._load()
            if server not in pins:
                self._store({**pins, server: {tool.name: tool.sha256 for tool in offered}})
                return {}
        known = pins[server]
        return {
            tool.name: _why(known.get(tool.name)) for tool in offered if known.get(tool.name) != tool.sha256
        }

    def approve(self, server: str, offered: list[Definition]) -> list[str]:
        """Pin what a server offers now; returns the names that are new or changed.

        Raises:
            ToolError: The file of pins is damaged.
        """
        with self._locked():
            pins = self._load()
            known = pins.get(server, {})
            self._store({**pins, server: {tool.name: tool.sha256 for tool in offered}})
        return [tool.name for tool in offered if known.get(tool.name) != tool.sha256]

    def pinned(self, server: str) -> dict[str, str]:
        """Tool names and hashes of a server; empty when it was never used."""
        return self._load().get(server, {})

    def _locked(self) -> FileLock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(f"{self.path}.lock", timeout=10)

    def _load(self) -> dict[str, dict[str, str]]:
        if not self.path.is_file():
            return {}
        try:
            return _PINS.validate_json(self.path.read_bytes())
        except ValidationError as error:
            # Never taken for "nothing pinned": that would approve whatever is offered.
            raise ToolError(
                f"{str(self.path)!r}, which holds the approved MCP tools, is damaged.",
                mend="Restore it, or delete it and look at each server's tools again.",
            ) from error

    def _store(self, pins: dict[str, dict[str, str]]) -> None:
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        beside.write_text(json.dumps(pins, indent=1, sort_keys=True, ensure_ascii=False), encoding="utf-8")
        beside.replace(self.path)


def _why(pinned: str | None) -> str:
    return "is new since the server was approved" if pinned is None else "was changed since it was approved"
