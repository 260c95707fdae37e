"""Commands that start and stop apps: am, monkey, cmd."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from ..state import LAUNCHER
from .base import Shell, command, failed, options, said
from .packages import pm

if TYPE_CHECKING:
    from ..device import VirtualAndroid

_VALUED = (
    "-n",
    "-a",
    "-d",
    "-t",
    "-c",
    "-f",
    "-p",
    "--user",
    "-e",
    "--es",
    "--ei",
    "--el",
    "--ez",
    "--ef",
    "-W1",
    "--display",
)
_ACTIONS = {
    "android.settings.SETTINGS": "com.android.settings",
    "android.intent.action.DIAL": "com.google.android.contacts",
    "android.intent.action.CALL": "com.google.android.contacts",
    "android.intent.action.SENDTO": "com.simplemobiletools.smsmessenger",
}
_SCHEMES = {
    "sms": "com.simplemobiletools.smsmessenger", "smsto": "com.simplemobiletools.smsmessenger",
    "tel": "com.google.android.contacts", "http": "com.android.chrome", "https": "com.android.chrome",
    "content": "com.google.android.contacts", "mailto": "org.tenfold.mail",
}  # fmt: skip


def _intent(args: list[str]) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Options, extras and the rest of an intent's arguments."""
    single: dict[str, str] = {}
    extras: dict[str, str] = {}
    rest: list[str] = []
    at = 0
    while at < len(args):
        word = args[at]
        if word in ("-e", "--es", "--ei", "--el", "--ez", "--ef") and at + 2 < len(args):
            extras[args[at + 1]] = args[at + 2]
            at += 2
        elif word in _VALUED and at + 1 < len(args):
            single[word] = args[at + 1]
            at += 1
        elif word.startswith("-"):
            single[word] = ""
        else:
            rest.append(word)
        at += 1
    return single, extras, rest


def _target(android: VirtualAndroid, single: dict[str, str], rest: list[str]) -> str | None:
    component = single.get("-n") or (rest[0] if rest else "")
    if component:
        return component.split("/")[0]
    if single.get("-p"):
        return single["-p"]
    action, data, kind = single.get("-a", ""), single.get("-d", ""), single.get("-t", "")
    if "android.intent.category.HOME" in single.get("-c", ""):
        return LAUNCHER
    if action.startswith("android.settings."):
        return "com.android.settings"
    if "contact" in kind or "/contacts" in data:
        return "com.google.android.contacts"
    return _ACTIONS.get(action) or _SCHEMES.get(data.split(":")[0])


def _start(android: VirtualAndroid, args: list[str]) -> Shell:
    single, extras, rest = _intent(args)
    package = _target(android, single, rest)
    if package is not None and package in android.state.helpers:
        return said(f"Starting: Intent {{ cmp={package} }}\n")
    if package is None or package not in android.state.installed:
        shown = single.get("-n") or " ".join(args)
        return failed(f"Error type 3\nError: Activity class {{{shown}}} does not exist.\n")
    app = android.apps[package]
    action, data = single.get("-a", ""), single.get("-d", "")
    if package == LAUNCHER:
        android.go_home()
    elif action in ("", "android.intent.action.MAIN") and not extras and not data:
        if "-S" in single:
            android.force_stop(package)
        if "android.intent.category.LAUNCHER" in single.get("-c", ""):
            android.open_app(package)  # what a launcher sends: an input like any other
        else:
            android.launch(package)
    else:
        android.intent(package, action, extras, data)
    told = (
        f"Starting: Intent {{ act={action or 'android.intent.action.MAIN'} cmp={package}/{app.activity} }}\n"
    )
    if "-W" in single:
        told += (
            f"Status: ok\nLaunchState: WARM\nActivity: {package}/{app.activity}\nTotalTime: 80\nWaitTime: "
            f"85\nComplete\n"
        )
    return said(told)


def _broadcast(android: VirtualAndroid, args: list[str]) -> Shell:
    single, extras, rest = _intent(args)
    action = single.get("-a") or (rest[0] if rest else "")
    head = f"Broadcasting: Intent {{ act={action} flg=0x400000 }}\nBroadcast completed: result="
    if action == "io.appium.settings.clipboard.get":
        return said(f'{head}-1, data="{base64.b64encode(android.state.clipboard.encode()).decode()}"\n')
    if action == "clipper.get":
        return said(f'{head}-1, data="{android.state.clipboard}"\n')
    if action == "clipper.set":
        android.state.clipboard = extras.get("text", "")
        return said(f'{head}-1, data="Text is copied into clipboard."\n')
    if action == "android.intent.action.AIRPLANE_MODE":
        android.set_airplane(extras.get("state") in ("true", "1"))
    elif action == "io.appium.settings.wifi":
        android.set_setting("global", "wifi_on", "1" if extras.get("setstatus") == "enable" else "0")
    elif action == "io.appium.settings.animation":
        value = "1.0" if extras.get("setstatus") == "enable" else "0"
        for name in ("animator_duration_scale", "transition_animation_scale", "window_animation_scale"):
            android.set_setting("global", name, value)
    elif action == "android.intent.action.CLOSE_SYSTEM_DIALOGS":
        android.state.shade = android.state.recents = False
    return said(f"{head}0\n")


@command("am")
def am(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """start, start-activity, force-stop, kill, broadcast, startservice, stack, get-current-user, instrument."""
    verb, rest = (args[0] if args else ""), args[1:]
    if verb in ("start", "start-activity"):
        return _start(android, rest)
    if verb in ("force-stop", "kill", "stop-app"):
        package = (options(rest, "--user")[1] or [""])[0]
        if package in android.state.installed:
            android.force_stop(package)
        return Shell()
    if verb == "kill-all":
        return Shell()
    if verb == "broadcast":
        return _broadcast(android, rest)
    if verb in (
        "startservice",
        "start-service",
        "start-foreground-service",
        "startforegroundservice",
        "stopservice",
    ):
        single, _, words = _intent(rest)
        service = single.get("-n") or (words[0] if words else "")
        known = service.split("/")[0] in android.state.helpers
        return (
            said(f"Starting service: Intent {{ cmp={service} }}\n")
            if known
            else failed("Error: Not found; no service started.\n")
        )
    if verb in ("stack", "task"):
        return _stack(android) if rest[:1] == ["list"] else Shell()
    if verb == "get-current-user":
        return said("0\n")
    if verb == "instrument":
        # The adb server runs the instrumentation, which blocks; without it there is nothing to run.
        return failed("INSTRUMENTATION_FAILED: no server of the virtual device is attached\n")
    return failed(f"Unknown command: {verb}\n", 255)


def _stack(android: VirtualAndroid) -> Shell:
    """The one task that is seen."""
    package, activity = android.front
    name = f"{package}/{activity if '.' in activity.lstrip('.') else package + '.' + activity.lstrip('.')}"
    width, height = android.size
    bounds = f"bounds=[0,0][{width},{height}] userId=0"
    return said(
        f"RootTask id=1 {bounds}\n  taskId=1: {name} {bounds} visible=true topActivity=ComponentInfo{{{name}}}\n"
    )


@command("monkey")
def monkey(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """`-p PACKAGE … 1` opens an app."""
    flags, _ = options(args, "-p", "-c")
    package = (flags.get("-p") or [""])[0]
    if package not in android.state.installed:
        return failed("** No activities found to run, monkey aborted.\n", 252)
    android.launch(package)
    return said("Events injected: 1\n")


@command("cmd")
def cmd(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """package, activity, statusbar, connectivity, wifi, bluetooth_manager, phone, uimode, notification, location."""
    args = [a for a in args if a != "-w"]
    service, rest = (args[0] if args else ""), args[1:]
    on = bool(rest) and rest[-1] in ("enable", "enabled", "true", "yes")
    if service in ("package", "activity"):
        return (pm if service == "package" else am)(android, rest, stdin)
    switches = {"wifi": "wifi_on", "bluetooth_manager": "bluetooth_on", "phone": "mobile_data"}
    if service in switches and rest and rest != ["status"]:
        android.set_setting("global", switches[service], "1" if on else "0")
    elif service == "statusbar" and rest[:1] in (["expand-notifications"], ["expand-settings"]):
        android.open_notifications()
    elif service == "statusbar" and rest[:1] == ["collapse"]:
        android.state.shade = False
    elif service == "connectivity" and rest[:1] == ["airplane-mode"]:
        if len(rest) == 1:
            return said("enabled\n" if android.setting("global", "airplane_mode_on") == "1" else "disabled\n")
        android.set_airplane(on)
    elif service == "wifi" and rest[:1] == ["status"]:
        return said(f"Wifi is {'enabled' if android.setting('global', 'wifi_on') == '1' else 'disabled'}\n")
    elif service == "uimode" and rest[:1] == ["night"]:
        if len(rest) > 1:
            android.set_setting("secure", "ui_night_mode", "2" if on else "1")
        return said(f"Night mode: {'yes' if android.dark else 'no'}\n")
    elif service == "location" and rest:
        if rest[0] == "is-location-enabled":
            return said("true\n" if android.setting("secure", "location_mode") != "0" else "false\n")
        android.set_setting("secure", "location_mode", "3" if on else "0")
    else:
        return failed(f"cmd: Can't find service: {service}\n", 20)
    android.changed()
    return Shell()
