"""The shared state document: a fold over `{"/path": value}`, where a path names keys and null removes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

_PARENTS = ("run", "messages", "budget")


def keys_of(path: str) -> list[str]:
    """The keys that an RFC 6901 path names.

    Raises:
        ValueError: The path is empty or does not begin with a slash.
    """
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is not a path of the document: it must begin with a slash.")
    if "~" not in path:
        return path[1:].split("/")
    return [key.replace("~1", "/").replace("~0", "~") for key in path[1:].split("/")]


class _Own(dict[str, Any]):
    """A holder that belongs to the document; another one came with an event, whose frames must not change with it."""


class Document:
    """A run's shared state. Applying the same paths twice leaves it as it was after the first time.

    Args:
        value: What another document held; it becomes this one's own.
    """

    def __init__(self, value: dict[str, Any] | None = None) -> None:
        self.value: dict[str, Any] = {name: _Own() for name in _PARENTS} if value is None else value

    def apply(self, paths: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Take the values in and return them as JSON Patch operations on keys.

        `add` on an object's member replaces what is there, so one operation serves both. A parent that is missing is
        added first; what is not there is not removed, because a patch library may refuse that.
        """
        operations: list[dict[str, Any]] = []
        for path, value in paths.items():
            *parents, last = keys_of(path)
            holder = self.value
            prefix = ""
            for key in parents:
                prefix = f"{prefix}/{key.replace('~', '~0').replace('/', '~1')}"
                child = holder.get(key)
                if not isinstance(child, _Own):
                    if not isinstance(child, dict):
                        if value is None:
                            break
                        operations.append({"op": "add", "path": prefix, "value": {}})
                    child = holder[key] = _Own(
                        cast("dict[str, Any]", child) if isinstance(child, dict) else {}
                    )
                holder = child
            else:
                if value is not None:
                    holder[last] = value
                    operations.append({"op": "add", "path": path, "value": value})
                elif holder.pop(last, None) is not None:
                    operations.append({"op": "remove", "path": path})
        return operations
