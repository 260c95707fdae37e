"""Runs AndroidWorld's own task classes against a device that adb sees. Started by `peer_androidworld.py`, in a Python that
has android_env; it knows nothing of Tenfold.

    python _androidworld_checks.py REPO ADB PORT SERIAL

One JSON line a request on stdin: {"module", "class", "seed"} begins a task, {"answer"} says that somebody has acted. One
JSON line a reply on a copy of stdout: {"goal", "params", "before"} or {"after"}; {"stage", "error"} when something raises.
Nothing of AndroidWorld is changed but `time.sleep`, which is cut to a twentieth.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import subprocess
import sys
import time
import traceback
from types import SimpleNamespace
from typing import Any


class Adb:
    """What android_env's request parser wants of an adb controller: it runs the stock adb binary."""

    def __init__(self, adb: str, port: str, serial: str) -> None:
        self._head = [adb, "-P", port, "-s", serial]

    def execute_command(
        self, args: list[str], timeout: float | None = None, device_specific: bool = True
    ) -> bytes:
        del device_specific
        return subprocess.run(
            [*self._head, *args], capture_output=True, timeout=timeout or 60, check=True
        ).stdout


def make_env(adb: Adb) -> Any:
    from android_env.components import adb_call_parser
    from android_world.env import android_world_controller, representation_utils

    parser = adb_call_parser.AdbCallParser(adb)

    class Controller:
        """The peer's own controller without its emulator: file transfer is its code, over the same adb."""

        pull_file = android_world_controller.AndroidWorldController.pull_file
        push_file = android_world_controller.AndroidWorldController.push_file

        @property
        def env(self) -> Controller:
            return self

        def execute_adb_call(self, request: Any) -> Any:
            return parser.parse(request)

        def get_ui_elements(self) -> Any:
            adb.execute_command(["shell", "uiautomator", "dump", "/sdcard/window_dump.xml"])
            xml = adb.execute_command(["shell", "cat", "/sdcard/window_dump.xml"]).decode()
            return representation_utils.xml_dump_to_ui_elements(xml)

    controller = Controller()

    def get_state(wait_to_stabilize: bool = False) -> Any:
        del wait_to_stabilize
        return SimpleNamespace(ui_elements=controller.get_ui_elements(), forest=None, pixels=None)

    return SimpleNamespace(controller=controller, interaction_cache="", get_state=get_state)


def main() -> None:
    repo, adb, port, serial = sys.argv[1:5]
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what the peer prints must not be read as a reply
    sys.path.insert(0, repo)
    whole = time.sleep
    time.sleep = lambda seconds: whole(seconds / 20)  # type: ignore[assignment]
    env, task, stage = make_env(Adb(adb, port, serial)), None, ""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "class" in request:
                stage = "import"
                found = getattr(importlib.import_module(request["module"]), request["class"])
                stage = "parameters"
                random.seed(request["seed"])
                params = found.generate_random_params()
                params.setdefault("seed", request["seed"])
                stage, env.interaction_cache = "initialise", ""
                task = found(params)
                task.initialize_task(env)
                stage = "check before"
                reply: dict[str, Any] = {
                    "goal": task.goal,
                    "params": params,
                    "before": task.is_successful(env),
                }
            else:
                stage = "check after"
                env.interaction_cache = request.get("answer", "")
                assert task is not None
                reply = {"after": task.is_successful(env)}
        except Exception as error:
            traceback.print_exc()
            reply = {"stage": stage, "error": f"{type(error).__name__}: {error}"[:300]}
        with contextlib.suppress(BrokenPipeError):
            out.write(json.dumps(reply, default=str) + "\n")


if __name__ == "__main__":
    main()
