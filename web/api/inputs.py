"""What a run may be asked to use, by whom: uploads by id, and with accounts only what the settings list."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException

from ...errors import ConfigError
from ...models import ModelName
from .desk import Desk, not_found
from .uploads import UploadStore


async def checked_input(desk: Desk, owner: str, graph: str, value: dict[str, Any]) -> dict[str, Any]:
    """The input as the graph takes it.

    Raises:
        HTTPException: 404 for an unknown graph or upload, 422 for a value of the wrong shape.
        ConfigError: The input names what this server, or this person, may not use.
    """
    served = desk.registry.get(graph)
    if served is None:
        raise not_found()
    try:
        checked = served.Input.model_validate(value)
    except ValidationError as error:
        told = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5]]
        raise HTTPException(422, "; ".join(told)) from None
    allow(desk, checked.model_dump())
    docs = getattr(checked, "docs", None)
    if isinstance(docs, str):
        checked = checked.model_copy(update={"docs": await asyncio.to_thread(_folder, desk, owner, docs)})
    await asyncio.to_thread(served.check, checked, owner)
    return checked.model_dump(mode="json")


def allow(desk: Desk, value: dict[str, Any]) -> None:
    """Refuse a model, database or phone that this server does not offer to people with accounts.

    Raises:
        ConfigError: The model, database or phone is not among those of the settings.
    """
    if desk.accounts is None:
        return
    offered = model_names(desk)
    if (model := value.get("model")) is not None and model not in offered:
        raise ConfigError(
            f"The model {model!r} is not offered here.", mend=f"Choose one of: {', '.join(offered)}."
        )
    if (device := value.get("device", "virtual")) not in ("virtual", *desk.settings.web.phones):
        raise ConfigError(f"The phone {device!r} is not offered here.", mend="Use the virtual phone.")
    for name in value.get("databases") or ():
        if name not in desk.settings.web.databases:
            raise ConfigError(
                f"The database {name!r} is not offered here.", mend="Ask whoever runs this server."
            )


def model_names(desk: Desk) -> list[str]:
    """The models that are offered: the default one, and those of the settings."""
    return list(dict.fromkeys([desk.settings.model, *desk.settings.web.models]))


def _folder(desk: Desk, owner: str, docs: str) -> str:
    kind, _, name = docs.partition(":")
    if kind == "upload":
        folder = UploadStore(desk.settings).folder(owner, name)
        if folder is None:
            raise not_found()
        return str(folder)
    if docs == "sample":
        return str(sample_folder())
    path = Path(name if kind == "folder" else docs).expanduser().resolve()
    offered = [folder.expanduser().resolve() for folder in desk.settings.web.folders]
    if desk.accounts is not None and path not in offered:
        raise ConfigError(
            "This folder is not offered here.", mend="Upload the documents, or use a listed folder."
        )
    if not path.is_dir():
        raise ConfigError(f"{name or docs!r} is not a folder.", mend="Name a folder that holds documents.")
    return str(path)


def shown_input(options: dict[str, Any]) -> dict[str, Any]:
    """A run's input as it can be given again: no path of this server in it when the documents were uploaded."""
    docs = options.get("docs")
    if isinstance(docs, str):
        path = Path(docs)
        if len(path.parts) > 3 and path.parts[-3] == "uploads":
            return {**options, "docs": f"upload:{path.name}"}
        if path.parts[-2:] == ("docs", "guide"):
            return {**options, "docs": "sample"}
    return options


def sample_folder() -> Path:
    """The guide that comes with Tenfold.

    Raises:
        ConfigError: It is not installed.
    """
    folder = Path(__file__).resolve().parents[2] / "docs" / "guide"
    if not folder.is_dir():
        raise ConfigError(
            "The sample documents are not installed.", mend="Upload documents, or name a folder."
        )
    return folder


def describe_model(desk: Desk, name: str) -> dict[str, Any]:
    """A model for the choice in the page: its name, provider, and whether it is small; it is not opened."""
    try:
        parsed = ModelName.parse(name)
    except ConfigError:
        return {"name": name, "provider": "", "default": name == desk.settings.model}
    return {"name": name, "provider": parsed.provider, "default": name == desk.settings.model}
