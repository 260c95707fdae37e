"""Mail: folders, reading, writing, replying, searching. Nothing leaves the device: what is sent lies in Sent."""

from __future__ import annotations

import random
from datetime import timedelta
from sqlite3 import Row
from typing import ClassVar

from ..app import App, Screen, register
from ..kit import Kit
from ..view import View

FOLDERS = ("Inbox", "Starred", "Sent", "Drafts", "Archive", "Trash")
ME = "sam.taylor@example.com"

PEOPLE = (
    ("Anna Keller", "anna.keller@example.com"),
    ("Ben Ito", "ben.ito@example.org"),
    ("Chloe Park", "chloe.park@example.com"),
    ("Dmitri Volkov", "dmitri@example.net"),
    ("Elena Rossi", "elena.rossi@example.org"),
    ("Library", "notices@library.example.org"),
    ("Corner Shop", "orders@shop.example.com"),
)
SEED = (
    (
        "Anna Keller",
        "Budget review moved",
        "Hi Sam,\n\nthe budget review moved to Friday at 14:00, room 3.\n\nAnna",
    ),
    (
        "Ben Ito",
        "Train tickets",
        "Your seat is 42B, coach 7. The train leaves at 07:15 from platform 9.\n\nBen",
    ),
    (
        "Chloe Park",
        "Dinner on Saturday",
        "Shall we say 19:30 at Osteria Nova? I will book for four.\n\nChloe",
    ),
    (
        "Library",
        "Two books are due",
        "“The Left Hand of Darkness” and “Middlemarch” are due on March 20. Renew them by replying.",
    ),
    ("Corner Shop", "Your order has shipped", "Order 10472 is on its way. It should arrive on Tuesday."),
    (
        "Dmitri Volkov",
        "Minutes of the meeting",
        "Decisions: keep the vendor, hire one engineer, next meeting on April 2.\n\nD.",
    ),
    (
        "Elena Rossi",
        "Photos from the hike",
        "The best three are in the shared folder. The view from Monte Alba!\n\nElena",
    ),
)


@register
class Mail(App):
    """A mail client for one account."""

    package = "org.tenfold.mail"
    label = "Mail"
    activity = "org.tenfold.mail.MainActivity"
    activities: ClassVar[dict[str, str]] = {
        "compose": "org.tenfold.mail.ComposeActivity",
        "message": "org.tenfold.mail.MessageActivity",
    }
    color = "#B3261E"
    icon = "mail"
    database = "mail.db"
    schema = (
        "CREATE TABLE mails (id INTEGER PRIMARY KEY, folder TEXT NOT NULL, sender TEXT NOT NULL,"
        " sender_address TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,"
        " at TEXT NOT NULL, unread INTEGER NOT NULL DEFAULT 0, starred INTEGER NOT NULL DEFAULT 0)"
    )

    def seed(self, rng: random.Random) -> None:
        """Seven letters, the newest first, some unread."""
        order = list(SEED)
        rng.shuffle(order)
        addresses = dict(PEOPLE)
        for n, (sender, subject, body) in enumerate(order):
            at = self.now - timedelta(hours=5 * n + 1, minutes=rng.randrange(60))
            self.add("Inbox", sender, addresses[sender], ME, subject, body, at.isoformat(), unread=n < 3)

    def add(
        self,
        folder: str,
        sender: str,
        address: str,
        to: str,
        subject: str,
        body: str,
        at: str = "",
        *,
        unread: bool = False,
    ) -> int:
        """Put a letter into a folder; returns its id."""
        return self.run(
            "INSERT INTO mails (folder, sender, sender_address, recipient, subject, body, at, unread)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            folder,
            sender,
            address,
            to,
            subject,
            body,
            at or self.now.isoformat(),
            unread,
        )

    def start(self, action: str, extras: dict[str, str], data: str) -> None:
        """SENDTO opens a new letter."""
        if action.endswith(("SENDTO", "SEND")):
            to = data.removeprefix("mailto:")
            fields = {"to": to, "subject": extras.get("subject", ""), "body": extras.get("text", "")}
            self.open("compose", fields, draft=0)

    def _folder(self) -> str:
        return str(self.stack[0].args.get("folder", "Inbox"))

    def screen_home(self, ui: Kit, screen: Screen) -> View:
        """A folder's letters."""
        folder = self._folder()
        found = screen.fields.get("q", "")
        bar = ui.search_bar(
            "q", "Search in mail", trail=ui.icon_button("menu", "Folders", lambda: self.ask("folders"))
        )
        where = "starred AND folder != 'Trash'" if folder == "Starred" else "folder = ?"
        values = () if folder == "Starred" else (folder,)
        rows = self.rows(f"SELECT * FROM mails WHERE {where} ORDER BY at DESC, id DESC", *values)
        if found:
            words = found.casefold()
            rows = [r for r in rows if words in f"{r['sender']} {r['subject']} {r['body']}".casefold()]
        listed = [self._row(ui, r) for r in rows] or [
            ui.empty("Nothing found." if found else f"{folder} is empty.")
        ]
        body = [ui.header(folder), *listed]
        return ui.page(body, bar=bar, fab=ui.fab("edit", "Compose", self._compose), recycler=True)

    def _row(self, ui: Kit, m: Row) -> View:
        draft, mine = m["folder"] == "Drafts", m["folder"] in ("Sent", "Drafts")
        name = f"To: {m['recipient'] or '(nobody)'}" if mine else m["sender"]
        star = ui.icon_button(
            "star" if m["starred"] else "star_off",
            "Unstar" if m["starred"] else "Star",
            lambda: self._star(m["id"]),
        )
        tap = (lambda: self._edit(m["id"])) if draft else (lambda: self._read(m["id"]))
        return ui.row(
            name,
            f"{m['subject'] or '(no subject)'} - {' '.join(m['body'].split())}",
            on_tap=tap,
            bold=bool(m["unread"]),
            lead=ui.avatar(m["sender"]),
            trail=star,
            id="message_row",
            title_id="sender",
            subtitle_id="snippet",
        )

    def _star(self, mail: int) -> None:
        self.run("UPDATE mails SET starred = NOT starred WHERE id = ?", mail)

    def _read(self, mail: int) -> None:
        self.run("UPDATE mails SET unread = 0 WHERE id = ?", mail)
        self.open("message", mail=mail)

    def _compose(self) -> None:
        self.open("compose", draft=0)

    def _edit(self, mail: int) -> None:
        m = self.one("SELECT * FROM mails WHERE id = ?", mail)
        if m is not None:
            self.open(
                "compose", {"to": m["recipient"], "subject": m["subject"], "body": m["body"]}, draft=mail
            )

    def screen_message(self, ui: Kit, screen: Screen) -> View:
        """One letter."""
        m = self.one("SELECT * FROM mails WHERE id = ?", screen.args["mail"])
        if m is None:
            return ui.page([ui.empty("This message is gone.")], bar=ui.bar("", back=self.back))
        gone = m["folder"] == "Trash"
        actions = [
            ui.icon_button("archive", "Archive", lambda: self._move("Archive")),
            ui.icon_button(
                "delete", "Delete forever" if gone else "Delete", self._delete_asked if gone else self._trash
            ),
            ui.icon_button("more", "More options", lambda: self.ask("more")),
        ]
        body = [
            ui.inset(
                ui.text(m["subject"], size=58, width=ui.width - 96, id="subject", heading=True),
                top=30,
                bottom=20,
            ),
            ui.row(
                m["sender"],
                f"{m['sender_address']} to {m['recipient']}",
                lead=ui.avatar(m["sender"]),
                title_id="sender",
                subtitle_id="addresses",
                note=m["at"][5:16].replace("T", " "),
            ),
            ui.inset(ui.text(m["body"], width=ui.width - 96, id="body"), top=20, bottom=60),
        ]
        foot = ui.line(
            [ui.button("Reply", self._reply, id="reply"), ui.button("Forward", self._forward, id="forward")],
            width=ui.width,
            spread=True,
            pad=120,
            height=150,
        )
        return ui.page(body, bar=ui.bar("", back=self.back, actions=actions), foot=foot)

    def dialog_more(self, ui: Kit, screen: Screen) -> View:
        """What else can be done with a letter."""
        return ui.menu(
            [
                ("Mark as unread", self.then(self._unread, self.back)),
                ("Star", self.then(lambda: self._star(int(screen.args["mail"])))),
                ("Move to Inbox", self.then(lambda: self._move("Inbox"))),
            ]
        )

    def dialog_folders(self, ui: Kit, screen: Screen) -> View:
        """The folders, with how many unread letters each has."""

        def count(name: str) -> str:
            n = self.rows("SELECT count(*) FROM mails WHERE folder = ? AND unread", name)[0][0]
            return f"{name} ({n})" if n else name

        return ui.menu([(count(name), self.then(lambda name=name: self._show(name))) for name in FOLDERS])

    def _show(self, folder: str) -> None:
        self.stack = [Screen("home", {"folder": folder})]

    def _unread(self) -> None:
        self.run("UPDATE mails SET unread = 1 WHERE id = ?", self.screen.args["mail"])

    def _move(self, folder: str) -> None:
        self.run("UPDATE mails SET folder = ? WHERE id = ?", folder, self.screen.args["mail"])
        self.toast(f"Moved to {folder}")
        self.back()

    def _trash(self) -> None:
        self._move("Trash")

    def _delete_asked(self) -> None:
        self.confirm("Delete forever?", "This message cannot be brought back.", "Delete", self.delete)

    def delete(self) -> None:
        """Remove the open letter for good."""
        self.run("DELETE FROM mails WHERE id = ?", self.screen.args["mail"])
        self.back()

    def _quoted(self, row: Row) -> str:
        quoted = "\n".join(f"> {line}" for line in str(row["body"]).splitlines())
        return f"\n\n{row['sender']} wrote:\n{quoted}"

    def _reply(self) -> None:
        m = self.one("SELECT * FROM mails WHERE id = ?", self.screen.args["mail"])
        if m is not None:
            subject = m["subject"] if m["subject"].startswith("Re: ") else f"Re: {m['subject']}"
            self.open("compose", {"to": m["sender_address"], "subject": subject}, focus="body", draft=0)

    def _forward(self) -> None:
        m = self.one("SELECT * FROM mails WHERE id = ?", self.screen.args["mail"])
        if m is not None:
            self.open(
                "compose", {"subject": f"Fwd: {m['subject']}", "body": self._quoted(m)}, focus="to", draft=0
            )

    def screen_compose(self, ui: Kit, screen: Screen) -> View:
        """A letter that is being written."""
        bar = ui.bar(
            "Compose",
            back=self._leave,
            actions=[ui.icon_button("send", "Send", self._send, id="send", color=ui.theme.primary)],
        )
        body = [
            ui.inset(ui.text(f"From: {ME}", color=ui.theme.muted, size=38), top=16, bottom=16),
            ui.inset(ui.field("to", "To", id="to"), bottom=18),
            ui.inset(ui.field("subject", "Subject", id="subject"), bottom=18),
            ui.inset(ui.field("body", "Compose email", id="body", lines=8)),
        ]
        return ui.page(body, bar=bar)

    def _send(self) -> None:
        fields = self.screen.fields
        to = [part.strip() for part in fields.get("to", "").replace(";", ",").split(",") if part.strip()]
        if not to:
            self.toast("Add at least one recipient.")
            return
        addresses = dict(PEOPLE)
        known = [addresses.get(part, part) for part in to]
        if bad := next((part for part in known if "@" not in part), ""):
            self.toast(f"The address {bad} is not valid.")
            return
        self._file("Sent", ", ".join(known))
        self.toast("Sent")
        self.stack.pop()

    def _leave(self) -> None:
        """Leaving keeps what was written as a draft."""
        if any(self.screen.fields.get(name, "").strip() for name in ("to", "subject", "body")):
            self._file("Drafts", self.screen.fields.get("to", ""))
            self.toast("Saved as draft")
        self.stack.pop()

    def back(self) -> bool:
        """Close the top screen; a letter that was begun becomes a draft."""
        if self.screen.name == "compose" and self.screen.dialog is None:
            self._leave()
            return True
        return super().back()

    def _file(self, folder: str, to: str) -> None:
        fields, draft = self.screen.fields, int(self.screen.args.get("draft", 0))
        if draft:
            self.run("DELETE FROM mails WHERE id = ?", draft)
        self.add(folder, "Sam Taylor", ME, to, fields.get("subject", ""), fields.get("body", ""))
