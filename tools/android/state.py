"""What the system itself remembers; apps keep theirs in databases and files."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .view import View

if TYPE_CHECKING:
    from .plants import Plant

LAUNCHER = "com.google.android.apps.nexuslauncher"
SYSTEM_UI = "com.android.systemui"
KEYBOARD_IME = "com.google.android.inputmethod.latin/com.android.inputmethod.latin.LatinIME"

SETTINGS: dict[str, dict[str, str]] = {
    "global": {
        "adb_enabled": "1",
        "airplane_mode_on": "0",
        "animator_duration_scale": "1.0",
        "auto_time": "1",
        "auto_time_zone": "1",
        "bluetooth_on": "1",
        "development_settings_enabled": "1",
        "device_name": "Tenfold Phone",
        "mobile_data": "1",
        "mode_ringer": "2",
        "stay_on_while_plugged_in": "0",
        "transition_animation_scale": "1.0",
        "wifi_on": "1",
        "window_animation_scale": "1.0",
        "zen_mode": "0",
        "low_power": "0",
    },
    "system": {
        "accelerometer_rotation": "0",
        "font_scale": "1.0",
        "screen_brightness": "102",
        "screen_brightness_mode": "0",
        "screen_off_timeout": "60000",
        "time_12_24": "12",
        "user_rotation": "0",
        "volume_alarm": "6",
        "volume_music": "5",
        "volume_ring": "5",
        "vibrate_when_ringing": "0",
        "pointer_location": "0",
        "sound_effects_enabled": "1",
    },
    "secure": {
        "default_input_method": KEYBOARD_IME,
        "enabled_input_methods": KEYBOARD_IME,
        "location_mode": "3",
        "ui_night_mode": "1",
        "user_setup_complete": "1",
        "lock_screen_show_notifications": "1",
        "night_display_activated": "0",
        "icon_blacklist": "",
        "enabled_accessibility_services": "",
    },
}
"""The settings tables as a new device has them."""


@dataclass
class Notification:
    """One notification; a tap opens its app, at `screen` if it names one."""

    id: int
    package: str
    title: str
    text: str
    time: float
    screen: str = ""
    args: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class State:
    """Everything but apps' data, picklable.

    Attributes:
        time: Seconds since 1970.
        front: Package in front.
        recent: Packages, last used first.
        running: Packages with a process.
        dialogs: System dialogs, the topmost last: (kind, package).
        actions: How many inputs there were.
        keyboard: The keyboard is wanted; it shows while a field has the focus.
        helpers: Packages of test tools that were installed, with version name and code.
        planted: What an attacker has put on the screen.
        late, stale: Looks for which the held screen, or its tree, is still shown.
    """

    time: float
    random: random.Random
    installed: list[str]
    settings: dict[str, dict[str, str]]
    front: str = LAUNCHER
    recent: list[str] = field(default_factory=list[str])
    running: list[str] = field(default_factory=list[str])
    notifications: list[Notification] = field(default_factory=list[Notification])
    toasts: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    dialogs: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    granted: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    clipboard: str = ""
    shade: bool = False
    recents: bool = False
    awake: bool = True
    keyboard: bool = False
    keyboard_over: bool = False
    rotation: int = 0
    actions: int = 0
    late: int = 0
    stale: int = 0
    notified: int = 0
    helpers: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    torch: bool = False
    planted: list[Plant] = field(default_factory=list["Plant"])


class Clock:
    """The device's clock: it moves by rule (a second and the length of the gesture per input), never by wall time."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(self._state().time, UTC)

    def advance(self, seconds: float) -> None:
        """Let time pass, as a wait does."""
        self._state().time += seconds

    def set(self, moment: datetime) -> None:
        """Put the clock to an aware time."""
        self._state().time = (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)


@dataclass(slots=True, eq=False)
class Window:
    """One window on the screen, from bottom to top.

    Attributes:
        kind: app, dialog, system (dialogs of the system), shade, recents, keyboard, toast, status or navigation.
        root: Its views.
        active: Accessibility reads it when it is the topmost active one.
        modal: Touches beside it do not reach what lies beneath; `cancel` is called by them.
        dims: It darkens what lies beneath.
    """

    kind: str
    package: str
    activity: str
    root: View
    active: bool = False
    modal: bool = False
    dims: bool = False
    cancel: Callable[[], object] | None = None


@dataclass(slots=True, eq=False)
class Frame:
    """The screen of one moment."""

    version: int
    width: int
    height: int
    rotation: int
    windows: list[Window]
    toasts: list[str]
    ground: str
    awake: bool
    source: str = ""
    png: bytes = b""

    @property
    def active(self) -> Window:
        """The window that accessibility reads."""
        return next(w for w in reversed(self.windows) if w.active)
