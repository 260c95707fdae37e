"""The whole graph on the virtual Android with a scripted policy: tasks, approvals, questions, corrections, caps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from phone_world import DONE, PhoneWorld, element, open_app, tap, type_into

from tenfold.agents.coloragent import Decision, DecisionInput
from tenfold.errors import PhoneError
from tenfold.settings import BudgetLimits
from tenfold.tools.phone import Action, Device, SafetyPolicy

OFF = [open_app("Settings"), tap("Network"), tap("Internet, Wi-Fi"), tap("Wi-Fi", "switch"), DONE]
REMOVE = [
    open_app("Contacts"),
    tap("Ben Lindqvist"),
    tap("More options"),
    tap("Delete"),
    tap("Delete", "button"),
    DONE,
]


def contacts(world: PhoneWorld) -> list[str]:
    android: Any = world.android
    rows = android.content("content://com.android.contacts/contacts")
    return [str(row) for row in rows]


async def test_turning_wifi_off_needs_nobody_and_is_proved_by_the_device(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, OFF)
    assert await world.go(world.begin("Turn off the Wi-Fi")) == []
    state = await world.state()
    assert state["outcome"]["reason"] == "done"
    assert [s["verdict"] for s in state["history"]] == ["ok"] * 4
    assert state["history"][3]["evidence"] == "probe"
    assert world.device and world.device.shell(["settings", "get", "global", "wifi_on"]).strip() == "0"
    (checked,) = world.events("phone.checked")
    assert checked.data["evidence"] == "probe" and checked.data["outcome"] == "success"


async def test_a_false_done_is_sent_back_with_the_devices_own_word(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, [open_app("Settings"), DONE, *OFF[1:]])
    assert await world.go(world.begin("Turn off the Wi-Fi")) == []
    assert (await world.state())["outcome"]["reason"] == "done"
    assert any("wifi is on" in line for line in world.script.seen[2].feedback)


async def test_deleting_asks_and_is_done_once_approved(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, REMOVE)
    (asked,) = await world.go(world.begin("Delete the contact Ben Lindqvist"))
    assert (
        asked["kind"] == "approve_action"
        and asked["classes"] == ["delete"]
        and asked["rule"] == "default:delete"
    )
    assert asked["target"]["label"] == "Delete" and asked["package"] == "com.google.android.contacts"
    assert any("Lindqvist" in row for row in contacts(world))
    (again,) = await world.reply({"action": "approve"})
    assert again["kind"] == "approve_action"
    assert await world.reply({"action": "approve"}) == []
    state = await world.state()
    assert state["outcome"]["reason"] == "done" and [s["verdict"] for s in state["history"]] == ["ok"] * 5
    assert not any("Lindqvist" in row for row in contacts(world))


async def test_a_refusal_reaches_the_policy_and_nothing_is_touched(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, [*REMOVE[:4], Action(kind="failed", text="refused")])
    await world.go(world.begin("Delete the contact Ben Lindqvist", modules={"orchestrate": False}))
    assert await world.reply({"action": "reject", "feedback": "keep him"}) == []
    assert any("keep him" in line for line in world.script.seen[-1].feedback)
    state = await world.state()
    assert state["history"][-1]["verdict"] == "refused" and state["outcome"]["reason"] == "failed"
    assert any("Lindqvist" in row for row in contacts(world))


async def test_an_answer_that_is_none_is_asked_for_again(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, REMOVE)
    await world.go(world.begin("Delete the contact Ben Lindqvist"))
    (asked,) = await world.reply("yes please")
    assert asked["kind"] == "approve_action" and "no approval" in asked["problem"]
    (asked,) = await world.reply({"action": "approve", "extra": 1})
    assert asked["problem"]


async def test_three_refusals_end_the_task(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, [*REMOVE[:3], *[REMOVE[3]] * 5])
    asked = await world.go(world.begin("Delete the contact Ben Lindqvist"))
    for _ in range(3):
        assert asked
        asked = await world.reply({"action": "reject"})
    assert asked == [] and (await world.state())["outcome"]["reason"] == "refused"


async def test_what_the_rules_deny_is_never_done(tmp_path: Path) -> None:
    rules = SafetyPolicy.parse('[{"decision": "deny", "classes": ["delete"], "why": "not on my phone"}]')
    world = PhoneWorld(tmp_path, [*REMOVE[:4], *[REMOVE[3]] * 2], rules=rules)
    assert await world.go(world.begin("Delete the contact Ben Lindqvist")) == []
    assert (await world.state())["outcome"] == {
        "reason": "refused",
        "text": "It is not allowed: not on my phone",
    }


async def test_a_question_is_answered_from_the_screen(tmp_path: Path) -> None:
    moves = [open_app("Contacts"), tap("Ben Lindqvist"), Action(kind="answer", text="+15556588777")]
    world = PhoneWorld(tmp_path, moves)
    assert await world.go(world.begin("What is the phone number of Ben Lindqvist?")) == []
    state = await world.state()
    assert state["task_type"] == "B" and state["answer"] == "+15556588777"
    assert state["outcome"]["reason"] == "answered"
    assert [e.data["state"]["/phone/answer"]["text"] for e in world.events("phone.finished")] == [
        "+15556588777"
    ]


async def test_a_question_that_was_ended_without_words_is_answered_by_the_answerer(tmp_path: Path) -> None:
    def model(prompt: str) -> Any:
        return {"text": "+15556588777"} if "Answer the user's question" in prompt else {"outcome": "success"}

    world = PhoneWorld(tmp_path, [open_app("Contacts"), tap("Ben Lindqvist"), DONE], answer=model)
    await world.go(world.begin("What is the phone number of Ben Lindqvist?"))
    assert (await world.state())["answer"] == "+15556588777"


def hand_over_model(prompt: str) -> Any:
    if "Sort a phone task" in prompt:
        return {"kind": "A"}
    if "Split a phone task" in prompt:
        return {
            "parts": [
                {
                    "goal": "Find the name of the guest network in Markor",
                    "app": "Markor",
                    "returns": "the name",
                },
                {"goal": "Create a contact with the name", "app": "Contacts", "depends_on": [0]},
            ]
        }
    if "Write down everything" in prompt:
        assert "Larkspur-Guest" in prompt
        return {"text": "Larkspur-Guest"}
    if "Write the next part" in prompt:
        return {"goal": "Create a contact with the first name Larkspur-Guest"}
    return {"outcome": "success", "on_track": True}


async def test_two_apps_hand_over_what_was_found(tmp_path: Path) -> None:
    moves = [open_app("Markor"), tap("wifi_guest"), DONE, open_app("Contacts"), tap("Create contact"), DONE]
    world = PhoneWorld(tmp_path, moves, answer=hand_over_model)
    goal = "Copy the name of the guest network from the note in Markor into a new contact in Contacts"
    (asked,) = await world.go(world.begin(goal, confirm=True))
    assert asked["kind"] == "permissions" and [s["app"] for s in asked["subtasks"]] == ["Markor", "Contacts"]
    assert asked["packages"] == ["com.google.android.contacts", "net.gsantner.markor"]
    assert await world.reply({"action": "approve"}) == []
    state = await world.state()
    assert [s["status"] for s in state["subtasks"]] == ["done", "done"]
    assert world.script.seen[3].subtask == "Create a contact with the first name Larkspur-Guest"
    assert state["memory"][0]["tainted"] and state["memory"][0]["text"] == "Larkspur-Guest"


async def test_leaving_the_permitted_apps_asks(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, [open_app("Contacts"), open_app("Settings"), DONE])
    (asked,) = await world.go(world.begin("Look at Contacts", confirm=True))
    assert asked["packages"] == ["com.google.android.contacts"]
    (asked,) = await world.reply({"action": "approve"})
    assert asked["rule"] == "leave" and asked["package"] == "com.android.settings"
    assert await world.reply({"action": "approve"}) == []
    assert "com.android.settings" in (await world.state())["permissions"]["packages"]


async def test_a_plan_can_be_edited_and_rejected(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path / "a", [open_app("Contacts"), DONE])
    await world.go(world.begin("Look at Contacts", confirm=True))
    both = ["com.google.android.contacts", "com.android.settings"]
    assert await world.reply({"action": "edit", "packages": both, "classes": []}) == []
    assert (await world.state())["permissions"] == {"packages": sorted(both), "classes": [], "granted": True}
    world = PhoneWorld(tmp_path / "b", [])
    await world.go(world.begin("Look at Contacts", confirm=True))
    (asked,) = await world.reply({"action": "reject", "feedback": "only favourites"})
    assert asked["kind"] == "permissions"
    assert await world.reply({"action": "reject"}) == []
    assert (await world.state())["outcome"]["reason"] == "refused" and not world.script.seen


async def test_the_user_is_asked_and_the_answer_is_known_from_then_on(tmp_path: Path) -> None:
    ask = Decision(action=Action(kind="ask", text="Which Ben?", options=["A", "B"]), scenario="choices")
    world = PhoneWorld(tmp_path, [open_app("Contacts"), ask, DONE])
    (asked,) = await world.go(world.begin("Look at Ben in Contacts"))
    assert asked == {
        "kind": "ask_user",
        "question": "Which Ben?",
        "options": ["A", "B"],
        "scenario": "choices",
        "image": "",
    }
    assert await world.reply({"answer": "Lindqvist"}) == []
    assert world.script.seen[-1].answers == [("Which Ben?", "Lindqvist")]


async def test_corrections_are_read_before_each_decision_and_finish_ends(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path)

    def then(text: str, kind: Any = "text") -> Any:
        def move(asked: DecisionInput) -> Action:
            world.store.post(world.run.id, text, kind=kind)
            return open_app("Contacts")

        return move

    world.script.moves = [then("only look"), then("", "finish"), DONE]
    assert await world.go(world.begin("Look at Contacts")) == []
    assert world.script.seen[1].corrections == ["only look"] and len(world.script.seen) == 2
    assert (await world.state())["outcome"]["reason"] == "stopped"
    assert [m.status for m in world.store.messages(world.run.id)] == ["applied", "applied"]


async def test_a_message_that_comes_with_the_end_is_still_read(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path)

    def late(asked: DecisionInput) -> Action:
        world.store.post(world.run.id, "and the favourites")
        return DONE

    world.script.moves = [open_app("Contacts"), late, DONE]
    await world.go(world.begin("Look at Contacts"))
    assert world.script.seen[-1].corrections == ["and the favourites"]


async def test_caps_end_the_run_and_say_so(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path / "a", [Action(kind="swipe", direction="up")] * 9)
    await world.go(world.begin("Scroll", max_steps=3))
    assert (await world.state())["outcome"]["reason"] == "steps" and len(world.script.seen) == 3
    world = PhoneWorld(
        tmp_path / "b", OFF, limits=BudgetLimits(tokens=1), answer=lambda _: {"on_track": True}
    )
    state = world.begin("Turn off the Wi-Fi", limits={"tokens": 1})
    from tenfold.models import Usage

    context = await world.context()
    context.budget.charge(Usage(5, 5))
    assert context.budget.exhausted() == "tokens"
    world.context = lambda: _ready(context)  # type: ignore[method-assign, assignment]
    await world.go(state)
    assert (await world.state())["outcome"]["reason"] == "budget"


async def _ready(value: Any) -> Any:
    return value


async def test_secrets_are_typed_and_never_shown(tmp_path: Path) -> None:
    moves = [open_app("Contacts"), type_into("Search contacts", "{{secret:CODE}}"), DONE]
    world = PhoneWorld(tmp_path, moves, secrets={"CODE": "hunter22"})
    await world.go(world.begin("Search in Contacts"))
    assert world.device and "hunter22" in world.android.source()  # type: ignore[union-attr]
    last = world.script.seen[-1]
    assert last.secrets == ["CODE"]
    assert all("hunter22" not in n.text for n in last.observation.tree.walk())
    assert "hunter22" not in repr(await world.state()) + repr(world.events())


class Gone:
    """A device that vanishes at one call and is back later."""

    def __init__(self, device: Device, at: int) -> None:
        self._device, self._left = device, at
        self.features = device.features

    def __getattr__(self, name: str) -> Any:
        self._left -= 1
        if self._left in (0, -1):
            raise PhoneError("The phone is gone.", mend="Plug it in.")
        return getattr(self._device, name)


async def test_a_device_that_is_gone_fails_the_run_which_then_goes_on(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, OFF)
    assert world.device is not None
    whole, world.device = world.device, Gone(world.device, 25)
    with pytest.raises(PhoneError, match="gone"):
        await world.go(world.begin("Turn off the Wi-Fi"))
    world.device = whole
    before = len(world.script.seen)
    assert await world.go(None) == []
    assert len(world.script.seen) > before or (await world.state())["finished"]
    assert whole.shell(["settings", "get", "global", "wifi_on"]).strip() == "0"


async def test_a_number_that_is_not_there_comes_back_three_times(tmp_path: Path) -> None:
    wrong = Action(kind="tap", element=99)
    world = PhoneWorld(tmp_path, [open_app("Contacts"), wrong, wrong, wrong, DONE])
    await world.go(world.begin("Look at Contacts"))
    assert [s.feedback for s in world.script.seen[2:5]] == [
        ["There is no element 99. The screen has 1 to 19."]
    ] * 3
    history = (await world.state())["history"]
    assert [s["verdict"] for s in history] == ["ok", "wrong"]


async def test_typing_without_a_focus_is_refused_by_the_ground_node(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, [open_app("Contacts"), Action(kind="type", text="x"), DONE])
    await world.go(world.begin("Look at Contacts"))
    assert "No field has the focus." in world.script.seen[2].feedback[0]


async def test_a_failed_part_is_planned_anew_once(tmp_path: Path) -> None:
    failed = Action(kind="failed", text="no such button")

    def model(prompt: str) -> Any:
        return (
            {"possible": True, "goal": "Try the menu"}
            if "failed. Write it anew" in prompt
            else {"outcome": "success"}
        )

    world = PhoneWorld(tmp_path, [failed, failed], answer=model)
    await world.go(world.begin("Do it in Contacts"))
    state = await world.state()
    assert world.script.seen[1].subtask == "Try the menu"
    assert state["outcome"] == {"reason": "failed", "text": "no such button"} and len(world.script.seen) == 2


async def test_a_blind_tap_comes_back_once_and_then_asks(tmp_path: Path) -> None:
    blind = Action(kind="tap", x=540, y=1990)
    world = PhoneWorld(tmp_path, [blind, blind, DONE])

    class Empty:
        def __init__(self, device: Any) -> None:
            self._device = device

        def __getattr__(self, name: str) -> Any:
            return getattr(self._device, name)

        def observe(self, *, screenshot: bool = True) -> Any:
            from dataclasses import replace

            from tenfold.tools.phone import Tree

            return replace(self._device.observe(screenshot=screenshot), tree=Tree())

    world.device = Empty(world.device)  # type: ignore[assignment]
    (asked,) = await world.go(world.begin("Tap it"))
    assert asked["rule"] == "blind" and "Nothing is known" in world.script.seen[1].feedback[0]


async def test_the_picture_is_kept_and_named_in_the_events(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, [open_app("Contacts"), DONE])
    await world.go(world.begin("Look at Contacts", pictures="always"))
    shas = {e.data["image"] for e in world.events("phone.screen")}
    assert all(len(sha) == 64 and world.images.get(world.run.id, sha) for sha in shas)
    world.images.delete(world.run.id)
    assert world.images.get(world.run.id, shas.pop()) is None


def test_the_helper_finds_what_it_is_asked_for(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path)
    assert world.device is not None
    with pytest.raises(AssertionError):
        element(world.device.observe(screenshot=False), "not there")
