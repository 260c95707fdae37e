"""A phone that outlives its driver: two screens in a JSON file, and a log of every touch. For runs that are killed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from tenfold.errors import PhoneError
from tenfold.tools.phone import DeviceInfo, Feature, Key, Observation, parse_source

_BUTTON = (
    '<android.widget.Button class="android.widget.Button" package="com.mail" text="{text}" clickable="true" '
    'enabled="true" bounds="[100,{top}][980,{bottom}]" resource-id="com.mail:id/{id}"/>'
)
_PAGE = '<hierarchy rotation="0" width="1080" height="2400"><android.widget.FrameLayout class="f" package="com.mail" bounds="[0,0][1080,2400]" enabled="true">{}</android.widget.FrameLayout></hierarchy>'  # noqa: E501


class FilePhone:
    """Keeps the device port's contract for one app: a counter that "More" raises, and a "Send" button."""

    features: frozenset[Feature] = frozenset({"tree"})

    def __init__(self, folder: Path) -> None:
        self._log = folder / "touches.jsonl"

    def touches(self) -> list[str]:
        """What was touched, in order."""
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    def info(self) -> DeviceInfo:
        """What it is."""
        return DeviceInfo("file", "File", "13", 33, 1080, 2400, 420)

    def observe(self, *, screenshot: bool = True) -> Observation:
        """The one screen: how often each button was touched stands on it."""
        done = self.touches()
        rows = [
            ("Send", "send"),
            ("More", "more"),
            (f"{done.count('More')} more, {done.count('Send')} sent", "state"),
        ]
        body = "".join(
            _BUTTON.format(text=text, top=300 + 300 * i, bottom=500 + 300 * i, id=name)
            for i, (text, name) in enumerate(rows)
        )
        tree = parse_source(_PAGE.format(body))
        return Observation(tree, None, "com.mail", "Main", False, 1080, 2400, 0, "2026-03-12T09:30:00+00:00")

    def tap(self, x: int, y: int) -> None:
        """Log the touch; on disk before the driver goes on."""
        name = {400: "Send", 700: "More"}.get(y, "?")
        with self._log.open("a") as file:
            file.write(json.dumps(name) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def long_press(self, x: int, y: int, seconds: float = 1.0) -> None:
        self.tap(x, y)

    def swipe(self, x1: int, y1: int, x2: int, y2: int, seconds: float = 0.5) -> None:
        pass

    def type(self, text: str) -> None:
        raise PhoneError("No field has the focus.")

    def clear(self) -> None:
        raise PhoneError("No field has the focus.")

    def key(self, name: Key) -> None:
        pass

    def open_app(self, app: str) -> str:
        return "com.mail"

    def apps(self) -> dict[str, str]:
        return {"Mail": "com.mail"}

    def shell(self, args: Sequence[str]) -> str:
        raise PhoneError("No shell.")

    def close(self) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        """Its own clock: waiting costs nothing."""

    def monotonic(self) -> float:
        return 0.0
