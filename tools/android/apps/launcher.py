"""The home screen: all apps in a grid."""

from __future__ import annotations

from ..app import App, Screen, register
from ..kit import Kit
from ..state import LAUNCHER
from ..system import app_icon
from ..theme import NAV, STATUS
from ..view import View


@register
class Launcher(App):
    """The home screen."""

    package = LAUNCHER
    label = "Launcher"
    activity = "com.google.android.apps.nexuslauncher.NexusLauncherActivity"
    color = "#4C6FBF"
    system = True
    hidden = True

    def back(self) -> bool:
        """Home has nothing behind it."""
        self.screen.dialog = None
        return True

    def screen_home(self, ui: Kit, screen: Screen) -> View:
        """Date, then the grid."""
        columns = 4 if ui.width < ui.height else 8
        wide, tall = (ui.width - 40) // columns, 310
        now = self.now
        day = ui.text(f"{now:%A}, {now:%B} {now.day}", size=60, color="#FFFFFF", id="date")
        rows: list[View] = [ui.space(50, ui.width), ui.inset(day), ui.space(70)]
        labels = list(self.os.labels().items())
        for n in range(0, len(labels), columns):
            cells = [self._cell(ui, label, package, wide, tall) for label, package in labels[n : n + columns]]
            line = ui.line(cells, height=tall)
            line.move(20, 0)
            rows.append(View("", frame=(0, 0, ui.width, tall), children=line.children))
        body = ui.scroll(rows, ui.height - NAV - STATUS, key="grid", id="apps_list_view").move(0, STATUS)
        paper = View("", frame=(0, 0, ui.width, ui.height), draw="wallpaper", pixels_only=True)
        return View(
            "android.widget.FrameLayout",
            resource_id="launcher",
            frame=(0, 0, ui.width, ui.height),
            children=[paper, body],
        )

    def _cell(self, ui: Kit, label: str, package: str, wide: int, tall: int) -> View:
        app = self.os.apps[package]
        icon = app_icon(app.icon, app.color, 150)
        icon.pixels_only = True
        words = View(
            "",
            label,
            frame=(0, 0, wide - 20, 100),
            size=35,
            color="#FFFFFF",
            align="center",
            pixels_only=True,
        )
        return View(
            "android.widget.TextView",
            label,
            description=label,
            resource_id="icon",
            frame=(0, 0, wide, tall),
            draw="nothing",
            on_tap=lambda: self.os.launch(package),
            on_long_press=lambda: self.ask("about", package=package),
            children=[icon.move((wide - 150) // 2, 30), words.move(10, 190)],
        )

    def dialog_about(self, ui: Kit, screen: Screen, *, package: str) -> View:
        """What a long press on an icon offers."""
        app = self.os.apps[package]
        choices = [(f"Open {app.label}", self.then(lambda: self.os.launch(package))),
                   ("App info", self.then(lambda: self._info(package)))]  # fmt: skip
        return ui.menu([(label, do) for label, do in choices])

    def _info(self, package: str) -> None:
        self.os.intent(
            "com.android.settings", "android.settings.APPLICATION_DETAILS_SETTINGS", {}, f"package:{package}"
        )
