"""The queue of drives, on DBOS: a limit of drives at a time, one drive an attempt, recovery of dead servers' drives.

A drive is a thin workflow that waits for the manager's own event loop, in which all graphs run. DBOS keeps one
instance a process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from ...errors import RunError
from ...settings import Settings
from ...tools.runs import RunLock, RunStore

QUEUE = "tenfold-runs"
# Workflows of another version are not recovered; what must stay the same is only the workflow below.
APPLICATION_VERSION = "tenfold-drive-2"
Execute = Callable[[str, int], Awaitable[None]]
_ALIVE = ("ENQUEUED", "DELAYED", "PENDING")
_current: RunQueue | None = None
_LOG = logging.getLogger(__name__)


class RunQueue:
    """One server's part in the queue.

    Args:
        store: Whose locks say which servers live.
        settings: Where the queue is kept, and how many drives run at a time.
        execute: Drives an attempt of a run; ends when nothing more is to be done for it.
    """

    def __init__(self, store: RunStore, settings: Settings, execute: Execute) -> None:
        self._store = store
        self._settings = settings
        self._execute = execute
        self.executor = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lock: RunLock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Begin to take drives.

        Raises:
            RunError: Another manager runs in this process.
        """
        global _current
        if _current is not None:
            raise RunError("A run manager runs in this process already.", mend="Stop it first.")
        _current = self
        self._loop = asyncio.get_running_loop()
        try:
            self.live()
            # In a thread without a loop, or DBOS would run its workflows in the server's own.
            await asyncio.to_thread(self._launch)
            await asyncio.to_thread(self.recover)
        except BaseException:
            await self.stop()
            raise

    def live(self) -> None:
        """Say that this server lives, for as long as its process does."""
        self._lock = self._store.lock(_server(self.executor))

    def _launch(self) -> None:
        _quiet()
        from dbos import DBOS

        _drive()  # registered before the launch, which already recovers
        DBOS(
            config={
                "name": "tenfold",
                "system_database_url": _address(self._settings),
                "executor_id": self.executor,
                "application_version": APPLICATION_VERSION,
                "log_level": "ERROR",
                "enable_otlp": False,
                "notification_listener_polling_interval_sec": 1.0,
            }
        )
        DBOS.launch()
        at_once = self._settings.web.runs_at_once
        DBOS.register_queue(
            QUEUE, worker_concurrency=at_once, polling_interval_sec=0.1, on_conflict="always_update"
        )

    async def put(self, run_id: str, attempt: int) -> None:
        """Queue an attempt; the same attempt again is the same drive."""
        await asyncio.to_thread(self._put, run_id, attempt)

    def _put(self, run_id: str, attempt: int) -> None:
        from dbos import DBOS, SetWorkflowID

        with SetWorkflowID(_workflow(run_id, attempt)):
            DBOS.enqueue_workflow(QUEUE, _drive(), run_id, attempt)

    def put_missing(self, unfinished: dict[str, int]) -> list[str]:
        """Queue the attempts of which the queue knows nothing, or that ended there without an end of the run.

        A server may die between saying that a run is queued and queueing it. Returns the runs.
        """
        from dbos import DBOS

        names = {_workflow(run_id, attempt): (run_id, attempt) for run_id, attempt in unfinished.items()}
        known: dict[str, str] = {}
        wanted = list(names)
        for part in (wanted[begin : begin + 500] for begin in range(0, len(wanted), 500)):
            found = DBOS.list_workflows(workflow_ids=part, load_input=False, load_output=False)
            known |= {workflow.workflow_id: workflow.status for workflow in found}
        put: list[str] = []
        for name, (run_id, attempt) in names.items():
            if name not in known:
                self._put(run_id, attempt)
            elif known[name] not in _ALIVE:
                DBOS.resume_workflow(name, queue_name=QUEUE)
            else:
                continue
            put.append(run_id)
        return put

    def recover(self) -> int:
        """Queue the drives of dead servers again; returns how many.

        A server is dead when nobody holds its lock. Whoever takes that lock is alone in recovering its drives, and
        looks at them again when it has it: another server may have been faster.
        """
        from dbos import DBOS

        rules: dict[str, Any] = {"status": "PENDING", "load_input": False, "load_output": False}
        pending = DBOS.list_workflows(**rules)
        recovered = 0
        for executor in {str(w.executor_id) for w in pending} - {self.executor}:
            try:
                lock = self._store.lock(_server(executor))
            except RunError:
                continue
            with lock:
                for workflow in DBOS.list_workflows(executor_id=executor, **rules):
                    DBOS.resume_workflow(workflow.workflow_id, queue_name=QUEUE)
                    recovered += 1
        if recovered:
            _LOG.info("Recovered %d drives of dead servers", recovered)
        return recovered

    async def run_here(self, run_id: str, attempt: int) -> None:
        """Drive in the manager's loop, waiting in DBOS's."""
        assert self._loop is not None
        work = asyncio.run_coroutine_threadsafe(_as_coroutine(self._execute(run_id, attempt)), self._loop)
        await asyncio.wrap_future(work)

    async def stop(self) -> None:
        """Take no more drives. Those that have not ended stay in the queue's books, and are recovered."""
        global _current
        from dbos import DBOS

        await asyncio.to_thread(DBOS.destroy)
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if _current is self:
            _current = None


async def _as_coroutine(work: Awaitable[None]) -> None:
    await work


def _workflow(run_id: str, attempt: int) -> str:
    return f"{run_id}:{attempt}"


def _server(executor: str) -> str:
    return f"server-{executor}"


def _address(settings: Settings) -> str:
    if settings.database is not None:
        return settings.database
    return f"sqlite:///{settings.data_dir.expanduser() / 'queue.db'}"


def _quiet() -> None:
    """DBOS prints to the console unless its logger has a handler; its records go to ours instead."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.propagate = True


@cache
def _drive() -> Any:
    """The one workflow, registered once a process."""
    from dbos import DBOS

    @DBOS.workflow(name="tenfold.drive")
    async def drive(run_id: str, attempt: int) -> None:
        if _current is None:  # the manager is stopping: left for whoever recovers it
            await asyncio.Event().wait()
        else:
            await _current.run_here(run_id, attempt)

    return drive
