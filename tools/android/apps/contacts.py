"""Contacts and the telephone: people, their numbers, calls."""

from __future__ import annotations

import random
import sqlite3
from typing import Any, ClassVar

from ..app import App, Screen, register
from ..kit import Kit
from ..view import View

_PEOPLE = (
    ("Amara", "Okafor", "Okafor Design", "amara@okafordesign.example"),
    ("Ben", "Lindqvist", "", "ben.lindqvist@example.org"),
    ("Carla", "Moreno", "Moreno Dental", ""),
    ("Daniel", "Weber", "", "d.weber@example.org"),
    ("Elif", "Yilmaz", "Larkspur Labs", "elif@larkspur.example"),
    ("Farid", "Haddad", "", ""),
    ("Grace", "Nakamura", "Larkspur Labs", "grace@larkspur.example"),
    ("Hana", "Kim", "", "hana.kim@example.org"),
    ("Ivan", "Petrov", "Petrov Plumbing", ""),
    ("Jonas", "Berg", "Larkspur Labs", "jonas@larkspur.example"),
    ("Kofi", "Mensah", "", ""),
    ("Lena", "Fischer", "", "lena@example.org"),
    ("Maya", "Rao", "City Library", ""),
    ("Mina", "Park", "Larkspur Labs", "mina@larkspur.example"),
    ("Noah", "Silva", "", ""),
    ("Olga", "Novak", "", "olga@example.org"),
    ("Pablo", "Ortiz", "Taxi Ortiz", ""),
    ("Ruth", "Adler", "", "ruth.adler@example.org"),
    ("Samir", "Patel", "", ""),
    ("Tomas", "Horak", "Horak Garage", ""),
    ("Uma", "Sharma", "", ""),
    ("Wei", "Zhang", "Larkspur Labs", "wei@larkspur.example"),
)
KINDS = {1: "Home", 2: "Mobile", 3: "Work"}
"""Android's phone types → their labels."""


@register
class Contacts(App):
    """People, their numbers, and calls."""

    package = "com.google.android.contacts"
    label = "Contacts"
    activity = "com.android.contacts.activities.PeopleActivity"
    activities: ClassVar = {"edit": "com.google.android.apps.contacts.editor.ContactEditorActivity",
                  "person": "com.google.android.apps.contacts.quickcontact.QuickContactActivity",
                  "call": "com.android.incallui.InCallActivity"}  # fmt: skip
    home = "people"
    color = "#1A73E8"
    icon = "person"
    system = True
    permission = "access your contacts"
    database = "contacts2.db"
    schema = """
        CREATE TABLE contacts (_id INTEGER PRIMARY KEY AUTOINCREMENT, first TEXT NOT NULL DEFAULT '',
            last TEXT NOT NULL DEFAULT '', company TEXT NOT NULL DEFAULT '', email TEXT NOT NULL DEFAULT '',
            starred INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '');
        CREATE TABLE phones (_id INTEGER PRIMARY KEY AUTOINCREMENT, contact_id INTEGER NOT NULL, number TEXT NOT NULL,
            kind INTEGER NOT NULL DEFAULT 2);
        CREATE TABLE calls (_id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, name TEXT NOT NULL DEFAULT '',
            date INTEGER NOT NULL, duration INTEGER NOT NULL DEFAULT 0, type INTEGER NOT NULL);
    """

    def seed(self, rng: random.Random) -> None:
        """Two dozen people, some calls."""
        for first, last, company, email in _PEOPLE:
            who = self.run(
                "INSERT INTO contacts (first, last, company, email) VALUES (?, ?, ?, ?)",
                first,
                last,
                company,
                email,
            )
            self.run(
                "INSERT INTO phones (contact_id, number) VALUES (?, ?)",
                who,
                f"+1555{rng.randint(2_000_000, 9_999_999)}",
            )
        self.run(
            "UPDATE contacts SET starred = 1 WHERE _id IN (?, ?)",
            *sorted(rng.sample(range(1, len(_PEOPLE) + 1), 2)),
        )
        now = int(self.now.timestamp())
        for n in range(8):
            row = self.one("SELECT * FROM phones WHERE _id = ?", rng.randint(1, len(_PEOPLE)))
            assert row is not None
            self.run(
                "INSERT INTO calls (number, name, date, duration, type) VALUES (?, ?, ?, ?, ?)",
                row["number"],
                self._name(row["contact_id"]),
                (now - rng.randint(1, 20) * 7000 * (n + 1)) * 1000,
                rng.randint(0, 600),
                rng.randint(1, 3),
            )

    def _name(self, id: int) -> str:
        row = self.one("SELECT trim(first || ' ' || last) AS name FROM contacts WHERE _id = ?", id)
        return row["name"] if row is not None else ""

    def start(self, action: str, extras: dict[str, str], data: str) -> None:
        """INSERT opens the editor, DIAL the dialler."""
        if action.endswith((".INSERT", ".INSERT_OR_EDIT")):
            first, _, last = extras.get("name", "").partition(" ")
            self.open(
                "edit",
                {
                    "first": first,
                    "last": last,
                    "phone": extras.get("phone", ""),
                    "email": extras.get("email", ""),
                },
            )
        elif action.endswith(".DIAL"):
            self.replace("keypad", {"number": data.removeprefix("tel:")})
        elif action.endswith(".CALL"):
            self.call(data.removeprefix("tel:"), "")
        elif data.rsplit("/", 1)[-1].isdigit():
            self.open("person", id=int(data.rsplit("/", 1)[-1]))

    # Lists

    def _foot(self, ui: Kit, chosen: str) -> View:
        places = (
            ("Contacts", "person", "people"),
            ("Favorites", "star", "favorites"),
            ("Recents", "clock", "recent"),
            ("Keypad", "apps", "keypad"),
        )
        return ui.tabs(
            [(label, icon, chosen == name, lambda n=name: self.replace(n)) for label, icon, name in places],
            bottom=True,
        )

    def screen_people(self, ui: Kit, screen: Screen, starred: bool = False) -> View:
        """Everyone, searched by name, number or company."""
        wanted = f"%{screen.fields.get('search', '').strip()}%"
        people = self.rows(
            "SELECT DISTINCT c.* FROM contacts c LEFT JOIN phones p ON p.contact_id = c._id WHERE "
            "(c.first || ' ' || c.last LIKE ? OR p.number LIKE ? OR c.company LIKE ?) AND c.starred >= ? "
            "ORDER BY lower(c.first), lower(c.last), c._id", wanted, wanted, wanted, int(starred),
        )  # fmt: skip
        rows = [self._row(ui, row) for row in people]
        if not rows:
            rows = [ui.empty("No favorites yet" if starred else "No contacts", "person")]
        more = ui.icon_button("more", "More options", lambda: self.ask("list_menu"))
        return ui.page(
            rows,
            bar=ui.search_bar("search", "Search contacts", trail=more),
            foot=self._foot(ui, screen.name),
            fab=ui.fab("add", "Create contact", lambda: self.open("edit")),
            recycler=True,
        )

    def _row(self, ui: Kit, row: sqlite3.Row) -> View:
        name = f"{row['first']} {row['last']}".strip() or row["company"] or "(No name)"
        trail = ui.icon("star", description="Favorite", color="#E5A100") if row["starred"] else None
        return ui.row(name, row["company"], lead=ui.avatar(name), title_id="cliv_name_textview", trail=trail,
                      on_tap=lambda: self.open("person", id=row["_id"]),
                      on_long_press=lambda: self.ask("person_menu", id=row["_id"]))  # fmt: skip

    def screen_favorites(self, ui: Kit, screen: Screen) -> View:
        """The starred ones."""
        return self.screen_people(ui, screen, starred=True)

    def screen_recent(self, ui: Kit, screen: Screen) -> View:
        """Calls, the last first."""
        kinds = {1: "Incoming", 2: "Outgoing", 3: "Missed"}
        rows: list[View] = []
        for call in self.rows("SELECT * FROM calls ORDER BY date DESC, _id DESC"):
            when = self.now.fromtimestamp(call["date"] / 1000, self.now.tzinfo)
            dial = ui.icon_button(
                "call",
                f"Call {call['name'] or call['number']}",
                lambda c=call: self.call(c["number"], c["name"]),
            )
            rows.append(
                ui.row(
                    call["name"] or call["number"],
                    f"{kinds[call['type']]} · {when:%b} {when.day}, {when:%H:%M}",
                    lead=ui.avatar(call["name"] or "#"),
                    trail=dial,
                    color=ui.theme.danger if call["type"] == 3 else "",
                    on_tap=lambda c=call: self.open("keypad", {"number": c["number"]}),
                )
            )
        clear = ui.icon_button(
            "delete",
            "Clear call history",
            lambda: self.confirm(
                "Clear call history?", "All calls will be removed from the list.", "OK", self.clear_calls
            ),
        )
        return ui.page(rows or [ui.empty("No recent calls", "call")], bar=ui.bar("Recents", actions=[clear]),
                       foot=self._foot(ui, "recent"), recycler=True)  # fmt: skip

    def clear_calls(self) -> None:
        """Empty the call list."""
        self.run("DELETE FROM calls")

    # One person

    def screen_person(self, ui: Kit, screen: Screen) -> View:
        """Name, ways to reach them."""
        id: int = screen.args["id"]
        row = self.one("SELECT * FROM contacts WHERE _id = ?", id)
        if row is None:
            return ui.page([ui.empty("This contact was deleted", "person")], bar=ui.bar("", back=self.back))
        name = self._name(id) or row["company"]
        phones = self.rows("SELECT * FROM phones WHERE contact_id = ? ORDER BY _id", id)
        star = ui.icon_button(
            "star" if row["starred"] else "star_off",
            "Remove from favorites" if row["starred"] else "Add to favorites",
            lambda: self.run("UPDATE contacts SET starred = 1 - starred WHERE _id = ?", id),
        )
        bar = ui.bar(
            "",
            back=self.back,
            actions=[
                star,
                ui.icon_button("edit", "Edit contact", lambda: self._edit(row, phones)),
                ui.icon_button("more", "More options", lambda: self.ask("person_menu", id=id)),
            ],
        )
        head = ui.column([ui.avatar(name, size=300), ui.space(30),
                          ui.text(name, size=66, id="large_title", align="center", width=ui.width - 96, heading=True)],
                         width=ui.width, align="center")  # fmt: skip
        body: list[View] = [ui.space(30), head, ui.space(30)]
        for phone in phones:
            write = ui.icon_button("message", f"Text {name}", lambda n=phone["number"]: self._write(n))
            body.append(ui.row(phone["number"], KINDS.get(phone["kind"], "Mobile"), icon="call", trail=write,
                               on_tap=lambda n=phone["number"]: self.call(n, name)))  # fmt: skip
        if row["email"]:
            body.append(ui.row(row["email"], "Email", icon="mail"))
        if row["company"]:
            body.append(ui.row(row["company"], "Company", icon="store"))
        if row["note"]:
            body.append(ui.row(row["note"], "Note", icon="document"))
        return ui.page(body, bar=bar)

    def _write(self, number: str) -> None:
        self.os.intent(
            "com.simplemobiletools.smsmessenger", "android.intent.action.SENDTO", {}, f"smsto:{number}"
        )

    def dialog_person_menu(self, ui: Kit, screen: Screen, *, id: int) -> View:
        """Delete and share."""
        name = self._name(id)
        return ui.menu(
            [
                (
                    "Delete",
                    lambda: self.confirm(
                        "Delete this contact?",
                        f"{name} will be removed from this device.",
                        "Delete",
                        self.delete,
                        id=id,
                    ),
                ),
                ("Share", lambda: self.ask("share", id=id)),
            ]
        )

    def dialog_share(self, ui: Kit, screen: Screen, *, id: int) -> View:
        """Where a contact is sent."""
        row = self.one("SELECT number FROM phones WHERE contact_id = ?", id)
        text = f"{self._name(id)}: {row['number'] if row else 'no number'}"
        rows = [
            ui.row(
                "Messages", icon="message", width=ui.width - 240, on_tap=self.then(lambda: self._share(text))
            ),
            ui.row(
                "Copy to clipboard",
                icon="copy",
                width=ui.width - 240,
                on_tap=self.then(lambda: self._copy(text)),
            ),
        ]
        return ui.dialog("Share contact", rows, [("Cancel", self.dismiss)])

    def _share(self, text: str) -> None:
        self.os.intent(
            "com.simplemobiletools.smsmessenger",
            "android.intent.action.SEND",
            {"android.intent.extra.TEXT": text},
            "",
        )

    def _copy(self, text: str) -> None:
        self.os.state.clipboard = text
        self.toast("Copied")

    def dialog_list_menu(self, ui: Kit, screen: Screen) -> View:
        """Delete everyone."""
        return ui.menu([("Delete all contacts", lambda: self.confirm(
            "Delete all contacts?", "This cannot be undone.", "Delete", self.delete_all))])  # fmt: skip

    def delete(self, id: int) -> None:
        """Remove one person."""
        self.run("DELETE FROM phones WHERE contact_id = ?", id)
        self.run("DELETE FROM contacts WHERE _id = ?", id)
        if self.screen.name == "person":
            self.stack.pop()
        self.toast("Contact deleted")

    def delete_all(self) -> None:
        """Remove everyone."""
        self.run("DELETE FROM phones")
        self.run("DELETE FROM contacts")

    # The form

    def _edit(self, row: sqlite3.Row, phones: list[sqlite3.Row]) -> None:
        fields = {key: str(row[key]) for key in ("first", "last", "company", "email", "note")}
        phone = phones[0] if phones else None
        self.open(
            "edit",
            {**fields, "phone": phone["number"] if phone else ""},
            id=row["_id"],
            kind=phone["kind"] if phone else 2,
        )

    def screen_edit(self, ui: Kit, screen: Screen) -> View:
        """Make or change a contact."""
        new = "id" not in screen.args
        kind: int = screen.args.get("kind", 2)
        save = ui.button("Save", self._save, filled=True, id="toolbar_button")
        bar = ui.bar(
            "Create contact" if new else "Edit contact",
            back=lambda: self._leave(screen),
            actions=[save, ui.space(1, 30)],
            close=True,
        )
        hints = (
            ("first", "First name"),
            ("last", "Last name"),
            ("company", "Company"),
            ("phone", "Phone"),
            ("email", "Email"),
            ("note", "Note"),
        )
        body: list[View] = [ui.space(24)]
        for key, hint in hints:
            body += [ui.inset(ui.field(key, hint, id=f"{key}_field")), ui.space(30)]
            if key == "phone":
                chips = [
                    ui.chip(label, lambda k=k: screen.args.update(kind=k), selected=kind == k)
                    for k, label in KINDS.items()
                ]
                body += [ui.inset(ui.line(chips, gap=24)), ui.space(30)]
        return ui.page(body, bar=bar)

    def _leave(self, screen: Screen) -> None:
        if any(screen.fields.values()) and "id" not in screen.args:
            self.confirm("Discard changes?", "Your contact has not been saved.", "Discard", self.back)
        else:
            self.back()

    def _save(self) -> None:
        screen = self.screen
        values = {
            key: screen.fields.get(key, "").strip()
            for key in ("first", "last", "company", "email", "note", "phone")
        }
        phone = values.pop("phone")
        if not any((*values.values(), phone)):
            self.toast("Contact not saved: it is empty")
            return
        id: Any = screen.args.get("id")
        if id is None:
            id = self.run(
                "INSERT INTO contacts (first, last, company, email, note) VALUES (?, ?, ?, ?, ?)",
                *values.values(),
            )
        else:
            self.run(
                "UPDATE contacts SET first = ?, last = ?, company = ?, email = ?, note = ? WHERE _id = ?",
                *values.values(),
                id,
            )
        old = self.one("SELECT _id FROM phones WHERE contact_id = ? ORDER BY _id", id)
        if old is not None:
            self.run("DELETE FROM phones WHERE _id = ?", old["_id"])
        if phone:
            self.run(
                "INSERT INTO phones (contact_id, number, kind) VALUES (?, ?, ?)",
                id,
                phone,
                screen.args.get("kind", 2),
            )
        self.stack.pop()
        if self.screen.name != "person":
            self.open("person", id=id)
        self.toast("Contact saved")

    # Calling

    def screen_keypad(self, ui: Kit, screen: Screen) -> View:
        """A number, dialled."""
        number = screen.fields.get("number", "")
        shown = ui.text(number, size=84, width=ui.width - 96, align="center", id="digits")
        body: list[View] = [ui.space(60, ui.width), ui.inset(shown), ui.space(60)]
        wide = (ui.width - 96) // 3
        for line in ("123", "456", "789", "*0#"):
            keys = [
                View(
                    "android.widget.Button",
                    key,
                    resource_id=f"key_{key}",
                    frame=(0, 0, wide, 200),
                    size=72,
                    align="center",
                    color=ui.theme.ink,
                    on_tap=lambda k=key: screen.fields.update(number=number + k),
                )
                for key in line
            ]
            body.append(ui.inset(ui.line(keys)))
        dial = ui.fab("call", "Dial", lambda: self.call(number, ""))
        erase = ui.icon_button(
            "back", "Backspace", lambda: screen.fields.update(number=number[:-1]), enabled=bool(number)
        )
        body.append(
            ui.inset(ui.line([ui.space(1, 150), dial, erase], width=ui.width - 96, spread=True, height=200))
        )
        return ui.page(body, bar=ui.bar("Keypad"), foot=self._foot(ui, "keypad"))

    def call(self, number: str, name: str) -> None:
        """Start a call."""
        if not number:
            self.toast("Enter a number")
            return
        row = self.one("SELECT contact_id FROM phones WHERE number = ?", number)
        name = name or (self._name(row["contact_id"]) if row is not None else "")
        now = int(self.now.timestamp() * 1000)
        self.run("INSERT INTO calls (number, name, date, type) VALUES (?, ?, ?, 2)", number, name, now)
        self.open("call", number=number, caller=name, since=now)

    def screen_call(self, ui: Kit, screen: Screen) -> View:
        """A call that goes on."""
        seconds = int(self.now.timestamp()) - screen.args["since"] // 1000
        name = screen.args["caller"] or screen.args["number"]
        rows = [
            ui.space(260, ui.width),
            ui.avatar(name, size=360),
            ui.space(60),
            ui.text(name, size=72, id="contactgrid_contact_name"),
            ui.space(20),
            ui.text(
                f"{seconds // 60:02d}:{seconds % 60:02d}",
                size=48,
                color=ui.theme.muted,
                id="contactgrid_bottom_timer",
            ),
            ui.space(500),
            ui.button(
                "End call", lambda: self._hang_up(screen), filled=True, danger=True, id="incall_end_call"
            ),
        ]
        return ui.page([ui.column(rows, width=ui.width, align="center")])

    def _hang_up(self, screen: Screen) -> None:
        spent = int(self.now.timestamp()) - screen.args["since"] // 1000
        self.run("UPDATE calls SET duration = ? WHERE date = ?", spent, screen.args["since"])
        self.stack.pop()
