"""The command in a real terminal: steering typed while it runs, Ctrl-C once and twice, and then going on."""

from __future__ import annotations

import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path

import pytest
from cli_world import Cli, Done

from tenfold.tools.runs import RunStore

Run = Callable[..., Done]


class Terminal:
    """A pseudo-terminal of 80 by 24 with the command in it."""

    def __init__(self, cli: Cli, *arguments: str) -> None:
        self.master, self.slave = pty.openpty()
        ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tenfold", *arguments], env=cli.env, cwd=cli.folder,
            stdin=self.slave, stdout=self.slave, stderr=self.slave, preexec_fn=self._own,
        )  # fmt: skip
        self.shown = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _own(self) -> None:
        os.setsid()
        ioctl(0, termios.TIOCSCTTY, 0)

    def _read(self) -> None:
        try:
            while data := os.read(self.master, 65536):
                self.shown += data
        except OSError:
            pass  # closed

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def wait_for(self, text: str, seconds: float = 40) -> None:
        until = time.monotonic() + seconds
        while text.encode() not in self.shown:
            assert time.monotonic() < until, f"{text!r} was not shown, but {self.shown[-3000:].decode()}"
            assert self.process.poll() is None or text.encode() in self.shown, self.shown[-3000:].decode()
            time.sleep(0.02)

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def ended(self, seconds: float = 30) -> int:
        code = self.process.wait(seconds)
        time.sleep(0.1)
        assert self.echoes and termios.tcgetattr(self.slave)[3] & termios.ICANON
        assert self.shown.rfind(b"\x1b[?25h") >= self.shown.rfind(b"\x1b[?25l"), "the cursor is gone"
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture
def terminal(cli: Cli) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal(cli, *arguments))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def the_run(cli: Cli) -> str:
    (run,) = RunStore(cli.data).runs()
    return run.id


def test_steering_is_typed_then_ctrl_c_pauses_and_resume_ends_it(
    cli: Cli, here: Run, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal(*cli.ask("--out", "r.md", model=cli.script(delay_s=0.7)))
    screen.wait_for("steer ›")
    assert not screen.echoes, "the view draws what is typed"
    screen.type("exclude Amazonx")
    screen.type("\x7f\r")
    screen.wait_for("“exclude Amazon” applied")
    screen.type("\x03")
    screen.wait_for("Pausing after the current step")
    assert screen.ended() == 4
    run = the_run(cli)
    assert f"tenfold resume {run}".encode() in screen.shown.replace(b"\r\n", b"")
    store = RunStore(cli.data)
    (message,) = store.messages(run)
    assert (message.body, message.status) == ("exclude Amazon", "applied")
    assert store.run(run).status == "paused" and store.report(run) is None
    assert here("resume", run, "--out", "r.md").code == 0
    report = (cli.folder / "r.md").read_text()
    assert "Nile" in report and "name: Amazon" not in report.partition("## Steering")[0]


@pytest.mark.parametrize("how", ["ctrl-c", "terminated", "hung up"])
def test_stopping_at_once_keeps_the_run_and_the_terminal(
    cli: Cli, terminal: Callable[..., Terminal], how: str
) -> None:
    screen = terminal(*cli.ask(model=cli.script(delay_s=60)))
    screen.wait_for("(planner)")
    began = time.monotonic()
    if how == "ctrl-c":
        screen.type("\x03")
        screen.wait_for("again to stop at once")
        screen.type("\x03")
    else:
        screen.process.send_signal(signal.SIGTERM if how == "terminated" else signal.SIGHUP)
    assert screen.ended() == 4
    assert time.monotonic() - began < 15, "the model still had a minute to think"
    assert RunStore(cli.data).run(the_run(cli)).status == "paused"
    assert b"Traceback" not in screen.shown and b"Paused. Everything is kept." in screen.shown


def test_a_plan_is_edited_and_approved_at_the_terminal(
    cli: Cli, here: Run, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal(*cli.ask("--approve-plan", "--out", "r.json"))
    screen.wait_for("Approve (a)")
    screen.type("x\re\r")
    screen.wait_for("'x' is none of")
    screen.wait_for("edit:")
    screen.type("drop t9\rdrop t2\r\r")
    screen.wait_for("no item 't9'")
    screen.wait_for("See it again")
    assert screen.ended() == 0
    todo = Path(cli.folder / "r.json").read_text()
    assert "Nile" in todo
    events = here("show", the_run(cli), "--events").out
    assert "dropped by you" in events


def test_a_question_at_the_terminal_can_be_left_for_later(
    cli: Cli, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal(*cli.ask("--approve-plan"))
    screen.wait_for("Approve (a)")
    screen.type("\x03")
    assert screen.ended() == 3
    assert RunStore(cli.data).run(the_run(cli)).status == "waiting_human"
