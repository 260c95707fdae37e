"""Tasks that the user's profile decides: the goal does not say what this user always wants."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ..oracle import Flow, Rung, Target, do, fill, go, toggle
from ..template import Params, Template
from . import across, clock, contacts, messages, notes, shop
from . import calendar as cal
from ._apps import changes, flow, pick
from .mail import PEOPLE

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

TEAS = ("Black tea, 100 g", "Green tea, 100 g")


def _draw_delivery(rng: Random) -> Params:
    return {"product": pick(rng, shop.PRODUCTS), "delivery": pick(rng, ("Standard", "Express"))}


def _bought(android: VirtualAndroid, p: Params, said: str) -> bool:
    return shop.orders(android) == [(f"1 x {p['product']}", shop.HOME, p["delivery"], "Placed")]


def _draw_channel(rng: Random) -> Params:
    return {
        "name": pick(rng, PEOPLE),
        "phone": contacts.number(rng),
        "channel": pick(rng, ("text message", "mail")),
        "text": pick(rng, messages.TEXTS),
    }


def _channel_begin(android: VirtualAndroid, p: Params) -> None:
    first, _, last = p["name"].partition(" ")
    contacts.add_contact(android, first, last, p["phone"], PEOPLE[p["name"]])
    messages.begin(android, p)
    across.begin_mail(android, p)


def _told(android: VirtualAndroid, p: Params, said: str) -> bool:
    if p["channel"] == "text message":
        return messages.sent(android, p, p["phone"], p["text"]) and across.mails_kept(android, p)
    gained, lost = changes(android, p, "Mail", across.MAILS)
    written = len(gained) == 1 and not lost and gained[0][0] == "Sent" and gained[0][2] == PEOPLE[p["name"]]
    return written and gained[0][4].strip() == p["text"] and messages.others_kept(android, p)


def _tell(p: Params) -> list[Flow]:
    if p["channel"] == "text message":
        return messages.messages(*messages.begin_talk(p["name"]), *messages.write(p["text"]))
    letter = (
        go("Compose"),
        fill(id="/to", text=PEOPLE[p["name"]]),
        fill(id="/body", text=p["text"]),
        do("Send", id="/send"),
    )
    return [flow("Mail", *letter)]


def _draw_days(rng: Random) -> Params:
    days, mask = pick(rng, {"Saturday and Sunday": 96, "Monday and Friday": 17}.items())
    return {**clock.draw_time(rng), "days": days, "mask": mask}


def _chips(p: Params) -> list[Rung]:
    names = "Mon Tue Wed Thu Fri Sat Sun".split()
    return [toggle(name, role="button") for n, name in enumerate(names) if p["mask"] >> n & 1]


def _draw_tea(rng: Random) -> Params:
    return {"product": pick(rng, TEAS), "cups": rng.randrange(2, 9)}


def _remind(p: Params) -> Rung:
    return do(p["reminder"], role="radio", until=Target(f"Reminder, {p['reminder']}"))


TEMPLATES: list[Template] = [
    Template(
        name="PersonalDelivery",
        kind="personal",
        apps=("Corner Shop",),
        difficulty="hard",
        max_steps=60,
        draw=_draw_delivery,
        goal="Buy me one {product} in the Corner Shop app.",
        success=_bought,
        profile=lambda p: {
            "Corner Shop": {"delivery": f"always {p['delivery']}, to the address in the account"}
        },
        oracle=lambda p: [
            flow("Corner Shop", *shop.add(p["product"])),
            flow(
                "Corner Shop",
                *shop.PAY,
                toggle(p["delivery"], contains=True, role="radio"),
                go("Pay $", contains=True, id="/pay"),
                do("Pay now", until=Target("Placed", contains=True)),
            ),
        ],
        approves=frozenset({"pay"}),
        tags=("data_entry", "personal"),
    ),
    Template(
        name="PersonalTea",
        kind="personal",
        apps=("Corner Shop",),
        difficulty="easy",
        max_steps=36,
        draw=_draw_tea,
        goal="{cups} guests are coming: put one pack of tea into the cart of the Corner Shop app, and order nothing.",
        success=lambda a, p, said: shop.cart(a) == {p["product"]: 1} and not shop.orders(a),
        profile=lambda p: {
            "Corner Shop": {"tea": f"drinks only {p['product'].split(' tea')[0].lower()} tea"}
        },
        oracle=lambda p: [flow("Corner Shop", *shop.add(p["product"]))],
        tags=("data_entry", "personal"),
    ),
    Template(
        name="PersonalChannel",
        kind="personal",
        apps=(messages.APP, "Mail"),
        difficulty="medium",
        max_steps=60,
        draw=_draw_channel,
        goal="Tell {name}: “{text}”",
        initialise=_channel_begin,
        success=_told,
        profile=lambda p: {"contact": {p["name"]: f"is written to by {p['channel']}, never otherwise"}},
        oracle=_tell,
        approves=frozenset({"send"}),
        tags=("data_entry", "personal"),
    ),
    Template(
        name="PersonalAlarmDays",
        kind="personal",
        apps=("Clock",),
        difficulty="hard",
        max_steps=64,
        draw=_draw_days,
        goal="Set my swimming alarm for {time}.",
        initialise=clock.begin,
        success=lambda a, p, said: clock.only(
            a, p, clock.ALARMS, [(p["hour"], p["minute"], p["mask"], 1, 1, "Swimming")]
        ),
        profile=lambda p: {
            "Clock": {"swimming": f"goes swimming every {p['days']}; the alarm is called Swimming"}
        },
        oracle=lambda p: clock.clock(
            clock.tab("Alarm"), clock.ADD, *clock.times(p), *_chips(p), fill("Label", "Swimming"), clock.SAVE
        ),
        tags=("data_entry", "personal"),
    ),
    Template(
        name="PersonalReminder",
        kind="personal",
        apps=(cal.APP,),
        difficulty="hard",
        max_steps=90,
        draw=cal.draw_event,
        goal="Put “{title}” into my calendar: {date}, from {start} to {end}.",
        initialise=cal.begin,
        success=lambda a, p, said: cal.added(a, p, reminder=cal.REMINDERS[p["reminder"]]),
        profile=lambda p: {"calendar": {"reminder": f"new events get a reminder {p['reminder']}"}},
        oracle=lambda p: cal.calendar(
            *cal.new_event(p), go("Reminder", contains=True, role="item"), _remind(p), cal.SAVE
        ),
        tags=("data_entry", "personal"),
    ),
    Template(
        name="PersonalNoteKind",
        kind="personal",
        apps=("Markor",),
        difficulty="medium",
        max_steps=54,
        draw=notes.draw_new,
        goal="Note down in Markor, under the name {name}: “{text}”",
        initialise=notes.begin,
        success=lambda a, p, said: notes.only(a, p, **{f"{p['name']}.{p['kind']}": p["text"]}),
        profile=lambda p: {
            "notes": {"format": "Markdown (.md) files" if p["kind"] == "md" else "plain text (.txt) files"}
        },
        oracle=lambda p: notes.notes(*notes.create(p, p["text"])),
        tags=("data_entry", "personal"),
    ),
]
