"""The driver: it holds nothing that a pause, a fault or a killed process could lose."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from cli_world import Cli
from web_world import Desk

from tenfold.errors import ConfigError, ModelNotFound, RunError
from tenfold.graphs.edr import render
from tenfold.models import ScriptedChat, register_script
from tenfold.settings import load_settings
from tenfold.web import Driver, RunRequest, open_services


async def test_a_run_goes_from_creation_to_its_report(desk: Desk) -> None:
    run = desk.create()
    assert run.status == "queued"
    view = await desk.driver.drive(run.id)
    assert view.status == view.run.status == "completed" and not view.interrupts
    assert view.report is not None and "Nile" in json.dumps(view.report["sections"])
    assert view.run.active_s > 0 and view.run.ended and view.run.error is None
    with pytest.raises(RunError, match="is completed"):
        await desk.driver.drive(run.id)


def test_what_cannot_run_is_not_entered(desk: Desk, tmp_path: Path) -> None:
    script = desk.cli.script()
    wrong: list[tuple[str, RunRequest, type[Exception]]] = [
        (" ", RunRequest(model=script, databases=[str(desk.cli.db)]), ConfigError),
        ("q", RunRequest(model=script), ConfigError),
        ("q", RunRequest(model=script, docs=str(tmp_path / "none")), ConfigError),
        ("q", RunRequest(model=script, databases=[str(tmp_path / "none.db")]), ConfigError),
        ("q", RunRequest(model="scripted:none", web=True), ModelNotFound),
    ]
    for question, request, error in wrong:
        with pytest.raises(error):
            desk.driver.create(question, request)
    assert desk.services.store.runs() == []


async def test_a_pause_is_never_too_early_and_loses_nothing(desk: Desk) -> None:
    run = desk.create(model=desk.cli.script(delay_s=0.05))
    assert not desk.driver.pause(run.id), "it does not run here yet"
    task = asyncio.create_task(desk.driver.drive(run.id))
    await asyncio.sleep(0)  # the first line of `drive`, long before its first step
    assert desk.driver.pause(run.id)
    assert (await task).status == "paused"
    pauses = 0
    while (view := await _drive_a_little(desk.driver, run.id)).status == "paused":
        pauses += 1
    assert view.status == "completed" and pauses >= 2
    keys = [r.key for r in await desk.services.store.ledger(run.id).records()]
    assert len(keys) == len(set(keys))


async def _begun(desk: Desk, run_id: str) -> None:
    for _ in range(2000):
        if desk.services.store.events(run_id):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the run did not begin")


async def _drive_a_little(driver: Driver, run_id: str) -> Any:
    task = asyncio.create_task(driver.drive(run_id))
    await asyncio.sleep(0.15)
    driver.pause(run_id)
    return await task


async def test_a_cancelled_drive_is_a_paused_run(desk: Desk) -> None:
    run = desk.create(model=desk.cli.script(delay_s=30))
    task = asyncio.create_task(desk.driver.drive(run.id))
    await _begun(desk, run.id)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.services.store.run(run.id).status == "paused"
    assert not desk.driver.pause(run.id)
    desk.services.store.lock(run.id).release()  # and nobody holds it


async def test_a_waiting_run_is_seen_by_a_fresh_driver(desk: Desk) -> None:
    run = desk.create(approve_plan=True)
    (number, value) = next(iter((await desk.driver.drive(run.id)).interrupts.items()))
    fresh = Driver(open_services(desk.services.settings))
    view = await fresh.view(run.id)
    assert view.status == "waiting_human" and view.interrupts == {number: value}
    assert (await fresh.drive(run.id, answers={number: {"action": "approve"}})).status == "completed"
    fresh.services.close()


async def test_a_fault_of_ours_fails_the_run_and_it_can_go_on_when_mended(desk: Desk) -> None:
    broken = True

    def answer(prompt: str) -> Any:
        if broken and "You audit research" in prompt:
            raise AssertionError("a fault")
        return {"sql": "SELECT name FROM rivers"} if "read-only SQL SELECT" in prompt else {}

    model = register_script("mended", ScriptedChat(answer=answer))
    run = desk.create(model=model)
    view = await desk.driver.drive(run.id)
    assert view.status == "failed" and view.run.error == "AssertionError: a fault"
    paid = len(await desk.services.store.ledger(run.id).records())
    broken = False
    again = await desk.driver.drive(run.id)
    assert again.status == "completed" and again.run.error is None
    assert paid > 0 and len(await desk.services.store.ledger(run.id).records()) > paid


async def test_one_driver_at_a_time(desk: Desk) -> None:
    run = desk.create(model=desk.cli.script(delay_s=30))
    task = asyncio.create_task(desk.driver.drive(run.id))
    await _begun(desk, run.id)
    assert desk.services.status(desk.services.store.run(run.id)) == "running"
    refused = await asyncio.to_thread(desk.cli.run, "resume", run.id)
    assert refused.code == 2 and f"(pid {os.getpid()})" in refused.err
    with pytest.raises(RunError, match="driven by another process"):
        await desk.driver.drive(run.id)
    assert desk.services.store.run(run.id).status == "running", "a refused driver must not touch the status"
    task.cancel()


def test_kill_9_of_the_driver_and_a_fresh_process_ends_the_run(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    process = cli.start(*cli.ask("-q", model=cli.script(delay_s=0.4)))
    services = open_services(load_settings(data_dir=cli.data))
    until = time.monotonic() + 60
    while not (found := [r for r in services.store.runs() if r.status == "running"]) or not _gathered(
        services, found[0].id
    ):
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    run = services.store.run(found[0].id)
    assert run.status == "running" and services.status(run) == "interrupted"
    paid = asyncio.run(services.store.ledger(run.id).records())
    resumed = cli.run("resume", run.id, "--json")
    assert resumed.code == 0 and paid
    keys = [r.key for r in asyncio.run(services.store.ledger(run.id).records())]
    assert len(keys) == len(set(keys)) and {r.key for r in paid} < set(keys)
    desk = Desk(cli, services)
    whole = asyncio.run(desk.driver.drive(desk.create().id)).report
    assert whole is not None and whole["sections"] == json.loads(resumed.out)["report"]["sections"]
    report = services.store.report(run.id)
    assert report is not None and "Nile" in render(report, "md")
    services.close()


def _gathered(services: Any, run_id: str) -> bool:
    return any(event.type == "loop.gathered" for event in services.store.events(run_id))
