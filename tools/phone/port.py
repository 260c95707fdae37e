"""The device port: what an agent may do with a phone, whatever the phone is.

Every adapter (Appium for emulators, phones and device clouds; in-process for the virtual Android) keeps this contract,
and one script of client calls holds them to the same results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from .tree import Tree

Key = Literal[
    "back", "home", "menu", "enter", "delete", "recents", "power", "volume_up", "volume_down", "tab", "search"
]
Feature = Literal["screenshot", "shell", "tree"]


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What a device says of itself.

    Attributes:
        serial: As adb names it.
        model, release, sdk: Build.MODEL, Android version ("13"), API level.
        width, height: The natural screen in pixels (portrait on a phone).
        density: Dots per inch.
        virtual: Whether it is Tenfold's virtual Android: results on it are never results on Android.
    """

    serial: str
    model: str
    release: str
    sdk: int
    width: int
    height: int
    density: int
    virtual: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at the screen: the tree and the picture of one moment, as nearly as the device allows.

    Attributes:
        tree: The active window's accessibility tree; empty when the device gives none.
        png: The picture, or None if it was not asked for or is forbidden (secure screens).
        package, activity: The app in front.
        keyboard: Whether the on-screen keyboard is shown.
        width, height: The screen as it is turned now, in pixels; all coordinates are in this space.
        rotation: Quarter turns, 0 to 3.
        time: The device's own clock, ISO 8601 with offset, to the second.
    """

    tree: Tree
    png: bytes | None
    package: str
    activity: str
    keyboard: bool
    width: int
    height: int
    rotation: int
    time: str

    @property
    def signature(self) -> str:
        """Digest of what is on the screen, without clock, battery and carets: equal means nothing changed."""
        return self.tree.signature(self.package, self.activity, self.keyboard)


class Device(Protocol):
    """A phone. All calls block; none is safe from two threads at once.

    Coordinates are pixels of the screen as it is turned now. Every call raises `PhoneError` when the device is gone or
    refuses; the message names the device, the reason and the mend.
    """

    features: frozenset[Feature]

    def info(self) -> DeviceInfo:
        """What it is."""
        ...

    def observe(self, *, screenshot: bool = True) -> Observation:
        """Look once, without waiting (`settle` waits)."""
        ...

    def tap(self, x: int, y: int) -> None:
        """Touch a point shortly."""
        ...

    def long_press(self, x: int, y: int, seconds: float = 1.0) -> None:
        """Touch a point and stay."""
        ...

    def swipe(self, x1: int, y1: int, x2: int, y2: int, seconds: float = 0.5) -> None:
        """Drag a finger from the first point to the second."""
        ...

    def type(self, text: str) -> None:
        """Append text, in any script, to the focused field.

        Raises:
            PhoneError: No field has the focus.
        """
        ...

    def clear(self) -> None:
        """Empty the focused field.

        Raises:
            PhoneError: No field has the focus.
        """
        ...

    def key(self, name: Key) -> None:
        """Press a key."""
        ...

    def open_app(self, app: str) -> str:
        """Bring an app to the front by its label or package.

        Returns:
            Its package.

        Raises:
            PhoneError: No such app; the mend lists the nearest labels.
        """
        ...

    def apps(self) -> dict[str, str]:
        """Label → package of what can be opened."""
        ...

    def shell(self, args: Sequence[str]) -> str:
        """Run a program on the device; arguments are never joined by us into a line that a shell could misread.

        Raises:
            PhoneError: The device was not opened with `shell=True`, or the program failed.
        """
        ...

    def close(self) -> None:
        """Let go; puts back the keyboard and the animations that opening it changed."""
        ...
