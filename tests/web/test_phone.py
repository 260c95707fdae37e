"""The phone served: approvals, questions, steering, pauses, forks and kills through the run manager."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phone_task
import pytest
from manager_world import serving, until
from phone_server import PLACES

from tenfold.errors import ConfigError
from tenfold.models import ScriptedChat, register_script
from tenfold.tools.runs import ImageStore, Run
from tenfold.web.runs import RunManager, images_of
from tenfold.web.runs.phone_device import KeptPhone, last_done

SUPPORT = Path(__file__).parents[1] / "support"


class Scripted:
    """A model that makes its moves in turn; the operator's prompts are kept."""

    def __init__(
        self, name: str, steps: list[dict[str, Any]] = phone_task.STEPS, delay_s: float = 0.0
    ) -> None:
        self.prompts: list[str] = []
        self._steps = steps
        self.model = register_script(name, ScriptedChat(answer=self._answer, delay_s=delay_s))

    def _answer(self, prompt: str) -> str:
        if (step := re.search(r"Step (\d+); ", prompt)) is None:
            return "{}"
        self.prompts.append(prompt)
        return json.dumps(self._steps[min(int(step[1]), len(self._steps)) - 1])


async def begin(manager: RunManager, model: str, **options: Any) -> Run:
    asked = {"goal": phone_task.GOAL, "model": model, "options": {"confirm": False, **options}}
    return await manager.submit("local", "phone", asked)


async def asked(manager: RunManager, run: Run) -> dict[str, Any]:
    """What the run asks: one question."""
    run = await until(manager, run, "waiting_human", "completed", "failed")
    assert run.status == "waiting_human", run.error
    (value,) = (await manager._driver.view(run.id)).interrupts.values()
    return value


async def reply(manager: RunManager, run: Run, answer: dict[str, Any]) -> None:
    view = await manager._driver.view(run.id)
    await manager.answer(run.id, {name: answer for name in view.interrupts})
    await until(manager, run, "queued", "running", "completed", "failed")


async def folded(manager: RunManager, run: Run) -> dict[str, Any]:
    from tenfold.web.agui import Document

    made = Document()
    for event in await manager.events(run.id, 0, 100_000):
        made.apply(event.data.get("state") or {})
    return made.value


async def on_the_phone(manager: RunManager, run: Run) -> list[str]:
    """What the run's phone, as it was kept, has sent."""
    store = manager._store
    done = last_done(await store.ledger(run.id).records())
    return phone_task.sent(KeptPhone(store.folder / "phones" / run.id).open(done).android)


async def test_permissions_are_edited_and_one_approval_is_one_act(tmp_path: Path) -> None:
    async with serving(tmp_path, None) as manager:
        run = await begin(manager, Scripted("phone-a").model, confirm=True)
        value = await asked(manager, run)
        assert value["kind"] == "permissions" and value["packages"] == [phone_task.SMS]
        packages = sorted([phone_task.SMS, "com.google.android.contacts"])
        await reply(manager, run, {"action": "edit", "packages": packages, "classes": []})
        value = await asked(manager, run)
        assert (
            value["kind"] == "approve_action"
            and value["classes"] == ["send"]
            and value["disagreements"] == []
        )
        assert images_of(manager._store).get(run.id, value["image"]) is not None
        assert await on_the_phone(manager, run) == []
        await reply(manager, run, {"action": "approve"})
        assert (await until(manager, run, "completed", "failed")).status == "completed"
        assert await on_the_phone(manager, run) == [phone_task.TEXT]
        phone = (await folded(manager, run))["phone"]
        assert phone["permissions"] == {"packages": packages, "classes": [], "granted": True}
        assert [s["verdict"] for s in phone["steps"].values()] == ["ok"] * 4
        assert phone["answer"]["reason"] == "answered" and '"Navigate up"' in phone["screen"]["list"]
        report = manager._store.report(run.id)
        assert report and report["kind"] == "phone" and report["answer"] == phone_task.STEPS[-1]["text"]


async def test_an_answer_a_correction_and_a_rejection_reach_the_model(tmp_path: Path) -> None:
    ask = {"action": "ask", "text": "Which Hana?", "options": ["Kim", "Lee"]}
    steps = [ask, *phone_task.STEPS[:4], {"action": "failed", "text": "You did not want it."}]
    scripted = Scripted("phone-b", steps)
    async with serving(tmp_path, None) as manager:
        run = await begin(manager, scripted.model)
        assert (await asked(manager, run))["options"] == ["Kim", "Lee"]
        await manager.post(run.id, "text", "Be polite")
        await reply(manager, run, {"answer": "Kim"})
        assert (await asked(manager, run))["kind"] == "approve_action"
        assert "Which Hana? → Kim" in scripted.prompts[-1] and "Be polite" in scripted.prompts[-1]
        await reply(manager, run, {"action": "reject", "feedback": "tomorrow"})
        assert (await until(manager, run, "completed", "failed")).status == "completed"
        assert "They said: tomorrow" in scripted.prompts[5]
        report = manager._store.report(run.id)
        assert report and report["outcome"]["reason"] == "failed" and await on_the_phone(manager, run) == []
        assert report["questions"] == [{"question": "Which Hana?", "answer": "Kim"}]


async def test_a_run_is_paused_goes_on_is_finished_and_forked(tmp_path: Path) -> None:
    async with serving(tmp_path, None) as manager:
        run = await begin(manager, Scripted("phone-c", delay_s=0.2).model)
        await until(manager, run, "running")
        await manager.pause(run.id)
        await until(manager, run, "paused")
        await manager.resume(run.id)
        assert (await asked(manager, run))["step"] == 4
        await manager.finish(run.id)
        await reply(manager, run, {"action": "approve"})
        await until(manager, run, "completed", "failed")
        report = manager._store.report(run.id)
        assert report and report["outcome"]["reason"] == "stopped"
        assert await on_the_phone(manager, run) == [phone_task.TEXT]
        before = next(c for c in await manager.checkpoints(run.id) if c.next == ["guard"])
        fork = await manager.fork(run.id, before.id, "local")
        assert (await asked(manager, fork))["step"] == 4
        assert await on_the_phone(manager, fork) == []  # the phone of that moment
        assert images_of(manager._store).get(fork.id, (await asked(manager, fork))["image"]) is not None
        await manager.cancel(fork.id)
        assert await on_the_phone(manager, run) == [phone_task.TEXT]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_kill_9_between_approval_and_act_is_one_act(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SUPPORT / "phone_server.py"), str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=110,
    )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    for place in PLACES:
        seen = told[place]
        assert (seen["first"], seen["second"], seen["status"]) == (-9, 0, "completed"), seen
        assert seen["sent"] == [phone_task.TEXT], place
    assert [told[p]["approvals"] for p in PLACES] == [
        1,
        2,
        1,
    ]  # what was undone with the phone is asked about again
    assert told["approved"]["steps"][-1] == [4, "ok"]
    assert [4, "uncertain"] in told["touched"]["steps"] and told["done"]["steps"][-1] == [4, "uncertain"]


WRONG: dict[str, dict[str, Any]] = {
    "The task is empty": {"goal": " "},
    "does not fit": {"device": "emulator 5554; rm"},
    "rules cannot be read": {"rules": '[{"decision": "perhaps"}]'},
    "'pin' was not given": {"secrets": ["pin"]},
    "no macro 'none'": {"macro": {"name": "none"}},
}


async def test_what_cannot_run_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, None) as manager:
        for said, wrong in WRONG.items():
            with pytest.raises(ConfigError, match=said):
                await manager.submit(
                    "local", "phone", {"goal": "x", "model": Scripted("phone-d").model, **wrong}
                )


def test_pictures_are_their_owners_alone(people: Any, alice: Any, bob: Any, tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"picture"
    me = next(u.id for u in people.accounts.users() if u.name == "alice")
    run = people.services.store.create("phone", "Turn on Wi-Fi", {"goal": "Turn on Wi-Fi"}, owner=me)
    images: ImageStore = images_of(people.services.store)
    sha = images.put(run.id, png)
    path = f"/api/runs/{run.id}/images/{sha}.png"
    found = alice.get(path)
    assert (found.status_code, found.content, found.headers["content-type"]) == (200, png, "image/png")
    assert found.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert "sandbox" in found.headers["content-security-policy"]
    assert bob.get(path).status_code == 404 and alice.get(path.replace(run.id, "nobody")).status_code == 404
    for name in (
        "0" * 64,
        sha.upper(),
        sha[:-1],
        "..%2f..%2fdata",
        "..",
        f"{sha}%00",
        f"..%2f{run.id}%2f{sha}",
    ):
        refused = alice.get(f"/api/runs/{run.id}/images/{name}.png")
        assert refused.status_code in (404, 422) and png not in refused.content, name
    replay = alice.get(f"/api/runs/{run.id}/replay.html")
    assert replay.status_code == 200 and "sandbox" in replay.headers["content-security-policy"]
    assert replay.headers["content-disposition"].startswith("attachment")
    assert bob.get(f"/api/runs/{run.id}/replay.html").status_code == 404


@pytest.mark.parametrize("device", ["emulator-5554", "http://10.0.0.1:4723"])
def test_people_with_accounts_reach_no_phone_that_is_not_offered(alice: Any, device: str) -> None:
    post: Callable[..., Any] = alice.post
    refused = post("/api/runs", json={"graph": "phone", "input": {"goal": "x", "device": device}})
    assert refused.status_code == 400 and "is not offered here" in refused.json()["error"]["message"]
