"""Kill -9 at random points of a run on a phone that lives on: no touch is made twice, and the run comes to its end."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from file_phone import FilePhone
from phone_world import DONE, PhoneWorld

from tenfold.agents.coloragent import Decision, DecisionInput
from tenfold.durable import CallRecord
from tenfold.graphs.coloragent import PhoneOptions, initial_state
from tenfold.tools.phone import Action

SEED = 20261124
KILLS = 12
MORE = 4


class ByState:
    """A policy without memory of its own, as a model is: it reads off the screen and the history what is to be done."""

    wants_picture = False

    async def decide(self, asked: DecisionInput) -> Decision:
        await asyncio.sleep(0.01)
        elements = asked.observation.tree.elements()
        said = next(e.label for e in elements if e.node.resource_id.endswith("state"))
        more, sent = int(said.split()[0]), int(said.split()[2])
        if more < MORE:
            return Decision(
                action=Action(kind="tap", element=next(e.n for e in elements if e.label == "More"))
            )
        if not sent:
            return Decision(
                action=Action(kind="tap", element=next(e.n for e in elements if e.label == "Send"))
            )
        return Decision(action=DONE)


def build(folder: Path) -> PhoneWorld:
    folder.mkdir(parents=True, exist_ok=True)
    world = PhoneWorld(folder, device=FilePhone(folder), policy=ByState())
    named = folder / "run"
    if named.exists():
        world.run = world.store.run(named.read_text())
        world.config = {"configurable": {"thread_id": world.run.id}, "recursion_limit": 2000}
    return world


async def drive(world: PhoneWorld, folder: Path) -> None:
    if not (folder / "run").exists():
        state = world.begin("Send the mail")
        (folder / "run").write_text(world.run.id)
    else:
        begun = await world.state()
        options = PhoneOptions(confirm=False, pictures="never")
        state = None if begun else initial_state(world.run.id, "Send the mail", options=options)
    asked = await world.go(state)
    while asked:
        assert asked[0]["kind"] == "approve_action" and asked[0]["classes"] == ["send"]
        asked = await world.reply({"action": "approve"})


def child(folder: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        asyncio.run(drive(build(folder), folder))
        code = 0
    finally:
        os._exit(code)


def finish(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.timeout(120)
def test_kill_9_anywhere_touches_nothing_twice(tmp_path: Path) -> None:
    began = time.monotonic()
    assert finish(child(tmp_path / "whole")) == 0
    length = time.monotonic() - began
    assert FilePhone(tmp_path / "whole").touches() == ["More"] * MORE + ["Send"]
    chance, landed = random.Random(SEED), 0
    for attempt in range(KILLS):
        folder = tmp_path / f"kill{attempt}"
        pid = child(folder)
        time.sleep(chance.uniform(0.1, 1.0) * length)
        os.kill(pid, signal.SIGKILL)
        landed += finish(pid) == -signal.SIGKILL
        assert finish(child(folder)) == 0
        assert FilePhone(folder).touches() == ["More"] * MORE + ["Send"], f"kill {attempt}"
    assert landed >= KILLS * 0.6, "too few kills landed inside the run to prove anything"


class Stop(BaseException):
    """The process is gone."""


async def to_the_approval(world: PhoneWorld) -> Any:
    return await world.go(world.begin("Send the mail"))


def at_send(folder: Path) -> PhoneWorld:
    world = build(folder)
    phone: Any = world.device
    for _ in range(MORE):
        phone.tap(540, 700)
    return world


async def test_between_approval_and_touch_it_is_done_once(tmp_path: Path) -> None:
    world = at_send(tmp_path)
    assert (await to_the_approval(world))[0]["kind"] == "approve_action"
    context = await world.context()

    async def dies(pending: Any) -> Any:
        raise Stop

    context.act = dies  # type: ignore[method-assign]
    world.context = lambda: _is(context)  # type: ignore[method-assign, assignment]
    with pytest.raises(Stop):
        await world.reply({"action": "approve"})
    phone: Any = world.device
    assert phone.touches().count("Send") == 0
    del world.context  # type: ignore[attr-defined]
    assert await world.go(None) == [], "the approval is not asked for again"
    assert phone.touches().count("Send") == 1
    assert (await world.state())["outcome"]["reason"] == "done"


@pytest.mark.parametrize("touched", [False, True])
async def test_between_intent_and_end_it_is_not_done_again(tmp_path: Path, touched: bool) -> None:
    world = at_send(tmp_path)
    await to_the_approval(world)
    context = await world.context()
    phone: Any = world.device

    def dies(action: Any, pending: Any) -> None:
        if touched:
            phone.tap(540, 400)
        raise Stop

    context._touch = dies  # type: ignore[method-assign]
    world.context = lambda: _is(context)  # type: ignore[method-assign, assignment]
    with pytest.raises(Stop):
        await world.reply({"action": "approve"})
    assert await world.ledger_has("phone:intent:1") and not await world.ledger_has("phone:done:1")
    del world.context  # type: ignore[attr-defined]
    asked = await world.go(None)
    state = await world.state()
    assert state["history"][0]["verdict"] == "uncertain" and "not known" in state["history"][0]["why"]
    if touched:  # the screen shows it, so the policy is at the end
        assert asked == [] and state["outcome"]["reason"] == "done" and phone.touches().count("Send") == 1
    else:  # it was not done: it is decided, and approved, anew
        assert asked[0]["kind"] == "approve_action" and asked[0]["step"] == 2
        assert await world.reply({"action": "approve"}) == [] and phone.touches().count("Send") == 1


async def test_a_touch_whose_end_is_known_is_not_repeated_when_the_checkpoint_is_lost(tmp_path: Path) -> None:
    world = at_send(tmp_path)
    await to_the_approval(world)
    ledger = world.store.ledger(world.run.id)
    for key in ("phone:intent:1", "phone:done:1"):
        await ledger.put(CallRecord(key, "phone", "FilePhone", {"error": ""}))
    phone: Any = world.device
    phone.tap(540, 400)
    assert await world.reply({"action": "approve"}) == []
    assert phone.touches().count("Send") == 1


async def test_a_screen_that_changed_since_the_approval_voids_it(tmp_path: Path) -> None:
    world = at_send(tmp_path)
    await to_the_approval(world)
    phone: Any = world.device
    original = phone.observe

    def other(*, screenshot: bool = True) -> Any:
        from dataclasses import replace

        from tenfold.tools.phone import parse_source

        seen = original(screenshot=screenshot)
        from file_phone import _BUTTON, _PAGE

        pay = _BUTTON.format(text="Pay $900", top=300, bottom=500, id="pay")
        rest = _BUTTON.format(text="4 more, 1 sent", top=900, bottom=1100, id="state")
        return replace(seen, tree=parse_source(_PAGE.format(pay + rest)))

    phone.observe = other
    assert await world.reply({"action": "approve"}) == []
    assert phone.touches().count("Send") == 0
    (void,) = world.events("phone.void")
    assert "no longer there" in void.data["why"] or "Pay" in void.data["why"]


async def test_a_resumed_run_looks_anew(tmp_path: Path) -> None:
    world = at_send(tmp_path)
    await to_the_approval(world)
    looks: list[int] = []
    phone: Any = world.device
    original = phone.observe
    phone.observe = lambda *, screenshot=True: looks.append(1) or original(screenshot=screenshot)
    await world.reply({"action": "approve"})
    assert looks, "nothing of the old screen is taken for granted"


async def _is(value: Any) -> Any:
    return value
