"""Drives a run with the live view in front of it, takes what is typed as steering, and Ctrl-C as a pause."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ._common import console, say
from .keyboard import LineReader
from .live import LiveView
from .phone_live import PhoneView

if TYPE_CHECKING:
    from ..tools.runs import Run
    from ..web import Driver, RunView

Say = Callable[[str], None]


async def watched(driver: Driver, run: Run, answers: dict[str, Any] | None, *, show: bool) -> RunView:
    """Drive a run; shown live in a terminal, as plain lines elsewhere, or not at all.

    Ctrl-C is a pause at the next step, a second one stops at once; both keep the run, and its status is `paused`.
    """
    task = asyncio.create_task(driver.drive(run.id, answers=answers))
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        task.cancel()

    screen = _live if show and console(error=True).is_terminal else _plain if show else _silent
    async with contextlib.AsyncExitStack() as stack:
        tell = await stack.enter_async_context(screen(driver, run))
        stack.enter_context(_interrupts(driver, run.id, tell, stop))
        try:
            return await task
        except asyncio.CancelledError:
            if not stopped:
                raise
    return await driver.view(run.id)


@contextmanager
def _interrupts(driver: Driver, run_id: str, tell: Say, stop: Callable[[], None]) -> Generator[None]:
    """Ctrl-C: once is a pause at the next step, twice stops at once, as do SIGTERM and a closed terminal."""
    pressed = 0

    def on_interrupt() -> None:
        nonlocal pressed
        pressed += 1
        if pressed == 1 and driver.pause(run_id):
            tell("Pausing after the current step; press Ctrl-C again to stop at once.")
        else:
            stop()

    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    loop.add_signal_handler(signal.SIGINT, on_interrupt)
    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_signal_handler(signal.SIGHUP, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextlib.asynccontextmanager
async def _silent(driver: Driver, run: Run) -> AsyncGenerator[Say]:
    yield say


@contextlib.asynccontextmanager
async def _plain(driver: Driver, run: Run) -> AsyncGenerator[Say]:
    """A line for each step: for logs and pipes."""
    steps = _Steps(driver, run)
    drawing = asyncio.create_task(steps.follow())
    try:
        yield say
    finally:
        await _end(drawing)
        steps.print_new()  # a short run is over before the first look


class _Steps:
    """Prints a line when a run comes to another step."""

    def __init__(self, driver: Driver, run: Run) -> None:
        self._store, self._run = driver.services.store, run.id
        self._seen, self._view = _seen(driver, run), _view(run)

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self.print_new()
            await asyncio.sleep(0.3)

    def print_new(self) -> None:
        """Fold in the events since the last look."""
        for event in self._store.events(self._run, after=self._seen):
            self._seen, line = event.seq, self._view.line(event)
            self._view.take(event)
            if line:
                say(line)


def _view(run: Run) -> LiveView | PhoneView:
    return PhoneView(run) if run.graph == "phone" else LiveView(run)


def _seen(driver: Driver, run: Run) -> int:
    """The last event of earlier processes."""
    seen = 0
    while events := driver.services.store.events(run.id, after=seen):
        seen = events[-1].seq
    return seen


@contextlib.asynccontextmanager
async def _live(driver: Driver, run: Run) -> AsyncGenerator[Say]:
    from rich.live import Live

    view, store = _view(run), driver.services.store
    seen = 0
    for event in store.events(run.id, limit=1_000_000):
        seen = event.seq
        view.take(event)
    view.restart()

    def send(line: str) -> None:
        sent = store.post(run.id, line)
        if sent.status == "queued":
            view.queued(line)
        else:
            view.say("red", f"“{line}” not taken: {sent.reason}")

    def tell(text: str) -> None:
        view.say("yellow", text)

    live = Live(view, console=console(error=True), auto_refresh=False, transient=True, redirect_stdout=False)
    with LineReader(send) as reader, live:
        drawing = asyncio.create_task(_draw(driver, run.id, view, reader, live, seen))
        try:
            yield tell
        finally:
            await _end(drawing)


async def _draw(
    driver: Driver, run_id: str, view: LiveView | PhoneView, reader: LineReader, live: Any, seen: int
) -> None:
    """Fold new events into the view, several times a second; the run itself is never waited for."""
    while True:
        for event in driver.services.store.events(run_id, after=seen):
            seen = event.seq
            view.take(event)
        view.typed = reader.text
        live.refresh()
        await asyncio.sleep(0.12)


async def _end(drawing: asyncio.Task[None]) -> None:
    drawing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await drawing
