"""What apps are called: labels of launcher activities, and names for packages whose labels cannot be asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from ...errors import PhoneError

LAUNCHABLE = (
    "cmd", "package", "query-activities", "-a", "android.intent.action.MAIN", "-c", "android.intent.category.LAUNCHER",
)  # fmt: skip
"""The device's program that lists the activities a launcher shows."""

# Apps of many phones whose package does not say what the launcher calls them.
_KNOWN = {
    "com.android.chrome": "Chrome",
    "com.android.mms": "Messages",
    "com.android.vending": "Play Store",
    "com.google.android.GoogleCamera": "Camera",
    "com.google.android.apps.docs": "Drive",
    "com.google.android.apps.maps": "Maps",
    "com.google.android.apps.messaging": "Messages",
    "com.google.android.apps.nbu.files": "Files",
    "com.google.android.apps.photos": "Photos",
    "com.google.android.deskclock": "Clock",
    "com.google.android.dialer": "Phone",
    "com.google.android.documentsui": "Files",
    "com.google.android.gm": "Gmail",
    "com.google.android.googlequicksearchbox": "Google",
    "com.google.android.youtube": "YouTube",
    "com.simplemobiletools.calendar.pro": "Calendar",
    "com.simplemobiletools.gallery.pro": "Gallery",
    "net.gsantner.markor": "Markor",
}
_PLAIN = frozenset("android app apps client com free google lite main mobile net org pro".split())


def label_of(package: str) -> str:
    """A readable name for a package whose label is not known: "com.android.settings" is "Settings"."""
    if package in _KNOWN:
        return _KNOWN[package]
    words = [part for part in package.split(".") if part.lower() not in _PLAIN]
    return (words[-1] if words else package).replace("_", " ").title()


def labels(packages: Iterable[str]) -> dict[str, str]:
    """Label → package by name alone; of two with one name the second carries its package."""
    found: dict[str, str] = {}
    for package in sorted(packages):
        label = label_of(package)
        found[label if label not in found else f"{label} ({package})"] = package
    return found


def read_launchable(output: str) -> dict[str, str]:
    """Label → package out of the output of `LAUNCHABLE`; a label that is a resource is named after its package."""
    found: dict[str, str] = {}
    for block in re.split(r"(?m)^\s*Activity #\d+:", output)[1:]:
        package = re.search(r"\bpackageName=([\w.]+)", block)
        if package is None:
            continue
        texts: list[str] = re.findall(r"\bnonLocalizedLabel=(.+?)(?=\s+\w+=|\s*$)", block, re.MULTILINE)
        label = next((text for text in texts if text != "null"), label_of(package[1]))
        found[label if label not in found else f"{label} ({package[1]})"] = package[1]
    return found


def resolve(app: str, installed: dict[str, str]) -> str:
    """The package of an app that is named by package or label, without regard to case.

    Raises:
        PhoneError: None is called so; the mend lists the nearest labels.
    """
    wanted = app.strip().casefold()
    for label, package in installed.items():
        if wanted in (label.casefold(), package.casefold()):
            return package
    near = get_close_matches(app, installed, n=5, cutoff=0.5) or sorted(installed)[:12]
    raise PhoneError(f"No app is called {app!r}.", mend=f"Nearest: {', '.join(near)}.")
