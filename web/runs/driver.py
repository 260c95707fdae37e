"""Drives runs in this process: start, go on, pause, answer, finish, whatever became of the process before.

A run's truth lies in LangGraph's checkpoints and the run store. The driver holds nothing that a killed process could
lose.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ...encoding import dump_json
from ...errors import ConfigError, RunError, StoreUnavailable, TenfoldError
from ...tools.runs import Run, RunStatus
from ..services import RunRequest, Services
from .checkpoints import open_saver
from .served import GraphRegistry, ServedGraph
from .shipped import default_registry
from .stream import GraphStream
from .views import RunViews

FLUSH_S = 0.05
CLOCK_S = 5.0  # that a clock was set back, or that two servers differ
VIEWS_S = 2.0  # between two looks at which runs have a view to keep
Stop = Literal["pause", "stop", "cancel", "lost"]
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as it stands after the driver let go of it.

    Attributes:
        status: completed, paused, waiting_human, failed, cancelled or interrupted.
        interrupts: What a person is asked, by interrupt id; empty unless the run waits.
        report: The report when the run is completed.
    """

    run: Run
    status: RunStatus
    interrupts: dict[str, Any]
    report: dict[str, Any] | None


@dataclass
class _Drive:
    """A run that is driven here; the control exists before the first step, so that a pause is never too early."""

    control: Any
    task: asyncio.Task[Any] | None
    stop: Stop | None = None


class Driver:
    """Runs graphs for one process.

    Args:
        services: Shared models, corpora and store.
        registry: The graphs; those that come with Tenfold unless given.
    """

    def __init__(self, services: Services, registry: GraphRegistry | None = None) -> None:
        self.services = services
        self.registry = registry or default_registry(services)
        self._drives: dict[str, _Drive] = {}
        self._saver: Any = None
        self._compiled: dict[str, Any] = {}
        self._flusher: asyncio.Task[None] | None = None
        self._views = RunViews(services.store)
        self._let_go: set[str] = set()  # their drive has ended, and their view is not yet kept

    def create(self, question: str, request: RunRequest) -> Run:
        """Enter a new EDR run, which this process will drive.

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
            answers: Interrupt id to answer, when the run waits for a person; not all need to be given. Those that
                are kept with the run are given besides.

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
            drive = self._drives[run.id] = _Drive(RunControl(), asyncio.current_task())
            self._keep_flushing()
            try:
                return await self._drive(run, drive, answers)
            finally:
                self._drives.pop(run.id, None)
                self._let_go.add(run.id)
                store.log.forget(run.id)

    async def _drive(self, run: Run, drive: _Drive, answers: dict[str, Any] | None) -> RunView:
        store = self.services.store
        started = time.monotonic()
        status: RunStatus = "interrupted"
        error: str | None = None
        interrupts: dict[str, Any] = {}
        try:
            served = self.registry.need(run.graph)
            async with self.graph(served) as graph:
                status, interrupts = await self._invoke(served, graph, run, drive, answers)
        except asyncio.CancelledError:
            status = {"cancel": "cancelled", "stop": "interrupted"}.get(drive.stop or "", "paused")  # type: ignore[assignment]
            raise
        except StoreUnavailable:
            drive.stop = (
                "lost"  # it cannot even be said; whoever drives it next goes on from the last checkpoint
            )
            raise
        except TenfoldError as problem:
            status, error = "failed", self._told(str(problem))
        except (
            Exception
        ) as problem:  # a fault of ours: the run keeps what it has and can go on when it is mended
            _LOG.exception("Run %s failed", run.id)
            status, error = "failed", self._told(f"{type(problem).__name__}: {problem}")
        finally:
            if drive.stop != "lost":  # else another server may drive it by now: what it says counts
                store.add_active_seconds(run.id, time.monotonic() - started)
                store.set_status(run.id, status, error=error, interrupts=interrupts)
        return await self.view(run.id)

    def _told(self, text: str) -> str:
        """An error as a run's owner may see it: where the server keeps its data is not told."""
        folder = self.services.settings.data_dir.expanduser()
        for path in {str(folder.resolve()), str(folder)}:
            text = text.replace(path, "DATA")
        return text

    async def _invoke(
        self, served: ServedGraph, graph: Any, run: Run, drive: _Drive, answers: dict[str, Any] | None
    ) -> tuple[RunStatus, dict[str, Any]]:
        from langgraph.errors import GraphDrained
        from langgraph.types import Command

        log = self.services.store.log

        def emit(type: str, data: dict[str, Any], /) -> None:
            log.later(run.id, type, data)

        config: Any = {"configurable": {"thread_id": run.id}, "recursion_limit": served.recursion_limit}
        await served.prepare(run, emit)
        state = await graph.aget_state(config)
        # A run that was killed before its first checkpoint, which holds the input, begins anew.
        begun = state.created_at is not None
        await _clock_is_past(state.created_at)
        context = await served.context(run, emit, dict(state.values) if begun else {})
        work: Any = None if begun else served.initial(run)
        asked = _asked(state)
        # After a crash an answer may have been taken already; its question is then no longer open.
        given = {name: value for name, value in (run.answers | (answers or {})).items() if name in asked}
        if begun and given:
            work = Command(resume=given)
        stream = GraphStream(emit, graph.nodes)
        try:
            async for mode, item in graph.astream(
                work, config, context=context, durability="sync", control=drive.control,
                stream_mode=list(served.streams),
            ):  # fmt: skip
                stream.take(mode, item)
        except GraphDrained:
            return ("interrupted" if drive.stop == "stop" else "paused"), {}
        finally:
            stream.close()
            if (close := getattr(context, "close", None)) is not None:
                await asyncio.shield(asyncio.to_thread(close))
        asked_now = _asked(await graph.aget_state(config))
        return ("waiting_human" if asked_now else "completed"), asked_now

    # --- what is asked of a drive ---------------------------------------------------------------------------------

    @property
    def driven(self) -> list[str]:
        """The runs that are driven here."""
        return list(self._drives)

    def pause(self, run_id: str, *, why: Literal["pause", "stop"] = "pause") -> bool:
        """Ask a run of this process to stop at the next superstep; True when it runs here."""
        drive = self._drives.get(run_id)
        if drive is not None and drive.stop is None:
            drive.stop = why
            drive.control.request_drain(why)
        return drive is not None

    def cancel(self, run_id: str, *, why: Literal["cancel", "stop", "lost"] = "cancel") -> bool:
        """Stop a run of this process where it is; True when it runs here."""
        drive = self._drives.get(run_id)
        if drive is not None and drive.stop not in ("cancel", "lost"):
            drive.stop = why
            if drive.task is not None:
                drive.task.cancel()
        return drive is not None

    async def view(self, run_id: str) -> RunView:
        """The run as it stands, read from its files."""
        store = self.services.store
        run = store.run(run_id)
        interrupts: dict[str, Any] = {}
        if run.status == "waiting_human":
            async with self.graph(self.registry.need(run.graph)) as graph:
                state = await graph.aget_state({"configurable": {"thread_id": run.id}})
            interrupts = _asked(state)
        return RunView(run=run, status=run.status, interrupts=interrupts, report=store.report(run.id))

    # --- checkpoints and events -----------------------------------------------------------------------------------

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Keep the checkpoints open, in one event loop: a server does, a single command need not."""
        async with open_saver(self.services.settings, self.services.store.log) as saver:
            self._saver = saver
            try:
                yield
            finally:
                self._saver = None
                self._compiled.clear()

    @asynccontextmanager
    async def graph(self, served: ServedGraph) -> AsyncGenerator[Any]:
        """The compiled graph over the checkpoints."""
        if self._saver is not None:
            if served.name not in self._compiled:
                self._compiled[served.name] = served.build().compile(checkpointer=self._saver)
            yield self._compiled[served.name]
        else:
            async with open_saver(self.services.settings, self.services.store.log) as saver:
                yield served.build().compile(checkpointer=saver)

    def _keep_flushing(self) -> None:
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        log = self.services.store.log
        looked = time.monotonic()
        while self._drives or log.waits or self._let_go:
            await asyncio.sleep(FLUSH_S)
            if log.waits:
                with suppress(Exception):  # what could not be written waits for the next try
                    await asyncio.to_thread(log.flush)
            if self._let_go or time.monotonic() - looked > VIEWS_S:
                looked = time.monotonic()
                ended, self._let_go = self._let_go, set()
                try:
                    await asyncio.to_thread(self._views.keep, ended, list(self._drives))
                except Exception:  # without its view a run opens more slowly, and that is all
                    _LOG.warning("Views of runs could not be kept", exc_info=True)


def _now() -> float:
    return time.time()


async def _clock_is_past(stamp: str | None) -> None:
    """Wait until the clock is past a checkpoint: LangGraph takes the one with the latest time for the newest.

    Raises:
        RunError: The clock went back too far to wait for.
    """
    if stamp is None:
        return
    behind = datetime.fromisoformat(stamp).timestamp() - _now()
    if behind > CLOCK_S:
        raise RunError(
            f"The clock is {behind:.0f} s behind the run's last step.",
            mend="Set the clock and resume the run.",
        )
    await asyncio.sleep(max(behind, 0.0))


def _asked(state: Any) -> dict[str, Any]:
    """What a graph asks, by interrupt id, as the log and a browser have it.

    Raises:
        ConfigError: It is not JSON.
    """
    try:
        return {interrupt.id: json.loads(dump_json(interrupt.value)) for interrupt in state.interrupts}
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"The graph asks with a value that is not JSON: {error}.", mend="Interrupt with plain values."
        ) from error
