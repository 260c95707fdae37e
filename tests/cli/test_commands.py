"""The command line through its entry point: exit codes, JSON, plans and questions, wrong input of each kind."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_world import PLAN, Cli, Done

from tenfold import __version__
from tenfold.tools.runs import RunStore

Run = Callable[..., Done]


def test_the_report_goes_to_standard_output_and_everything_else_to_the_other(cli: Cli) -> None:
    done = cli.run(*cli.ask())
    assert done.code == 0, done.err
    assert done.out.startswith("# Which rivers are longest?") and "“name: Nile; km: 6650” [1]" in done.out
    assert "tenfold show" in done.err and "searching and reading\n" in done.err
    assert "\x1b" not in done.err + done.out, "no terminal, no control codes"


def test_json_is_one_document_and_the_file_is_written(cli: Cli, here: Run) -> None:
    done = here(*cli.ask("--json", "--out", "report.html"))
    result = json.loads(done.out)
    assert done.code == 0 and result["status"] == "completed" and result["report"]["sections"]
    assert (cli.folder / "report.html").read_text().startswith("<!doctype html>")
    listed = json.loads(here("runs", "--json").out)
    assert [run["id"] for run in listed] == [result["run"]]
    shown = json.loads(here("show", result["run"][:-2], "--format", "json").out)
    assert shown == result["report"]
    assert here("show", result["run"]).out.startswith("# Which rivers")
    assert here("show", result["run"], "-f", "html").out.startswith("<!doctype html>")
    events = json.loads(here("show", result["run"], "--events").out)
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
    calls = json.loads(here("show", result["run"], "--calls").out)
    assert {"llm", "sql"} <= {call["kind"] for call in calls}
    assert len([c for c in calls if c["kind"] == "llm"]) == result["report"]["about"]["calls"]["llm"]


WRONG: list[tuple[str, list[str], str]] = [
    ("empty question", ["research", "  ", "--db", "rivers.db"], "The question is empty"),
    ("no source", ["research", "q"], "nothing to search"),
    ("unknown folder", ["research", "q", "--docs", "nowhere"], "is not a folder"),
    ("unknown database", ["research", "q", "--db", "none.db"], "none.db"),
    ("a password", ["research", "q", "--db", "postgresql://u:geheim@h/d"], "PGPASSWORD"),
    ("malformed model", ["research", "q", "--db", "rivers.db", "--model", "gpt"], "'gpt' is not valid"),
    ("absent model", ["research", "q", "--db", "rivers.db", "--model", "embedded:none"], "'none'"),
    ("no key", ["research", "q", "--db", "rivers.db", "--model", "openai:gpt-5.5"], "OPENAI_API_KEY"),
    ("unknown cap", ["research", "q", "--db", "rivers.db", "--budget", "words=5"], "'words=5' is not a cap"),
    ("no number", ["research", "q", "--db", "rivers.db", "--budget", "tokens=many"], "has no number"),
    ("half a token", ["research", "q", "--db", "rivers.db", "--budget", "tokens=0.5"], "greater than 0"),
    ("too many loops", ["research", "q", "--db", "rivers.db", "--budget", "loops=99"], "equal to 50"),
    ("infinite", ["research", "q", "--db", "rivers.db", "--budget", "tokens=inf"], "has no number"),
    ("not a number", ["research", "q", "--db", "rivers.db", "--budget", "usd=nan"], "greater than 0"),
    ("unverified", ["research", "q", "--db", "rivers.db", "--unverified", "keep"], "'keep'"),
    ("ending", ["research", "q", "--db", "rivers.db", "--out", "x.pdf"], "no known ending"),
    ("out folder", ["research", "q", "--db", "rivers.db", "--out", "no/x.md"], "does not exist"),
    ("unknown run", ["resume", "nope"], "There is no run 'nope'"),
    ("unknown run to show", ["show", "nope"], "There is no run 'nope'"),
    ("unknown run to steer", ["steer", "nope", "stop"], "There is no run 'nope'"),
    ("two answers", ["resume", "nope", "--approve", "--answer", "x"], "exclude each other"),
    ("format", ["show", "nope", "--format", "pdf"], "'pdf'"),
    ("folder to index", ["index", "nowhere"], "is not a folder"),
    ("server", ["mcp", "approve", "nope"], "No MCP server 'nope'"),
    ("model to pull", ["models", "pull", "nosuch"], "'nosuch'"),
    ("option", ["research", "q", "--nosuch"], "--nosuch"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_wrong_input_ends_in_2_with_the_reason_and_no_traceback(
    cli: Cli, here: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    done = here(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err and "Traceback" not in done.err and "geheim" not in done.err
    assert not RunStore(cli.data).runs(), "nothing is entered for a run that cannot begin"


def test_wrong_settings_and_an_unusable_data_folder(here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENFOLD_RETRIES", "99")
    assert here("runs").code == 2
    monkeypatch.delenv("TENFOLD_RETRIES")
    monkeypatch.setenv("TENFOLD_DATA_DIR", "/dev/null/x")
    done = here("runs", "--json")
    assert done.code == 2 and "/dev/null/x" in json.loads(done.out)["error"]


def waiting(cli: Cli, here: Run, *more: str, **script: Any) -> str:
    done = here(*cli.ask("--json", *more, **script))
    assert done.code == 3, done.err
    return str(json.loads(done.out)["run"])


def test_a_plan_is_rejected_with_a_reason_then_edited(cli: Cli, here: Run) -> None:
    other = {"tasks": [{"title": "Which rivers flow north?", "tool": "database"}]}
    model = cli.script({"match": "mind the compass", "reply": other})
    run = waiting(cli, here, "--approve-plan", model=model)
    asked = here("resume", run)
    assert asked.code == 3 and "t1  Which rivers are longest?" in asked.err and f"resume {run}" in asked.err
    wrong = here("resume", run, "--answer", "yes")
    assert wrong.code == 2 and "--approve" in wrong.err
    again = here("resume", run, "--reject", "mind the compass", "--json")
    assert again.code == 3
    (value,) = json.loads(again.out)["interrupts"].values()
    assert [i["title"] for i in value["todo"]["items"] if i["status"] != "cancelled"] == [
        "Which rivers flow north?"
    ]
    unknown = here("resume", run, "--edit", "drop t77")
    assert unknown.code == 2 and "no item 't77'" in unknown.err
    done = here(
        "resume",
        run,
        "--edit",
        "t3 Which rivers flow south?",
        "--edit",
        "add Which river is the Han?",
        "--json",
    )
    assert done.code == 0
    events = json.loads(here("show", run, "--events").out)
    last = [e for e in events if "todo" in e["data"]][-1]["data"]["todo"]["items"]
    assert {"Which rivers flow south?", "Which river is the Han?"} <= {i["title"] for i in last}


def test_approving_goes_on_to_the_end(cli: Cli, here: Run) -> None:
    run = waiting(cli, here, "--approve-plan")
    done = here("resume", run, "--approve")
    assert done.code == 0 and "Nile" in done.out
    assert here("resume", run).out == done.out, "a finished run is shown again"
    late = here("steer", run, "stop")
    assert late.code == 1 and "has ended" in late.err


def test_a_question_back_takes_an_answer(cli: Cli, here: Run) -> None:
    unsure = {"match": "Decide whether", "reply": {"needed": True, "question": "Longest where?"}}
    heard = {"match": "in Korea", "reply": {**PLAN, "tasks": PLAN["tasks"][:1]}}
    run = waiting(cli, here, "--clarify", model=cli.script(unsure, heard, *()))
    assert "Longest where?" in here("resume", run).err
    assert here("resume", run, "--approve").code == 2
    done = here("resume", run, "--answer", "in Korea", "--json")
    assert done.code == 0
    events = json.loads(here("show", run, "--events").out)
    assert len(next(e for e in events if e["type"] == "plan.made")["data"]["todo"]["items"]) == 1


def test_steering_a_run_that_waits_is_applied_when_it_goes_on(cli: Cli, here: Run) -> None:
    run = waiting(cli, here, "--approve-plan")
    sent = here("steer", run, "cancel task t2")
    assert sent.code == 0 and f"tenfold resume {run}" in sent.out
    assert json.loads(here("steer", run, "exclude Amazon", "--json").out)["status"] == "queued"
    done = here("resume", run, "--approve", "--json")
    assert {m["status"] for m in json.loads(done.out)["report"]["steering"]} == {"applied"}
    assert "Amazon" not in json.dumps(json.loads(done.out)["report"]["sections"])


def test_a_token_cap_holds_and_still_gives_a_report(cli: Cli, here: Run) -> None:
    done = here(*cli.ask("--json", "--budget", "tokens=1", "--budget", "loops=2"))
    about = json.loads(done.out)["report"]["about"]
    assert done.code == 0 and about["calls"]["llm"] == 1


def test_a_fault_ends_in_1_keeps_the_run_and_can_be_mended(cli: Cli, here: Run) -> None:
    model = cli.script(last=False)  # no rule for some role: the script itself is wrong
    done = here(*cli.ask("--json", model=model))
    result = json.loads(done.out)
    assert done.code == 1 and result["status"] == "failed" and "UnexpectedCall" in result["error"]
    assert f"tenfold resume {result['run']}" in done.err
    path = Path(model.partition(":")[2])
    script = json.loads(path.read_text())
    path.write_text(json.dumps({"rules": [*script["rules"], {"match": "", "reply": {}}]}))
    assert here("resume", result["run"]).code == 0


def test_a_run_that_another_process_drives_is_refused(cli: Cli, here: Run) -> None:
    run = waiting(cli, here, "--approve-plan")
    with RunStore(cli.data).lock(run):
        done = here("resume", run, "--approve")
    assert done.code == 2 and "being driven by another process" in done.err


def test_lists_are_whole_in_a_narrow_window(cli: Cli, here: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No runs yet" in here("runs").out
    monkeypatch.setenv("COLUMNS", "80")
    run = waiting(
        cli, here, "--approve-plan", question="Which [bold]rivers[/bold] are longest? " + "really " * 30
    )
    listed = here("runs").out
    assert run in listed and "waiting human" in listed and "[bold]" in listed
    assert max(map(len, listed.splitlines())) <= 80


def test_version_and_models(here: Run) -> None:
    assert here("--version").out == f"tenfold {__version__}\n"
    listed = here("models", "list").out
    assert "smollm2" in listed and "tenfold models pull smollm2" in listed


SERVER = Path(__file__).parents[1] / "mcp" / "data" / "server.py"


def test_mcp_servers_are_shown_before_they_are_approved(cli: Cli, here: Run) -> None:
    command = f'command = {json.dumps(sys.executable)}\nargs = [{json.dumps(str(SERVER))}, "plain"]\n'
    (cli.folder / "tenfold.toml").write_text(f"[mcp_servers.sums]\n{command}")
    listed = here("mcp", "list").out
    assert f"{sys.executable} {SERVER} plain" in listed and "none yet" in listed
    refused = here("mcp", "approve", "sums")
    assert refused.code == 2 and "--yes" in refused.err and str(SERVER) in refused.err
    done = cli.run("mcp", "approve", "sums", "--yes")
    assert done.code == 0 and "add (new): Add two numbers." in done.out
    assert "add" in json.loads(here("mcp", "list", "--json").out)[0]["approved"]


def test_doctor_tells_of_mcp_servers(cli: Cli, here: Run) -> None:
    from tenfold.cli.checks import server_checks
    from tenfold.settings import load_settings

    here("runs")  # sets the scene
    settings = load_settings(mcp_servers={"sums": {"command": "run-sums"}})
    (check,) = server_checks(settings)
    assert (check.state, check.mend) == ("warn", "tenfold mcp approve sums") and "run-sums" in check.found
    (bad,) = server_checks(load_settings(mcp_servers={"sums": {"url": "http://example.org/"}}))
    assert bad.state == "fail" and "https" in bad.found
