"""Detectors, the verification ladder, and what each switch takes away."""

# ruff: noqa: E501  (tables)
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from phone_world import DONE, PhoneWorld, open_app, tap, type_into

from tenfold.graphs.coloragent import Step, signs
from tenfold.graphs.coloragent.checking import compare
from tenfold.graphs.coloragent.detectors import due
from tenfold.tools.android import Faults, InProcessDevice, VirtualAndroid
from tenfold.tools.phone import Action, Observation, Target, parse_source

UP = Action(kind="swipe", direction="up")


def step(
    n: int, label: str = "A", kind: str = "tap", verdict: str = "ok", screen: str = "", **more: Any
) -> Step:
    target = Target(
        label=label,
        role="button",
        resource_id=f"id/{label}",
        package="p",
        context="",
        bounds=[0, 0, 9, 9],
        point=[n, n],
    )
    return Step(
        n=n, subtask="t1", thought="", action={"kind": kind, **more}, target=target, expect="", verdict=verdict,  # type: ignore[typeddict-item]
        evidence="tree", why="the reason", before="", after="", image="", source="policy", rule="", classes=[], app="p",
        signature=screen or f"s{n}",
    )  # fmt: skip


def names(*labels: str, **more: Any) -> list[Step]:
    return [step(n, label, **more) for n, label in enumerate(labels, 1)]


def test_the_same_target_three_times_though_the_point_jitters() -> None:
    assert "same on the same target" in signs(names("A", "A", "A"))[0]
    assert signs(names("A", "A")) == [] and signs(names("A", "A", "B")) == []


def test_swiping_and_waiting_may_repeat() -> None:
    assert signs(names("A", "A", "A", kind="swipe", direction="up")) == []
    assert signs(names("A", "A", "A", kind="wait")) == []


def test_two_and_three_that_alternate() -> None:
    assert "Two actions alternate" in signs(names("A", "B", "A", "B"))[0]
    assert "Three actions repeat" in signs(names("A", "B", "C", "A", "B", "C"))[0]
    assert signs(names("A", "B", "A", "C")) == []


def test_the_same_screen_three_times_and_the_way_back_for_a_swipe() -> None:
    stuck = [step(n, f"L{n}", screen="s") for n in range(3)]
    assert "has been the same 3 times" in signs(stuck)[0]
    swipes = [step(n, f"L{n}", kind="swipe", direction="up", screen="s") for n in range(3)]
    assert "swipe down instead" in signs(swipes)[0]


def test_three_failures_in_a_row_with_the_last_reason() -> None:
    failed = names("A", "B", "C", verdict="wrong")
    assert signs(failed) == ["The last 3 actions failed: the reason"]
    assert signs([*names("A", "B", verdict="no_change"), step(3, "C")]) == []


def test_a_routine_look_every_five_steps_after_three_cold_ones() -> None:
    doubtful = names(*"ABCDEFGHI", verdict="uncertain")
    assert not due(doubtful[:3], 9) and due(doubtful[:5], 5) and not due(doubtful, 4)


def test_the_routine_look_waits_longer_while_every_step_is_seen_to_work() -> None:
    clean = names(*"ABCDEFGHI", verdict="ok")
    assert not due(clean, 5) and due(clean, 10) and due([*clean, *names("J", verdict="wrong")], 5)


async def test_a_detector_warns_the_policy_and_its_switch_silences_it(tmp_path: Path) -> None:
    moves = [open_app("Contacts"), *[tap("Favorites", "item")] * 4, DONE]
    world = PhoneWorld(tmp_path / "on", moves)
    await world.go(world.begin("Look at Contacts"))
    assert world.events("phone.trajectory") and any(
        "same" in f for s in world.script.seen for f in s.feedback
    )
    world = PhoneWorld(tmp_path / "off", moves)
    await world.go(world.begin("Look at Contacts", modules={"trajectory_reflection": False}))
    assert not world.events("phone.trajectory")


def look(*nodes: str, package: str = "p.q") -> Observation:
    tree = parse_source(f'<hierarchy rotation="0" width="1080" height="2400">{"".join(nodes)}</hierarchy>')
    return Observation(tree, None, package, "Main", False, 1080, 2400, 0, "2026-03-12T09:30:00+00:00")


def view(kind: str, text: str, **more: Any) -> str:
    extra = " ".join(f'{k.replace("_", "-")}="{v}"' for k, v in more.items())
    return (
        f'<{kind} class="{kind}" package="p.q" text="{text}" enabled="true" bounds="[0,0][500,100]" {extra}/>'
    )


FIELD, BOX, TEXT = "android.widget.EditText", "android.widget.Switch", "android.widget.TextView"
PLACE = Target(
    label="Wi-Fi",
    role="switch",
    resource_id="",
    package="p.q",
    context="",
    bounds=[0, 0, 500, 100],
    point=[9, 9],
)


@pytest.mark.parametrize(
    ("action", "target", "expect", "before", "after", "verdict"),
    [
        (Action(kind="type", text="hello"), None, "", look(view(FIELD, "", focused="true")), look(view(FIELD, "hello", focused="true")), "ok"),
        (Action(kind="type", text="hello"), None, "", look(view(FIELD, "", focused="true")), look(view(FIELD, "hullo", focused="true")), "wrong"),
        (Action(kind="type", text="b", replace=True), None, "", look(view(FIELD, "a", focused="true")), look(view(FIELD, "ab", focused="true")), "wrong"),
        (Action(kind="clear"), None, "", look(view(FIELD, "a", focused="true")), look(view(FIELD, "", focused="true")), "ok"),
        (Action(kind="clear"), None, "", look(view(FIELD, "a", focused="true")), look(view(FIELD, "a", focused="true")), "wrong"),
        (Action(kind="tap", element=1), PLACE, "", look(view(BOX, "Wi-Fi", checkable="true", clickable="true", checked="true")),
         look(view(BOX, "Wi-Fi", checkable="true", clickable="true", checked="false")), "ok"),
        (Action(kind="tap", element=1), PLACE, "", look(view(BOX, "Wi-Fi", checkable="true", clickable="true", checked="true")),
         look(view(BOX, "Wi-Fi", checkable="true", clickable="true", checked="true"), view(TEXT, "x")), "wrong"),
        (Action(kind="tap", x=1, y=1), None, "", look(view(TEXT, "a")), look(view(TEXT, "a")), "no_change"),
        (Action(kind="tap", x=1, y=1), None, "the alarm list", look(view(TEXT, "a")), look(view(TEXT, "Alarm")), "ok"),
        (Action(kind="tap", x=1, y=1), None, "the alarm list", look(view(TEXT, "a")), look(view(TEXT, "Weather")), None),
        (Action(kind="tap", x=1, y=1), None, "", look(view(TEXT, "a")), look(view(TEXT, "Clock keeps stopping")), "wrong"),
        (Action(kind="open_app", app="P"), None, "", look(), look(package="p.q"), "ok"),
        (Action(kind="open_app", app="P"), None, "", look(), look(package="other"), "wrong"),
        (Action(kind="wait"), None, "", look(), look(), "ok"),
        (UP, None, "", look(view(TEXT, "a")), look(view(TEXT, "a")), "no_change"),
    ],
)  # fmt: skip
def test_what_two_screens_say(
    action: Action,
    target: Target | None,
    expect: str,
    before: Observation,
    after: Observation,
    verdict: str | None,
) -> None:
    found = compare(action, target, expect, before, after, "p.q")
    assert (found[0] if found else None) == verdict


async def test_the_model_is_asked_only_where_the_screens_are_silent(tmp_path: Path) -> None:
    asked: list[str] = []

    def model(prompt: str) -> Any:
        if "Judge one action" in prompt:
            asked.append(prompt)
            return {"outcome": "wrong", "why": "this is the wrong page"}
        return {"outcome": "success"}

    moves = [
        open_app("Contacts"),
        tap("Ben Lindqvist", expect="Ben Lindqvist"),
        tap("Navigate up", expect="a purple cow"),
        DONE,
    ]
    world = PhoneWorld(tmp_path / "on", moves, answer=model)
    await world.go(world.begin("Look at Ben in Contacts"))
    assert len(asked) == 1 and "purple cow" in asked[0]
    history = (await world.state())["history"]
    assert [(s["verdict"], s["evidence"]) for s in history] == [
        ("ok", "tree"),
        ("ok", "tree"),
        ("wrong", "model"),
    ]
    assert world.script.seen[-1].feedback == ["this is the wrong page"]
    asked.clear()
    world = PhoneWorld(tmp_path / "off", moves, answer=model)
    await world.go(world.begin("Look at Ben in Contacts", modules={"action_reflection": False}))
    assert not asked and {s["verdict"] for s in (await world.state())["history"]} == {"skipped"}


async def test_the_result_is_judged_at_most_twice_and_not_with_its_switch_off(tmp_path: Path) -> None:
    def model(prompt: str) -> Any:
        return (
            {"outcome": "failed", "why": "nothing was done"} if "Judge whether a phone task" in prompt else {}
        )

    world = PhoneWorld(tmp_path / "on", [DONE] * 5, answer=model)
    await world.go(world.begin("Do it"))
    assert len(world.script.seen) == 3 and (await world.state())["outcome"]["reason"] == "done"
    assert "nothing was done" in world.script.seen[1].feedback[0]
    world = PhoneWorld(tmp_path / "off", [DONE] * 5, answer=model)
    await world.go(world.begin("Do it", modules={"global_reflection": False}))
    assert len(world.script.seen) == 1 and not world.events("phone.checked")


async def test_without_orchestrator_the_task_stays_whole_and_a_failure_is_final(tmp_path: Path) -> None:
    def model(prompt: str) -> Any:
        return (
            {"parts": [{"goal": "one"}, {"goal": "two"}]}
            if "Split a phone" in prompt
            else {"kind": "A", "outcome": "success"}
        )

    goal = "Copy the note from Markor to Contacts"
    world = PhoneWorld(tmp_path / "on", [DONE, DONE], answer=model)
    await world.go(world.begin(goal))
    assert [s["goal"] for s in (await world.state())["subtasks"]] == ["one", "two"]
    world = PhoneWorld(tmp_path / "off", [Action(kind="failed", text="no")] * 3, answer=model)
    await world.go(world.begin(goal, modules={"orchestrate": False}))
    state = await world.state()
    assert [s["goal"] for s in state["subtasks"]] == [goal] and len(world.script.seen) == 1


async def test_without_classifier_nothing_is_classified(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, [DONE])
    await world.go(world.begin("What time is it?", modules={"classify": False}))
    assert not world.events("phone.classified")


async def test_without_hand_over_nothing_is_carried(tmp_path: Path) -> None:
    def model(prompt: str) -> Any:
        assert "Write down everything" not in prompt and "Write the next part" not in prompt
        if "Split a phone" in prompt:
            return {"parts": [{"goal": "one"}, {"goal": "two", "depends_on": [0]}]}
        return {"kind": "A", "outcome": "success"}

    world = PhoneWorld(tmp_path, [DONE, DONE], answer=model)
    await world.go(world.begin("Copy the note from Markor to Contacts", modules={"hand_over": False}))
    assert (await world.state())["memory"] == [] and world.script.seen[1].subtask == "two"


async def test_without_ask_the_user_is_left_alone(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, [Action(kind="ask", text="Which?"), DONE])
    assert await world.go(world.begin("Do it", modules={"ask": False})) == []
    assert not world.script.seen[0].may_ask and "cannot be asked" in world.script.seen[1].feedback[0]


async def test_a_dropped_tap_is_seen_and_told(tmp_path: Path) -> None:
    android = VirtualAndroid(faults=Faults(dropped_tap=1.0))
    world = PhoneWorld(
        tmp_path, [open_app("Contacts"), tap("Ben Lindqvist"), DONE], device=InProcessDevice(android)
    )
    await world.go(world.begin("Look at Ben in Contacts"))
    assert [s["verdict"] for s in (await world.state())["history"]] == ["ok", "no_change"]
    assert world.script.seen[2].feedback == ["The screen did not change."]


async def test_typed_text_is_read_back(tmp_path: Path) -> None:
    world = PhoneWorld(tmp_path, [open_app("Contacts"), type_into("Search contacts", "Ben"), DONE])
    await world.go(world.begin("Search Ben in Contacts"))
    assert (await world.state())["history"][1]["evidence"] == "readback"
