"""Drives runs in this process: start, go on, pause, answer, finish, whatever became of the process before.

A run's truth lies in two files: LangGraph's checkpoints and the run store. The driver holds nothing that a killed
process could lose.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ..errors import ConfigError, RunError, TenfoldError
from ..graphs.edr import Limits, build_graph, initial_state
from ..models import Budget, CallEvent
from ..settings import BudgetLimits
from ..tools.runs import Run, RunStatus
from .services import RunRequest, Services

RECURSION_LIMIT = 1000
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as it stands after the driver let go of it.

    Attributes:
        status: completed, paused, waiting_human, failed or cancelled.
        interrupts: What a person is asked, by interrupt id; empty unless the run waits.
        report: The report when the run is completed.
    """

    run: Run
    status: RunStatus
    interrupts: dict[str, Any]
    report: dict[str, Any] | None


class Driver:
    """Runs the EDR graph for one process.

    Args:
        services: Shared models, corpora and store.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self._controls: dict[str, Any] = {}

    def create(self, question: str, request: RunRequest) -> Run:
        """Enter a new run.

        Raises:
            ConfigError: The question is empty, or the request has no source or names what is not there.
            ModelNotFound: The model is not here.
        """
        if not question.strip():
            raise ConfigError("The question is empty.", mend="Ask something.")
        self.services.context("check", request)  # fails before anything is entered
        return self.services.store.create("edr", question.strip(), request.model_dump(mode="json"))

    async def drive(self, run_id: str, *, answers: dict[str, Any] | None = None) -> RunView:
        """Run until the end, a pause or a question.

        Args:
            run_id: The run; one that a killed process left goes on where its last checkpoint is.
            answers: Interrupt id to answer, when the run waits for a person.

        Raises:
            RunError: The run has ended, or another process drives it.
        """
        store = self.services.store
        run = store.run(run_id)
        if run.status in ("completed", "cancelled"):
            raise RunError(f"Run {run.id!r} is {run.status}.", mend=f"See it with: tenfold show {run.id}")
        from langgraph.runtime import RunControl

        with store.lock(run.id):
            run = store.run(run.id)  # as the process before has left it
            store.set_status(run.id, "running")
            self._controls[run.id] = RunControl()  # before the first step, so that a pause is never too early
            try:
                return await self._drive(run, answers)
            finally:
                self._controls.pop(run.id, None)

    async def _drive(self, run: Run, answers: dict[str, Any] | None) -> RunView:
        store = self.services.store
        started = time.monotonic()
        status: RunStatus = "interrupted"
        error: str | None = None
        try:
            async with self._graph() as graph:
                status = await self._invoke(graph, run, answers)
        except asyncio.CancelledError:
            status = "paused"
            raise
        except TenfoldError as problem:
            status, error = "failed", str(problem)
        except (
            Exception
        ) as problem:  # a fault of ours: the run keeps what it has and can go on when it is mended
            _LOG.exception("Run %s failed", run.id)
            status, error = "failed", f"{type(problem).__name__}: {problem}"
        finally:
            store.add_active_seconds(run.id, time.monotonic() - started)
            store.set_status(run.id, status, error=error)
        return await self.view(run.id)

    async def _invoke(self, graph: Any, run: Run, answers: dict[str, Any] | None) -> RunStatus:
        from langgraph.errors import GraphDrained
        from langgraph.types import Command

        request = RunRequest.model_validate(run.options)
        records = await self.services.store.ledger(run.id).records()
        limits = BudgetLimits(**request.options.limits.model_dump())
        budget = Budget.restore(limits, records, minutes=run.active_s / 60)
        context = self.services.context(
            run.id, request, budget=budget, on_event=lambda event: self._on_event(run.id, event)
        )
        config = {"configurable": {"thread_id": run.id}, "recursion_limit": RECURSION_LIMIT}
        state = await graph.aget_state(config)
        work: Any = None
        if "options" not in state.values:  # not begun, or ended before its first step
            today = datetime.fromisoformat(run.created).date().isoformat()
            work = initial_state(run.id, run.question, today=today, options=request.options)
        else:
            context.set_limits(Limits.model_validate(state.values["options"]["limits"]))
            if answers:
                work = Command(resume=answers)
        try:
            budget.start()
            await graph.ainvoke(
                work, config, context=context, durability="sync", control=self._controls[run.id]
            )
        except GraphDrained:
            return "paused"
        return "waiting_human" if (await graph.aget_state(config)).interrupts else "completed"

    def _on_event(self, run_id: str, event: CallEvent) -> None:
        if event.kind == "delta":
            return
        data = {name: value for name, value in asdict(event).items() if value}
        self.services.store.emit(run_id, f"call.{event.kind}", data)

    def pause(self, run_id: str) -> bool:
        """Ask a run of this process to stop at the next superstep; True when it runs here."""
        control = self._controls.get(run_id)
        if control is not None:
            control.request_drain("pause")
        return control is not None

    async def view(self, run_id: str) -> RunView:
        """The run as it stands, read from its files."""
        store = self.services.store
        run = store.run(run_id)
        interrupts: dict[str, Any] = {}
        if run.status == "waiting_human":
            async with self._graph() as graph:
                state = await graph.aget_state({"configurable": {"thread_id": run.id}})
            interrupts = {i.id: i.value for i in state.interrupts}
        return RunView(run=run, status=run.status, interrupts=interrupts, report=store.report(run.id))

    @asynccontextmanager
    async def _graph(self) -> AsyncGenerator[Any]:
        """The compiled graph over this data folder's checkpoints."""
        import aiosqlite
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        folder = self.services.settings.data_dir
        folder.mkdir(parents=True, exist_ok=True)
        async with aiosqlite.connect(folder / "checkpoints.db") as connection:
            await connection.execute("PRAGMA busy_timeout=5000")
            saver = AsyncSqliteSaver(connection)
            yield build_graph().compile(checkpointer=saver)
