"""The virtual Android as a device of the port, without a server in between."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from shlex import join
from typing import get_args

from ...errors import PhoneError
from ..phone import DeviceInfo, Feature, Key, Observation, parse_source
from .device import VirtualAndroid

_FOCUS = "Tap a text field first."


class InProcessDevice:
    """Keeps the contract of `tools.phone.Device`.

    Args:
        android: The virtual phone; it may be shared with servers.
        shell: Whether `shell` may be called.
    """

    def __init__(self, android: VirtualAndroid, *, shell: bool = False) -> None:
        self.android = android
        with_shell: frozenset[Feature] = frozenset({"shell"}) if shell else frozenset()
        self.features: frozenset[Feature] = frozenset[Feature]({"screenshot", "tree"}) | with_shell

    def info(self) -> DeviceInfo:
        """What it is."""
        return self.android.info

    def observe(self, *, screenshot: bool = True) -> Observation:
        """Look once, without waiting."""
        android = self.android
        with android.lock:
            tree = parse_source(android.source())
            png = android.screenshot() if screenshot else None
            package, activity = android.front
            width, height = android.size
            time = android.clock.now().isoformat(timespec="seconds")
            return Observation(
                tree, png, package, activity, android.keyboard, width, height, android.rotation, time
            )

    def tap(self, x: int, y: int) -> None:
        """Touch a point shortly."""
        self.long_press(x, y, 0.05)

    def long_press(self, x: int, y: int, seconds: float = 1.0) -> None:
        """Touch a point and stay."""
        with self.android.lock:
            self.android.touch(x, y, seconds)

    def swipe(self, x1: int, y1: int, x2: int, y2: int, seconds: float = 0.5) -> None:
        """Drag a finger from the first point to the second."""
        with self.android.lock:
            self.android.drag(x1, y1, x2, y2, seconds)

    def type(self, text: str) -> None:
        """Append text to the focused field.

        Raises:
            PhoneError: No field has the focus.
        """
        with self.android.lock:
            if not self.android.write(text):
                raise PhoneError("No field has the focus; nothing was typed.", mend=_FOCUS)

    def clear(self) -> None:
        """Empty the focused field.

        Raises:
            PhoneError: No field has the focus.
        """
        with self.android.lock:
            if not self.android.clear_text():
                raise PhoneError("No field has the focus; nothing was cleared.", mend=_FOCUS)

    def key(self, name: Key) -> None:
        """Press a key.

        Raises:
            PhoneError: No such key.
        """
        if name not in get_args(Key):
            raise PhoneError(f"No key is called {name!r}.", mend=f"Keys: {', '.join(get_args(Key))}.")
        with self.android.lock:
            self.android.press(name)

    def open_app(self, app: str) -> str:
        """Bring an app to the front by its label or package; returns its package.

        Raises:
            PhoneError: No such app; the mend lists the nearest labels.
        """
        with self.android.lock:
            labels = self.apps()
            package = next((p for label, p in labels.items() if app in (p, label)), None)
            package = package or next(
                (p for label, p in labels.items() if label.lower() == app.strip().lower()), None
            )
            if package is None:
                names = {label.lower(): label for label in labels}
                near = [names[n] for n in get_close_matches(app.lower(), names, n=3, cutoff=0.4)] or sorted(
                    labels
                )
                raise PhoneError(
                    f"There is no app {app!r} on {self.info().serial}.", mend=f"There is: {', '.join(near)}."
                )
            self.android.open_app(package)
            return package

    def apps(self) -> dict[str, str]:
        """Label → package of what can be opened."""
        return self.android.labels()

    def shell(self, args: Sequence[str]) -> str:
        """Run a program on the device.

        Raises:
            PhoneError: The device was not opened with `shell=True`, or the program failed.
        """
        if "shell" not in self.features:
            raise PhoneError("This device was opened without a shell.", mend="Open it with shell=True.")
        if not args:
            raise PhoneError("There is no program to run.", mend="Give at least its name.")
        with self.android.lock:
            result = self.android.shell(join(args))
        if result.code != 0:
            said = (result.stderr or result.stdout).decode("utf-8", "replace").strip()
            raise PhoneError(
                f"{args[0]!r} on {self.info().serial} exited with {result.code}: {said[:300]}",
                mend="The virtual device knows few programs; look at the arguments.",
            )
        return result.stdout.decode("utf-8", "replace")

    def sleep(self, seconds: float) -> None:
        """Let device time pass, and none of ours."""
        with self.android.lock:
            self.android.clock.advance(seconds)

    def monotonic(self) -> float:
        """The device's clock, in seconds."""
        return self.android.state.time

    def close(self) -> None:
        """Nothing is held."""
