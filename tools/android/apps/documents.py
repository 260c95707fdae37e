"""Files: browse /sdcard, search, rename, copy, move, delete, share."""

from __future__ import annotations

import posixpath
import random

from ..app import App, Screen, register
from ..kit import Kit
from ..view import View

ROOT = "/storage/emulated/0"
FOLDERS = (
    "Alarms",
    "DCIM",
    "Documents",
    "Download",
    "Movies",
    "Music",
    "Notifications",
    "Pictures",
    "Podcasts",
    "Ringtones",
)
_ICONS = {
    ".md": "document",
    ".txt": "document",
    ".pdf": "document",
    ".png": "image",
    ".jpg": "image",
    ".mp3": "play",
    ".mp4": "video",
}


@register
class Documents(App):
    """The system's file manager."""

    package = "com.google.android.documentsui"
    label = "Files"
    activity = "com.android.documentsui.files.FilesActivity"
    color = "#1A73E8"
    icon = "folder"
    system = True

    def seed(self, rng: random.Random) -> None:
        """The usual folders and a few files."""
        files = self.os.files
        for name in FOLDERS:
            files.mkdir(f"{ROOT}/{name}")
        files.write(
            f"{ROOT}/Download/manual.pdf", b"%PDF-1.4 " + bytes(rng.randrange(256) for _ in range(60))
        )
        files.write(f"{ROOT}/Download/tickets_march.txt", "Seat 42B, coach 7, platform 9.\n")
        files.write(f"{ROOT}/Documents/packing_list.txt", "Boots\nRain jacket\nMap\nWater\n")
        files.write(f"{ROOT}/Documents/expenses_2025.txt", "Rent 950\nFood 412\nTrain 96\n")
        files.write(f"{ROOT}/Music/evening_walk.mp3", bytes(rng.randrange(256) for _ in range(80)))

    def _path(self) -> str:
        return str(self.screen.args.get("path", ROOT))

    def screen_home(self, ui: Kit, screen: Screen) -> View:
        """A folder."""
        path = self._path()
        chosen, query = str(screen.args.get("chosen", "")), screen.fields.get("q")
        target = self.stack[0].args.get("carry")
        names = self._found(path, query) if query else self._listed(path)
        rows = [self._row(ui, path, name, chosen) for name in names] or [ui.empty("No items", "folder")]
        if chosen:
            bar = ui.bar(
                "1 selected",
                back=self._unchoose,
                close=True,
                actions=[
                    ui.icon_button("share", "Share", lambda: self.ask("share", path=chosen)),
                    ui.icon_button("delete", "Delete", self._delete_asked),
                    ui.icon_button("more", "More options", lambda: self.ask("more")),
                ],
            )
        elif query is not None:
            bar = ui.search_bar("q", "Search files", back=lambda: screen.fields.pop("q"))
        else:
            title = "Files" if path == ROOT else posixpath.basename(path)
            bar = ui.bar(
                title,
                back=self.back if path != ROOT else None,
                actions=[
                    ui.icon_button("search", "Search", self._search),
                    ui.icon_button("more", "More options", lambda: self.ask("folder")),
                ],
            )
        foot = self._carry_bar(ui, path) if target else None
        return ui.page([ui.header(self._crumb(path)), *rows], bar=bar, foot=foot, recycler=True)

    def _crumb(self, path: str) -> str:
        return "sdk_gphone_x86_64" + path.removeprefix(ROOT).replace("/", " › ")

    def _listed(self, path: str) -> list[str]:
        hidden = [name for name in self.os.files.list(path) if not name.startswith(".")]
        return sorted(hidden, key=lambda n: (not self.os.files.is_folder(f"{path}/{n}"), n.casefold()))

    def _found(self, path: str, query: str) -> list[str]:
        wanted = query.casefold()
        under = [p for p in self.os.files.walk(path) if p != path]
        return [p.removeprefix(path + "/") for p in under if wanted in posixpath.basename(p).casefold()]

    def _row(self, ui: Kit, path: str, name: str, chosen: str) -> View:
        full = f"{path}/{name}"
        folder = self.os.files.is_folder(full)
        size = "" if folder else f"{len(self.os.files.read(full))} B"
        icon = "folder" if folder else _ICONS.get(posixpath.splitext(name)[1].lower(), "file")
        return ui.row(
            posixpath.basename(name),
            size,
            icon=icon,
            on_tap=lambda: self._tap(full, folder),
            on_long_press=lambda: self._choose(full),
            selected=full == chosen,
            id="item_root",
            subtitle_id="size",
        )

    def _tap(self, full: str, folder: bool) -> None:
        if self.screen.args.get("chosen"):
            self._choose(full)
        elif folder:
            self.open("home", path=full)
        else:
            self.open("view", path=full)

    def _choose(self, full: str) -> None:
        self.screen.args["chosen"] = "" if self.screen.args.get("chosen") == full else full

    def _unchoose(self) -> None:
        self.screen.args["chosen"] = ""

    def _search(self) -> None:
        self.screen.fields["q"] = ""
        self.screen.focus = "q"

    def back(self) -> bool:
        """Undo a choice or a search before leaving the folder."""
        if self.screen.dialog is None and self.screen.args.get("chosen"):
            self._unchoose()
            return True
        if self.screen.dialog is None and "q" in self.screen.fields:
            self.screen.fields.pop("q")
            return True
        return super().back()

    def screen_view(self, ui: Kit, screen: Screen) -> View:
        """A file's text, or what is known of it."""
        path = str(screen.args["path"])
        if not self.os.files.exists(path):
            return ui.page([ui.empty("This file is gone.")], bar=ui.bar("", back=self.back))
        data = self.os.files.read(path)
        if path.endswith((".png", ".jpg")):
            content = ui.image(data, ui.width, 1400, description=posixpath.basename(path))
        elif path.endswith((".txt", ".md")):
            content = ui.inset(
                ui.text(data.decode("utf-8", "replace"), width=ui.width - 96, id="content"), top=30
            )
        else:
            content = ui.empty("No app can open this file.", "file")
        return ui.page([content], bar=ui.bar(posixpath.basename(path), back=self.back))

    def dialog_folder(self, ui: Kit, screen: Screen) -> View:
        """What can be done in a folder."""
        return ui.menu([("New folder", lambda: self.ask("named", old=""))])

    def dialog_more(self, ui: Kit, screen: Screen) -> View:
        """What can be done with the chosen file."""
        chosen = str(screen.args["chosen"])
        return ui.menu(
            [
                ("Copy to…", self.then(lambda: self._carry("copy", chosen))),
                ("Move to…", self.then(lambda: self._carry("move", chosen))),
                ("Rename", self.then(lambda: self._rename(chosen))),
            ]
        )

    def dialog_share(self, ui: Kit, screen: Screen, path: str) -> View:
        """Apps that take a file."""
        base = posixpath.basename(path)

        def mail() -> None:
            self.os.launch("org.tenfold.mail")
            self.os.apps["org.tenfold.mail"].start(
                "android.intent.action.SEND", {"subject": base, "text": base}, ""
            )

        return ui.dialog("Share", f"Share {base} with", [("Cancel", self.dismiss), ("Mail", self.then(mail))])

    def _rename(self, chosen: str) -> None:
        self.screen.fields["name"] = posixpath.basename(chosen)
        self.ask("named", old=chosen)
        self.screen.focus = "name"

    def dialog_named(self, ui: Kit, screen: Screen, old: str) -> View:
        """A new name for a file, or the name of a new folder."""
        title = "Rename" if old else "New folder"
        body = [ui.field("name", "Name", width=ui.width - 240, id="android:id/text1")]
        save = self.then(lambda: self._named(old))
        return ui.dialog(title, body, [("Cancel", self.dismiss), ("OK", save)])

    def _named(self, old: str) -> None:
        name = self.screen.fields.pop("name", "").strip()
        if not name or "/" in name:
            self.toast("This name cannot be used.")
            return
        target = f"{posixpath.dirname(old) if old else self._path()}/{name}"
        if self.os.files.exists(target):
            self.toast("There is already one of this name.")
        elif old:
            self.os.files.move(old, target)
            self._unchoose()
        else:
            self.os.files.mkdir(target)

    def _carry(self, how: str, path: str) -> None:
        """Go to the top with a file in hand, to choose where it goes."""
        self.stack = [Screen("home", {"carry": how, "what": path})]

    def _carry_bar(self, ui: Kit, path: str) -> View:
        how = str(self.stack[0].args["carry"])
        buttons = [
            ui.button("Cancel", self.to_home),
            ui.button(how.capitalize(), lambda: self._drop(path), filled=True),
        ]
        return ui.line(buttons, width=ui.width, align="right", gap=30, pad=40, height=150, fill=ui.theme.card)

    def _drop(self, path: str) -> None:
        first = self.stack[0].args
        source = str(first["what"])
        target = f"{path}/{posixpath.basename(source)}"
        if target != source and not f"{target}/".startswith(f"{source}/"):
            (self.os.files.move if first["carry"] == "move" else self.os.files.copy)(source, target)
            self.toast("Moved 1 item" if first["carry"] == "move" else "Copied 1 item")
        self.to_home()

    def _delete_asked(self) -> None:
        chosen = str(self.screen.args["chosen"])
        self.confirm("Delete item?", f"Delete {posixpath.basename(chosen)}?", "OK", self.delete, path=chosen)

    def delete(self, path: str) -> None:
        """Remove a file or folder."""
        self.os.files.remove(path)
        self._unchoose()
        self.toast("Deleted 1 item")
