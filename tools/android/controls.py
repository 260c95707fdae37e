"""What can be done with the system: settings, apps, notifications, dialogs. Part of `VirtualAndroid`."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

from .app import App, Screen
from .faults import OUTAGE, Faults
from .files import Files
from .plants import Plant
from .state import LAUNCHER, SYSTEM_UI, Clock, Frame, Notification, State


class Controls:
    """Changes of the system's state; the rest of the device is in `VirtualAndroid`."""

    state: State
    apps: dict[str, App]
    files: Files
    clock: Clock
    faults: Faults
    _changes: int
    _dbs: dict[str, sqlite3.Connection]
    instrumented: bool = False
    """Whether a UiAutomator2 server runs on it now."""

    def changed(self) -> None:
        """Say that the screen may look different now."""
        self._changes += 1

    # Settings

    def setting(self, table: str, name: str) -> str:
        """A value of the settings tables (global, system, secure); "" if it is not set."""
        return self.state.settings[table].get(name, "")

    def set_setting(self, table: str, name: str, value: str | None) -> None:
        """Set a value, or take it away (None); rotation follows its own setting."""
        if value is None:
            self.state.settings[table].pop(name, None)
        else:
            self.state.settings[table][name] = value
        if name == "user_rotation" and value is not None and value in "0123":
            self.state.rotation = int(value)
        self.changed()

    def toggle(self, table: str, name: str) -> None:
        """Turn a setting of 0 and 1 over."""
        self.set_setting(table, name, "0" if self.setting(table, name) not in ("", "0") else "1")

    def set_airplane(self, on: bool) -> None:
        """Airplane mode; it takes Wi-Fi and Bluetooth along."""
        self.set_setting("global", "airplane_mode_on", "1" if on else "0")
        for radio in ("wifi_on", "bluetooth_on"):
            self.set_setting("global", radio, "0" if on else "1")

    def toggle_torch(self) -> None:
        """The flashlight."""
        self.state.torch = not self.state.torch
        self.changed()

    @property
    def dark(self) -> bool:
        """Whether the dark theme is on."""
        return self.setting("secure", "ui_night_mode") == "2"

    @property
    def online(self) -> bool:
        """Whether apps reach the network."""
        wifi, data = self.setting("global", "wifi_on") == "1", self.setting("global", "mobile_data") == "1"
        airplane = self.setting("global", "airplane_mode_on") == "1"
        return (wifi or (data and not airplane)) and not self.cut_off

    @property
    def sending(self) -> bool:
        """Whether the mobile network carries calls and messages."""
        return self.setting("global", "airplane_mode_on") != "1" and not self.cut_off

    @property
    def cut_off(self) -> bool:
        """Whether the fault `no_network` still lasts."""
        return self.faults.no_network and self.state.actions < OUTAGE

    def rotate(self, quarters: int) -> None:
        """Turn the screen to a number of quarter turns, 0 to 3."""
        self.state.rotation = quarters % 4
        self.changed()

    # Apps

    @property
    def front(self) -> tuple[str, str]:
        """Package and activity in front."""
        app = self.apps[self.state.front]
        return app.package, app.front_activity

    def labels(self) -> dict[str, str]:
        """Label → package of what the launcher shows."""
        shown = [self.apps[p] for p in self.state.installed if not self.apps[p].hidden]
        return {app.label: app.package for app in sorted(shown, key=lambda a: a.label.lower())}

    def launch(self, package: str, *, fresh: bool = False) -> None:
        """Bring an app to the front; `fresh`: at its first screen.

        Raises:
            KeyError: It is not installed.
        """
        if package not in self.state.installed:
            raise KeyError(package)
        state, app = self.state, self.apps[package]
        state.shade = state.recents = False
        started = package not in state.running
        if fresh or started:
            app.to_home()
        if started:
            state.running.append(package)
        if package != LAUNCHER:
            state.recent = [package, *(p for p in state.recent if p != package)]
        state.front = package
        self.apps[package].resumed()
        rate = self.faults.permission_dialog
        if (
            rate
            and package not in (LAUNCHER, SYSTEM_UI)
            and package not in state.granted
            and state.random.random() < rate
        ):
            state.dialogs.append(("permission", package))
        self.changed()

    def go_home(self) -> None:
        """The launcher's first page."""
        self.state.shade = self.state.recents = False
        self.state.keyboard = False
        self.apps[LAUNCHER].to_home()
        self.launch(LAUNCHER)

    def force_stop(self, package: str) -> None:
        """End an app; its data stays, its screens do not."""
        state = self.state
        state.dialogs = [d for d in state.dialogs if d[1] != package]
        if package in state.running:
            state.running.remove(package)
        if package in self.apps:
            self.apps[package].to_home()
        if state.front == package and package != LAUNCHER:
            self.go_home()
        self.changed()

    def uninstall(self, package: str) -> None:
        """Take an app off, with its data and notifications.

        Raises:
            KeyError: It is not installed, or belongs to the system.
        """
        if package not in self.state.installed or self.apps[package].system:
            raise KeyError(package)
        self.force_stop(package)
        self.clear_data(package)
        self.state.installed.remove(package)
        self.state.recent = [p for p in self.state.recent if p != package]
        self.state.notifications = [n for n in self.state.notifications if n.package != package]
        self.changed()

    def install(self, package: str) -> None:
        """Put an app on that this device knows.

        Raises:
            KeyError: It is not known.
        """
        if package not in self.apps:
            raise KeyError(package)
        if package not in self.state.installed:
            self.state.installed.append(package)
        self.changed()

    def clear_data(self, package: str) -> None:
        """Empty an app's database and files, as after a fresh installation."""
        self.force_stop(package)
        app = self.apps[package]
        if app.database:
            fresh = sqlite3.connect(":memory:")
            fresh.executescript(app.schema)
            self._dbs[package].deserialize(fresh.serialize())
        self.files.remove(f"/data/data/{package}")
        self.state.granted.pop(package, None)
        self.changed()

    def factory_reset(self) -> None:
        """Empty every app and the shared storage, put the settings back."""
        from .state import SETTINGS

        for package in list(self.state.installed):
            self.clear_data(package)
        self.files.remove("/storage/emulated/0")
        self.state.settings = {table: dict(rows) for table, rows in SETTINGS.items()}
        self.state.settings["secure"]["user_setup_complete"] = "0"
        self.state.notifications, self.state.recent = [], []
        self.go_home()

    def plant(
        self, kind: Literal["overlay", "tree", "picture", "hidden"], app: str, on: str, words: str
    ) -> None:
        """Put something on an app's screens as an attacker could; `plants.Plant` says what. A reset takes it away.

        Args:
            app: Package or label.

        Raises:
            KeyError: No such app.
        """
        package = app if app in self.apps else self.labels()[app]
        self.state.planted.append(Plant(kind, package, on, words))
        self.changed()

    # Dialogs, notifications, recents

    def close_dialog(self) -> None:
        """Take the topmost system dialog away."""
        if self.state.dialogs:
            self.state.dialogs.pop()
        self.changed()

    def grant(self, package: str, granted: bool) -> None:
        """Answer the permission dialog."""
        self.state.granted[package] = ["asked"] if granted else []
        self.close_dialog()

    def toast(self, text: str) -> None:
        """Show words for 3.5 seconds of the device's clock."""
        self.state.toasts = [*self.state.toasts[-1:], (text, self.state.time + 3.5)]
        self.changed()

    def notify(
        self, app: str, title: str, text: str, *, screen: str = "", args: dict[str, Any] | None = None
    ) -> int:
        """Post a notification of an app (its package or label); a tap opens the app, at `screen` if given.

        Returns:
            Its id.

        Raises:
            KeyError: No such app.
        """
        package = app if app in self.apps else self.labels()[app]
        self.state.notified += 1
        note = Notification(
            self.state.notified, package, title, text, self.state.time, screen, dict(args or {})
        )
        self.state.notifications.append(note)
        self.changed()
        return note.id

    def open_notifications(self) -> None:
        """Pull the shade down."""
        self.state.shade = True
        self.state.recents = False
        self.changed()

    def open_notification(self, id: int) -> None:
        """What a tap on a notification does."""
        note = next(n for n in self.state.notifications if n.id == id)
        self.dismiss_notification(id)
        self.launch(note.package)
        if note.screen:
            self.apps[note.package].stack.append(Screen(note.screen, dict(note.args)))

    def dismiss_notification(self, id: int) -> None:
        """Take a notification away."""
        self.state.notifications = [n for n in self.state.notifications if n.id != id]
        self.changed()

    def clear_notifications(self) -> None:
        """Take all away and close the shade."""
        self.state.notifications = []
        self.state.shade = False
        self.changed()

    def toggle_recents(self) -> None:
        """Show or hide the apps used last."""
        self.state.recents = not self.state.recents
        self.state.shade = False
        self.changed()

    def remove_recent(self, package: str) -> None:
        """Swipe an app out of the recents: its process ends."""
        self.state.recent = [p for p in self.state.recent if p != package]
        showing = self.state.recents
        self.force_stop(package)
        self.state.recents = showing
        self.changed()

    def clear_recents(self) -> None:
        """Close all apps."""
        for package in list(self.state.recent):
            self.remove_recent(package)
        self.go_home()

    def go_back(self) -> None:
        """What the back key does: the topmost thing that can be left is left."""
        state = self.state
        if state.shade:
            state.shade = False
        elif state.recents:
            state.recents = False
        elif state.dialogs:
            kind, package = state.dialogs[-1]
            self.grant(package, False) if kind == "permission" else self.close_dialog()
        elif self.keyboard:
            state.keyboard = False
        elif not self.apps[state.front].back():
            self.go_home()
        self.changed()

    @property
    def keyboard(self) -> bool:
        """Whether the keyboard is on the screen."""
        raise NotImplementedError

    def frame(self) -> Frame:
        """The true screen of this moment."""
        raise NotImplementedError

    def keep(self, frame: Frame | None) -> None:
        """Hold a frame that late or stale looks show; None: none."""
        raise NotImplementedError

    def intent(self, package: str, action: str, extras: dict[str, str], data: str) -> None:
        """Open an app by an intent; raises as `launch`."""
        self.launch(package, fresh=True)
        self.apps[package].start(action, extras, data)
        self.changed()
