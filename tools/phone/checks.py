"""What a phone needs on this machine: found, or missing with the command that mends it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.request
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .opening import APPIUM_URL

_NODE = 20  # Appium 3 needs 20.19
_APPIUM = 3
_TIMEOUT_S = 15


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked for.

    Attributes:
        name: What.
        ok: Whether it will do.
        found: What there is: a version, a path, a list; "" for nothing.
        mend: What to do when it is not ok.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""


def doctor(*, appium_url: str = APPIUM_URL) -> list[Check]:
    """Look for everything between here and a phone, in the order in which it is needed.

    Looking for devices starts adb's own server when none runs, as every adb command does.
    """
    adb = find_adb()
    return [_adb(adb), _devices(adb), _sdk(), _node(), _appium(), _driver(), _client(), _server(appium_url)]


def find_adb() -> str:
    """The adb program: that of the Android SDK, on the path, or the one that adbutils brings; "" for none."""
    for home in (os.environ.get("ANDROID_HOME"), os.environ.get("ANDROID_SDK_ROOT")):
        if home and (path := Path(home, "platform-tools", "adb")).is_file():
            return str(path)
    if on_path := shutil.which("adb"):
        return on_path
    try:
        import adbutils
    except ImportError:
        return ""
    bundled = Path(adbutils.__file__).parent / "binaries" / ("adb.exe" if os.name == "nt" else "adb")
    return str(bundled) if bundled.is_file() else ""


def _run(*command: str) -> str:
    """What a program prints; "" when it fails, hangs or is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout or done.stderr) if done.returncode == 0 else ""


def _adb(adb: str) -> Check:
    mend = "pip install 'tenfold[phone]' brings one; or install Android's platform-tools."
    printed = re.search(r"Version (\S+)", _run(adb, "--version")) if adb else None
    return Check("adb", printed is not None, f"{printed[1]} ({adb})" if printed else adb, mend)


def _devices(adb: str) -> Check:
    lines = [line.split("\t") for line in _run(adb, "devices").splitlines() if "\t" in line] if adb else []
    found = ", ".join(f"{serial} ({state})" for serial, state in lines)
    ready = any(state == "device" for _, state in lines)
    mend = (
        "Confirm USB debugging on the phone's screen."
        if lines
        else "Start an emulator, plug in a phone with USB debugging on, or use --virtual."
    )
    return Check("devices", ready, found, mend)


def _sdk() -> Check:
    homes = [os.environ[name] for name in ("ANDROID_HOME", "ANDROID_SDK_ROOT") if os.environ.get(name)]
    fit = next((home for home in homes if Path(home, "platform-tools").is_dir()), "")
    return Check(
        "ANDROID_HOME",
        bool(fit),
        fit or ", ".join(homes),
        "Set it, for Appium, to a folder that holds platform-tools/adb.",
    )


def _node() -> Check:
    text = _run("node", "--version").strip()
    match = re.match(r"v(\d+)", text)
    ok = match is not None and int(match[1]) >= _NODE
    return Check("Node", ok, text, f"Install Node {_NODE}.19 or newer.")


def _appium() -> Check:
    text = _run("appium", "--version").strip()
    ok = text.split(".")[0].isdigit() and int(text.split(".")[0]) >= _APPIUM
    return Check("Appium", ok, text, "npm install --global appium")


def _driver() -> Check:
    mend = "appium driver install uiautomator2"
    try:
        listed = json.loads(_run("appium", "driver", "list", "--installed", "--json") or "{}")
        text = str(listed.get("uiautomator2", {}).get("version") or "")
    except (ValueError, AttributeError):
        text = ""
    return Check("UiAutomator2 driver", bool(text), text, mend)


def _client() -> Check:
    try:
        text = version("Appium-Python-Client")
    except PackageNotFoundError:
        text = ""
    return Check("Appium client", bool(text), text, "pip install 'tenfold[phone]'")


def _server(url: str) -> Check:
    mend = "Start it: appium"
    if not url.startswith(("http://", "https://")):
        return Check("Appium server", False, url, "Its address starts with http:// or https://.")
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/status", timeout=5) as reply:
            status = json.loads(reply.read(65_536))
        text = str(status["value"]["build"]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return Check("Appium server", False, url, mend)
    return Check("Appium server", True, f"{text} at {url}", mend)
