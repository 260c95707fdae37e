"""Notes: Markdown files in a folder, as Markor keeps them."""

from __future__ import annotations

import posixpath
import random
from typing import ClassVar

from ..app import App, Screen, register
from ..kit import Kit
from ..view import View

ROOT = "/storage/emulated/0/Documents/Markor"

_NOTES = {
    "shopping_list.md": "# Shopping\n\n- Milk\n- Oat flakes\n- 6 eggs\n- Coffee beans\n- Washing powder\n",
    "meeting_notes.md": "# Team meeting\n\nPresent: Ana, Jonas, Mina\n\n- Launch moves to 24 March\n- Jonas "
    "writes the release notes\n- Budget is 4,200 euros\n",
    "wifi_guest.md": "# Guest network\n\nName: Larkspur-Guest\nThe password is on the router.\n",
    "book_ideas.md": "Books to read\n\n1. The Left Hand of Darkness\n2. Stoner\n3. Piranesi\n4. A Wizard of Earthsea\n",
    "training_plan.md": "# Running\n\nMon: 5 km easy\nWed: 6 x 400 m\nSat: 12 km long run\n",
    "recipes/lentil_soup.md": "# Lentil soup\n\n250 g red lentils\n1 onion, 2 carrots\n1 l stock\n\nSimmer "
    "25 minutes.\n",
    "recipes/pancakes.md": "# Pancakes\n\n200 g flour\n3 eggs\n400 ml milk\nA pinch of salt\n",
    "travel/lisbon.md": "# Lisbon\n\nHotel: Casa do Jacaranda\nFlight: TP 553, seat 14C\nCheck-in closes 40 "
    "minutes before.\n",
}


@register
class Notes(App):
    """A folder of Markdown files."""

    package = "net.gsantner.markor"
    label = "Markor"
    activity = "net.gsantner.markor.activity.MainActivity"
    activities: ClassVar = {"note": "net.gsantner.markor.activity.DocumentActivity"}
    home = "folder"
    color = "#B3541E"
    icon = "document"
    permission = "manage files on your device"

    def seed(self, rng: random.Random) -> None:
        """Some notes, two folders."""
        for name, text in _NOTES.items():
            self.os.files.write(f"{ROOT}/{name}", text)

    # Screens

    def screen_folder(self, ui: Kit, screen: Screen) -> View:
        """What lies in a folder."""
        path = screen.args.get("path", ROOT)
        files = self.os.files
        chosen: str = screen.args.get("chosen", "")
        search = screen.fields.get("search", "").lower()
        names = sorted(files.list(path), key=lambda n: (not files.is_folder(f"{path}/{n}"), n.lower()))
        if screen.args.get("newest"):
            names.sort(key=lambda n: -files.modified(f"{path}/{n}"))
        rows = [self._row(ui, screen, path, name, chosen) for name in names if search in name.lower()]
        if chosen:
            actions = [ui.icon_button("edit", "Rename", lambda: self._rename(chosen)),
                       ui.icon_button("move", "Move", lambda: self.ask("move", name=chosen)),
                       ui.icon_button("delete", "Delete", lambda: self._delete(chosen))]  # fmt: skip
            bar = ui.bar("1 selected", back=lambda: screen.args.pop("chosen"), actions=actions, close=True)
        elif "searching" in screen.args:
            bar = ui.search_bar("search", "Search in this folder", back=lambda: self._stop_search(screen))
        else:
            actions = [ui.icon_button("search", "Search", lambda: self._search(screen)),
                       ui.icon_button("more", "More options", lambda: self.ask("more"))]  # fmt: skip
            title = "Markor" if path == ROOT else posixpath.basename(path)
            bar = ui.bar(title, back=self.back if len(self.stack) > 1 else None, actions=actions)
        fab = ui.fab("add", "Create a new file or folder", lambda: self._create())
        return ui.page(rows or [ui.empty("Nothing here yet", "document")], bar=bar, fab=fab, recycler=True)

    def _row(self, ui: Kit, screen: Screen, path: str, name: str, chosen: str) -> View:
        full = f"{path}/{name}"
        folder = self.os.files.is_folder(full)
        if folder:
            detail = f"{len(self.os.files.list(full))} items"
        else:
            when = self.now.fromtimestamp(self.os.files.modified(full), self.now.tzinfo)
            detail = f"{len(self.os.files.read(full))} B, {when:%Y-%m-%d %H:%M}"
        return ui.row(
            name,
            detail,
            icon="folder" if folder else "document",
            selected=name == chosen,
            title_id="note_title",
            on_tap=lambda: self._tapped(screen, name, full, folder),
            on_long_press=lambda: screen.args.update(chosen=name),
        )

    def _tapped(self, screen: Screen, name: str, full: str, folder: bool) -> None:
        if screen.args.get("chosen"):
            screen.args["chosen"] = name
        elif folder:
            self.open("folder", path=full)
        else:
            self.open("note", {"text": self.os.files.read_text(full)}, path=full, preview=True)

    def screen_note(self, ui: Kit, screen: Screen) -> View:
        """One note: read, or edited; it is saved as it is typed."""
        path: str = screen.args["path"]
        preview = screen.args.get("preview", False)
        actions = [
            ui.icon_button(
                "edit" if preview else "check", "Edit" if preview else "View", lambda: self._flip(screen)
            ),
            ui.icon_button("save", "Save", lambda: self._save(path, screen.fields["text"])),
            ui.icon_button("more", "More options", lambda: self.ask("note_more")),
        ]
        bar = ui.bar(posixpath.basename(path), back=self.back, actions=actions)
        if preview:
            return ui.page(self._rendered(ui, screen.fields["text"]), bar=bar)
        lines = max(6, (ui.room - bar.height - 120) // 59)
        field = ui.field("text", "Write here", lines=lines, id="document__fragment__edit__highlighting_editor",
                         on_change=lambda text: self.os.files.write(path, text))  # fmt: skip
        return ui.page([ui.space(12), ui.inset(field)], bar=bar)

    def _rendered(self, ui: Kit, text: str) -> list[View]:
        out: list[View] = [ui.space(24)]
        for line in text.split("\n"):
            if line.startswith("#"):
                out.append(
                    ui.inset(ui.text(line.lstrip("# "), size=60, bold=True, heading=True), top=12, bottom=12)
                )
            elif line.strip():
                shown = "•  " + line[2:] if line.startswith(("- ", "* ")) else line
                out.append(ui.inset(ui.text(shown, width=ui.width - 96), bottom=8))
            else:
                out.append(ui.space(30))
        return out

    # What it does

    def _search(self, screen: Screen) -> None:
        screen.args["searching"] = True
        screen.focus = "search"

    def _stop_search(self, screen: Screen) -> None:
        screen.args.pop("searching", None)
        screen.fields.pop("search", None)
        screen.focus = ""

    def back(self) -> bool:
        """Leaves a selection or a search first."""
        screen = self.screen
        if screen.dialog is None and ("chosen" in screen.args or "searching" in screen.args):
            screen.args.pop("chosen", None)
            self._stop_search(screen)
            return True
        return super().back()

    def _flip(self, screen: Screen) -> None:
        screen.args["preview"] = not screen.args.get("preview", False)
        screen.focus = "" if screen.args["preview"] else "text"

    def _save(self, path: str, text: str) -> None:
        self.os.files.write(path, text)
        self.toast("Saved")

    @property
    def _path(self) -> str:
        return self.screen.args.get("path", ROOT)

    def _create(self) -> None:
        self.screen.fields |= {"new_name": "", "new_type": ".md"}
        self.ask("create")
        self.screen.focus = "new_name"

    def dialog_create(self, ui: Kit, screen: Screen) -> View:
        """Name and kind of what is made."""
        kinds = [
            ui.chip(
                label,
                lambda k=kind: screen.fields.update(new_type=k),
                selected=screen.fields["new_type"] == kind,
            )
            for label, kind in (("Markdown", ".md"), ("Plain text", ".txt"))
        ]
        body = [
            ui.field("new_name", "Name", width=ui.width - 240, id="new_file_dialog__name"),
            ui.space(36),
            ui.line(kinds, gap=24),
        ]
        return ui.dialog("New file or folder", body, [
            ("Folder", self._make_folder), ("Cancel", self.dismiss), ("OK", self._make_file)])  # fmt: skip

    def _make_folder(self) -> None:
        name = self._name(self.screen.fields["new_name"])
        if name:
            self.os.files.mkdir(f"{self._path}/{name}")
            self.dismiss()

    def _make_file(self) -> None:
        name = self._name(self.screen.fields["new_name"])
        if not name:
            return
        if "." not in name:
            name += self.screen.fields["new_type"]
        path = f"{self._path}/{name}"
        self.dismiss()
        if not self.os.files.exists(path):
            self.os.files.write(path, "")
        self.open("note", {"text": self.os.files.read_text(path)}, focus="text", path=path)

    def _name(self, text: str) -> str:
        name = text.strip().replace("/", "")
        if not name or name in (".", ".."):
            self.toast("Please give a name")
            return ""
        return name

    def _rename(self, name: str) -> None:
        self.screen.fields["rename"] = name
        self.ask("rename", name=name)
        self.screen.focus = "rename"

    def dialog_rename(self, ui: Kit, screen: Screen, *, name: str) -> View:
        """A new name."""
        return ui.dialog("Rename", [ui.field("rename", "Name", width=ui.width - 240)], [
            ("Cancel", self.dismiss), ("OK", lambda: self._renamed(name))])  # fmt: skip

    def _renamed(self, name: str) -> None:
        new = self._name(self.screen.fields["rename"])
        if not new:
            return
        path = self._path
        self.dismiss()
        self.screen.args.pop("chosen", None)
        if new != name and self.os.files.exists(f"{path}/{new}"):
            self.toast("A file with this name exists")
        else:
            self.os.files.move(f"{path}/{name}", f"{path}/{new}")

    def _delete(self, name: str) -> None:
        self.confirm(
            "Confirm delete",
            f"{name}\n\nThis cannot be undone.",
            "Delete",
            self.delete_now,
            path=f"{self._path}/{name}",
        )

    def delete_now(self, path: str) -> None:
        """Delete without asking."""
        self.os.files.remove(path)
        self.screen.args.pop("chosen", None)
        if self.screen.name == "note":
            self.stack.pop()

    def dialog_move(self, ui: Kit, screen: Screen, *, name: str) -> View:
        """Where to."""
        files = self.os.files
        places = [
            p
            for p in files.walk(ROOT)
            if files.is_folder(p) and p not in (self._path, f"{self._path}/{name}")
        ]
        rows = [ui.row("Markor" if p == ROOT else p[len(ROOT) + 1 :], icon="folder", width=ui.width - 240,
                       on_tap=lambda p=p: self._move(name, p)) for p in places]  # fmt: skip
        return ui.dialog(f"Move {name} to", rows, [("Cancel", self.dismiss)])

    def _move(self, name: str, folder: str) -> None:
        source = f"{self._path}/{name}"
        self.dismiss()
        self.screen.args.pop("chosen", None)
        self.os.files.move(source, f"{folder}/{name}")
        self.toast("Moved")

    def dialog_more(self, ui: Kit, screen: Screen) -> View:
        """Further choices of a folder."""
        newest = bool(screen.args.get("newest"))
        return ui.menu(
            [
                (
                    "Sort by name" if newest else "Sort by date",
                    self.then(lambda: screen.args.update(newest=not newest)),
                )
            ]
        )

    def dialog_note_more(self, ui: Kit, screen: Screen) -> View:
        """Further choices of a note."""
        path: str = screen.args["path"]
        name = posixpath.basename(path)
        return ui.menu([
            ("Delete", lambda: self.confirm("Confirm delete", name, "Delete", self.delete_now, path=path)),
            ("Share", self.then(lambda: self.toast(f"{name} was copied to the clipboard"), lambda: self._copy(screen))),
        ])  # fmt: skip

    def _copy(self, screen: Screen) -> None:
        self.os.state.clipboard = screen.fields["text"]
