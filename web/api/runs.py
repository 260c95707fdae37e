"""Runs: begin, watch, steer, stop, answer, fork, compare."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from ...tools.runs import Message, Run
from ..agui import Projector
from ..runs import Checkpoint
from .desk import ERRORS, ClientId, Desk, DeskDep, Owner, RunId, not_found, user_of
from .feed import FeedKey
from .inputs import checked_input, shown_input

router = APIRouter(prefix="/api", tags=["runs"], responses=ERRORS)
_MAX_OBSERVERS = 500
SSE_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class RunBody(BaseModel):
    """A run as its owner sees it."""

    id: str
    thread: str
    graph: str
    question: str
    status: str
    error: str | None
    created: str
    ended: str | None
    parent: str | None
    input: dict[str, Any]

    @classmethod
    def of(cls, run: Run) -> RunBody:
        """What is shown of a run."""
        return cls(
            id=run.id, thread=run.thread or run.id, graph=run.graph, question=run.question, status=run.status,
            error=run.error, created=run.created, ended=run.ended, parent=run.parent, input=shown_input(run.options),
        )  # fmt: skip


class RunList(BaseModel):
    """A page of the history, newest first; `next` goes into `before` for the page after it."""

    runs: list[RunBody]
    next: str | None


class RunState(BaseModel):
    """A run, its shared document, and the seq of the last event in it."""

    run: RunBody
    state: dict[str, Any]
    seq: int


class NewRun(BaseModel):
    """What to run. The same `client_id` again is the same run."""

    model_config = ConfigDict(extra="forbid")

    graph: Annotated[str, Field(max_length=100)] = "edr"
    input: dict[str, Any]
    client_id: ClientId | None = None


class Words(BaseModel):
    """A message to a run."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=4000)]
    client_id: ClientId | None = None


class TodoPatch(BaseModel):
    """Edits of the list as the page saw it."""

    model_config = ConfigDict(extra="forbid")

    base_version: Annotated[int, Field(ge=0, le=2**31)]
    operations: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=50)]
    client_id: ClientId | None = None


class Operations(BaseModel):
    """Typed rules: exclude a source, change a cap, undo a rule."""

    model_config = ConfigDict(extra="forbid")

    operations: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=50)]
    client_id: ClientId | None = None


class Answers(BaseModel):
    """Answers by interrupt id; not all need to be given at once."""

    model_config = ConfigDict(extra="forbid")

    responses: Annotated[dict[str, Any], Field(min_length=1, max_length=50)]


class ForkFrom(BaseModel):
    """Where to fork, and what to say to the fork before it begins."""

    model_config = ConfigDict(extra="forbid")

    checkpoint_id: Annotated[str, Field(min_length=1, max_length=200)]
    message: Words | None = None


class Checkpoints(BaseModel):
    """The places at which a run can be forked."""

    checkpoints: list[Checkpoint]


@router.post("/runs", status_code=201)
async def submit(desk: DeskDep, owner: Owner, new: NewRun) -> RunBody:
    """Begin a run; it lives in the server, whether or not anybody watches."""
    if not await desk.rates.hit(desk.settings.web.runs_per_hour, "hour", "runs", owner):
        raise HTTPException(429, "Too many runs were begun.", {"Retry-After": "600"})
    value = await checked_input(desk, owner, new.graph, new.input)
    return RunBody.of(await desk.manager.submit(owner, new.graph, value, client_id=new.client_id))


@router.get("/runs")
async def history(
    desk: DeskDep,
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,100}$")] = None,
) -> RunList:
    """The runs of whoever asks, newest first."""
    if before is not None:
        await desk.run(before, owner)
    found = await desk.manager.runs(owner, limit, before)
    return RunList(
        runs=[RunBody.of(run) for run in found], next=found[-1].id if len(found) == limit else None
    )


@router.get("/runs/{run_id}")
async def state(desk: DeskDep, owner: Owner, run_id: RunId) -> RunState:
    """A run and its shared document."""
    run = await desk.run(run_id, owner)
    projector = await snapshot(desk, run)
    return RunState(run=RunBody.of(run), state=projector.document.value, seq=projector.seq)


async def snapshot(desk: Desk, run: Run) -> Projector:
    """Where a run stands."""
    return await desk.hub.snapshot(run.id, run.thread or run.id)


@router.get("/runs/{run_id}/events", response_class=StreamingResponse)
async def events(
    request: Request,
    desk: DeskDep,
    owner: Owner,
    run_id: RunId,
    after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> StreamingResponse:
    """The run's events as Server-Sent Events in AG-UI's vocabulary; `id:` is the seq.

    Without `after` or `Last-Event-ID` the stream begins with where everything stands.
    """
    run = await desk.run(run_id, owner)
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        after = int(last_event_id)
    feed = desk.hub.feed(FeedKey(run.id, run.thread or run.id, run.id))
    stream = feed.observe(after, allowed=still(request, owner))
    return event_stream(desk, stream)


def event_stream(desk: Desk, stream: Any) -> StreamingResponse:
    """A stream of events as a response, unless there are too many already.

    Raises:
        HTTPException: 503.
    """
    if desk.hub.closing or desk.hub.observers >= _MAX_OBSERVERS:
        raise HTTPException(503, "Too many event streams are open.", {"Retry-After": "5"})
    return StreamingResponse(stream, media_type="text/event-stream", headers=SSE_HEADERS)


def still(request: Request, owner: str) -> Callable[[], Awaitable[bool]]:
    """Asks whether the session behind a request is still this owner's."""

    async def allowed() -> bool:
        try:
            return (await user_of(request)).id == owner
        except HTTPException:
            return False

    return allowed


# --- steering ---------------------------------------------------------------------------------------------------------


@router.post("/runs/{run_id}/messages", status_code=202)
async def message(desk: DeskDep, owner: Owner, run_id: RunId, words: Words) -> Message:
    """Say something to a run; an event tells what came of it."""
    await desk.run(run_id, owner)
    return await desk.manager.post(run_id, "text", words.text, client_id=words.client_id)


@router.patch("/runs/{run_id}/todo", status_code=202)
async def todo(desk: DeskDep, owner: Owner, run_id: RunId, patch: TodoPatch) -> Message:
    """Edit the todo list; without a model, at the next step's boundary."""
    await desk.run(run_id, owner)
    body = {"base_version": patch.base_version, "operations": patch.operations}
    return await desk.manager.post(run_id, "todo", body, client_id=patch.client_id)


@router.post("/runs/{run_id}/operations", status_code=202)
async def operations(desk: DeskDep, owner: Owner, run_id: RunId, wanted: Operations) -> Message:
    """Change rules: exclude a source, change a cap, undo a rule."""
    await desk.run(run_id, owner)
    return await desk.manager.post(run_id, "operations", wanted.operations, client_id=wanted.client_id)


@router.post("/runs/{run_id}/interrupts")
async def answer(desk: DeskDep, owner: Owner, run_id: RunId, answers: Answers) -> RunBody:
    """Answer what the run asks."""
    await desk.run(run_id, owner)
    return RunBody.of(await desk.manager.answer(run_id, answers.responses))


@router.get("/runs/{run_id}/checkpoints")
async def checkpoints(desk: DeskDep, owner: Owner, run_id: RunId) -> Checkpoints:
    """Where the run can be forked, newest first."""
    await desk.run(run_id, owner)
    return Checkpoints(checkpoints=await desk.manager.checkpoints(run_id))


@router.post("/runs/{run_id}/fork", status_code=201)
async def fork(desk: DeskDep, owner: Owner, run_id: RunId, where: ForkFrom) -> RunBody:
    """A new run that goes on from a checkpoint; the old one stays as it is."""
    await desk.run(run_id, owner)
    known = await desk.manager.checkpoints(run_id)
    if all(point.id != where.checkpoint_id for point in known):
        raise not_found()
    said = where.message or Words.model_construct(text="")
    made = await desk.manager.fork(
        run_id, where.checkpoint_id, owner, message=said.text, client_id=said.client_id
    )
    return RunBody.of(made)


@router.post("/runs/{run_id}/{verb}")
async def control(
    desk: DeskDep, owner: Owner, run_id: RunId, verb: Literal["pause", "resume", "cancel", "finish"]
) -> RunBody:
    """Pause at the next step, go on, stop for good, or write the report with what is there."""
    await desk.run(run_id, owner)
    return RunBody.of(await getattr(desk.manager, verb)(run_id))


# --- two runs ---------------------------------------------------------------------------------------------------------


class Side(BaseModel):
    """One of two runs: its document and what only it has."""

    run: RunBody
    state: dict[str, Any]
    only_claims: list[str]
    only_sources: list[str]


class Comparison(BaseModel):
    """Two runs side by side."""

    a: Side
    b: Side
    shared_claims: list[str]
    shared_sources: list[str]


@router.get("/compare")
async def compare(desk: DeskDep, owner: Owner, a: RunId, b: RunId) -> Comparison:
    """What two runs have in common, and what only one has."""
    runs = [await desk.run(a, owner), await desk.run(b, owner)]
    documents = [p.document.value for p in await asyncio.gather(*(snapshot(desk, run) for run in runs))]
    claims, sources = [_claims(d) for d in documents], [_sources(d) for d in documents]

    def side(n: int) -> Side:
        return Side(
            run=RunBody.of(runs[n]),
            state=documents[n],
            only_claims=[c for c in claims[n] if c not in claims[1 - n]],
            only_sources=[s for s in sources[n] if s not in sources[1 - n]],
        )

    return Comparison(
        a=side(0), b=side(1),
        shared_claims=[c for c in claims[0] if c in claims[1]],
        shared_sources=[s for s in sources[0] if s in sources[1]],
    )  # fmt: skip


def _claims(document: dict[str, Any]) -> dict[str, None]:
    sections = document.get("sections", {})
    order = document.get("report", {}).get("order") or list(sections)
    told = (claim for s in order if s in sections for claim in sections[s].get("claims", []))
    return dict.fromkeys(" ".join(c["text"].split()) for c in told if c.get("verdict") != "dropped")


def _sources(document: dict[str, Any]) -> dict[str, None]:
    return dict.fromkeys(s["url"] for s in document.get("sources", {}).values() if not s.get("hidden_by"))
