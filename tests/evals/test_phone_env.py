"""The training environment: determinism, the table of rewards, recorded trajectories, environments in processes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tenfold.errors import ConfigError
from tenfold.evals.phone import (
    PhoneEnv,
    Trajectory,
    VectorEnv,
    accuracy,
    all_templates,
    read_trajectories,
    token_f1,
    write_trajectories,
)
from tenfold.tools.android import Faults, InProcessDevice, VirtualAndroid
from tenfold.tools.phone import Action, Element, Observation


def template(name: str = "MailSend"):  # type: ignore[no-untyped-def]
    return all_templates().need(name)


def as_reply(action: Action, thought: str = "It is next.", expect: str = "It changes.") -> str:
    said = {"thought": thought, "action": action.kind, "expect": expect}
    return json.dumps(said | action.model_dump(exclude_defaults=True, exclude={"kind"}))


def by_oracle(env: PhoneEnv, seed: int) -> Trajectory:
    env.reset(seed)
    over = False
    while not over:
        _, reward, over, _ = env.step(as_reply(env.right))
        assert reward == pytest.approx(1.2)
    return env.trajectory


def test_the_oracle_earns_everything_and_the_device_shows_success() -> None:
    played = by_oracle(PhoneEnv(template()), 0)
    assert played.success is True and len(played.steps) > 5
    assert played.steps[-1].action is not None and played.steps[-1].action.kind == "done"


def test_equal_seeds_give_equal_bytes_with_faults_too() -> None:
    faults = Faults(dropped_tap=0.2, late_redraw=0.2, toast=0.3)
    one, two = (by_oracle(PhoneEnv(template("ShopBuy"), faults=faults), 3) for _ in range(2))
    assert one.model_dump_json() == two.model_dump_json()
    assert one.faults == {"dropped_tap": 0.2, "late_redraw": 0.2, "toast": 0.3}
    other = by_oracle(PhoneEnv(template("ShopBuy"), faults=faults), 4)
    assert [s.signature for s in other.steps] != [s.signature for s in one.steps]


def test_a_reset_takes_milliseconds() -> None:
    env = PhoneEnv(template())
    env.reset(0)
    spent = []
    for _ in range(5):
        began = time.perf_counter()
        env.reset(0)
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.1


def test_a_reply_that_cannot_be_read_does_nothing_and_earns_nothing() -> None:
    env = PhoneEnv(template())
    before = env.reset(0).signature
    seen, reward, over, info = env.step("I would rather not.")
    assert (seen.signature, reward, over) == (before, 0.0, False) and info["problem"]
    assert env.trajectory.steps[0].action is None


def test_the_format_is_worth_a_fifth_and_needs_all_three_parts() -> None:
    env = PhoneEnv(template())
    for reply, fmt in (
        (lambda a: as_reply(a), 1.0),
        (lambda a: as_reply(a, thought=""), 0.0),
        (lambda a: as_reply(a, expect=""), 0.0),
        (lambda a: f"Thought: next\nAction: open_app(app='{a.app}')", 0.0),
        (lambda a: a, 0.0),
    ):
        env.reset(0)
        assert env.right.kind == "open_app"
        _, reward, _, info = env.step(reply(env.right))
        assert (info["acc"], info["fmt"], reward) == (1.0, fmt, pytest.approx(1.0 + 0.2 * fmt))


def test_a_wrong_action_earns_the_format_alone_and_the_oracle_goes_on_from_there() -> None:
    env = PhoneEnv(template())
    env.reset(0)
    _, reward, _, info = env.step(as_reply(Action(kind="open_app", app="Clock")))
    assert reward == pytest.approx(0.2) and info["right"].app == "Mail"
    assert env.right.app == "Mail"
    over = False
    while not over:
        _, _, over, info = env.step(env.right)
    assert info["success"] is True


def test_saying_done_at_once_is_no_success() -> None:
    env = PhoneEnv(template())
    env.reset(0)
    _, reward, over, info = env.step(Action(kind="done"))
    assert (reward, over, info["success"]) == (0.0, True, False)
    with pytest.raises(ConfigError, match="over"):
        env.step(Action(kind="done"))


def screen() -> tuple[Observation, Element, Element]:
    seen = InProcessDevice(VirtualAndroid()).observe(screenshot=False)
    first, second = [e for e in seen.tree.elements() if e.node.clickable][:2]
    return seen, first, second


def test_the_table_of_accuracies() -> None:
    seen, first, second = screen()
    right = Action(kind="tap", element=first.n)
    box = first.node.bounds
    rows = [
        (Action(kind="tap", element=first.n), right, 1.0),
        (Action(kind="tap", element=second.n), right, 0.0),
        (Action(kind="tap", element=999), right, 0.0),
        (Action(kind="tap", x=box.left, y=box.top), right, 1.0),
        (Action(kind="tap", x=box.right, y=box.top), right, 0.0),
        (Action(kind="long_press", element=first.n), right, 0.0),
        (Action(kind="swipe", direction="up"), Action(kind="swipe", direction="up", element=first.n), 1.0),
        (Action(kind="swipe", direction="down"), Action(kind="swipe", direction="up"), 0.0),
        (Action(kind="swipe", x=500, y=1500, x2=520, y2=500), Action(kind="swipe", direction="up"), 1.0),
        (Action(kind="swipe", x=500, y=500, x2=900, y2=520), Action(kind="swipe", direction="up"), 0.0),
        (Action(kind="type", text="see you at noon"), Action(kind="type", text="See you at noon."), 1.0),
        (Action(kind="type", text="good bye"), Action(kind="type", text="See you at noon."), 0.0),
        (Action(kind="key", key="back"), Action(kind="key", key="home"), 0.0),
        (Action(kind="open_app", app=" mail"), Action(kind="open_app", app="Mail"), 1.0),
        (Action(kind="done"), Action(kind="failed"), 0.0),
        (Action(kind="wait", seconds=5), Action(kind="wait", seconds=1), 1.0),
    ]
    for did, wanted, acc in rows:
        assert accuracy(did, wanted, seen) == acc, (did, wanted)


@pytest.mark.parametrize(
    ("said", "wanted", "f1"),
    [("a b c", "a b c", 1.0), ("a b", "b c", 0.5), ("a a", "a", 2 / 3), ("", "", 1.0), ("a", "", 0.0)],
)
def test_token_f1(said: str, wanted: str, f1: float) -> None:
    assert token_f1(said, wanted) == pytest.approx(f1)


def test_trajectories_come_back_as_they_were_written(tmp_path: Path) -> None:
    env = PhoneEnv(template("MailStar"))
    played = [by_oracle(env, seed) for seed in (0, 1)]
    path = tmp_path / "t.jsonl"
    assert write_trajectories(path, played[:1]) == 1
    assert write_trajectories(path, played[1:], append=True) == 1
    assert list(read_trajectories(path)) == played


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "tenfold-phone-trajectory/2"}, "format"),
        ({"device": "android"}, "device"),
        ({"extra": 1}, "extra"),
        ({"steps": [{"n": 2}]}, "steps.0"),
    ],
)
def test_a_line_that_is_no_trajectory_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    good = by_oracle(PhoneEnv(template("MailStar")), 0).model_dump(mode="json")
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps(good) + "\n" + json.dumps({**good, **change}) + "\n")
    with pytest.raises(ConfigError, match=f"Line 2 of t.jsonl is no trajectory: {said}"):
        list(read_trajectories(path))


def test_a_reward_that_does_not_add_up_is_refused(tmp_path: Path) -> None:
    bad = by_oracle(PhoneEnv(template("MailStar")), 0).model_dump(mode="json")
    bad["steps"][0]["reward"] = 2.0
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps(bad))
    with pytest.raises(ConfigError, match=r"reward 2\.0"):
        list(read_trajectories(path))


def test_environments_in_processes_play_as_one_in_this_process_does() -> None:
    with VectorEnv(["MailStar", "ShopFavourite"]) as envs:
        shown = envs.reset([0, 5])
        assert [a.step for a in shown] == [1, 1] and shown[0].goal != shown[1].goal
        results = envs.step([Action(kind="open_app", app="Mail"), "nothing"])
        assert [r[1] for r in results] == [1.0, 0.0]
        with pytest.raises(ConfigError, match="2 environments"):
            envs.reset([0])
        alone = PhoneEnv(template("MailStar"))
        alone.reset(0)
        alone.step(Action(kind="open_app", app="Mail"))
        assert envs.trajectories()[0] == alone.trajectory
    with pytest.raises(ConfigError, match="17"):
        VectorEnv(["MailStar"] * 17)
    with pytest.raises(ConfigError, match="NoSuch"):
        VectorEnv(["NoSuch"])
