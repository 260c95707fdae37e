"""The run manager: what may be asked of runs, whoever drives them."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from typing import Any

from ...errors import ConfigError, RunError
from ...settings import Settings
from ...tools.runs import Event, Message, MessageKind, Run, new_id
from ..agui import Projector
from ..services import Services
from .driver import Driver
from .fork import Checkpoint, checkpoints, fork_at
from .hub import POLL_S, WatchHub
from .queue import RunQueue
from .served import GraphRegistry, ServedGraph
from .views import RunViews

RECOVER_S = 2.0
DRAIN_S = 20.0
_AT_REST = ("paused", "interrupted", "failed")
_LOG = logging.getLogger(__name__)


class RunManager:
    """Runs graphs for a server. One a process; several servers may share a PostgreSQL database.

    Args:
        services: Models, corpora, store.
        registry: The graphs that are served.
        settings: Where the queue is, how many runs at a time.
    """

    def __init__(self, services: Services, registry: GraphRegistry, settings: Settings) -> None:
        self._store = services.store
        self._views = RunViews(services.store)
        self._registry = registry
        self._driver = Driver(services, registry)
        self._queue = RunQueue(services.store, settings, self._execute)
        self._stack = AsyncExitStack()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._watch_task: asyncio.Task[None] | None = None
        self._hub: WatchHub | None = None
        self._stopping = False

    # --- the server -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the checkpoints, take up what was queued or left by a dead server, and begin.

        Raises:
            RunError: Another manager runs in this process.
            ConfigError: The database cannot be reached.
        """
        self._stopping = False
        await self._stack.enter_async_context(self._driver.opened())
        try:
            self._hub = WatchHub(self._store)
            await self._queue.start()
        except BaseException:
            await self._stack.aclose()
            raise
        self._watch_task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Stop at the next superstep what runs, or after 20 s where it is; it goes on at the next start."""
        self._stopping = True
        for run_id in self._driver.driven:
            self._driver.pause(run_id, why="stop")
        until = time.monotonic() + DRAIN_S
        while self._tasks and time.monotonic() < until:  # noqa: ASYNC110 - a task leaves the set before it ends
            await asyncio.sleep(0.02)
        for run_id in self._driver.driven:
            self._driver.cancel(run_id, why="stop")
        if self._watch_task is not None:
            self._watch_task.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch_task
        await self._queue.stop()
        if self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=5)
        if self._hub is not None:
            self._hub.close()
        await self._stack.aclose()
        await asyncio.to_thread(self._store.log.flush)

    async def _look(self) -> None:
        """Watch for what other processes write, want and leave behind."""
        recovered = time.monotonic()
        before: dict[str, int] = {}
        while True:
            await asyncio.sleep(POLL_S)
            try:
                if self._hub is not None:
                    await self._hub.poll()
                await self._obey()
                if time.monotonic() - recovered > RECOVER_S:
                    recovered = time.monotonic()
                    await self._keep_locks()
                    await asyncio.to_thread(self._queue.recover)
                    before = await asyncio.to_thread(self._requeue, before)
            except Exception:  # the database may be gone for a while
                _LOG.exception("Looking after the runs failed; it is tried again")
                await asyncio.sleep(1.0)

    async def _obey(self) -> None:
        if driven := self._driver.driven:
            for run_id, wanted in (await asyncio.to_thread(self._store.wanted, driven)).items():
                (self._driver.cancel if wanted == "cancel" else self._driver.pause)(run_id)

    async def _keep_locks(self) -> None:
        if not await asyncio.to_thread(self._store.locks_alive):
            _LOG.warning("The connection that holds this server's runs was lost; they are taken up again")
            for run_id in self._driver.driven:
                self._driver.cancel(run_id, why="lost")
            await asyncio.to_thread(self._queue.live)

    def _requeue(self, before: dict[str, int]) -> dict[str, int]:
        """Queue what a server that died had not yet queued: runs that stand as they did a look before."""
        now = self._store.unfinished()
        for run_id in self._queue.put_missing(dict(now.items() & before.items())):
            _LOG.info("Run %s was not in the queue, and is put there", run_id)
            run = self._store.run(run_id)
            if (served := self._registry.get(run.graph)) is not None:
                self._announce(run, served)
        for run_id in self._store.half_forked():
            with suppress(RunError), self._store.lock(_forking(run_id)):  # free when nobody works on the fork
                if run_id in self._store.half_forked():
                    why = "The server ended while it made this fork. Fork again."
                    self._store.set_status(run_id, "cancelled", error=why, expect=("queued",))
        return now

    async def _execute(self, run_id: str, attempt: int) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while not self._stopping and await self._attempted(run_id, attempt):  # noqa: ASYNC110
                await asyncio.sleep(0.5)
        finally:
            self._tasks.discard(task)
        if self._stopping:
            run = await asyncio.to_thread(self._store.run, run_id)
            if run.attempt == attempt and run.status in ("queued", "running", "interrupted"):
                await asyncio.Event().wait()  # not done: left in the queue's books for the next server

    async def _attempted(self, run_id: str, attempt: int) -> bool:
        try:
            return await self._attempt(run_id, attempt)
        except Exception:  # the database may be gone for a while; an error here would end the drive for good
            _LOG.exception("Run %s could not be taken up; it is tried again", run_id)
            return True

    async def _attempt(self, run_id: str, attempt: int) -> bool:
        """Drive once; True when the run must be tried again."""
        run = await asyncio.to_thread(self._store.run, run_id)
        if run.attempt != attempt or run.status not in ("queued", "running", "interrupted"):
            return False  # an older attempt, or one whose end was recorded before its server died
        if run.wanted:
            status = "cancelled" if run.wanted == "cancel" else "paused"
            await asyncio.to_thread(self._store.set_status, run_id, status, expect=(run.status,))
            return False
        drive = asyncio.create_task(self._driver.drive(run_id))
        try:
            await asyncio.wait([drive])
        except asyncio.CancelledError:
            drive.cancel()
            await asyncio.wait([drive])
            raise
        if drive.cancelled():
            return True  # cancelled, stopped or lost: the status tells
        error = drive.exception()
        if error is None:
            return False
        if isinstance(error, RunError):
            return True  # another process still drives it; when that dies, it is ours
        _LOG.error("Run %s could not be driven", run_id, exc_info=error)
        return True

    # --- runs -----------------------------------------------------------------------------------------------------

    async def submit(
        self, owner: str, graph: str, input: dict[str, Any], *, client_id: str | None = None
    ) -> Run:
        """Begin a run; the same `client_id` of the same owner again is the same run.

        Raises:
            ConfigError: No such graph is served, or the input is not one it takes.
            TenfoldError: The graph refuses the input.
        """
        served = self._registry.need(graph)
        try:
            checked = served.Input.model_validate(input)
        except ValueError as error:
            raise ConfigError(f"The input does not fit: {error}", mend="Correct it.") from None
        await asyncio.to_thread(served.check, checked, owner)
        options = checked.model_dump(mode="json")
        question = _question(options)
        run = await asyncio.to_thread(
            self._store.create, graph, question, options, owner=owner, attempt=1, client_id=client_id
        )
        if run.status == "queued" and run.attempt == 1:
            await asyncio.to_thread(self._announce, run, served)
            await self._queue.put(run.id, 1)
        return await self._run(run.id)

    def _announce(self, run: Run, served: ServedGraph) -> None:
        if self._store.last_seqs([run.id])[run.id] == 0:
            if document := served.document(run):
                self._store.emit(run.id, "run.created", {"state": document}, key="run.created")
            self._store.set_status(run.id, "queued", expect=("queued",))

    async def run(self, run_id: str, owner: str) -> Run:
        """A run of this owner.

        Raises:
            RunError: It is not this owner's, or does not exist.
        """
        run = await self._run(run_id)
        if run.owner != owner or run.id != run_id:
            raise RunError(f"There is no run {run_id!r}.", mend="Choose one of your own.")
        return run

    async def _run(self, run_id: str) -> Run:
        return await asyncio.to_thread(self._store.run, run_id)

    async def runs(self, owner: str, limit: int = 50, before: str | None = None) -> list[Run]:
        """The runs of an owner, newest first; `before` is the last id of the page before."""
        return await asyncio.to_thread(lambda: self._store.runs(limit=limit, owner=owner, before=before))

    async def pause(self, run_id: str) -> Run:
        """Stop a run at its next superstep.

        Raises:
            RunError: It does not run.
        """
        if await self._move(run_id, "paused", ("queued",)):
            return await self._run(run_id)
        run = await self._run(run_id)
        if run.status != "running":
            raise RunError(f"The run is {run.status}; it cannot be paused.", mend="Only a running one can.")
        await asyncio.to_thread(self._store.want, run_id, "pause")
        self._driver.pause(run_id)
        return await self._run(run_id)

    async def resume(self, run_id: str) -> Run:
        """Go on with a run that was paused, interrupted or failed.

        Raises:
            RunError: It runs, waits for an answer, or has ended.
        """
        if await self._again(run_id, _AT_REST):
            return await self._run(run_id)
        run = await self._run(run_id)
        if run.status == "running" and run.attempt == 0 and await self._left(run_id):
            await self._again(run_id, ("running",))  # a terminal that died drove it
            return await self._run(run_id)
        raise RunError(f"The run is {run.status}; there is nothing to resume.", mend="See how it stands.")

    async def _left(self, run_id: str) -> bool:
        with suppress(RunError):
            (await asyncio.to_thread(self._store.lock, run_id)).release()
            return True
        return False

    async def cancel(self, run_id: str) -> Run:
        """Stop a run for good, where it is.

        Raises:
            RunError: It has ended.
        """
        if await self._move(run_id, "cancelled", ("queued", "waiting_human", *_AT_REST)):
            return await self._run(run_id)
        run = await self._run(run_id)
        if run.status != "running":
            raise RunError(f"The run is {run.status} already.", mend="Begin a new one.")
        await asyncio.to_thread(self._store.want, run_id, "cancel")
        if not self._driver.cancel(run_id) and run.attempt == 0 and await self._left(run_id):
            await self._move(run_id, "cancelled", ("running",))
        return await self._run(run_id)

    async def finish(self, run_id: str) -> Run:
        """Have the report written with what is there; a run at rest goes on for it."""
        message = await self.post(run_id, "finish", "finish")
        if message.status == "rejected":
            raise RunError(message.reason, mend="See how the run stands.")
        await self._again(run_id, _AT_REST)
        return await self._run(run_id)

    async def answer(self, run_id: str, answers: dict[str, Any]) -> Run:
        """Answer what a run asks; questions left open are asked again.

        Raises:
            RunError: It does not wait, or was not asked this.
        """
        asked = (await self._driver.view(run_id)).interrupts
        unknown = set(answers) - set(asked)
        if unknown or not answers:
            raise RunError(
                f"The run does not wait for an answer to {', '.join(sorted(unknown)) or 'nothing'}.",
                mend="See what it asks.",
            )
        if not await self._again(run_id, ("waiting_human",), answers):
            raise RunError("The run was answered already.", mend="See how it stands.")
        return await self._run(run_id)

    async def _move(self, run_id: str, status: Any, expect: tuple[Any, ...]) -> bool:
        return await asyncio.to_thread(self._store.set_status, run_id, status, expect=expect)

    async def _again(
        self, run_id: str, expect: tuple[Any, ...], answers: dict[str, Any] | None = None
    ) -> bool:
        if not await asyncio.to_thread(
            lambda: self._store.set_status(run_id, "queued", expect=expect, again=True, answers=answers)
        ):
            return False
        await self._queue.put(run_id, (await self._run(run_id)).attempt)
        return True

    async def post(
        self, run_id: str, kind: MessageKind, body: Any, *, client_id: str | None = None
    ) -> Message:
        """Put a message into a run's inbox; anything but a text is kept as JSON."""
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        return await asyncio.to_thread(lambda: self._store.post(run_id, text, kind=kind, client_id=client_id))

    # --- checkpoints ----------------------------------------------------------------------------------------------

    async def checkpoints(self, run_id: str) -> list[Checkpoint]:
        """Where a run can be forked, newest first."""
        run = await self._run(run_id)
        async with self._driver.graph(self._registry.need(run.graph)) as graph:
            return await checkpoints(graph, run.id)

    async def fork(
        self, run_id: str, checkpoint_id: str, owner: str, *, message: str = "", client_id: str | None = None
    ) -> Run:
        """A new run of this owner that goes on from a checkpoint; the old one stays as it is.

        Args:
            message: What is said to the fork before it begins, so that its first step reads it.
            client_id: The message's.

        Raises:
            RunError: There is no such checkpoint.
        """
        parent = await self._run(run_id)
        served = self._registry.need(parent.graph)
        async with self._driver.graph(served) as graph:
            if checkpoint_id not in {point.id for point in await checkpoints(graph, parent.id)}:
                raise RunError(
                    f"Run {parent.id!r} has no checkpoint {checkpoint_id!r}.", mend="Choose one of its list."
                )
            run_id = new_id(owner)
            lock = await asyncio.to_thread(self._store.lock, _forking(run_id))
            try:
                run = await fork_at(self._store, served, graph, parent, checkpoint_id, run_id, owner)
                if message:
                    await self.post(run.id, "text", message, client_id=client_id)
                await self._again(run.id, ("queued",))  # unless it was cancelled meanwhile
            finally:
                await asyncio.to_thread(lock.release)
        return await self._run(run.id)

    # --- events ---------------------------------------------------------------------------------------------------

    async def events(self, run_id: str, after: int = 0, limit: int = 1000) -> list[Event]:
        """Events after a number, in order."""
        return await asyncio.to_thread(lambda: self._store.events(run_id, after=after, limit=limit))

    async def fold(self, run_id: str, projector: Projector, *, upto: int | None = None) -> None:
        """Bring a projector to where the run's log ends, or to the event `upto`."""
        await asyncio.to_thread(lambda: self._views.fold(run_id, projector, upto=upto))

    def watch(self, run_id: str, after: int = 0) -> AsyncGenerator[list[Event]]:
        """The events after a number as they are written, in order and without gaps, until the caller ends it.

        Raises:
            RunError: The manager is not started.
        """
        if self._hub is None:
            raise RunError("The run manager is not started.", mend="Start it first.")
        return self._hub.watch(run_id, after)


def _forking(run_id: str) -> str:
    return f"fork-{run_id}"


def _question(options: dict[str, Any]) -> str:
    """The words by which people know the run again."""
    for name in ("question", "goal"):
        if isinstance(question := options.get(name), str) and question:
            return question.strip()
    messages = options.get("messages") or (options.get("values") or {}).get("messages") or []
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":  # type: ignore[redundant-expr]
            return str(message.get("content", ""))[:4000]  # type: ignore[arg-type]
    return ""
