"""`tenfold phone`: a task with approvals over several processes, its replay, macros, memory, and a served phone."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phone_task
import pytest
from cli_world import Cli, Done

from tenfold.tools.phone import find_adb
from tenfold.tools.runs import RunStore

Here = Callable[..., Done]
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def model(cli: Cli) -> str:
    path = cli.folder / "phone.json"
    path.write_text(json.dumps({"rules": phone_task.rules()}))
    return f"scripted:{path}"


def run_id(done: Done) -> str:
    found = re.search(r"\d{8}-\d{6}-[0-9a-f]{8}", done.err + done.out)
    assert found, done
    return found[0]


def test_a_task_is_permitted_approved_replayed_and_played_again(cli: Cli, here: Here, model: str) -> None:
    begun = here("phone", phone_task.GOAL, "--model", model)
    assert begun.code == 3 and "a virtual phone; results are not results on Android" in begun.err
    assert "Apps: com.simplemobiletools.smsmessenger" in begun.err
    run = run_id(begun)
    assert here("resume", run, "--answer", "yes").code == 2
    waits = here("resume", run, "--approve")
    assert waits.code == 3 and "tap 'Send'" in waits.err and "default:send" in waits.err
    done = here("resume", run, "--approve")
    assert done.code == 0 and done.out.strip() == "Hana knows that you come at 7." and "4 steps" in done.err
    assert "tap 'Send' → ok" in here("show", run).out
    page = cli.folder / "replay.html"
    assert here("phone", "replay", run, "--out", str(page)).code == 0
    html = page.read_text()
    assert "<b>sharp</b>" not in html and "&lt;b&gt;sharp&lt;/b&gt;" in html
    assert html.count("<svg") == 8 and html.count('class="mark"') == 6 and "data:image/jpeg" in html
    assert "Asked (default:send); the user said approve" in html and "<script" not in html
    assert here("phone", "macro", "record", run, "hana").code == 0
    assert "hana  4 steps" in here("phone", "macro", "list").out
    played = here("phone", "macro", "play", "hana", "--no-confirm", "--model", model)
    assert played.code == 3 and "tap 'Send'" in played.err
    here("resume", run_id(played), "--reject", "not again")
    assert "tap 'Send' → refused" in here("show", run_id(played)).out
    assert here("phone", "macro", "delete", "hana").code == 0
    assert here("phone", "macro", "show", "hana").code == 2


def test_nothing_gated_is_done_without_a_person_when_it_is_forbidden(
    cli: Cli, here: Here, model: str
) -> None:
    done = here("phone", "--no-confirm", "--approve", "never", "--model", model, "--json", phone_task.GOAL)
    told = json.loads(done.out)
    assert told["report"]["steps"][3]["verdict"] == "refused"
    assert told["report"]["steps"][3]["rule"] == "rule:1"


def test_a_replay_holds_no_markup_of_strangers(cli: Cli, here: Here) -> None:
    store = RunStore(cli.data)
    run = store.create("phone", HOSTILE, {"goal": HOSTILE})
    target = {"label": HOSTILE, "role": HOSTILE, "resource_id": "", "bounds": [0, 0, 9, 9], "point": [4, 4]}
    step: dict[str, Any] = {
        "n": 1, "thought": HOSTILE, "action": {"kind": "tap"}, "target": target, "expect": HOSTILE, "verdict": "ok",
        "evidence": "tree", "why": HOSTILE, "image": "", "classes": [HOSTILE], "app": HOSTILE, "rule": HOSTILE,
    }  # fmt: skip
    store.emit(run.id, "phone.step", {"n": 1, "images": ["", ""], "state": {"/phone/steps/1": step}}, key="a")
    orders = {"n": 1, "orders": [{"id": "x", "text": HOSTILE}]}
    store.emit(run.id, "phone.orders", orders, key="b")
    store.emit(
        run.id, "phone.finished", {"state": {"/phone/answer": {"text": HOSTILE, "reason": "done"}}}, key="c"
    )
    store.close()
    page = cli.folder / "page.html"
    assert here("phone", "replay", run.id, "--out", str(page)).code == 0
    html = page.read_text()
    assert "<script" not in html and "<img" not in html and html.count("&lt;script&gt;") >= 8


def test_the_doctor_names_what_is_missing_and_what_mends_it(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tenfold.tools.phone.checks as checks

    monkeypatch.setattr(checks, "_run", lambda *command: "")
    done = here("phone", "doctor", "--appium", "ftp://nowhere", "--json")
    found = {check["name"]: check for check in json.loads(done.out)}
    assert done.code == 1 and not found["Node"]["ok"] and "Install Node" in found["Node"]["mend"]
    assert "A virtual phone needs none of these" in here("phone", "doctor", "--appium", "ftp://nowhere").out


def test_what_is_kept_about_a_user_is_theirs(here: Here) -> None:
    assert "Nothing is kept" in here("phone", "profile", "show").out
    assert here("phone", "profile", "edit", "diet", "lunch=noodles").code == 0
    assert here("phone", "profile", "show").out == "diet: lunch = noodles\n"
    assert here("phone", "profile", "edit", "nonsense", "a=b").code == 2
    assert here("phone", "profile", "delete", "--yes").code == 0
    assert "Nothing is kept" in here("phone", "profile", "show").out
    assert "Nothing was learned" in here("phone", "knowledge", "list").out
    assert here("phone", "knowledge", "delete", "fact", "7").code == 2


def test_wrong_input_says_what_mends_it(cli: Cli, here: Here, model: str) -> None:
    both = here("phone", "x", "--virtual", "--serial", "emulator-5554", "--model", model)
    assert both.code == 2 and "exclude each other" in both.err
    cap = here("phone", "x", "--budget", "loops=3", "--model", model)
    assert cap.code == 2 and "Write tokens=" in cap.err
    secret = here("phone", "x", "--secret", "wifi_pin_of_nobody", "--model", model)
    assert secret.code == 2 and "is not in the environment" in secret.err
    rules = cli.folder / "rules.json"
    rules.write_text("[{}]")
    assert "rules cannot be read" in here("phone", "x", "--rules", str(rules), "--model", model).err


def test_a_served_phone_is_seen_by_adb(cli: Cli) -> None:
    process = cli.start("phone", "serve", "--adb-port", "0", stdin=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        port = re.search(r"adb_port=(\d+)", told)
        assert port, told
        listed = subprocess.run(
            [find_adb(), "-P", port[1], "devices"], capture_output=True, text=True, timeout=20, check=True
        )
        assert re.search(r"virtual-5554\s+device", listed.stdout)
    finally:
        process.kill()
        process.communicate()


def test_templates_are_listed_by_kind(here: Here) -> None:
    rows = json.loads(here("phone", "tasks", "--kind", "plain", "--json").out)
    assert (
        len(rows) > 20 and {row["kind"] for row in rows} == {"plain"} and all(row["example"] for row in rows)
    )


def test_secrets_are_typed_by_name_and_kept_nowhere(
    cli: Cli, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [
        *phone_task.STEPS[:2],
        {**phone_task.STEPS[2], "text": "{{secret:door_code}}"},
        {"action": "done"},
    ]
    path = Path(cli.folder / "secret.json")
    path.write_text(json.dumps({"rules": phone_task.rules(steps)}))
    monkeypatch.setenv("door_code", "hunter-9931")
    done = here(
        "phone",
        phone_task.GOAL,
        "--no-confirm",
        "--secret",
        "door_code",
        "--model",
        f"scripted:{path}",
        "--json",
    )
    assert json.loads(done.out)["report"]["steps"][2]["verdict"] == "ok", done
    # The phone has it, in its own packed files; no log, checkpoint or report has.
    found = [p for p in cli.data.rglob("*") if p.is_file() and b"hunter-9931" in p.read_bytes()]
    assert found == []
