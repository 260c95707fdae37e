"""Text messages, as the phone's own provider keeps them."""

from __future__ import annotations

import random
import sqlite3
from typing import ClassVar

from ..app import App, Screen, register
from ..kit import Kit
from ..threads import thread_of
from ..view import View

CONTACTS = "com.google.android.contacts"

_TALKS = (
    (
        "Jonas",
        (
            "Are you coming to the launch on Tuesday?",
            "<Yes, I'll be there at nine.",
            "Great. Bring the badge, room 4.12 this time.",
        ),
    ),
    (
        "Mina",
        ("Could you send me the slides?", "<Which ones?", "The pricing deck, please. I need it before 5 pm."),
    ),
    (
        "Lena",
        (
            "Dinner on Friday? I found a Georgian place on Elm Street 18.",
            "<Sounds good! What time?",
            "19:30. I booked for four.",
        ),
    ),
    ("Carla", ("Reminder: your dental appointment is on 18 March at 14:15.", "Reply C to confirm.")),
    (
        "Hana",
        ("Your parcel is with me, come by whenever you like.", "<Thank you! Tomorrow after six?", "Perfect"),
    ),
    ("Ivan", ("The tap is fixed. The bill is 84.50, no hurry.",)),
    ("Pablo", ("Taxi at 6:40 tomorrow, Larkspur Road 7. Confirmed.", "<Thanks Pablo")),
)
_OTHERS = (
    ("88123", "Your verification code is 492817. Do not share it with anyone."),
    ("Telco", "You have used 80% of your data. Reply STOP to end messages."),
    ("+15550199", "Hi, this is Sam from the book club. We meet on the 21st, chapter 7."),
)

_SURE = "Are you sure you want to delete 1 message?"


@register
class Messages(App):
    """Conversations over the SMS provider."""

    package = "com.simplemobiletools.smsmessenger"
    label = "Simple SMS Messenger"
    activity = "com.simplemobiletools.smsmessenger.activities.MainActivity"
    activities: ClassVar = {"thread": "com.simplemobiletools.smsmessenger.activities.ThreadActivity",
                  "new": "com.simplemobiletools.smsmessenger.activities.NewConversationActivity"}  # fmt: skip
    home = "threads"
    color = "#2E7D32"
    icon = "message"
    permission = "send and view SMS messages"
    database = "mmssms.db"
    schema = """
        CREATE TABLE sms (_id INTEGER PRIMARY KEY AUTOINCREMENT, thread_id INTEGER NOT NULL, address TEXT NOT NULL,
            date INTEGER NOT NULL, read INTEGER NOT NULL DEFAULT 1, type INTEGER NOT NULL, body TEXT NOT NULL);
        CREATE TABLE blocked (_id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE);
        CREATE TABLE pinned (thread_id INTEGER PRIMARY KEY);
    """

    def seed(self, rng: random.Random) -> None:
        """Talks with people of the contacts, and some messages of strangers."""
        now = int(self.now.timestamp())
        at = now - 9 * 86400
        for thread, (first, lines) in enumerate(rng.sample(_TALKS, len(_TALKS)), 1):
            row = self.os.db(CONTACTS).execute(
                "SELECT p.number FROM phones p JOIN contacts c ON c._id = p.contact_id WHERE c.first = ?", (first,)
            ).fetchone()  # fmt: skip
            for line in lines:
                at += rng.randint(300, 9000)
                self._add(thread, row["number"], line.lstrip("<"), at, sent=line.startswith("<"), read=True)
            at += rng.randint(9000, 60000)
        for n, (address, body) in enumerate(_OTHERS):
            at += rng.randint(3000, 20000)
            self._add(
                len(_TALKS) + 1 + n, address, body, min(at, now - 600 * (3 - n)), sent=False, read=n != 0
            )

    def _add(self, thread: int, address: str, body: str, at: int, *, sent: bool, read: bool) -> None:
        self.run("INSERT INTO sms (thread_id, address, date, read, type, body) VALUES (?, ?, ?, ?, ?, ?)",
                 thread, address, at * 1000, int(read), 2 if sent else 1, body)  # fmt: skip

    def receive(self, address: str, body: str) -> None:
        """A message comes in, with its notification."""
        blocked = self.one("SELECT 1 FROM blocked WHERE address = ?", address)
        if blocked is not None:
            return
        thread = thread_of(self.db, address)
        self._add(thread, address, body, int(self.now.timestamp()), sent=False, read=False)
        self.os.notify(self.package, self.name_of(address), body, screen="thread", args={"address": address})

    def name_of(self, address: str) -> str:
        """The contact with this number, or the number."""
        row = (
            self.os.db(CONTACTS)
            .execute(
                "SELECT trim(c.first || ' ' || c.last) FROM contacts c JOIN phones p ON p.contact_id = c._id "
                "WHERE p.number = ?",
                (address,),
            )
            .fetchone()
        )
        return row[0] if row is not None else address

    def start(self, action: str, extras: dict[str, str], data: str) -> None:
        """SENDTO opens a thread, SEND asks for whom."""
        text = extras.get("sms_body") or extras.get("android.intent.extra.TEXT", "")
        number = data.split(":", 1)[-1].split("?")[0]
        if number:
            self.open("thread", {"message": text}, address=number)
        else:
            self.open("new", share=text)

    def _when(self, milliseconds: int) -> str:
        when = self.now.fromtimestamp(milliseconds / 1000, self.now.tzinfo)
        return f"{when:%H:%M}" if when.date() == self.now.date() else f"{when:%b} {when.day}"

    # Threads

    def screen_threads(self, ui: Kit, screen: Screen) -> View:
        """The last message of each thread."""
        found = self.rows(
            "SELECT s.*, (SELECT count(*) FROM sms u WHERE u.thread_id = s.thread_id AND u.read = 0) AS unread, "
            "s.thread_id IN (SELECT thread_id FROM pinned) AS pin FROM sms s WHERE s._id = (SELECT _id FROM sms t "
            "WHERE t.thread_id = s.thread_id ORDER BY date DESC, _id DESC LIMIT 1) ORDER BY pin DESC, date "
            "DESC, _id DESC"
        )
        search = screen.fields.get("search", "").lower()
        if search:
            hits = {
                r["thread_id"]
                for r in self.rows("SELECT thread_id, body FROM sms")
                if search in r["body"].lower()
            }
            found = [
                r for r in found if r["thread_id"] in hits or search in self.name_of(r["address"]).lower()
            ]
        rows = [self._thread_row(ui, row) for row in found]
        more = ui.icon_button("more", "More options", lambda: self.ask("list_menu"))
        return ui.page(
            rows or [ui.empty("No stored conversations have been found", "message")],
            bar=ui.search_bar("search", "Search messages", trail=more),
            fab=ui.fab("add", "Start a conversation", lambda: self.open("new", focus="to")),
            recycler=True,
        )

    def _thread_row(self, ui: Kit, row: sqlite3.Row) -> View:
        name = self.name_of(row["address"])
        body = ("You: " if row["type"] == 2 else "") + row["body"]
        return ui.row(
            name,
            body,
            lead=ui.avatar(name),
            note=("Pinned · " if row["pin"] else "") + self._when(row["date"]),
            lines=1,
            title_id="conversation_address",
            subtitle_id="conversation_body_short",
            bold=bool(row["unread"]),
            on_tap=lambda: self.open("thread", address=row["address"]),
            on_long_press=lambda: self.ask("thread_menu", thread=row["thread_id"], address=row["address"]),
        )

    def dialog_list_menu(self, ui: Kit, screen: Screen) -> View:
        """What is done to all threads."""
        return ui.menu(
            [
                ("Mark all as read", self.then(lambda: self.run("UPDATE sms SET read = 1"))),
                ("Blocked numbers", self.then(lambda: self.open("blocked"))),
                (
                    "Delete all messages",
                    lambda: self.confirm(
                        "Delete all messages?",
                        "This cannot be undone.",
                        "Yes",
                        self.delete_all,
                    ),
                ),
            ]
        )

    def dialog_thread_menu(self, ui: Kit, screen: Screen, *, thread: int, address: str) -> View:
        """What is done to one thread."""
        pinned = self.one("SELECT 1 FROM pinned WHERE thread_id = ?", thread) is not None
        pin = "DELETE FROM pinned WHERE thread_id = ?" if pinned else "INSERT INTO pinned VALUES (?)"
        name = self.name_of(address)
        return ui.menu(
            [
                ("Unpin" if pinned else "Pin to the top", self.then(lambda: self.run(pin, thread))),
                (
                    "Mark as unread",
                    self.then(
                        lambda: self.run("UPDATE sms SET read = 0 WHERE thread_id = ? AND type = 1", thread)
                    ),
                ),
                (
                    "Block number",
                    lambda: self.confirm(
                        "Block number",
                        f"Block {name}? Messages from it will not arrive.",
                        "Yes",
                        self.block,
                        address=address,
                    ),
                ),
                (
                    "Delete",
                    lambda: self._delete_asked(name, thread),
                ),
            ]
        )

    def delete_all(self) -> None:
        """Empty the phone of messages."""
        self.run("DELETE FROM sms")

    def _delete_asked(self, name: str, thread: int) -> None:
        self.confirm(
            "Delete conversation",
            f"Delete all messages with {name}?",
            "Yes",
            self.delete_thread,
            thread=thread,
        )

    def delete_thread(self, thread: int) -> None:
        """Remove a conversation."""
        self.run("DELETE FROM sms WHERE thread_id = ?", thread)
        if self.screen.name == "thread":
            self.stack.pop()

    def block(self, address: str) -> None:
        """No more messages from a number."""
        self.run("INSERT OR IGNORE INTO blocked (address) VALUES (?)", address)
        self.toast("Number blocked")

    def screen_blocked(self, ui: Kit, screen: Screen) -> View:
        """Blocked numbers; a tap asks to take one off the list."""
        rows = [ui.row(self.name_of(r["address"]), r["address"], icon="block",
                       on_tap=lambda a=r["address"]: self.confirm("Unblock?", a, "Yes", self.unblock, address=a))
                for r in self.rows("SELECT * FROM blocked ORDER BY _id")]  # fmt: skip
        return ui.page(
            rows or [ui.empty("No blocked numbers", "block")], bar=ui.bar("Blocked numbers", back=self.back)
        )

    def unblock(self, address: str) -> None:
        """Let messages from a number in again."""
        self.run("DELETE FROM blocked WHERE address = ?", address)

    # One thread

    def screen_thread(self, ui: Kit, screen: Screen) -> View:
        """What was said, and a field to answer."""
        address: str = screen.args["address"]
        thread, name = thread_of(self.db, address), self.name_of(address)
        if self.one("SELECT 1 FROM sms WHERE thread_id = ? AND read = 0", thread) is not None:
            self.run("UPDATE sms SET read = 1 WHERE thread_id = ?", thread)
        dial = ui.icon_button(
            "call",
            "Dial number",
            lambda: self.os.intent(CONTACTS, "android.intent.action.DIAL", {}, f"tel:{address}"),
        )
        remove = ui.icon_button("delete", "Delete", lambda: self._delete_asked(name, thread))
        bar = ui.bar(name, back=self.back, actions=[dial, remove])
        bubbles: list[View] = [ui.space(24, ui.width)]
        for row in self.rows("SELECT * FROM sms WHERE thread_id = ? ORDER BY date, _id", thread):
            bubbles += [self._bubble(ui, row), ui.space(24)]
        text = screen.fields.get("message", "")
        send = ui.icon_button(
            "send",
            "Send",
            lambda: self._send(screen, address),
            color=ui.theme.primary,
            enabled=bool(text.strip()),
            id="thread_send_message",
        )
        field = ui.field(
            "message", "Type a message…", width=ui.width - 96 - 140, id="thread_type_message", lines=1
        )
        foot = ui.line(
            [field, send], pad=48, width=ui.width, gap=14, height=190, fill=ui.theme.card, id="message_holder"
        )
        return ui.page(bubbles, bar=bar, foot=foot, end=True, recycler=True)

    def _bubble(self, ui: Kit, row: sqlite3.Row) -> View:
        sent = row["type"] == 2
        words = ui.text(
            row["body"],
            width=0,
            color=ui.theme.on_primary if sent else ui.theme.ink,
            id="thread_message_body",
        )
        if words.width > ui.width * 3 // 4:
            words = ui.text(
                row["body"], width=ui.width * 3 // 4 - 72, color=words.color, id="thread_message_body"
            )
        bubble = ui.column(
            [words],
            pad=36,
            radius=50,
            fill=ui.theme.primary if sent else ui.theme.card,
            id="thread_message_wrapper",
        )
        bubble.on_long_press = lambda: self.ask("message_menu", id=row["_id"])
        bubble.long_clickable = True
        time = ui.text(self._when(row["date"]), size=30, color=ui.theme.muted, id="thread_message_time")
        return ui.inset(
            ui.column([bubble, time], gap=6, width=ui.width - 96, align="right" if sent else "left")
        )

    def dialog_message_menu(self, ui: Kit, screen: Screen, *, id: int) -> View:
        """What is done to one message."""
        row = self.one("SELECT * FROM sms WHERE _id = ?", id)
        body = row["body"] if row is not None else ""
        return ui.menu([
            ("Copy to clipboard", self.then(lambda: self._copy(body))),
            ("Forward", self.then(lambda: self.open("new", share=body))),
            ("Delete", lambda: self.confirm("Delete message", _SURE, "Yes", self.delete_message, id=id)),
        ])  # fmt: skip

    def _copy(self, text: str) -> None:
        self.os.state.clipboard = text
        self.toast("Value copied to clipboard")

    def delete_message(self, id: int) -> None:
        """Remove one message."""
        self.run("DELETE FROM sms WHERE _id = ?", id)

    def _send(self, screen: Screen, address: str) -> None:
        text = screen.fields.get("message", "").strip()
        if not self.os.sending:
            self.toast("Message not sent: no network")
            return
        self._add(thread_of(self.db, address), address, text, int(self.now.timestamp()), sent=True, read=True)
        screen.fields["message"] = ""
        screen.scroll.pop("list", None)

    def screen_new(self, ui: Kit, screen: Screen) -> View:
        """To whom: a number, or someone from the contacts."""
        wanted = screen.fields.get("to", "").strip()
        people = (
            self.os.db(CONTACTS)
            .execute(
                "SELECT trim(c.first || ' ' || c.last) AS name, p.number FROM contacts c JOIN phones p ON "
                "p.contact_id = c._id "
                "WHERE name LIKE ? OR p.number LIKE ? ORDER BY lower(name), p._id",
                (f"%{wanted}%", f"%{wanted}%"),
            )
            .fetchall()
        )
        text: str = screen.args.get("share", "")
        go = ui.icon_button(
            "check",
            "Confirm",
            lambda: self._to(wanted, text),
            color=ui.theme.primary,
            enabled=bool(wanted),
            id="new_conversation_confirm",
        )
        field = ui.field(
            "to",
            "Add contact or number…",
            width=ui.width - 96 - 140,
            id="new_conversation_address",
            on_enter=lambda: self._to(wanted, text),
        )
        rows = [
            ui.row(
                p["name"],
                p["number"],
                lead=ui.avatar(p["name"]),
                on_tap=lambda n=p["number"]: self._to(n, text),
            )
            for p in people
        ]
        return ui.page(
            [ui.inset(ui.line([field, go], gap=14)), ui.space(20), *rows],
            bar=ui.bar("New conversation", back=self.back),
        )

    def _to(self, number: str, text: str) -> None:
        if number:
            self.replace("thread", {"message": text}, address=number)
            self.screen.focus = "message"
