"""Files in and out: uploads, reports, charts, traces, and the text behind a quote."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel, StringConstraints
from starlette.exceptions import HTTPException

from ...graphs.coloragent import replay_html
from ...tools.charts import ChartSpec
from ...tools.charts import render as draw
from ...tools.corpus import place_of
from ...tools.runs import Run, RunStore
from ..exports import MEDIA_TYPES, Kind, file_name, write
from ..runs import images_of
from .desk import ERRORS, DeskDep, Owner, RunId, ShortId, not_found
from .runs import snapshot
from .uploads import Upload, UploadStore

router = APIRouter(prefix="/api", tags=["files"], responses=ERRORS)
UploadId = Annotated[str, StringConstraints(pattern=r"^[a-f0-9]{32}$")]
ImageHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_AROUND = 1200  # characters of the source shown on each side of a quote
# What is downloaded was written from other people's texts: as a page of its own it may do nothing at all.
_INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class UploadedFile(BaseModel):
    """One file of an upload."""

    name: str
    bytes: int


class UploadBody(BaseModel):
    """An upload; a run reads it as `docs: "upload:ID"`."""

    id: str
    files: list[UploadedFile]

    @classmethod
    def of(cls, upload: Upload) -> UploadBody:
        """What is shown of an upload."""
        return cls(id=upload.id, files=[UploadedFile(name=n, bytes=size) for n, size in upload.files])


class UploadList(BaseModel):
    """All uploads of whoever asks, newest first."""

    uploads: list[UploadBody]


class QuoteBody(BaseModel):
    """A quote in its source.

    Attributes:
        start, end: Characters of the source's stored text.
        place: Page, and box on a scanned one, in words; empty for sources without pages.
        stands: Whether the stored text has exactly these words at this place.
    """

    quote: str
    before: str
    after: str
    start: int
    end: int
    url: str
    title: str
    fetched_at: str
    place: str
    stands: bool


class TracedCall(BaseModel):
    """One finished call: what it was and cost, not what was said."""

    kind: str
    role: str
    name: str
    input_tokens: int
    output_tokens: int
    usd: float
    ms: float


class Trace(BaseModel):
    """The calls of a run, in the order in which they ended."""

    calls: list[TracedCall]


@router.post("/uploads", status_code=201)
async def upload(desk: DeskDep, owner: Owner, files: list[UploadFile]) -> UploadBody:
    """Keep documents for runs to read."""
    if not await desk.rates.hit(60, "hour", "uploads", owner):
        raise HTTPException(429, "Too many uploads.", {"Retry-After": "600"})
    named = [(file.filename or "", file.file) for file in files]
    return UploadBody.of(await asyncio.to_thread(UploadStore(desk.settings).add, owner, named))


@router.get("/uploads")
async def uploads(desk: DeskDep, owner: Owner) -> UploadList:
    """All uploads of whoever asks."""
    found = await asyncio.to_thread(UploadStore(desk.settings).all, owner)
    return UploadList(uploads=[UploadBody.of(u) for u in found])


@router.get("/uploads/{upload_id}")
async def one_upload(desk: DeskDep, owner: Owner, upload_id: UploadId) -> UploadBody:
    """One upload."""
    found = await asyncio.to_thread(UploadStore(desk.settings).one, owner, upload_id)
    if found is None:
        raise not_found()
    return UploadBody.of(found)


@router.delete("/uploads/{upload_id}", status_code=204)
async def remove_upload(desk: DeskDep, owner: Owner, upload_id: UploadId) -> None:
    """Delete an upload; what runs quoted from it stays with them."""
    if not await asyncio.to_thread(UploadStore(desk.settings).remove, owner, upload_id):
        raise not_found()


@router.get("/runs/{run_id}/evidence/{evidence_id}")
async def evidence(desk: DeskDep, owner: Owner, run_id: RunId, evidence_id: ShortId) -> QuoteBody:
    """The text around a quote, as it was when it was read."""
    await desk.run(run_id, owner)
    store = desk.services.store
    found = await asyncio.to_thread(store.evidence, run_id, ids=[evidence_id], hidden=True)
    if not found:
        raise not_found()
    e = found[0]
    kept = await asyncio.to_thread(store.snapshot, e.snapshot)
    text = kept.text if kept else ""
    return QuoteBody(
        quote=e.quote,
        before=text[max(0, e.start - _AROUND) : e.start],
        after=text[e.end : e.end + _AROUND],
        start=e.start,
        end=e.end,
        url=e.url,
        title=e.title,
        fetched_at=kept.fetched_at if kept else "",
        place=str(place_of(kept.meta, e.start, e.end)) if kept else "",
        stands=bool(e.quote) and text[e.start : e.end] == e.quote,
    )


@router.get(
    "/runs/{run_id}/report.{kind}",
    response_class=Response,
    responses={200: {"content": {media.split(";")[0]: {} for media in MEDIA_TYPES.values()}}},
)
async def report(desk: DeskDep, owner: Owner, run_id: RunId, kind: Annotated[Kind, Path()]) -> Response:
    """The finished report as a file."""
    run = await desk.run(run_id, owner)
    found = await asyncio.to_thread(desk.services.store.report, run.id)
    if found is None:
        raise HTTPException(409, "The report is not written yet.")
    data = await asyncio.to_thread(write, found, kind)
    name = file_name(run.question, kind)
    return Response(
        data,
        media_type=MEDIA_TYPES[kind],
        headers={
            "Content-Disposition": f"attachment; filename=report.{kind}; filename*=UTF-8''{quote(name)}",
            "Content-Security-Policy": _INERT,
        },
    )


@router.get(
    "/runs/{run_id}/charts/{chart_id}.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}},
)
async def chart(desk: DeskDep, owner: Owner, run_id: RunId, chart_id: ShortId) -> Response:
    """A chart of the report."""
    run = await desk.run(run_id, owner)
    document = (await snapshot(desk, run)).document.value
    entry = document.get("charts", {}).get(chart_id)
    if not isinstance(entry, dict) or "spec" not in entry:
        raise not_found()
    try:
        spec = ChartSpec.model_validate(entry["spec"])
    except ValueError:  # another graph may mean something else by it
        raise not_found() from None
    drawn = await asyncio.to_thread(draw, spec)
    return Response(drawn.data, media_type="image/svg+xml", headers={"Content-Security-Policy": _INERT})


@router.get(
    "/runs/{run_id}/images/{sha}.png",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def image(desk: DeskDep, owner: Owner, run_id: RunId, sha: ImageHash) -> Response:
    """A screen that a phone task saw. A picture never changes under its hash; only this browser may keep it."""
    run = await desk.run(run_id, owner)
    found = await asyncio.to_thread(images_of(desk.services.store).get, run.id, sha)
    if found is None:
        raise not_found()
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "Content-Security-Policy": _INERT}
    return Response(found, media_type="image/png", headers=headers)


@router.get(
    "/runs/{run_id}/replay.html", response_class=Response, responses={200: {"content": {"text/html": {}}}}
)
async def replay(desk: DeskDep, owner: Owner, run_id: RunId) -> Response:
    """A phone task step by step, as one page without script, to keep or to hand on."""
    run = await desk.run(run_id, owner)
    if run.graph != "phone":
        raise not_found()
    page = await asyncio.to_thread(_replay, desk.services.store, run)
    name = quote(f"{file_name(run.question, 'html')}")
    return Response(
        page,
        media_type="text/html; charset=utf-8",
        headers={
            "Content-Disposition": f"attachment; filename=replay.html; filename*=UTF-8''{name}",
            "Content-Security-Policy": _INERT,
        },
    )


def _replay(store: RunStore, run: Run) -> bytes:
    images = images_of(store)
    page = replay_html(run, store.events(run.id, limit=1_000_000), lambda sha: images.get(run.id, sha))
    return page.encode("utf-8", "replace")


@router.get("/runs/{run_id}/trace")
async def trace(desk: DeskDep, owner: Owner, run_id: RunId) -> Trace:
    """What a run called, and what it cost."""
    await desk.run(run_id, owner)
    records: list[Any] = list(await desk.services.store.ledger(run_id).records())
    return Trace(
        calls=[
            TracedCall(
                kind=r.kind, role=r.role, name=r.name, input_tokens=r.input_tokens,
                output_tokens=r.output_tokens, usd=r.cost, ms=r.ms,
            )
            for r in records
        ]
    )  # fmt: skip
