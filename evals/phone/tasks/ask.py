"""Tasks in which a fact is missing that only the user knows: the agent must ask, and act on the answer."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ..oracle import Target, ask, do, fill, go
from ..template import Params, Template
from . import calendar as cal
from . import clock, contacts, messages, notes, shop
from ._apps import changes, flow, pick

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

SMS_APP, CALENDAR = messages.APP, cal.APP

# Which of two people of one first name

WHICH_PERSON = "Which {first} do you mean: {first} {one} or {first} {other}?"


def _draw_namesakes(rng: Random) -> Params:
    first = pick(rng, ("Anna", "Tom", "Clara", "Hugo"))
    one, other = rng.sample(("Berger", "Castell", "Dahl", "Ekman", "Faber"), 2)
    right = pick(rng, (one, other))
    phones = {one: contacts.number(rng), other: contacts.number(rng)}
    return {
        "first": first,
        "one": one,
        "other": other,
        "right": right,
        "phones": phones,
        "text": pick(rng, messages.TEXTS),
    }


def _namesakes(android: VirtualAndroid, p: Params) -> None:
    for last in (p["one"], p["other"]):
        contacts.add_contact(android, p["first"], last, p["phones"][last])
    contacts.begin(android, p)
    messages.begin(android, p)


def _who(p: Params) -> str:
    return WHICH_PERSON.format(**p)


def _full(p: Params) -> str:
    return f"{p['first']} {p['right']}"


def _called(android: VirtualAndroid, p: Params, said: str) -> bool:
    called = changes(android, p, "Contacts", contacts.CALLS) == ([(p["phones"][p["right"]], 2)], [])
    return called and contacts.gained_and_lost(android, p) == ([], [])


# Other facts

WHAT_TEXT = "What shall I write to {name}?"
WHICH_ALARM = "Which alarm shall I delete?"
WHICH_ADDRESS = "To which address shall it be delivered?"
WHAT_TIME = "At what time does “{title}” begin? (HH:MM)"
WHICH_NOTE = "Which of the notes in Markor shall I delete?"
HOW_LONG = "How many minutes shall the timer run?"
WHICH_NUMBER = "What is {first} {last}'s telephone number?"


def _draw_old_alarm(rng: Random) -> Params:
    time, alarm = pick(rng, clock.SEEDED)
    return {
        "time": time,
        "alarm": alarm,
        "reason": pick(rng, ("sleep longer", "be left in peace", "turn over again")),
    }


def _draw_event(rng: Random) -> Params:
    p = cal.draw_event(rng)
    hour = rng.randrange(8, 19)
    return {**p, "start": f"{hour:02d}:30", "end": f"{hour + 1:02d}:30"}


def _hour_later(time: str) -> str:
    hour, _, minute = time.partition(":")
    return f"{int(hour) + 1:02d}:{minute}"


def _draw_note(rng: Random) -> Params:
    return {"right": pick(rng, notes.SEEDED), "reason": pick(rng, ("room", "order", "peace"))}


def _draw_timer(rng: Random) -> Params:
    return {"minutes": rng.randrange(2, 60), "what": pick(rng, ("eggs", "tea", "bread", "laundry"))}


TEMPLATES: list[Template] = [
    Template(
        name="AskWhichPersonToText",
        kind="ask",
        apps=(SMS_APP,),
        difficulty="medium",
        max_steps=60,
        draw=_draw_namesakes,
        goal="Text {first}: “{text}”",
        initialise=_namesakes,
        success=lambda a, p, said: messages.sent(a, p, p["phones"][p["right"]], p["text"]),
        facts=lambda p: {_who(p): _full(p)},
        oracle=lambda p: [
            ask(_who(p), "who"),
            *messages.messages(
                go("Start a conversation", role="button"),
                fill("Add contact or number…", lambda m: m["who"]),
                go(lambda m: m["who"], contains=True, role="item"),
                *messages.write(p["text"]),
            ),
        ],
        approves=frozenset({"send"}),
        tags=("data_entry", "ask"),
    ),
    Template(
        name="AskWhichPersonToCall",
        kind="ask",
        apps=("Contacts",),
        difficulty="medium",
        max_steps=44,
        draw=_draw_namesakes,
        goal="Call {first}.",
        initialise=_namesakes,
        success=_called,
        facts=lambda p: {_who(p): _full(p)},
        oracle=lambda p: [
            ask(_who(p), "who"),
            *contacts.contacts(
                go(lambda m: m["who"], contains=True, role="item", when=Target("Search contacts")),
                do(", Mobile", contains=True, role="item", until=Target("End call", role="button")),
            ),
        ],
        approves=frozenset({"call"}),
        tags=("data_entry", "ask"),
    ),
    Template(
        name="AskWhatText",
        kind="ask",
        apps=(SMS_APP,),
        difficulty="medium",
        max_steps=60,
        draw=lambda rng: {"name": pick(rng, contacts.KNOWN), "text": pick(rng, messages.TEXTS)},
        goal="Send {name} a text message.",
        initialise=messages.begin,
        success=lambda a, p, said: messages.sent(a, p, contacts.number_of(a, p["name"]), p["text"]),
        facts=lambda p: {WHAT_TEXT.format(**p): p["text"]},
        oracle=lambda p: [
            ask(WHAT_TEXT.format(**p), "text"),
            *messages.messages(*messages.begin_talk(p["name"]), *messages.write(lambda m: m["text"])),
        ],
        approves=frozenset({"send"}),
        tags=("data_entry", "ask"),
    ),
    Template(
        name="AskWhichAlarm",
        kind="ask",
        apps=("Clock",),
        difficulty="easy",
        max_steps=40,
        draw=_draw_old_alarm,
        goal="I want to {reason}: delete the alarm.",
        initialise=clock.begin,
        success=lambda a, p, said: clock.only(a, p, clock.ALARMS, [], [p["alarm"]]),
        facts=lambda p: {WHICH_ALARM: p["time"]},
        oracle=lambda p: [
            ask(WHICH_ALARM, "time"),
            *clock.clock(
                clock.tab("Alarm"),
                go(lambda m: m["time"], contains=True, role="item"),
                do("Delete alarm", role="item"),
            ),
        ],
        approves=frozenset({"delete"}),
        tags=("data_edit", "ask"),
    ),
    Template(
        name="AskWhichAddress",
        kind="ask",
        apps=("Corner Shop",),
        difficulty="hard",
        max_steps=60,
        draw=lambda rng: {"product": pick(rng, shop.PRODUCTS), "address": pick(rng, shop.ADDRESSES)},
        goal="Buy one {product} in the Corner Shop app as a present: it does not go to my own address.",
        success=lambda a, p, said: (
            shop.orders(a) == [(f"1 x {p['product']}", p["address"], "Standard", "Placed")]
            and shop.account(a, "address") == shop.HOME
        ),
        facts=lambda p: {WHICH_ADDRESS: p["address"]},
        oracle=lambda p: [
            ask(WHICH_ADDRESS, "address"),
            flow("Corner Shop", *shop.add(p["product"])),
            flow(
                "Corner Shop",
                *shop.PAY,
                fill(id="/address", text=lambda m: m["address"]),
                go("Pay $", contains=True, id="/pay"),
                do("Pay now", until=Target("Placed", contains=True)),
            ),
        ],
        approves=frozenset({"pay"}),
        tags=("data_entry", "ask"),
    ),
    Template(
        name="AskEventTime",
        kind="ask",
        apps=(CALENDAR,),
        difficulty="hard",
        max_steps=80,
        draw=_draw_event,
        goal="Put “{title}” into my calendar on {date}. It lasts an hour.",
        initialise=cal.begin,
        success=lambda a, p, said: cal.added(a, p),
        facts=lambda p: {WHAT_TIME.format(**p): p["start"]},
        oracle=lambda p: [
            ask(WHAT_TIME.format(**p), "time"),
            *cal.calendar(
                go("New Event", role="button"),
                fill("Title", p["title"]),
                fill(id="/event_start_date", text=p["day"]),
                fill(id="/event_start_time", text=lambda m: m["time"]),
                fill(id="/event_end_date", text=p["day"]),
                fill(id="/event_end_time", text=lambda m: _hour_later(m["time"])),
                cal.SAVE,
            ),
        ],
        tags=("data_entry", "ask"),
    ),
    Template(
        name="AskWhichNote",
        kind="ask",
        apps=("Markor",),
        difficulty="easy",
        max_steps=44,
        draw=_draw_note,
        goal="I need some {reason} in Markor: delete the note that I no longer want.",
        initialise=notes.begin,
        success=lambda a, p, said: notes.only(a, p, **{p["right"]: None}),
        facts=lambda p: {WHICH_NOTE: p["right"]},
        oracle=lambda p: [
            ask(WHICH_NOTE, "note"),
            *notes.chosen(
                lambda m: m["note"],
                go("Delete", role="button", when=notes.CHOSEN),
                do("Delete", role="button", when=Target("Confirm delete")),
            ),
        ],
        approves=frozenset({"delete"}),
        tags=("data_edit", "ask"),
    ),
    Template(
        name="AskHowLong",
        kind="ask",
        apps=("Clock",),
        difficulty="medium",
        max_steps=54,
        draw=_draw_timer,
        goal="Start a timer for the {what}.",
        initialise=clock.begin,
        success=lambda a, p, said: clock.only(a, p, clock.TIMERS, [(60 * p["minutes"], 1)]),
        facts=lambda p: {HOW_LONG: str(p["minutes"])},
        oracle=lambda p: [
            ask(HOW_LONG, "minutes"),
            *clock.clock(*clock.timer(lambda m: f"{int(m['minutes'])}00")),
        ],
        tags=("data_entry", "ask"),
    ),
    Template(
        name="AskContactNumber",
        kind="ask",
        apps=("Contacts",),
        difficulty="medium",
        max_steps=54,
        draw=lambda rng: (lambda who: {"first": who[0], "last": who[1], "phone": contacts.number(rng)})(
            pick(rng, contacts.NEW)
        ),
        goal="Add {first} {last} with a telephone number to my contacts.",
        initialise=contacts.begin,
        success=lambda a, p, said: contacts.added(a, p, first=p["first"], last=p["last"], number=p["phone"]),
        facts=lambda p: {WHICH_NUMBER.format(**p): p["phone"]},
        oracle=lambda p: [
            ask(WHICH_NUMBER.format(**p), "phone"),
            *contacts.contacts(
                go("Create contact", role="button"),
                fill("First name", p["first"]),
                fill("Last name", p["last"]),
                fill("Phone", lambda m: m["phone"]),
                contacts.SAVE,
            ),
        ],
        tags=("data_entry", "ask"),
    ),
]
