"""`POST /agui/{graph}`: any AG-UI client. Closing the response detaches; the run goes on."""

from __future__ import annotations

from typing import Annotated, Any

from ag_ui.core import RunAgentInput
from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from ...tools.runs import Run
from ..agui import Projector
from .desk import ERRORS, Desk, DeskDep, Owner, not_found
from .feed import FeedKey
from .inputs import checked_input
from .runs import event_stream, still

router = APIRouter(tags=["ag-ui"], responses=ERRORS)
_LOOK_BACK = 200


@router.post("/agui/{graph}", response_class=StreamingResponse)
async def agui(
    request: Request,
    desk: DeskDep,
    owner: Owner,
    graph: Annotated[str, Path(max_length=100)],
    asked: RunAgentInput,
) -> StreamingResponse:
    """Run a graph as an AG-UI agent.

    The last user message is the question, `forwardedProps` the rest of the input. The same threadId and runId again
    attach to the same run; `resume` answers the interrupts of the thread's waiting run. The stream ends with
    RUN_FINISHED or RUN_ERROR.
    """
    if desk.registry.get(graph) is None:
        raise not_found()
    if not (0 < len(asked.thread_id) <= 200 and 0 < len(asked.run_id) <= 200):
        raise HTTPException(422, "threadId and runId have 1 to 200 characters.")
    after: int | None = None
    if asked.resume:
        run, after = await _resume(desk, owner, asked)
    else:
        run = await _begin(desk, owner, graph, asked)
    feed = desk.hub.feed(FeedKey(run.id, asked.thread_id, asked.run_id))
    return event_stream(desk, feed.observe_once(begun_after=after, allowed=still(request, owner)))


def _client_id(thread_id: str, run_id: str) -> str:
    return f"agui:{len(thread_id)}:{thread_id}:{run_id}"


async def _thread(desk: Desk, owner: str, thread_id: str) -> list[Run]:
    """The runs of an AG-UI thread, newest first."""
    prefix = _client_id(thread_id, "")
    runs = await desk.manager.runs(owner, _LOOK_BACK, None)
    return [run for run in runs if (run.client_id or "").startswith(prefix)]


async def _begin(desk: Desk, owner: str, graph: str, asked: RunAgentInput) -> Run:
    client_id = _client_id(asked.thread_id, asked.run_id)
    for run in await _thread(desk, owner, asked.thread_id):
        if run.client_id == client_id:
            return run
        if run.status == "waiting_human":
            raise HTTPException(409, "The thread's last run waits for answers: send them as `resume`.")
    if not await desk.rates.hit(desk.settings.web.runs_per_hour, "hour", "runs", owner):
        raise HTTPException(429, "Too many runs were begun.", {"Retry-After": "600"})
    value = await checked_input(desk, owner, graph, _input(desk, graph, asked))
    return await desk.manager.submit(owner, graph, value, client_id=client_id)


def _input(desk: Desk, graph: str, asked: RunAgentInput) -> dict[str, Any]:
    """The graph's input: `forwardedProps`, and the last user message where the graph wants its words."""
    props = asked.forwarded_props
    value: dict[str, Any] = dict(props) if isinstance(props, dict) else {}
    served = desk.registry.get(graph)
    fields = served.Input.model_fields if served else {}
    said = next((m for m in reversed(asked.messages) if m.role == "user"), None)
    if said is None:
        return value
    content = getattr(said, "content", "")
    text = content if isinstance(content, str) else " ".join(getattr(p, "text", "") for p in content).strip()
    for name in ("question", "goal", "input", "text"):
        if name in fields:
            value.setdefault(name, text)
            return value
    if "messages" in fields:
        value.setdefault("messages", [{"role": "user", "content": text}])
    return value


async def _resume(desk: Desk, owner: str, asked: RunAgentInput) -> tuple[Run, int | None]:
    """Answer the waiting run of the thread; the stream goes on after what the client has seen."""
    runs = await _thread(desk, owner, asked.thread_id)
    waiting = next((run for run in runs if run.status == "waiting_human"), None)
    if waiting is None:
        if runs:  # the answer was taken before, and the connection broke
            return runs[0], None
        raise not_found()
    seen = Projector(waiting.id, asked.thread_id)
    await desk.manager.fold(waiting.id, seen)
    answers = {
        entry.interrupt_id: entry.payload if entry.status == "resolved" else {"cancelled": True}
        for entry in asked.resume or []
    }
    return await desk.manager.answer(waiting.id, answers), seen.seq
