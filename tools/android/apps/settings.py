"""Settings: what the settings tables hold, as screens."""

from __future__ import annotations

from typing import ClassVar

from ..app import App, Screen, register
from ..kit import Kit
from ..view import View
from ._settings import DEVICES, FINDABLE, FONTS, NETWORKS, TIMEOUTS, TOP


@register
class Settings(App):
    """The settings tables as screens."""

    package = "com.android.settings"
    label = "Settings"
    activity = "com.android.settings.Settings"
    activities: ClassVar = {
        "wifi": "com.android.settings.Settings$WifiSettingsActivity",
        "network": "com.android.settings.Settings$NetworkDashboardActivity",
        "devices": "com.android.settings.Settings$ConnectedDeviceDashboardActivity",
        "display": "com.android.settings.Settings$DisplaySettingsActivity",
        "sound": "com.android.settings.Settings$SoundSettingsActivity",
        "date": "com.android.settings.Settings$DateTimeSettingsActivity",
        "apps": "com.android.settings.Settings$ManageApplicationsActivity",
        "app": "com.android.settings.applications.InstalledAppDetails",
        "reset": "com.android.settings.Settings$FactoryResetActivity",
        "search": "com.google.android.settings.intelligence.search.SearchActivity",
    }
    home = "top"
    color = "#4B5B7C"
    icon = "settings"
    system = True

    def start(self, action: str, extras: dict[str, str], data: str) -> None:
        """The settings actions of Android."""
        name = action.removeprefix("android.settings.")
        places = {
            "WIFI_SETTINGS": "wifi",
            "WIRELESS_SETTINGS": "network",
            "AIRPLANE_MODE_SETTINGS": "network",
            "BLUETOOTH_SETTINGS": "devices",
            "DISPLAY_SETTINGS": "display",
            "SOUND_SETTINGS": "sound",
            "DATE_SETTINGS": "date",
            "APPLICATION_SETTINGS": "apps",
            "MANAGE_APPLICATIONS_SETTINGS": "apps",
            "INTERNAL_STORAGE_SETTINGS": "storage",
            "DEVICE_INFO_SETTINGS": "about",
            "LOCATION_SOURCE_SETTINGS": "location",
            "BATTERY_SAVER_SETTINGS": "battery",
        }
        package = data.removeprefix("package:")
        if name == "APPLICATION_DETAILS_SETTINGS" and package in self.os.state.installed:
            self.open("app", package=package)
        elif name in places:
            self.open(places[name])

    # Helpers

    def _on(self, table: str, name: str) -> bool:
        return self.os.setting(table, name) not in ("", "0")

    def _switch(self, ui: Kit, title: str, table: str, name: str, subtitle: str = "", icon: str = "") -> View:
        return ui.switch_row(
            title, self._on(table, name), lambda: self.os.toggle(table, name), subtitle=subtitle, icon=icon
        )

    def _slider(self, ui: Kit, title: str, name: str, top: int) -> list[View]:
        value = int(self.os.setting("system", name) or 0)

        def move(at: float) -> None:
            self.os.set_setting("system", name, str(round(at * top)))

        return [
            ui.inset(ui.text(title, size=44, id="android:id/title"), top=36),
            ui.inset(ui.slider(value / top, move, description=title, top=top, id="android:id/seekbar")),
        ]

    def _choose(self, ui: Kit, title: str, table: str, name: str, choices: dict[str, str]) -> View:
        value = self.os.setting(table, name)
        return ui.row(
            title,
            choices.get(value, value),
            on_tap=lambda: self.ask("choose", title=title, table=table, name=name, choices=choices),
        )

    def dialog_choose(
        self, ui: Kit, screen: Screen, *, title: str, table: str, name: str, choices: dict[str, str]
    ) -> View:
        """One of several values."""
        now = self.os.setting(table, name)
        rows = [
            ui.row(
                label,
                lead=ui.check(value == now, description=label, radio=True),
                width=ui.width - 240,
                on_tap=self.then(lambda v=value: self.os.set_setting(table, name, v)),
            )
            for value, label in choices.items()
        ]
        return ui.dialog(title, rows, [("Cancel", self.dismiss)])

    def _page(self, ui: Kit, title: str, body: list[View]) -> View:
        return ui.page(body, bar=ui.bar(title, back=self.back), recycler=True)

    # Screens

    def screen_top(self, ui: Kit, screen: Screen) -> View:
        """The list of areas."""
        search = ui.row(
            "Search settings",
            icon="search",
            on_tap=lambda: self.open("search", focus="query"),
            id="search_action_bar",
        )
        name = self.os.setting("global", "device_name")
        rows = [
            ui.row(title, name if key == "about" else about, icon=icon, on_tap=lambda k=key: self.open(k))
            for key, title, about, icon in TOP
        ]
        head = ui.inset(ui.text("Settings", size=84, id="homepage_title", heading=True), top=70, bottom=40)
        return ui.page([head, search, *rows], recycler=True)

    def screen_search(self, ui: Kit, screen: Screen) -> View:
        """Settings by their names."""
        query = screen.fields.get("query", "").strip().lower()
        rows = [
            ui.row(
                title,
                dict((k, t) for k, t, _, _ in TOP).get(place, "System"),
                icon="search",
                on_tap=lambda p=place: self.open(p),
            )
            for title, place in FINDABLE
            if query and query in title.lower()
        ]
        return ui.page(rows or [ui.empty("No results" if query else "Type what you look for", "search")],
                       bar=ui.search_bar("query", "Search settings", back=self.back), recycler=True)  # fmt: skip

    def screen_network(self, ui: Kit, screen: Screen) -> View:
        """Radios."""
        airplane = self._on("global", "airplane_mode_on")
        wifi = "On" if self._on("global", "wifi_on") else "Off"
        return self._page(ui, "Network & internet", [
            ui.row("Internet", f"Wi-Fi: {wifi}", icon="wifi", on_tap=lambda: self.open("wifi")),
            self._switch(ui, "Mobile data", "global", "mobile_data", icon="cell"),
            ui.switch_row("Airplane mode", airplane, lambda: self.os.set_airplane(not airplane), icon="airplane"),
            self._switch(ui, "Data Saver", "global", "data_saver", icon="refresh"),
        ])  # fmt: skip

    def screen_wifi(self, ui: Kit, screen: Screen) -> View:
        """Wi-Fi and what is in the air."""
        on = self._on("global", "wifi_on")
        current = self.os.setting("global", "wifi_ssid") or NETWORKS[0][0]
        rows = [self._switch(ui, "Wi-Fi", "global", "wifi_on", icon="wifi")]
        for name, kind in NETWORKS if on else ():
            state = "Connected" if name == current else "Secured" if kind == "secured" else "Open"
            rows.append(ui.row(name, state, icon="wifi", trail=ui.icon("lock", size=48) if kind == "secured" else None,
                               on_tap=lambda n=name, k=kind: self._join(n, k)))  # fmt: skip
        return self._page(ui, "Internet", rows)

    def _join(self, name: str, kind: str) -> None:
        if kind == "secured" and name != NETWORKS[0][0]:
            self.screen.fields["wifi_password"] = ""
            self.ask("password", network=name)
            self.screen.focus = "wifi_password"
        else:
            self.os.set_setting("global", "wifi_ssid", name)

    def dialog_password(self, ui: Kit, screen: Screen, *, network: str) -> View:
        """A network's password."""

        def join() -> None:
            if len(screen.fields["wifi_password"]) < 8:
                self.toast("The password is too short")
                return
            self.os.set_setting("global", "wifi_ssid", network)
            self.dismiss()

        field = ui.field("wifi_password", "Password", width=ui.width - 240, password=True, id="password")
        return ui.dialog(network, [field], [("Cancel", self.dismiss), ("Connect", join)])

    def screen_devices(self, ui: Kit, screen: Screen) -> View:
        """Bluetooth."""
        on = self._on("global", "bluetooth_on")
        paired = self.os.setting("global", "bluetooth_device")
        rows = [
            ui.switch_row(
                "Use Bluetooth", on, lambda: self.os.toggle("global", "bluetooth_on"), icon="bluetooth"
            )
        ]
        for name in DEVICES if on else ():
            new = "" if name == paired else name
            rows.append(ui.row(name, "Connected" if name == paired else "Available", icon="volume",
                               on_tap=lambda n=new: self.os.set_setting("global", "bluetooth_device", n)))  # fmt: skip
        return self._page(ui, "Connected devices", rows)

    def screen_display(self, ui: Kit, screen: Screen) -> View:
        """What the screen looks like."""
        return self._page(
            ui,
            "Display",
            [
                *self._slider(ui, "Brightness level", "screen_brightness", 255),
                self._switch(ui, "Adaptive brightness", "system", "screen_brightness_mode"),
                ui.switch_row(
                    "Dark theme",
                    self.os.dark,
                    lambda: self.os.set_setting("secure", "ui_night_mode", "1" if self.os.dark else "2"),
                ),
                self._choose(ui, "Screen timeout", "system", "screen_off_timeout", TIMEOUTS),
                self._choose(ui, "Font size", "system", "font_scale", FONTS),
                self._switch(ui, "Night Light", "secure", "night_display_activated", "Tint the screen amber"),
                self._switch(ui, "Auto-rotate screen", "system", "accelerometer_rotation"),
            ],
        )

    def screen_sound(self, ui: Kit, screen: Screen) -> View:
        """Volumes."""
        return self._page(ui, "Sound & vibration", [
            *self._slider(ui, "Media volume", "volume_music", 15), *self._slider(ui, "Ring volume", "volume_ring", 7),
            *self._slider(ui, "Alarm volume", "volume_alarm", 7),
            self._switch(ui, "Vibrate for calls", "system", "vibrate_when_ringing"),
            self._switch(ui, "Touch sounds", "system", "sound_effects_enabled"),
        ])  # fmt: skip

    def screen_notifications(self, ui: Kit, screen: Screen) -> View:
        """What may disturb."""
        return self._page(ui, "Notifications", [
            self._switch(ui, "Do Not Disturb", "global", "zen_mode", "Only important things make a sound"),
            self._switch(ui, "Notifications on lock screen", "secure", "lock_screen_show_notifications"),
        ])  # fmt: skip

    def screen_battery(self, ui: Kit, screen: Screen) -> View:
        """Saving power."""
        return self._page(
            ui,
            "Battery",
            [
                ui.inset(ui.text("100%", size=96, id="battery_percent"), top=40, bottom=10),
                ui.inset(ui.progress(1.0), bottom=40),
                self._switch(
                    ui, "Battery Saver", "global", "low_power", "Limits what runs in the background"
                ),
            ],
        )

    def screen_storage(self, ui: Kit, screen: Screen) -> View:
        """What takes room."""
        rows: list[View] = [
            ui.inset(ui.text("18 GB used of 52 GB", size=54, id="usage_summary"), top=40, bottom=20),
            ui.inset(ui.progress(0.35), bottom=30),
        ]
        for name, folder in (
            ("Images", "/sdcard/DCIM"),
            ("Documents", "/sdcard/Documents"),
            ("Downloads", "/sdcard/Download"),
            ("Audio", "/sdcard/Music"),
        ):
            size = sum(
                len(self.os.files.read(p))
                for p in self.os.files.walk(folder)
                if not self.os.files.is_folder(p)
            )
            rows.append(ui.row(name, f"{size / 1000:.1f} kB", icon="folder"))
        return self._page(ui, "Storage", rows)

    def screen_location(self, ui: Kit, screen: Screen) -> View:
        """Who may know where the phone is."""
        on = self.os.setting("secure", "location_mode") != "0"
        return self._page(
            ui,
            "Location",
            [
                ui.switch_row(
                    "Use location",
                    on,
                    lambda: self.os.set_setting("secure", "location_mode", "0" if on else "3"),
                )
            ],
        )

    def screen_system(self, ui: Kit, screen: Screen) -> View:
        """Clock and reset."""
        return self._page(
            ui,
            "System",
            [
                ui.row(
                    "Date & time",
                    "GMT+00:00 Coordinated Universal Time",
                    icon="clock",
                    on_tap=lambda: self.open("date"),
                ),
                ui.row("Languages", "English (United States)", icon="globe"),
                ui.row(
                    "Reset options",
                    "Erase all data (factory reset)",
                    icon="reset",
                    on_tap=lambda: self.open("reset"),
                ),
            ],
        )

    def screen_date(self, ui: Kit, screen: Screen) -> View:
        """The clock."""
        long = self.os.setting("system", "time_12_24") == "24"
        now = self.now
        return self._page(
            ui,
            "Date & time",
            [
                self._switch(ui, "Set time automatically", "global", "auto_time"),
                ui.row("Date", f"{now:%B} {now.day}, {now.year}"),
                ui.row("Time", f"{now:%H:%M}" if long else f"{now:%I:%M %p}".lstrip("0")),
                self._switch(ui, "Set time zone automatically", "global", "auto_time_zone"),
                ui.row("Time zone", "GMT+00:00"),
                ui.switch_row(
                    "Use 24-hour format",
                    long,
                    lambda: self.os.set_setting("system", "time_12_24", "12" if long else "24"),
                ),
            ],
        )

    def screen_about(self, ui: Kit, screen: Screen) -> View:
        """What this phone is."""
        name = self.os.setting("global", "device_name")
        info = self.os.info
        return self._page(ui, "About phone", [
            ui.row("Device name", name, on_tap=lambda: self._rename(name)), ui.row("Phone number", "+1 555 010 0100"),
            ui.row("Model", info.model), ui.row("Android version", info.release), ui.row("Serial number", info.serial),
            ui.row("Build number", "TENFOLD.260312.001"),
        ])  # fmt: skip

    def _rename(self, name: str) -> None:
        self.screen.fields["device_name"] = name
        self.ask("name")
        self.screen.focus = "device_name"

    def dialog_name(self, ui: Kit, screen: Screen) -> View:
        """A new name for the phone."""
        ok = self.then(
            lambda: self.os.set_setting(
                "global", "device_name", screen.fields["device_name"].strip() or "Phone"
            )
        )
        return ui.dialog("Device name", [ui.field("device_name", "Name", width=ui.width - 240, id="android:id/edit")],
                         [("Cancel", self.dismiss), ("OK", ok)])  # fmt: skip

    # Apps and reset

    def screen_apps(self, ui: Kit, screen: Screen) -> View:
        """All apps."""
        rows = [
            ui.row(
                label,
                "Running" if package in self.os.state.running else "",
                icon=self.os.apps[package].icon,
                on_tap=lambda p=package: self.open("app", package=p),
            )
            for label, package in self.os.labels().items()
        ]
        return self._page(ui, "All apps", rows)

    def screen_app(self, ui: Kit, screen: Screen) -> View:
        """One app: open, uninstall, stop, clear."""
        package: str = screen.args["package"]
        app = self.os.apps[package]
        if package not in self.os.state.installed:
            return self._page(ui, "App info", [ui.empty("This app was uninstalled", "apps")])
        running = package in self.os.state.running
        wide = (ui.width - 96 - 48) // 3
        buttons = ui.line(
            [
                ui.button("Open", lambda: self.os.launch(package), width=wide, id="button1"),
                ui.button(
                    "Uninstall",
                    lambda: self.confirm(
                        app.label, "Do you want to uninstall this app?", "OK", self.remove, package=package
                    ),
                    width=wide,
                    enabled=not app.system,
                    id="button2",
                ),
                ui.button(
                    "Force stop",
                    lambda: self.confirm(
                        "Force stop?",
                        "If you force stop an app, it may misbehave.",
                        "OK",
                        self.stop,
                        package=package,
                    ),
                    width=wide,
                    enabled=running,
                    id="button3",
                ),
            ],
            gap=24,
        )
        head = ui.row(app.label, "Installed", icon=app.icon, title_id="entity_header_title")
        return self._page(
            ui,
            "App info",
            [
                head,
                ui.inset(buttons, top=10, bottom=30),
                ui.row(
                    "Storage & cache",
                    "Clear storage",
                    icon="storage",
                    on_tap=lambda: self._ask_clear(package),
                ),
                ui.row(
                    "Permissions",
                    "Allowed" if self.os.state.granted.get(package) else "No permissions granted",
                    icon="lock",
                ),
                ui.row("Version", "13.2.0", icon="info"),
            ],
        )

    def _ask_clear(self, package: str) -> None:
        words = "All data of this app will be deleted permanently."
        self.confirm("Clear app data?", words, "Delete", self.clear, package=package)

    def remove(self, package: str) -> None:
        """Uninstall an app."""
        self.os.uninstall(package)
        self.stack.pop()
        self.toast("Uninstalled")

    def stop(self, package: str) -> None:
        """Force an app to stop."""
        self.os.force_stop(package)

    def clear(self, package: str) -> None:
        """Delete an app's data."""
        self.os.clear_data(package)

    def screen_reset(self, ui: Kit, screen: Screen) -> View:
        """The way to an empty phone."""
        words = (
            "This will erase all data from your phone's internal storage, including:\n\n•  Your accounts\n•  "
            "System and app data and "
            "settings\n•  Downloaded apps\n•  Music\n•  Photos\n•  Other user data"
        )
        erase = ui.button(
            "Erase all data",
            lambda: self.confirm(
                "Erase all data?",
                "All of your personal information will be deleted. You can't undo this action.",
                "Erase all data",
                self.erase,
            ),
            filled=True,
            danger=True,
            id="initiate_master_clear",
        )
        return self._page(
            ui,
            "Erase all data (factory reset)",
            [
                ui.inset(ui.text(words, width=ui.width - 96, id="sud_layout_description"), top=30, bottom=60),
                ui.inset(erase),
            ],
        )

    def erase(self) -> None:
        """Empty the phone."""
        self.os.factory_reset()
