"""What the server offers and how it is: graphs, models, health, metrics, and the API's own page."""

from __future__ import annotations

import asyncio
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from .desk import ERRORS, DeskDep, Owner
from .inputs import describe_model, model_names
from .metrics import CONTENT_TYPE

router = APIRouter(responses=ERRORS)


class GraphBody(BaseModel):
    """A graph that is served; `input_schema` is the JSON Schema of a run's input."""

    name: str
    title: str
    description: str
    steerable: bool
    input_schema: dict[str, Any]


class GraphList(BaseModel):
    """All graphs that are served."""

    graphs: list[GraphBody]


class ModelBody(BaseModel):
    """A model that a run may name."""

    name: str
    provider: str
    default: bool


class ModelList(BaseModel):
    """What a run may use.

    Attributes:
        free_choice: Whether any `provider:name` may be given, as in single-user mode.
        folders, databases, phones: Of the settings, for servers with accounts.
    """

    models: list[ModelBody]
    free_choice: bool
    folders: list[str]
    databases: list[str]
    phones: list[str]


class Health(BaseModel):
    """Whether the server can work."""

    status: str
    runs: dict[str, int]


@router.get("/api/graphs", tags=["about"])
async def graphs(desk: DeskDep, owner: Owner) -> GraphList:
    """The graphs that can be run."""
    return GraphList(
        graphs=[
            GraphBody(
                name=g.name, title=g.title, description=g.description, steerable=g.steerable,
                input_schema=g.Input.model_json_schema(),
            )
            for g in desk.registry
        ]
    )  # fmt: skip


@router.get("/api/models", tags=["about"])
async def models(desk: DeskDep, owner: Owner) -> ModelList:
    """The models, folders and databases that can be chosen."""
    offered = desk.settings.web
    return ModelList(
        models=[ModelBody(**describe_model(desk, name)) for name in model_names(desk)],
        free_choice=desk.accounts is None,
        folders=[str(folder) for folder in offered.folders],
        databases=list(offered.databases),
        phones=list(offered.phones),
    )


@router.get("/healthz", tags=["about"])
async def healthz(desk: DeskDep) -> Health:
    """The database answers, and so does the event loop."""
    try:
        async with asyncio.timeout(5):
            runs = await asyncio.to_thread(desk.services.store.counts)
    except Exception as error:
        raise HTTPException(503, "The database does not answer.") from error
    return Health(status="ok", runs=runs)


@router.get("/metrics", tags=["about"], response_class=Response)
async def metrics(desk: DeskDep) -> Response:
    """Counts for Prometheus; no names, no ids."""
    store = desk.services.store
    runs, tokens = await asyncio.to_thread(lambda: (store.counts(), store.tokens()))
    text = desk.metrics.exposition(runs, tokens, observers=desk.hub.observers, feeds=len(desk.hub))
    return Response(text, media_type=CONTENT_TYPE)


@router.get("/api/docs", response_class=HTMLResponse, include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """The API as a page: no script and nothing from elsewhere, so that it works offline and under the server's CSP."""
    spec: dict[str, Any] = request.app.openapi()
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tenfold API</title>',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<link rel="stylesheet" href="/api/docs.css"></head><body><main>',
        f"<h1>{escape(spec['info']['title'])} {escape(spec['info']['version'])}</h1>",
        f"<p>{escape(spec['info'].get('description', ''))}</p>",
        '<p><a href="/api/openapi.json">openapi.json</a></p>',
    ]
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(method, path, operation))
    parts.append("<h2>Schemas</h2>")
    for name, schema in sorted(spec.get("components", {}).get("schemas", {}).items()):
        parts.append(_schema(name, schema))
    parts.append("</main></body></html>")
    return HTMLResponse("".join(parts))


@router.get("/api/docs.css", response_class=Response, include_in_schema=False)
async def docs_css() -> Response:
    """The style of that page."""
    return Response(_CSS, media_type="text/css")


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        (p["name"], p["in"], _type(p["schema"]), p.get("description", ""))
        for p in operation.get("parameters", [])
    ]
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        rows.append(("body", media, _type(body["schema"]), ""))
    for status, answer in operation.get("responses", {}).items():
        if status.startswith("2"):
            for media, body in answer.get("content", {}).items():
                rows.append((status, media, _type(body.get("schema", {})), answer.get("description", "")))
    table = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    head = f"<b>{escape(method.upper())}</b> <code>{escape(path)}</code>"
    words = escape(operation.get("description") or operation.get("summary", ""))
    return f"<details><summary>{head}</summary><p>{words}</p><table>{table}</table></details>"


def _schema(name: str, schema: dict[str, Any]) -> str:
    needed = schema.get("required", [])
    rows = "".join(
        f"<tr><td>{escape(key)}{' *' if key in needed else ''}</td><td>{escape(_type(value))}</td></tr>"
        for key, value in schema.get("properties", {}).items()
    )
    words = escape(schema.get("description", ""))
    head = f"<summary><code>{escape(name)}</code></summary>"
    return f"<details>{head}<p>{words}</p><table>{rows}</table></details>"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[-1]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " | ".join(_type(option) for option in schema[word])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    return str(schema.get("const", schema.get("type", "any")))


_CSS = """:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
details{border-bottom:1px solid #8884;padding:.4rem 0}summary{cursor:pointer}
table{border-collapse:collapse;font-size:.9rem}td{padding:.15rem .8rem .15rem 0;vertical-align:top}
code,td:first-child{font-family:ui-monospace,monospace}p{white-space:pre-line}"""
