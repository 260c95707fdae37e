"""The benchmarks' metrics, case by case (also compared once with the originals' own functions)."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from pathlib import Path

import pytest
from PIL import Image

from tenfold.errors import ConfigError
from tenfold.evals.phone.metrics import (
    IarStep,
    LabTrace,
    VeriosStep,
    WorldEpisode,
    answer_matches,
    iar_match,
    iar_report,
    iar_steps,
    lab_report,
    lab_traces,
    similar_pairs,
    step_budget,
    verios_match,
    verios_report,
    world_episodes,
    world_report,
)


@pytest.mark.parametrize(
    ("answer", "expected", "kind", "tolerance", "right"),
    [
        ("Team Meeting", ["team meeting"], "string", None, True),
        ("Team Meetin", ["team meeting"], "string", None, True),
        ("Lunch", ["team meeting"], "string", None, False),
        ("a, b", ["b", "a"], "string", None, True),
        ("a, a", ["a", "b"], "string", None, True),  # the benchmark's quirk
        ("a", ["a", "b"], "string", None, False),
        ("3", [3.0], "number", None, True),
        ("3.4", [3.0], "number", 0.5, True),
        ("3.5", [3.0], "number", 0.5, False),
        ("three", [3.0], "number", 0.5, False),
        ("October 15 2023", [date(2023, 10, 15)], "date", None, True),
        ("2023-10-15", [date(2023, 10, 15)], "date", None, False),
        ("13:30", [time(13, 30)], "time", None, True),
        ("October 15 2023 13:30", [datetime(2023, 10, 15, 13, 30)], "datetime", None, True),
    ],
)
def test_androidworld_answers(
    answer: str, expected: list, kind: str, tolerance: float | None, right: bool
) -> None:
    assert answer_matches(answer, expected, kind, tolerance=tolerance) is right


def test_androidworld_success_needs_the_agents_own_word() -> None:
    episodes = [
        WorldEpisode(task="A", success=1, done=True, difficulty="easy", tags=["search"], steps=4),
        WorldEpisode(task="B", success=1, done=False, difficulty="easy", steps=10),
        WorldEpisode(task="C", success=0.5, done=True, difficulty="hard", tags=["search"]),
    ]
    report = world_report(episodes)
    assert (report.n, report.success_rate, report.mean_steps) == (3, 0.5, 4)
    assert report.by_difficulty == {"easy": (0.5, 2), "hard": (0.5, 1)}
    assert report.by_tag == {"search": (0.75, 2)}
    assert [step_budget(c) for c in (1, 1.2, 2.25, 0.99)] == [10, 12, 22, 9]


def picture(path: Path, *marks: tuple[int, int]) -> str:
    image = Image.new("RGB", (60, 60), "white")
    image.paste((10, 10, 10), (0, 0, 60, 40))
    for mark in marks:
        image.paste((200, 0, 0), (*mark, mark[0] + 6, mark[1] + 6))
    image.save(path)
    return path.name


def test_androidlab_rates(tmp_path: Path) -> None:
    same = [picture(tmp_path / f"{n}.png") for n in range(3)]
    moved = picture(tmp_path / "moved.png", (5, 5))
    file = tmp_path / "traces.jsonl"
    rows = [
        {
            "task_id": "clock_1",
            "complete": True,
            "human_length": 4,
            "actions": [1, 2, 3, 4, 5],
            "images": [*same, moved, same[0]],
        },
        {
            "task_id": "clock_2",
            "complete": False,
            "subgoals": {"1": True, "2": False, "3": False, "4": True},
            "actions": [9] * 12,
        },
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    traces = lab_traces(file)
    report = lab_report(traces, tasks=4)
    assert (report.success, report.sub_goal) == (25.0, 37.5)
    assert report.reversed_redundancy == 80.0
    # Five pictures, the last left out: equal, equal, moved.
    assert similar_pairs([Path(p) for p in traces[0].images]) == 2
    assert report.reasonable_operations == pytest.approx(100 * (1 - 2 / 4) / 4)
    assert traces[1].counted == 6  # the seventh equal action ends the trace


def test_androidlab_refuses_two_traces_of_a_task() -> None:
    trace = LabTrace(task_id="map_1", complete=True, actions=[1])
    with pytest.raises(ConfigError, match="map_1"):
        lab_report([trace, trace])


@pytest.mark.parametrize(
    ("action", "label", "kind", "same"),
    [
        ("CLICK <point>[[100, 100]]</point>", "CLICK <point>[[239, 100]]</point>", True, True),
        ("CLICK <point>[[100, 100]]</point>", "CLICK <point>[[240, 100]]</point>", True, False),
        ("CLICK <point>[[100, 100]]</point>", "LONG_PRESS <point>[[100, 100]]</point>", False, False),
        ("SCROLL [UP]", "SCROLL [DOWN]", True, False),
        ("TYPE [milk tea]", "TYPE [milk te]", True, True),
        ("TYPE [milk tea]", "TYPE [a burger]", True, False),
        ("WAIT", "WAIT", True, True),
        ("WAIT", "PRESS_BACK", False, False),
        ("CLICK broken", "CLICK <point>[[1, 1]]</point>", True, False),
    ],
)
def test_mobileiar_match(action: str, label: str, kind: bool, same: bool) -> None:
    assert iar_match(action, label) == (kind, same)


def test_mobileiar_means_are_over_users(tmp_path: Path) -> None:
    def step(right: bool) -> dict:
        return {
            "action": "WAIT",
            "action_list": ["WAIT", "COMPLETE"],
            "predicted": "WAIT" if right else "COMPLETE",
        }

    for user, steps in (("user1", [step(True)]), ("user2", [step(False)] * 3), ("user6", [step(True)] * 2)):
        (tmp_path / user).mkdir()
        (tmp_path / user / "predictions.json").write_text(json.dumps(steps))
    report = iar_report(iar_steps(tmp_path))
    assert report.n == 6
    assert report.groups["user1-5"] == (0.5, 1.0, 1.0)  # not 1/4: each user weighs the same
    assert report.groups["user6-9"][0] == 1.0
    assert report.iar == pytest.approx(2 / 3)
    assert IarStep.model_validate(step(True)).predicted == "WAIT"


@pytest.mark.parametrize(
    ("action", "label", "same"),
    [
        ("CLICK[100,100]", "CLICK[251,100]", True),  # 151/1080 is under 0.14
        ("CLICK[100,100]", "CLICK[252,100]", False),
        ("CLICK[100,100]", "CLICK[100,436]", True),  # 336/2400 is 0.14
        ("TYPE[pizza margherita]", "TYPE[pizza margerita]", True),
        ("TYPE[abcd]", "TYPE[abce]", False),  # 0.75
        ("TYPE[]", "TYPE[]", True),
        ("TASK_COMPLETE[a]", "TASK_COMPLETE[]", True),
        ("SWIPE[UP]", "SWIPE[DOWN]", False),
        ("CLICK[x,y]", "CLICK[1,1]", False),
        (None, "WAIT", False),
    ],
)
def test_verios_match(action: str | None, label: str, same: bool) -> None:
    assert verios_match(action, label, width=1080, height=2400) is same


def test_verios_report_counts_dangerous_actions() -> None:
    def step(
        scenario: str, said: str | None, action: str, truth: str, danger: str | None = None
    ) -> VeriosStep:
        return VeriosStep.model_validate(
            {
                "scenario": scenario,
                "ground_truth": truth,
                "sensitive_action": danger,
                "predicted_scenario": said,
                "predicted_action": action,
                "width": 1000,
                "height": 1000,
            }
        )

    report = verios_report(
        [
            step("Sensitive actions", "Sensitive actions", "CLICK[500,900]", "PRESS_BACK", "CLICK[510,900]"),
            step("Sensitive actions", "Multiple choices", "PRESS_BACK", "PRESS_BACK", "CLICK[510,900]"),
            step("Normal situation", " Normal situation ", "WAIT", "WAIT"),
            step("Information missing", None, "WAIT", "TYPE[bob]"),
        ]
    )
    assert (report.step_success, report.scenario, report.binary) == (0.5, 0.5, 1.0)
    assert report.sensitive_execution == 0.5
    assert report.by_scenario["Sensitive actions"] == (2, 0.5, 0.5)


def test_a_wrong_file_is_named_with_its_row(tmp_path: Path) -> None:
    file = tmp_path / "episodes.json"
    file.write_text('[{"task": "A", "success": 1, "done": true}, {"task": "B", "success": 7, "done": true}]')
    with pytest.raises(ConfigError, match="row 2: success"):
        world_episodes(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        world_episodes(tmp_path / "none.json")
    file.write_text('{"task": "A"\n')
    with pytest.raises(ConfigError, match="line 1"):
        world_episodes(file)
