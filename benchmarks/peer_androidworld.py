"""AndroidWorld's own initialisers and success checks against the virtual Android, through the stock adb binary.

    python benchmarks/peer_androidworld.py --repo PATH --peer-python PEER/bin/python

PATH is a checkout of google-research/android_world whose .proto files were compiled as its setup.py does; PEER is a
Python with android_env 1.2.3 and what AndroidWorld imports. Of each task class: its parameters are drawn, its
initialiser run, its check must say 0; a scripted oracle does the task by touch; the check must say 1. The checks do not
know that the device is virtual. This proves that what our apps keep is what AndroidWorld's checks read. It is no
AndroidWorld result: the apps are ours, and no agent plays.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from _common import SEED, write_result

from tenfold.errors import PhoneError
from tenfold.evals.phone import Flow, Oracle, Rung, Target, all_templates
from tenfold.tools.android import InProcessDevice, VirtualAndroid, serve
from tenfold.tools.phone import find_adb, locate, perform, settle

SINGLE, COMPOSITE = "android_world.task_evals.single.", "android_world.task_evals.composite."
MAX_STEPS = 90
Params = dict[str, Any]
Flows = Callable[[Params], list[Flow]]


def of(template: str, **renamed: str | Callable[[Params], Any]) -> Flows:
    """The flows of one of our templates; its parameters by name of theirs, or made from theirs."""

    def flows(p: Params) -> list[Flow]:
        values = {ours: theirs(p) if callable(theirs) else p[theirs] for ours, theirs in renamed.items()}
        return list(all_templates().need(template).oracle({**p, **values}))

    return flows


def nothing(p: Params) -> list[Flow]:
    """The task asks to leave things as they are."""
    return []


def both(*parts: Flows) -> Flows:
    return lambda p: [flow for part in parts for flow in part(p)]


def switch(template: str, on: bool) -> Flows:
    return of(template, on=lambda p: on)


def brightness(p: Params) -> list[Flow]:
    return of("SettingsBrightness", value=lambda q: 255 if q["max_or_min"] == "max" else 1)(p)


SHOWN = {
    "clock": ("Clock", "com.google.android.deskclock", "Stopwatch"),
    "contacts": ("Contacts", "com.google.android.contacts", "Create contact"),
    "settings": ("Settings", "com.android.settings", "Display"),
}


def opened(p: Params) -> list[Flow]:
    """Open the app and see what only it shows."""
    label, package, words = SHOWN[p["app_name"]]
    return [Flow(label, (Rung("read", Target(words, contains=True), text="(.*)", save="seen"),), package)]


def split_name(p: Params, part: int) -> str:
    return str(p["name"]).split(" ", 1)[part]


def stem(name: str) -> str:
    return name.rpartition(".")[0]


def event(p: Params) -> list[Flow]:
    begin = datetime(p["year"], p["month"], p["day"], p["hour"])
    end = begin + timedelta(minutes=p["duration_mins"])
    mine = {
        "title": p["event_title"],
        "day": f"{begin:%Y-%m-%d}",
        "start": f"{begin:%H:%M}",
        "end": f"{end:%H:%M}",
    }
    (flow,) = all_templates().need("CalendarAdd").oracle(mine)
    about = Rung("fill", Target("Description", role="field"), text=p["event_description"])
    return [replace(flow, rungs=(*flow.rungs[:-1], about, flow.rungs[-1]))]


def paused(p: Params) -> list[Flow]:
    (flow,) = all_templates().need("ClockStopwatch").oracle({})
    stop = Rung("do", Target("Pause", role="button"), until=Target("Start", role="button"))
    return [flow, replace(flow, rungs=(flow.rungs[0], stop))]


def timer(p: Params) -> list[Flow]:
    """Set, not started: the flow of ours without its last touch."""
    seconds = 3600 * p["hours"] + 60 * p["minutes"] + p["seconds"]
    (flow,) = all_templates().need("ClockTimer").oracle({"length": seconds})
    return [replace(flow, rungs=flow.rungs[:-1])]


@dataclass(frozen=True)
class Case:
    module: str
    name: str
    flows: Flows | None
    why: str = ""


def missing(module: str, names: str, why: str) -> list[Case]:
    return [Case(module, name, None, why) for name in names.split()]


WIFI_ON, WIFI_OFF = switch("SettingsWifi", True), switch("SettingsWifi", False)
BLUETOOTH_ON, BLUETOOTH_OFF = switch("SettingsBluetooth", True), switch("SettingsBluetooth", False)
MOVE = of("FilesMove", name="file_name", source="source_folder", target="destination_folder")
CASES = [
    Case(SINGLE + "system", "SystemWifiTurnOn", WIFI_ON),
    Case(SINGLE + "system", "SystemWifiTurnOff", WIFI_OFF),
    Case(SINGLE + "system", "SystemWifiTurnOnVerify", nothing),
    Case(SINGLE + "system", "SystemWifiTurnOffVerify", nothing),
    Case(SINGLE + "system", "SystemBluetoothTurnOn", BLUETOOTH_ON),
    Case(SINGLE + "system", "SystemBluetoothTurnOff", BLUETOOTH_OFF),
    Case(SINGLE + "system", "SystemBluetoothTurnOnVerify", nothing),
    Case(SINGLE + "system", "SystemBluetoothTurnOffVerify", nothing),
    Case(SINGLE + "system", "SystemBrightnessMin", brightness),
    Case(SINGLE + "system", "SystemBrightnessMax", brightness),
    Case(SINGLE + "system", "SystemBrightnessMinVerify", nothing),
    Case(SINGLE + "system", "SystemBrightnessMaxVerify", nothing),
    Case(SINGLE + "system", "OpenAppTaskEval", opened),
    Case(COMPOSITE + "system", "TurnOffWifiAndTurnOnBluetooth", both(WIFI_OFF, BLUETOOTH_ON)),
    Case(COMPOSITE + "system", "TurnOnWifiAndOpenApp", both(WIFI_ON, opened)),
    Case(SINGLE + "contacts", "ContactsAddContact", of(
        "ContactsAdd", first=lambda p: split_name(p, 0), last=lambda p: split_name(p, 1), phone="number")),
    Case(SINGLE + "files", "FilesMoveFile", MOVE),
    Case(SINGLE + "files", "FilesDeleteFile", of("FilesDelete", name="file_name", source="subfolder")),
    Case(SINGLE + "sms", "SimpleSmsSend", of("MessagesSendToNumber", phone="number", text="message")),
    Case(SINGLE + "markor", "MarkorCreateFolder", of("NotesNewFolder", name="folder_name")),
    Case(SINGLE + "markor", "MarkorCreateNote", of(
        "NotesCreate", name=lambda p: stem(p["file_name"]), kind=lambda p: p["file_name"].rpartition(".")[2])),
    Case(SINGLE + "markor", "MarkorDeleteNote", of("NotesDelete", name="file_name")),
    Case(SINGLE + "clock", "ClockStopWatchRunning", of("ClockStopwatch")),
    Case(SINGLE + "clock", "ClockStopWatchPausedVerify", paused),
    Case(SINGLE + "clock", "ClockTimerEntry", timer),
    Case(SINGLE + "calendar.calendar", "SimpleCalendarAddOneEvent", event),
    Case(SINGLE + "calendar.calendar", "SimpleCalendarDeleteOneEvent", of("CalendarDelete", title="event_title")),
    *missing(SINGLE + "sms", "SimpleSmsReply SimpleSmsReplyMostRecent SimpleSmsResend SimpleSmsSendReceivedAddress",
             "its initialiser sends texts over the emulator's console (`adb emu`), which the virtual device has not"),
    *missing(SINGLE + "contacts", "ContactsNewContactDraft",
             "it reads the forest of the accessibility-forwarder app, not a dump: there is none on the virtual device"),
    *missing(SINGLE + "markor", "MarkorMoveNote MarkorEditNote MarkorDeleteNewestNote MarkorDeleteAllNotes MarkorMergeNotes "
             "MarkorAddNoteHeader MarkorChangeNoteContent", "initialiser and check run; no oracle written"),
    *missing(SINGLE + "browser", "BrowserMaze BrowserDraw BrowserMultiply", "pages with script: our browser runs none"),
    *missing(SINGLE + "system", "SystemCopyToClipboard", "the clipper app is not on the virtual device; the check reads it"),
]  # fmt: skip


def act(device: InProcessDevice, flows: list[Flow]) -> tuple[int, bool]:
    """Let an oracle do it; how many steps it took, and whether it says that it is done."""
    oracle, before = Oracle(flows), None
    for step in range(MAX_STEPS):
        seen = settle(device, screenshot=False, after=before).observation
        action = oracle.next(seen)
        if action.kind in ("done", "answer"):
            return step, True
        before = seen
        try:
            perform(device, action, locate(action, seen))
        except PhoneError:
            continue
    return MAX_STEPS, False


class Peer:
    """The process that holds AndroidWorld's classes."""

    def __init__(self, python: Path, repo: Path, adb: str, port: int, serial: str) -> None:
        script = Path(__file__).with_name("_androidworld_checks.py")
        self.log = tempfile.NamedTemporaryFile("w", suffix=".log", delete=False)  # noqa: SIM115
        self._process = subprocess.Popen(
            [python, script, repo, adb, str(port), serial], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, text=True,
        )  # fmt: skip

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"AndroidWorld's process has ended; see {self.log.name}.")
        return dict(json.loads(line))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)


def one(case: Case, peer: Peer, android: VirtualAndroid, seed: int) -> tuple[bool, str]:
    """A row of the table, and whether the check went from 0 to 1 (or held at 1 where nothing is to be done)."""
    android.reset(0)
    begun = peer.ask({"module": case.module, "class": case.name, "seed": seed})
    if "error" in begun:
        return False, f"| {case.name} | {begun['stage']} raised: {begun['error']} | | | |"
    if case.flows is None:
        return False, f"| {case.name} | not acted out: {case.why} | {begun['before']:g} | | |"
    steps, done = act(InProcessDevice(android), case.flows(begun["params"]))
    ended = peer.ask({"answer": ""})
    if "error" in ended:
        return (
            False,
            f"| {case.name} | {ended['stage']} raised: {ended['error']} | {begun['before']:g} | | {steps} |",
        )
    wanted = 1.0 if case.flows is nothing else 0.0
    right = begun["before"] == wanted and ended["after"] == 1.0 and done
    said = "holds" if right else "differs" if done else "oracle lost"
    return right, f"| {case.name} | {said} | {begun['before']:g} | {ended['after']:g} | {steps} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    adb = find_adb()
    if not adb:
        raise SystemExit("No adb binary; install tenfold[phone].")
    android = VirtualAndroid()
    rows, right, tried = list[str](), 0, 0
    with serve(android) as served:
        peer = Peer(args.peer_python, args.repo, str(adb), served.adb_port, android.info.serial)
        for case in CASES:
            holds, row = one(case, peer, android, args.seed)
            rows.append(row)
            right, tried = right + holds, tried + (case.flows is not None)
            print(row, flush=True)
        peer.stop()
    body = f"""{__doc__.split(chr(10), 4)[4].strip()}

{right} of {tried} task classes hold; {len(CASES) - tried} more are listed with the reason why nobody acted. One seed each.
AndroidWorld has 116 classes; those of apps that the virtual device has not (expenses, recipes, tracks, music, maps, video,
tasks, drawing, recorder, camera, Joplin) and of the robustness and MiniWoB families were not tried.

| class | what came of it | check before | check after | steps of the oracle |
|---|---|---|---|---|
{chr(10).join(rows)}
"""
    command = "python benchmarks/peer_androidworld.py --repo PATH --peer-python PEER/bin/python"
    write_result(
        "phone-androidworld-checks", "AndroidWorld's success checks on the virtual Android", command, body
    )


if __name__ == "__main__":
    main()
