"""Servers with a phone task, killed between the approval and the act, and after it: `phone_server.py FOLDER`.

For each place one server begins the task, is answered, and dies there; a second one takes the run up. Ends with one
JSON line: by place, how both ended, the steps, and what the virtual phone has sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import phone_task
from manager_world import serving, until

from tenfold.durable import CallRecord
from tenfold.graphs.coloragent import PhoneContext
from tenfold.models import ScriptedChat, register_script
from tenfold.web.runs.phone_device import KeepingLedger, KeptPhone, last_done

PLACES = ("approved", "touched", "done")
STEP = 4


def answer(prompt: str) -> str:
    """The task's steps; afterwards a look: what still can be sent is sent, else the task is over."""
    step = re.search(r"Step (\d+); ", prompt)
    if step and int(step[1]) > STEP:
        again = '[button] "Send"\n' in prompt + "\n" and '[button] "Send" disabled' not in prompt
        return json.dumps(phone_task.STEPS[STEP - 1] if again else phone_task.STEPS[-1])
    return json.dumps(phone_task.answer(prompt))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(place: str) -> None:
    """Have this process die at a place of the gated step."""
    act, keep, put = PhoneContext.act, KeptPhone.keep, KeepingLedger.put

    async def dying_act(self: PhoneContext, pending: Any) -> Any:
        if place == "approved" and pending["n"] == STEP:
            die()
        return await act(self, pending)

    def dying_keep(self: KeptPhone, step: int) -> None:
        if place == "touched" and step == STEP:
            die()
        keep(self, step)

    async def dying_put(self: KeepingLedger, record: CallRecord) -> None:
        await put(self, record)
        if place == "done" and record.key == f"phone:done:{STEP}":
            die()

    PhoneContext.act, KeptPhone.keep, KeepingLedger.put = dying_act, dying_keep, dying_put  # type: ignore[method-assign]


async def serve(folder: Path, model: str) -> None:
    async with serving(folder, None) as manager:
        asked = {"goal": phone_task.GOAL, "model": model, "options": {"confirm": False}}
        run = await manager.submit("ann", "phone", asked, client_id="one")
        while (
            run := await until(manager, run, "waiting_human", "completed", "failed")
        ).status == "waiting_human":
            questions = (await manager._driver.view(run.id)).interrupts  # type: ignore[reportPrivateUsage]
            await manager.answer(run.id, {name: {"action": "approve"} for name in questions})
            await until(manager, run, "queued", "running", "completed", "failed")


def life(folder: Path, model: str, place: str) -> int:
    pid = os.fork()
    if not pid:
        code = 1
        try:
            arm(place)
            asyncio.run(serve(folder, model))
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def seen(folder: Path) -> dict[str, Any]:
    from tenfold.tools.runs import RunStore

    store = RunStore(folder / "data")
    run = store.runs(owner="ann")[0]
    records = asyncio.run(store.ledger(run.id).records())
    phone = KeptPhone(store.folder / "phones" / run.id).open(last_done(records))
    report = store.report(run.id)
    approvals = [e for e in store.events(run.id, limit=10**6) if e.type == "phone.approval"]
    store.close()
    return {
        "status": run.status, "error": run.error, "sent": phone_task.sent(phone.android), "approvals": len(approvals),
        "steps": report and [[s["n"], s["verdict"]] for s in report["steps"]],
        "outcome": report and report["outcome"],
    }  # fmt: skip


def main(folder: Path) -> None:
    model = register_script("phone", ScriptedChat(answer=answer))
    told: dict[str, Any] = {}
    for place in PLACES:
        where = folder / place
        told[place] = {"first": life(where, model, place), "second": life(where, model, ""), **seen(where)}
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
