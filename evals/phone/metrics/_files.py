"""Rows from a user's JSON or JSON Lines file, each error named by file and row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ....errors import ConfigError

T = TypeVar("T", bound=BaseModel)


def rows(path: Path, kind: type[T]) -> list[T]:
    """All rows of a file: a JSON list, or one JSON object a line.

    Raises:
        ConfigError: The file cannot be read, or a row is not of this kind.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.", mend="Give a JSON or JSON Lines file."
        ) from error
    found = [kind_of(value, kind, f"{path}, row {n}") for n, value in enumerate(_values(text, path), 1)]
    if not found:
        raise ConfigError(f"{path} has no rows.", mend="Give a JSON list, or one JSON object a line.")
    return found


def kind_of(value: Any, kind: type[T], where: str) -> T:
    """One row, checked."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the row"
        raise ConfigError(f"{where}: {field}: {first['msg']}.", mend="Mend this row.") from error


def _values(text: str, path: Path) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            return list(json.loads(text))
        except json.JSONDecodeError as error:
            raise ConfigError(f"{path} is not JSON: {error}.", mend="Mend the file.") from error
    values: list[Any] = []
    for n, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                values.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise ConfigError(
                    f"{path}, line {n} is not JSON: {error}.", mend="Mend this line."
                ) from error
    return values
