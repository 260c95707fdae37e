"""The protocol's own client, npm's `@ag-ui/client`, against the server."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api_world import Site, site, wait_for

SCRIPT = Path(__file__).parent / "agui_client" / "story.mjs"
VERSION = "1.0.0"
Story = Callable[..., list[dict[str, Any]]]

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true}')
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"@ag-ui/client@{VERSION}"],
        cwd=folder, check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("agui")) as running:
        yield running


@pytest.fixture
def play(here: Site, modules: Path) -> Story:
    def run(question: str, story: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            ["node", str(SCRIPT), here.url, "small", question, story, str(modules)],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    return run


def events(told: list[dict[str, Any]]) -> list[str]:
    return [t["type"] for t in told if t["what"] == "event"]


def test_a_run_from_beginning_to_end(play: Story) -> None:
    told = play("count", "whole")
    assert not [t for t in told if t["what"] == "error"]
    assert events(told)[0] == "RUN_STARTED" and events(told)[-1] == "RUN_FINISHED"
    assert told[-1]["state"]["ticks"] == 10


def test_closing_the_client_detaches_and_the_run_goes_on(play: Story, here: Site) -> None:
    told = play("slow count", "close")
    cut = next(n for n, t in enumerate(told) if t["what"] == "closed")
    before, after = told[:cut], told[cut:]
    assert "RUN_FINISHED" not in events(before)
    assert events(after)[0] == "RUN_STARTED" and events(after)[-1] == "RUN_FINISHED"
    run_id = told[-1]["state"]["run"]["id"]
    with here.program() as client:
        body = wait_for(client, run_id, "completed")
        assert body["state"]["ticks"] == 10
        steps = [e for e in here.services.store.events(run_id) if e.type == "small.tick"]
        assert len(steps) == 10  # attaching again began nothing again
        assert [r["id"] for r in client.get("/api/runs").json()["runs"] if r["question"] == "slow count"] == [
            run_id
        ]


def test_an_interrupt_is_answered_through_resume(play: Story, here: Site) -> None:
    told = play("ask", "interrupt")
    assert not [t for t in told if t["what"] == "error"]
    (asked,) = [t for t in told if t["what"] == "asked"]
    assert asked["messages"] == ["Which ones?"] and len(asked["ids"]) == 1
    outcomes = [t["outcome"]["type"] for t in told if t.get("type") == "RUN_FINISHED"]
    assert outcomes == ["interrupt", "success"]
    state = told[-1]["state"]
    assert state["run"]["status"] == "completed"
