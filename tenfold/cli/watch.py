"""Drives a run with the live view in front of it, and takes what is typed as steering."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from ._common import console
from .keyboard import LineReader
from .live import LiveView

if TYPE_CHECKING:
    from ..tools.runs import Run
    from ..web import Driver, RunView


async def watched(driver: Driver, run: Run, answers: dict[str, Any] | None) -> RunView:
    """Drive a run and show it; every typed line goes to the run's inbox."""
    from rich.live import Live

    view = LiveView(run.question)
    store = driver.services.store

    def send(line: str) -> None:
        sent = store.post(run.id, line)
        view.say(
            "dim" if sent.status == "queued" else "red",
            f"“{line}” {sent.status}. {sent.reason}".rstrip(". ") + ".",
        )

    screen = console(error=True)
    with LineReader(send) as reader, Live(view, console=screen, refresh_per_second=6, transient=True) as live:
        drawing = asyncio.create_task(_draw(driver, run.id, view, reader, live))
        try:
            return await driver.drive(run.id, answers=answers)
        finally:
            drawing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await drawing


async def _draw(driver: Driver, run_id: str, view: LiveView, reader: LineReader, live: Any) -> None:
    """Fold new events into the view, several times a second; the run itself is never waited for."""
    seen = 0
    while True:
        for event in driver.services.store.events(run_id, after=seen):
            seen = event.seq
            view.take(event)
        view.typed = reader.text
        live.refresh()
        await asyncio.sleep(0.15)
