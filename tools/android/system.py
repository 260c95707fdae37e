"""What the system draws: status bar, navigation bar, keyboard, shade, recents, system dialogs, toasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import _lettering as words
from .app import Screen
from .kit import Kit
from .state import LAUNCHER, SYSTEM_UI, Notification, Window
from .theme import KEYBOARD, MARGIN, NAV, STATUS, theme
from .view import View

if TYPE_CHECKING:
    from .device import VirtualAndroid

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_PERMISSIONS = "com.google.android.permissioncontroller"


def keyboard_height(width: int, height: int) -> int:
    """Pixels of the keyboard with the navigation bar beneath it."""
    return KEYBOARD + NAV if height > width else 620


class SystemUi:
    """Builds the system's windows from the device's state."""

    def __init__(self, android: VirtualAndroid) -> None:
        self._os = android
        self.screen = Screen("system")

    def kit(self) -> Kit:
        """A toolkit for the system's own windows."""
        width, height = self._os.size
        return Kit(self.screen, theme("#3B5BA9", self._os.dark), width, height)

    # Bars, drawn only

    def status_bar(self, ink: str) -> Window:
        """Clock, and what is on."""
        os, (width, _) = self._os, self._os.size
        now = os.clock.now()
        clock = (
            now.strftime("%H:%M")
            if os.setting("system", "time_12_24") == "24"
            else f"{now.hour % 12 or 12}:{now:%M}"
        )
        parts = [_drawn(clock, (MARGIN, 20, 300, 80), 40, ink, bold=True)]
        x = width - MARGIN - 110
        battery = 100 - os.state.actions // 60 % 60
        parts.append(_drawn(f"{battery}%", (x, 20, x + 110, 80), 36, ink, align="right"))
        flags = [
            ("airplane", os.setting("global", "airplane_mode_on") == "1"),
            ("cell", os.setting("global", "airplane_mode_on") != "1"),
            ("wifi", os.setting("global", "wifi_on") == "1"),
            ("bluetooth", os.setting("global", "bluetooth_on") == "1"),
            ("block", os.setting("global", "zen_mode") != "0"),
        ]
        for name, on in flags:
            if on:
                x -= 60
                parts.append(
                    View("", frame=(x, 26, x + 48, 74), icon=name, size=44, color=ink, pixels_only=True)
                )
        if os.state.notifications:
            parts.append(
                View("", frame=(220, 26, 268, 74), icon="bell", size=42, color=ink, pixels_only=True)
            )
        return Window(
            "status",
            SYSTEM_UI,
            "",
            View("android.widget.FrameLayout", frame=(0, 0, width, STATUS), children=parts),
        )

    def navigation(self, ground: str, ink: str) -> Window:
        """Back, home, recents."""
        os, (width, height) = self._os, self._os.size
        low, third = height - NAV, width // 5
        buttons: list[tuple[str, Callable[[], object]]] = [
            ("nav_back", os.go_back), ("circle", os.go_home), ("recents", os.toggle_recents),
        ]  # fmt: skip
        children = [
            View(
                "",
                frame=(third * (n + 1), low, third * (n + 2), height),
                icon=icon,
                size=52,
                color=ink,
                on_tap=do,
            )
            for n, (icon, do) in enumerate(buttons)
        ]
        root = View(
            "android.widget.FrameLayout", frame=(0, low, width, height), children=children, fill=ground
        )
        return Window("navigation", SYSTEM_UI, "", root)

    def keyboard(self) -> Window:
        """A picture of keys; what lies beneath it is not reached."""
        os, (width, height) = self._os, self._os.size
        colours = theme("#3B5BA9", os.dark)
        tall = keyboard_height(width, height) - NAV
        top = height - NAV - tall
        step, key = (tall - 60) // 5, width // 10
        parts = [View("", frame=(0, top, width, top + 2), fill=colours.line, pixels_only=True)]
        rows = ("1234567890", *_KEYS)
        for n, row in enumerate(rows):
            x = (width - key * len(row)) // 2
            y = top + 30 + n * step
            for letter in row:
                parts.append(
                    _key(letter, (x + 6, y + 8, x + key - 6, y + step - 8), colours.surface, colours.ink)
                )
                x += key
        y = top + 30 + 3 * step
        parts.append(_key("", (8, y + 8, key + 30, y + step - 8), colours.line, colours.ink, icon="up"))
        parts.append(
            _key(
                "", (width - key - 30, y + 8, width - 8, y + step - 8), colours.line, colours.ink, icon="back"
            )
        )
        y += step
        for label, left, right, icon in (
            ("?123", 0, 1.5, ""),
            (",", 1.5, 2.5, ""),
            ("English", 2.5, 7.5, ""),
            (".", 7.5, 8.5, ""),
            ("", 8.5, 10, "check"),
        ):
            box = (round(left * key) + 6, y + 8, round(right * key) - 6, y + step - 8)
            parts.append(
                _key(label, box, colours.tint if icon else colours.surface, colours.ink, icon=icon, size=38)
            )
        root = View(
            "android.widget.FrameLayout",
            frame=(0, top, width, height - NAV),
            children=parts,
            fill=colours.card,
        )
        return Window("keyboard", "com.google.android.inputmethod.latin", "", root, modal=False)

    def toast(self, text: str) -> Window:
        """A toast, drawn above everything."""
        width, height = self._os.size
        wide = min(width - 200, words.width(text, 38) + 110)
        lines = words.wrap(text, 38, wide - 90)
        tall = len(lines) * words.line_height(38) + 56
        left, low = (width - wide) // 2, height - NAV - 200
        box = (left, low - tall, left + wide, low)
        view = View(
            "android.widget.Toast",
            frame=box,
            fill="#2E3036",
            radius=48,
            children=[
                _drawn(
                    text,
                    (left + 45, low - tall + 28, left + wide - 45, low - 28),
                    38,
                    "#F2F0F4",
                    align="center",
                )
            ],
        )
        return Window("toast", "com.android.settings", "", view)

    # Windows with a tree

    def _tiles(self) -> list[tuple[str, str, bool, Callable[[], object]]]:
        """Quick settings: label, icon, whether it is on, what a tap does."""
        os = self._os
        return [
            (
                "Internet",
                "wifi",
                os.setting("global", "wifi_on") == "1",
                lambda: os.toggle("global", "wifi_on"),
            ),
            (
                "Bluetooth",
                "bluetooth",
                os.setting("global", "bluetooth_on") == "1",
                lambda: os.toggle("global", "bluetooth_on"),
            ),
            (
                "Do Not Disturb",
                "block",
                os.setting("global", "zen_mode") != "0",
                lambda: os.toggle("global", "zen_mode"),
            ),
            ("Flashlight", "brightness", os.state.torch, os.toggle_torch),
            (
                "Airplane mode",
                "airplane",
                os.setting("global", "airplane_mode_on") == "1",
                lambda: os.set_airplane(os.setting("global", "airplane_mode_on") != "1"),
            ),
            (
                "Auto-rotate",
                "refresh",
                os.setting("system", "accelerometer_rotation") == "1",
                lambda: os.toggle("system", "accelerometer_rotation"),
            ),
        ]

    def shade(self) -> Window:
        """Quick settings and notifications."""
        os, ui = self._os, self.kit()
        tiles = self._tiles()
        wide = (ui.width - 3 * MARGIN) // 2
        body: list[View] = [
            ui.inset(
                ui.text(f"{os.clock.now():%a, %b} {os.clock.now().day}", size=46, bold=True, id="date"),
                top=30,
                bottom=30,
            )
        ]
        for n in range(0, len(tiles), 2):
            body += [
                ui.inset(ui.line([_tile(ui, wide, *tile) for tile in tiles[n : n + 2]], gap=MARGIN)),
                ui.space(30),
            ]
        body.append(ui.header("Notifications" if os.state.notifications else "No notifications"))
        for note in reversed(os.state.notifications):
            body += [ui.inset(self._note(ui, note)), ui.space(24)]
        if os.state.notifications:
            clear = ui.button("Clear all", os.clear_notifications, id="dismiss_text")
            body.append(ui.inset(ui.line([clear], width=ui.width - 2 * MARGIN, align="right")))
        content = ui.scroll(body, ui.height - NAV - STATUS, key="shade").move(0, STATUS)
        root = View(
            "android.widget.FrameLayout",
            resource_id="notification_panel",
            frame=(0, 0, ui.width, ui.height - NAV),
            children=[content],
            fill=ui.theme.card,
            pane_title="Notification shade.",
        )
        return Window("shade", SYSTEM_UI, "", root, active=True, modal=True)

    def _note(self, ui: Kit, note: Notification) -> View:
        app = self._os.apps.get(note.package)
        label = app.label if app is not None else note.package
        wide = ui.width - 2 * MARGIN
        minutes = int((self._os.state.time - note.time) // 60)
        age = "now" if minutes < 1 else f"{minutes}m" if minutes < 60 else f"{minutes // 60}h"
        parts = [
            ui.text(
                f"{label} · {age}",
                size=32,
                color=ui.theme.muted,
                id="android:id/app_name_text",
                width=wide - 72,
            ),
            ui.text(note.title, size=42, bold=True, width=wide - 72, lines=2, id="android:id/title"),
            ui.text(note.text, size=38, width=wide - 72, lines=4, id="android:id/text", color=ui.theme.muted),
        ]
        view = ui.column(
            parts,
            gap=6,
            width=wide,
            pad=36,
            fill=ui.theme.surface,
            radius=48,
            id="expandableNotificationRow",
            on_tap=lambda: self._os.open_notification(note.id),
        )
        view.on_swipe = lambda way: (
            self._os.dismiss_notification(note.id) if way in ("left", "right") else None
        )
        view.dismissable = True
        return view

    def recents(self) -> Window:
        """The apps used last."""
        os, ui = self._os, self.kit()
        cards: list[View] = [ui.space(60, ui.width)]
        for package in os.state.recent:
            app = os.apps[package]
            head = ui.row(
                app.label, app.package, lead=app_icon(app.icon, app.color, 110), width=ui.width - 160
            )
            card = View(
                "android.widget.FrameLayout",
                description=app.label,
                resource_id="snapshot",
                frame=(0, 0, ui.width - 160, head.height + 30),
                children=[head],
                fill=ui.theme.surface,
                radius=60,
                on_tap=lambda p=package: os.launch(p),
                on_swipe=lambda way, p=package: self._flick(way, p),
            )
            cards += [
                View("", frame=(0, 0, ui.width, card.height), children=[card.move(80, 0)]),
                ui.space(36),
            ]
        if os.state.recent:
            cards.append(
                ui.column(
                    [ui.button("Clear all", os.clear_recents, id="clear_all")], width=ui.width, align="center"
                )
            )
        else:
            cards.append(ui.empty("No recent items", "recents"))
        body = ui.scroll(cards, ui.height - NAV - STATUS, key="recents").move(0, STATUS)
        root = View(
            "android.widget.FrameLayout",
            resource_id="overview_panel",
            frame=(0, 0, ui.width, ui.height),
            children=[body],
            fill=ui.theme.card,
        )
        return Window(
            "recents", LAUNCHER, "com.android.quickstep.RecentsActivity", root, active=True, modal=True
        )

    def _flick(self, way: str, package: str) -> None:
        if way in ("up", "left", "right"):
            self._os.remove_recent(package)

    def dialog(self, kind: str, package: str) -> Window:
        """A dialog of the system about an app."""
        os, ui = self._os, self.kit()
        app = os.apps[package]
        close = os.close_dialog
        if kind == "permission":
            wide = ui.width - 240
            rows = [
                ui.button(label, do, width=wide, id=f"{_PERMISSIONS}:id/{name}")
                for label, name, do in (
                    (
                        "While using the app",
                        "permission_allow_foreground_only_button",
                        lambda: os.grant(package, True),
                    ),
                    ("Only this time", "permission_allow_one_time_button", lambda: os.grant(package, True)),
                    ("Don't allow", "permission_deny_button", lambda: os.grant(package, False)),
                )
            ]
            question = ui.text(f"Allow {app.label} to {app.permission}?", size=50, width=wide, align="center",
                               id=f"{_PERMISSIONS}:id/permission_message")  # fmt: skip
            root = ui.dialog("", [question, ui.space(30), *rows], [])
            return Window(
                "system",
                _PERMISSIONS,
                f"{_PERMISSIONS}.permission.ui.GrantPermissionsActivity",
                root,
                True,
                True,
                True,
            )
        if kind == "anr":
            choices = [("Close app", lambda: (close(), os.force_stop(package))), ("Wait", close)]
            root = ui.dialog(f"{app.label} isn't responding", "", [(a, b) for a, b in choices])
        else:
            root = ui.dialog(f"{app.label} keeps stopping", "", [("App info", close), ("Close app", close)])
        return Window("system", "android", os.front[1], root, True, True, True)


def app_icon(icon: str, color: str, size: int) -> View:
    """An app's icon: a glyph on a coloured disc."""
    return View(
        "android.widget.ImageView",
        frame=(0, 0, size, size),
        icon=icon,
        size=round(size * 0.55),
        color="#FFFFFF",
        fill=color,
        radius=round(size * 0.3),
        resource_id="icon",
    )


def _tile(ui: Kit, wide: int, label: str, icon: str, on: bool, do: Callable[[], object]) -> View:
    ink = ui.theme.on_primary if on else ui.theme.muted
    glyph = ui.icon(icon, color=ink)
    name = ui.text(label, size=38, color=ink, width=wide - 200, lines=1, id="tile_label")
    return View(
        "android.widget.Switch",
        description=label,
        frame=(0, 0, wide, 168),
        checkable=True,
        checked=on,
        on_tap=do,
        radius=60,
        fill=ui.theme.primary if on else ui.theme.line,
        children=[glyph.move(48, 52), name.move(140, (168 - name.height) // 2)],
    )


def _drawn(
    text: str, box: tuple[int, int, int, int], size: int, ink: str, *, bold: bool = False, align: str = "left"
) -> View:
    return View("", text, frame=box, size=size, color=ink, bold=bold, align=align, pixels_only=True)


def _key(
    label: str, box: tuple[int, int, int, int], ground: str, ink: str, *, icon: str = "", size: int = 46
) -> View:
    return View(
        "",
        label,
        frame=box,
        fill=ground,
        radius=16,
        color=ink,
        icon=icon,
        size=size,
        align="center",
        pixels_only=True,
    )
