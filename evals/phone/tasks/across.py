"""Tasks over two or three apps: what one app says is used in another."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from ..oracle import Target, do, fill, go, hold, read
from ..template import Params, Template
from . import calendar as cal
from . import clock, contacts, messages, notes
from ._apps import SD, changed_files, changes, execute, flow, pick, remember, rows
from .mail import PEOPLE

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

SMS_APP, CALENDAR = messages.APP, cal.APP
MAILS = "SELECT folder, sender, recipient, subject, body FROM mails"
ME = "sam.taylor@example.com"
DAYS = ("Friday", "Saturday", "Sunday")
FORECAST = {"Friday": "14 °C, sunny", "Saturday": "9 °C, storm warning", "Sunday": "12 °C, cloudy"}


def put_mail(android: VirtualAndroid, sender: str, subject: str, body: str) -> None:
    """A letter lies in the inbox, the newest of all."""
    execute(
        android,
        "Mail",
        "INSERT INTO mails (folder, sender, sender_address, recipient, subject, body, at, unread)"
        " VALUES ('Inbox', ?, ?, ?, ?, ?, '2026-03-12T09:20:00', 1)",
        sender,
        PEOPLE[sender],
        ME,
        subject,
        body,
    )


def begin_mail(android: VirtualAndroid, p: Params) -> None:
    """Keep all letters."""
    remember(android, p, "Mail", MAILS)


def mails_kept(android: VirtualAndroid, p: Params) -> bool:
    """Whether no letter came, changed or went."""
    return changes(android, p, "Mail", MAILS) == ([], [])


def row(name: str) -> dict[str, Any]:
    """How a letter's row is found."""
    return {"label": name, "contains": True, "id": "message_row"}


# A mail becomes an event, an alarm


def _draw_invitation(rng: Random) -> Params:
    return {**cal.draw_event(rng), "sender": pick(rng, PEOPLE)}


def _invite(android: VirtualAndroid, p: Params) -> None:
    body = f"Dear Sam,\n\n{p['title']} is on {p['day']}, from {p['start']} to {p['end']}, at {p['place']}.\n"
    put_mail(android, p["sender"], "Invitation", body)
    begin_mail(android, p)
    cal.begin(android, p)


def _draw_train(rng: Random) -> Params:
    hour, minute = rng.choice((5, 6, 8, 10, 11)), rng.choice((5, 15, 25, 40, 55))
    return {"hour": hour, "minute": minute, "leaves": f"{hour + 1}:{minute:02d}", "sender": pick(rng, PEOPLE)}


def _train(android: VirtualAndroid, p: Params) -> None:
    put_mail(android, p["sender"], "Our train", f"Our train leaves at {p['leaves']} from platform 9.")
    begin_mail(android, p)
    clock.begin(android, p)


# A message becomes a contact


def _draw_stranger(rng: Random) -> Params:
    first, last = pick(rng, contacts.NEW)
    return {"first": first, "last": last, "phone": contacts.number(rng)}


def _stranger(android: VirtualAndroid, p: Params) -> None:
    text = f"Hello Sam, this is {p['first']} {p['last']} from the evening class. This is my new number."
    messages.receive(android, p["phone"], text)
    messages.begin(android, p)
    contacts.begin(android, p)


# A page becomes a note


def _draw_weather(rng: Random) -> Params:
    return {"day": pick(rng, DAYS), "name": pick(rng, ("weather", "forecast", "picnic")), "kind": "md"}


def _forecast_noted(android: VirtualAndroid, p: Params, said: str) -> bool:
    found = changed_files(android, p, notes.ROOT)
    return (
        set(found) == {f"{p['name']}.md"} and (found[f"{p['name']}.md"] or "").strip() == FORECAST[p["day"]]
    )


# A note, an event, a contact, a file becomes a message


def _draw_code(rng: Random) -> Params:
    return {
        "code": f"{rng.randrange(1000, 9999)}",
        "to": pick(rng, contacts.KNOWN),
        "file": pick(rng, ("locker.md", "garage.md", "bike_shed.md")),
    }


def _code(android: VirtualAndroid, p: Params) -> None:
    android.files.write(f"{notes.ROOT}/{p['file']}", f"# Lock\n\nThe combination is {p['code']}.\n")
    notes.begin(android, p)
    messages.begin(android, p)


def _draw_place(rng: Random) -> Params:
    return {
        "title": pick(rng, [t for t in cal.ONCE if t != "Call with Ivan"]),
        "to": pick(rng, contacts.KNOWN),
    }


def _place_begin(android: VirtualAndroid, p: Params) -> None:
    cal.begin(android, p)
    messages.begin(android, p)


def _place_sent(android: VirtualAndroid, p: Params, said: str) -> bool:
    place = rows(android, CALENDAR, "SELECT location FROM events WHERE title = ?", p["title"])[0][0]
    kept = changes(android, p, CALENDAR, cal.EVENTS) == ([], [])
    return kept and messages.sent(android, p, contacts.number_of(android, p["to"]), place)


def _draw_total(rng: Random) -> Params:
    items = [
        (name, rng.randrange(200, 1900))
        for name in rng.sample(("Paint", "Brush", "Tape", "Ladder", "Hooks"), 3)
    ]
    total = sum(cents for _, cents in items) / 100
    lines = [f"{name} {cents / 100:.2f}" for name, cents in items]
    return {
        "text": "\n".join([*lines, f"TOTAL {total:.2f}", ""]),
        "total": f"{total:.2f}",
        "to": pick(rng, contacts.KNOWN),
        "file": pick(rng, ("receipt_paint.txt", "receipt_shed.txt")),
    }


def _receipt(android: VirtualAndroid, p: Params) -> None:
    android.files.write(f"{SD}/Movies/{p['file']}", p["text"])
    messages.begin(android, p)


def _share_begin(android: VirtualAndroid, p: Params) -> None:
    contacts.begin(android, p)
    messages.begin(android, p)


def _draw_pair(rng: Random) -> Params:
    who, to = rng.sample(contacts.KNOWN, 2)
    return {"who": who, "to": to}


def _shared(android: VirtualAndroid, p: Params, said: str) -> bool:
    text = f"{p['who']}: {contacts.number_of(android, p['who'])}"
    kept = contacts.gained_and_lost(android, p) == ([], [])
    return kept and messages.sent(android, p, contacts.number_of(android, p["to"]), text)


# A contact becomes a note; a file is shared by mail; the shop's order becomes an event


def _draw_card(rng: Random) -> Params:
    who = pick(rng, ("Amara Okafor", "Ben Lindqvist", "Daniel Weber", "Olga Novak", "Wei Zhang"))
    return {"who": who, "name": pick(rng, ("card", "address_book", "to_call")), "kind": "md"}


def _card_begin(android: VirtualAndroid, p: Params) -> None:
    contacts.begin(android, p)
    notes.begin(android, p)


def _card_noted(android: VirtualAndroid, p: Params, said: str) -> bool:
    found = changed_files(android, p, notes.ROOT)
    text = found.get(f"{p['name']}.md") or ""
    mail = rows(android, "Contacts", "SELECT email FROM contacts WHERE first || ' ' || last = ?", p["who"])[
        0
    ][0]
    wanted = [contacts.number_of(android, p["who"]), mail]
    return len(found) == 1 and text.split() == wanted and contacts.gained_and_lost(android, p) == ([], [])


def _draw_file(rng: Random) -> Params:
    name = pick(rng, PEOPLE)
    return {"name": name, "address": PEOPLE[name], "file": pick(rng, ("plan.txt", "menu.txt", "score.txt"))}


def _file_begin(android: VirtualAndroid, p: Params) -> None:
    android.files.write(f"{SD}/Movies/{p['file']}", "Draft 2\n")
    begin_mail(android, p)


def _file_sent(android: VirtualAndroid, p: Params, said: str) -> bool:
    sent = ("Sent", "Sam Taylor", p["address"], p["file"], p["file"])
    there = android.files.exists(f"{SD}/Movies/{p['file']}")
    return there and changes(android, p, "Mail", MAILS) == ([sent], [])


TEMPLATES: list[Template] = [
    Template(
        name="AcrossMailToEvent",
        apps=("Mail", CALENDAR),
        difficulty="hard",
        max_steps=110,
        draw=_draw_invitation,
        goal="{sender} has mailed me an invitation. Put it into my calendar as “{title}”, with its times.",
        initialise=_invite,
        success=lambda a, p, said: cal.added(a, p) and mails_kept(a, p),
        oracle=lambda p: [
            flow(
                "Mail",
                go(**row("Invitation")),
                read("day", "", r"on (\d{4}-\d\d-\d\d),", id="/body"),
                read("start", "", r"from (\d\d:\d\d)", id="/body"),
                read("end", "", r"to (\d\d:\d\d)", id="/body"),
            ),
            *cal.calendar(
                go("New Event", role="button"),
                fill("Title", p["title"]),
                fill(id="/event_start_date", text=lambda m: m["day"]),
                fill(id="/event_start_time", text=lambda m: m["start"]),
                fill(id="/event_end_date", text=lambda m: m["day"]),
                fill(id="/event_end_time", text=lambda m: m["end"]),
                cal.SAVE,
            ),
        ],
        tags=("multi_app", "transcription"),
    ),
    Template(
        name="AcrossMailToAlarm",
        apps=("Mail", "Clock"),
        difficulty="hard",
        max_steps=70,
        draw=_draw_train,
        goal="{sender} has mailed me when our train leaves. Set an alarm for one hour before that.",
        initialise=_train,
        success=lambda a, p, said: (
            clock.only(a, p, clock.ALARMS, [(p["hour"], p["minute"], 0, 1, 1, "")]) and mails_kept(a, p)
        ),
        oracle=lambda p: [
            flow(
                "Mail",
                go(**row("Our train")),
                read("hour", "", r"leaves at (\d+):", id="/body"),
                read("minute", "", r"leaves at \d+:(\d\d)", id="/body"),
            ),
            *clock.clock(
                clock.tab("Alarm"),
                clock.ADD,
                fill("Hour", lambda m: str(int(m["hour"]) - 1)),
                fill("Minute", lambda m: m["minute"]),
                clock.SAVE,
            ),
        ],
        tags=("multi_app", "math_counting"),
    ),
    Template(
        name="AcrossMessageToContact",
        apps=(SMS_APP, "Contacts"),
        difficulty="hard",
        max_steps=70,
        draw=_draw_stranger,
        goal="Somebody from the evening class has texted me from a new number. Add them to my contacts with it.",
        initialise=_stranger,
        success=lambda a, p, said: (
            contacts.added(a, p, first=p["first"], last=p["last"], number=p["phone"])
            and messages.others_kept(a, p)
        ),
        oracle=lambda p: [
            *messages.messages(
                read("first", "evening class", r"this is (\w+) \w+", contains=True, role="item"),
                read("last", "evening class", r"this is \w+ (\w+)", contains=True, role="item"),
                read("phone", "evening class", r"(\+1555\d+)", contains=True, role="item"),
            ),
            *contacts.contacts(
                go("Create contact", role="button"),
                fill("First name", lambda m: m["first"]),
                fill("Last name", lambda m: m["last"]),
                fill("Phone", lambda m: m["phone"]),
                contacts.SAVE,
            ),
        ],
        tags=("multi_app", "transcription"),
    ),
    Template(
        name="AcrossPageToNote",
        apps=("Chrome", "Markor"),
        difficulty="hard",
        max_steps=80,
        draw=_draw_weather,
        goal="Make a note {name}.md in Markor with what weather.example forecasts for {day}, without the day itself.",
        initialise=notes.begin,
        success=_forecast_noted,
        oracle=lambda p: [
            flow(
                "Chrome",
                go("Weather", contains=True, role="item"),
                read("it", f"{p['day']}:", rf"{p['day']}: (\d+ °C, [a-z ]+[a-z])", contains=True),
            ),
            *notes.notes(*notes.create(p, lambda m: m["it"])),
        ],
        tags=("multi_app", "transcription", "information_retrieval"),
    ),
    Template(
        name="AcrossNoteToMessage",
        apps=("Markor", SMS_APP),
        difficulty="hard",
        max_steps=70,
        draw=_draw_code,
        goal="Text {to} the combination in my note {file}; just the combination.",
        initialise=_code,
        success=lambda a, p, said: (
            messages.sent(a, p, contacts.number_of(a, p["to"]), p["code"]) and notes.only(a, p)
        ),
        oracle=lambda p: [
            *notes.notes(
                notes.open_note(p["file"]),
                read("it", "combination", r"combination is (\d+)", contains=True, role="text"),
            ),
            *messages.messages(*messages.begin_talk(p["to"]), *messages.write(lambda m: m["it"])),
        ],
        approves=frozenset({"send"}),
        tags=("multi_app", "transcription"),
    ),
    Template(
        name="AcrossEventToMessage",
        apps=(CALENDAR, SMS_APP),
        difficulty="hard",
        max_steps=80,
        draw=_draw_place,
        goal="Text {to} where “{title}” takes place, exactly as my calendar has it and nothing else.",
        initialise=_place_begin,
        success=_place_sent,
        oracle=lambda p: [
            *cal.calendar(
                *cal.find(p["title"])[:2], read("it", p["title"], r" · (.+?)\s*$", contains=True, role="item")
            ),
            *messages.messages(*messages.begin_talk(p["to"]), *messages.write(lambda m: m["it"])),
        ],
        approves=frozenset({"send"}),
        tags=("multi_app", "transcription"),
    ),
    Template(
        name="AcrossReceiptToMessage",
        apps=("Files", SMS_APP),
        difficulty="hard",
        max_steps=70,
        draw=_draw_total,
        goal="Text {to} the total of {file} in the folder Movies; just the amount.",
        initialise=_receipt,
        success=lambda a, p, said: messages.sent(a, p, contacts.number_of(a, p["to"]), p["total"]),
        oracle=lambda p: [
            flow(
                "Files",
                go("Movies", role="item"),
                go(p["file"], contains=True, role="item"),
                read("it", "", r"TOTAL ([\d.]+)", id="/content"),
            ),
            *messages.messages(*messages.begin_talk(p["to"]), *messages.write(lambda m: m["it"])),
        ],
        approves=frozenset({"send"}),
        tags=("multi_app", "transcription"),
    ),
    Template(
        name="AcrossShareContact",
        apps=("Contacts", SMS_APP),
        difficulty="hard",
        max_steps=70,
        draw=_draw_pair,
        goal="Share the contact {who} with {to} by text message.",
        initialise=_share_begin,
        success=_shared,
        oracle=lambda p: [
            *contacts.contacts(
                contacts.open_person(p["who"]),
                read("phone", "+1555", r"(\+1555\d+)", contains=True),
                go("More options", role="button", unless=Target("Search contacts")),
                go("Share", role="item"),
                do("Messages", role="item", when=Target("Share contact"), until=Target("New conversation")),
            ),
            *messages.messages(
                *messages.begin_talk(p["to"]),  # should the app close before the text was shared
                *messages.write(lambda m: f"{p['who']}: {m['phone']}"),
            ),
        ],
        approves=frozenset({"send", "share"}),
        tags=("multi_app", "complex_ui"),
    ),
    Template(
        name="AcrossContactToNote",
        apps=("Contacts", "Markor"),
        difficulty="hard",
        max_steps=80,
        draw=_draw_card,
        goal="Make a note {name}.md in Markor with the number and then the mail address of {who}, a line each.",
        initialise=_card_begin,
        success=_card_noted,
        oracle=lambda p: [
            *contacts.contacts(
                contacts.open_person(p["who"]),
                read("phone", "+1555", r"(\+1555\d+)", contains=True),
                read("mail", "@", r"(\S+@[\w.]+)", contains=True),
            ),
            *notes.notes(*notes.create(p, lambda m: f"{m['phone']}\n{m['mail']}")),
        ],
        tags=("multi_app", "transcription"),
    ),
    Template(
        name="AcrossShareFile",
        apps=("Files", "Mail"),
        difficulty="hard",
        max_steps=60,
        draw=_draw_file,
        goal="Share the file {file} in the folder Movies by mail with {address}.",
        initialise=_file_begin,
        success=_file_sent,
        oracle=lambda p: [
            flow(
                "Files",
                go("Movies", role="item"),
                hold(p["file"], contains=True, role="item"),
                go("Share", role="button", when=Target("1 selected")),
                do("Mail", role="button", when=Target("Share"), until=Target("Compose", id="toolbar_title")),
            ),
            flow("Mail", fill(id="/to", text=p["address"]), do("Send", id="/send")),
        ],
        approves=frozenset({"send", "share"}),
        tags=("multi_app",),
    ),
]
