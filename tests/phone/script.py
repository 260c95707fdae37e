"""One script of client calls, for any device of the port: what it gives must not depend on how the device is reached.

It opens the settings and the contacts, looks, touches, types, turns and fails on purpose. Devices of one state give
equal logs; on a true Android, whose screens are others, the script's own checks are what counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from tenfold.errors import PhoneError
from tenfold.tools.phone import Device, Element, Observation, describe, settle

WORDS = "Zoë 한글 & 50%"


class Log:
    """Makes calls and writes down what came back."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.entries: list[tuple[str, Any]] = []

    def call(self, name: str, act: Callable[[], Any]) -> Any:
        try:
            value = act()
        except PhoneError as error:
            assert error.mend, f"{name}: an error without a mend: {error}"
            self.entries.append((name, "PhoneError"))
            return None
        self.entries.append((name, normal(value)))
        return value

    def look(self, why: str, *, screenshot: bool = False) -> Observation:
        seen = self.call(f"look: {why}", lambda: at_rest(self.device, screenshot))
        assert isinstance(seen, Observation), self.entries[-1]
        return seen

    def find(self, label: str, role: str = "") -> Element:
        for element in self.look(label).tree.elements():
            if element.label.casefold().startswith(label.casefold()) and role in ("", element.role):
                return element
        raise AssertionError(f"{label!r} is not on the screen:\n{describe(self.look(label))}")

    def tap(self, label: str, role: str = "") -> None:
        x, y = self.find(label, role).node.bounds.center
        self.call(f"tap {label}", lambda: self.device.tap(x, y))


def at_rest(device: Device, screenshot: bool) -> Observation:
    """A true phone moves for a while after each touch; the virtual one does not, and waiting would move its clock."""
    if device.info().virtual:
        return device.observe(screenshot=screenshot)
    return settle(device, quiet_s=0.05, screenshot=screenshot).observation


def normal(value: Any) -> Any:
    """Results without what may differ: bytes as a hash, looks as what a model would read and where it stands."""
    if isinstance(value, Observation):
        places = [(e.label, e.role, e.node.bounds, len(e.path)) for e in value.tree.elements()]
        png = hashlib.sha256(value.png).hexdigest() if value.png is not None else None
        turned = (value.width, value.height, value.rotation, value.keyboard)
        return (
            describe(value),
            places,
            value.signature,
            png,
            value.package,
            value.activity,
            turned,
            value.time,
        )
    return value


def run(device: Device) -> list[tuple[str, Any]]:
    """Run the script; returns each call with its result. At least 60 calls."""
    log = Log(device)
    info = log.call("info", device.info)
    assert info.sdk >= 26 and info.width > 0
    log.call("home", lambda: device.key("home"))
    log.look("home screen", screenshot=True)
    apps = log.call("apps", device.apps)
    assert apps["Settings"] == "com.android.settings"
    _settings(log, device)
    _contacts(log, device, apps["Contacts"])
    _failures(log, device)
    _keys(log, device)
    return log.entries


def _settings(log: Log, device: Device) -> None:
    assert log.call("open by label", lambda: device.open_app("Settings")) == "com.android.settings"
    seen = log.look("settings", screenshot=True)
    assert seen.package == "com.android.settings" and seen.png is not None and not seen.keyboard
    x, high = seen.width // 2, seen.height
    log.call("swipe up", lambda: device.swipe(x, high * 3 // 4, x, high // 4))
    log.look("scrolled")
    log.call("swipe down", lambda: device.swipe(x, high // 3, x, high * 3 // 4, 0.3))
    log.look("scrolled back")
    for label in ("Network", "Display", "Connected"):
        log.tap(label)
        log.look(f"in {label}")
        log.call("back", lambda: device.key("back"))
    log.call("open by package", lambda: device.open_app("com.android.settings"))
    log.look("settings again")
    value = log.call("shell", lambda: device.shell(["settings", "get", "secure", "default_input_method"]))
    assert "/" in value


def _contacts(log: Log, device: Device, package: str) -> None:
    assert log.call("open contacts", lambda: device.open_app("contacts")) == package
    log.look("contacts", screenshot=True)
    log.tap("Create contact")
    log.look("editor")
    log.tap("First name", "field")
    assert log.look("first name focused").keyboard
    log.call("type any script", lambda: device.type(WORDS))
    assert log.find("First name", "field").node.content == WORDS
    log.call("type more", lambda: device.type(" Ω"))
    assert log.find("First name", "field").node.content == WORDS + " Ω"
    log.call("clear", device.clear)
    assert log.find("First name", "field").node.content == ""
    log.call("type again", lambda: device.type("Zoë"))
    log.call("hide the keyboard", lambda: device.key("back"))
    assert not log.look("keyboard hidden").keyboard
    log.tap("Last name", "field")
    log.call("type", lambda: device.type('O\'Neil; rm -rf $HOME `x` "y"'))
    assert log.find("Last name", "field").node.content == 'O\'Neil; rm -rf $HOME `x` "y"'
    log.call("delete", lambda: device.key("delete"))
    log.call("tab", lambda: device.key("tab"))
    log.call("enter", lambda: device.key("enter"))
    log.look("typed", screenshot=True)
    log.tap("Save")
    log.look("saved")
    log.call("back to the list", lambda: device.open_app(package))
    log.look("the list", screenshot=True)
    log.call("home", lambda: device.key("home"))


def _failures(log: Log, device: Device) -> None:
    log.look("home")
    for name, act in (
        ("type without a field", lambda: device.type("lost")),
        ("clear without a field", device.clear),
        ("an app that is not there", lambda: device.open_app("No Such App Anywhere")),
        ("a key that is not there", lambda: device.key("hyper")),  # pyright: ignore[reportArgumentType]
        ("a program that is not there", lambda: device.shell(["no-such-program"])),
        ("no program", lambda: device.shell([])),
    ):
        log.call(name, act)
        assert log.entries[-1] == (name, "PhoneError"), log.entries[-1]
    line = log.call(
        "arguments stay apart", lambda: device.shell(["echo", "a b", "$HOME", "c;id", "`x`", "'q'"])
    )
    assert line.rstrip("\n") == "a b $HOME c;id `x` 'q'"


def _keys(log: Log, device: Device) -> None:
    log.call("recents", lambda: device.key("recents"))
    log.look("recents")
    log.call("home", lambda: device.key("home"))
    seen = log.look("home")
    log.call("long press", lambda: device.long_press(seen.width // 2, seen.height // 3, 1.0))
    log.look("long pressed")
    log.call("home", lambda: device.key("home"))
    for key in ("volume_up", "volume_down", "power"):
        log.call(key, lambda key=key: device.key(key))
    log.look("screen off", screenshot=True)
    log.call("power", lambda: device.key("power"))
    log.look("screen on", screenshot=True)
    log.call("home", lambda: device.key("home"))
    log.look("the end")
