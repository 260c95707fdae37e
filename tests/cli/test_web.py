"""`tenfold users` and `tenfold web` as commands: accounts, the refusal of open addresses, start, ask, stop, go on."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
from cli_world import QUESTION, Cli, Done

Run = Callable[..., Done]


def with_input(cli: Cli, text: str, *arguments: str) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "tenfold", *arguments],
        env=cli.env, cwd=cli.folder, input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def test_accounts_are_made_listed_changed_and_removed(cli: Cli, here: Run) -> None:
    assert with_input(cli, "a long password\n", "users", "add", "Ada").code == 0
    assert here("users", "list").out == "ada  local\n"
    again = with_input(cli, "a long password\n", "users", "add", "ada")
    assert again.code == 2 and "already" in again.err
    assert with_input(cli, "short\n", "users", "add", "bob").code == 2
    assert with_input(cli, "", "users", "add", "bob").code == 2
    assert with_input(cli, "another password\n", "users", "password", "ada").code == 0
    token = here("users", "token", "ada").out.strip()
    assert len(token) > 30
    assert here("users", "remove", "ada").code == 0
    assert here("users", "list").out == ""
    assert here("users", "remove", "ada").code == 2


def test_an_open_address_without_accounts_is_refused(here: Run) -> None:
    done = here("web", "--host", "0.0.0.0", "--port", "0", "--no-open")
    assert done.code == 2 and "tenfold users add" in done.err


class Server:
    """The command, running."""

    def __init__(self, cli: Cli, model: str) -> None:
        cli.env |= {"TENFOLD_MODEL": model}
        self.process = cli.start("web", "--port", "0", "--no-open", "--log-json")
        assert self.process.stderr is not None
        self.lines: list[str] = []
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(r"Tenfold is at (http://\S+)", line):
                self.url = found[1]
                return
        raise AssertionError("".join(self.lines))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stderr is not None
        self.lines += self.process.stderr.readlines()
        return self.process.wait(40)


def until(client: httpx.Client, run_id: str, status: str) -> dict[str, Any]:
    end = time.monotonic() + 60
    while (body := client.get(f"/api/runs/{run_id}").json())["run"]["status"] != status:
        assert time.monotonic() < end, body["run"]
        time.sleep(0.1)
    return body


def test_a_run_that_is_stopped_with_its_server_goes_on_with_the_next(cli: Cli) -> None:
    model = cli.script(delay_s=0.5)
    server = Server(cli, model)
    with httpx.Client(base_url=server.url, timeout=20) as client:
        question = {"question": QUESTION, "databases": [str(cli.db)]}
        run_id = client.post("/api/runs", json={"graph": "edr", "input": question}).json()["id"]
        until(client, run_id, "running")
        with client.stream("GET", f"/api/runs/{run_id}/events") as stream:
            next(stream.iter_lines())  # an open stream does not hold up the stop
            begun = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - begun < 30
    logged = [json.loads(line) for line in server.lines if line.startswith("{")]
    assert any(line.get("route") == "/api/runs" for line in logged)
    server = Server(cli, model)
    with httpx.Client(base_url=server.url, timeout=20) as client:
        body = until(client, run_id, "completed")
        assert body["state"]["report"]["final"] is True
        assert client.get(f"/api/runs/{run_id}/report.md").text.startswith("# Which rivers")
        calls = client.get(f"/api/runs/{run_id}/trace").json()["calls"]
        assert calls and all(call["ms"] >= 0 for call in calls)
    assert server.stop() == 0
