"""Tasks in the calendar: events made, moved, changed, deleted, asked about. Today is Thursday, 12 March 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from ..oracle import Flow, Rung, Target, answer, do, fill, go, read, toggle
from ..template import Params, Template
from ._apps import changes, flow, pick, remember, rows, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

APP = "Simple Calendar Pro"
EVENTS = "SELECT title, start_ts, end_ts, location, description, reminder_1_minutes, repeat_interval, flags FROM events"
TODAY = date(2026, 3, 12)
ONCE = (
    "Dentist",
    "Book club",
    "Lunch with Grace",
    "Workshop",
    "Dinner with Lena",
    "Call with Ivan",
    "Launch",
    "Car service",
)
TITLES = ("Choir practice", "Tax adviser", "Flat viewing", "Guitar lesson", "Eye test", "Parents' call")
ROOMS = ("Room 1.07", "Harbour cafe", "Studio B", "Town hall")
DAILY, WEEKLY = 86400, 604800
REMINDERS = {"10 minutes before": 10, "30 minutes before": 30, "1 hour before": 60, "1 day before": 1440}
Row = tuple[Any, ...]


def stamp(day: str, time: str) -> int:
    """A day and a time as seconds since 1970."""
    return int(datetime.fromisoformat(f"{day}T{time}:00+00:00").timestamp())


def spoken(day: str) -> str:
    """A day as people say it."""
    when = date.fromisoformat(day)
    return f"{when:%A}, {when.day} {when:%B}"


def begin(android: VirtualAndroid, p: Params) -> None:
    """Keep all events."""
    remember(android, p, APP, EVENTS)


def event_row(p: Params, **other: Any) -> Row:
    """The event that the parameters describe."""
    row = {
        "title": p["title"],
        "start": stamp(p["day"], p["start"]),
        "end": stamp(p["day"], p["end"]),
        "location": "",
        "description": "",
        "reminder": -1,
        "repeat": 0,
        "flags": 0,
    }
    return tuple({**row, **other}.values())


def added(android: VirtualAndroid, p: Params, **other: Any) -> bool:
    """Whether just the event of the parameters was added."""
    return changes(android, p, APP, EVENTS) == ([event_row(p, **other)], [])


def changed(android: VirtualAndroid, p: Params, **columns: Any) -> bool:
    """Whether just these columns of the event with the title changed."""
    gained, lost = changes(android, p, APP, EVENTS)
    names = ("title", "start", "end", "location", "description", "reminder", "repeat", "flags")
    if len(gained) != 1 or len(lost) != 1 or lost[0][0] != p["title"]:
        return False
    return gained[0] == tuple({**dict(zip(names, lost[0], strict=True)), **columns}.values())


def draw_event(rng: Random) -> Params:
    """An event that is not there yet."""
    day = (TODAY + timedelta(days=rng.randrange(1, 27))).isoformat()
    hour, minute = rng.randrange(8, 20), rng.choice((0, 15, 30))
    return {
        "title": pick(rng, TITLES),
        "day": day,
        "date": spoken(day),
        "start": f"{hour:02d}:{minute:02d}",
        "end": f"{hour + 1:02d}:{minute:02d}",
        "place": pick(rng, ROOMS),
        "reminder": pick(rng, REMINDERS),
    }


def _draw_old(rng: Random) -> Params:
    return {**draw_event(rng), "title": pick(rng, ONCE)}


def _times(android: VirtualAndroid, p: Params) -> Row:
    sql = "SELECT start_ts, end_ts, location FROM events WHERE title = ?"
    return rows(android, APP, sql, p["title"])[0]


def _moved(android: VirtualAndroid, p: Params, said: str) -> bool:
    return changed(android, p, start=stamp(p["day"], p["start"]), end=stamp(p["day"], p["end"]))


def _day_asked(android: VirtualAndroid, p: Params, said: str) -> bool:
    start = datetime.fromtimestamp(_times(android, p)[0], UTC)
    kept = changes(android, p, APP, EVENTS) == ([], [])
    return (
        kept and says(said, f"{start:%B} {start.day}") and says(said, f"{start.hour % 12 or 12}:{start:%M}")
    )


def calendar(*rungs: Rung) -> list[Flow]:
    """Rungs in the calendar."""
    return [flow(APP, *rungs)]


def when(p: Params) -> tuple[Rung, ...]:
    """Fill in day and times of the open event."""
    return (
        fill(id="/event_start_date", text=p["day"]),
        fill(id="/event_start_time", text=p["start"]),
        fill(id="/event_end_date", text=p["day"]),
        fill(id="/event_end_time", text=p["end"]),
    )


def new_event(p: Params) -> tuple[Rung, ...]:
    """Open the form and fill in title and times."""
    return go("New Event", role="button"), fill("Title", p["title"]), *when(p)


def find(title: str) -> tuple[Rung, ...]:
    """Search for an event and open it."""
    return (
        go("Search", role="button"),
        fill("Search events", title),
        go(title, contains=True, role="item", when=Target("Search events")),
    )


SAVE = do("Save", role="button")


def _choice(row: str, label: str) -> tuple[Rung, ...]:
    return (
        go(row, contains=True, role="item"),
        Rung("do", Target(label, role="radio"), until=Target(f"{row}, {label}")),
    )


TEMPLATES: list[Template] = [
    Template(
        name="CalendarAdd",
        apps=(APP,),
        difficulty="hard",
        max_steps=80,
        draw=draw_event,
        goal="Put “{title}” into my calendar: {date}, from {start} to {end}.",
        initialise=begin,
        success=lambda a, p, said: added(a, p),
        oracle=lambda p: calendar(*new_event(p), SAVE),
        tags=("data_entry",),
    ),
    Template(
        name="CalendarAddWithPlace",
        apps=(APP,),
        difficulty="hard",
        max_steps=90,
        draw=draw_event,
        goal="Put “{title}” in {place} into my calendar: {date}, from {start} to {end}.",
        initialise=begin,
        success=lambda a, p, said: added(a, p, location=p["place"]),
        oracle=lambda p: calendar(*new_event(p), fill("Location", p["place"]), SAVE),
        tags=("data_entry",),
    ),
    Template(
        name="CalendarAddWeekly",
        apps=(APP,),
        difficulty="hard",
        max_steps=90,
        draw=draw_event,
        goal="From {date} on I have “{title}” every week, from {start} to {end}. Put it into my calendar.",
        initialise=begin,
        success=lambda a, p, said: added(a, p, repeat=WEEKLY),
        oracle=lambda p: calendar(*new_event(p), *_choice("Repetition", "Weekly"), SAVE),
        tags=("data_entry", "complex_ui"),
    ),
    Template(
        name="CalendarAddAllDay",
        apps=(APP,),
        difficulty="hard",
        max_steps=80,
        draw=draw_event,
        goal="Put “{title}” into my calendar as an all-day event on {date}.",
        initialise=begin,
        success=lambda a, p, said: added(
            a, p, start=stamp(p["day"], "12:00"), end=stamp(p["day"], "12:00"), flags=1
        ),
        oracle=lambda p: calendar(
            go("New Event", role="button"),
            fill("Title", p["title"]),
            toggle("All-day", role="switch"),
            fill(id="/event_start_date", text=p["day"]),
            fill(id="/event_end_date", text=p["day"]),
            SAVE,
        ),
        tags=("data_entry", "complex_ui"),
    ),
    Template(
        name="CalendarDelete",
        apps=(APP,),
        difficulty="medium",
        max_steps=44,
        draw=_draw_old,
        goal="Delete “{title}” from my calendar.",
        initialise=begin,
        success=lambda a, p, said: (
            changes(a, p, APP, EVENTS)[0] == []
            and [r[0] for r in changes(a, p, APP, EVENTS)[1]] == [p["title"]]
        ),
        oracle=lambda p: calendar(*find(p["title"]), go("Delete", role="button"), do("Yes", role="button")),
        approves=frozenset({"delete"}),
        tags=("data_edit", "search"),
    ),
    Template(
        name="CalendarMove",
        apps=(APP,),
        difficulty="hard",
        max_steps=80,
        draw=_draw_old,
        goal="Move “{title}” in my calendar to {date}, from {start} to {end}.",
        initialise=begin,
        success=_moved,
        oracle=lambda p: calendar(*find(p["title"]), *when(p), SAVE),
        tags=("data_edit", "search"),
    ),
    Template(
        name="CalendarChangePlace",
        apps=(APP,),
        difficulty="medium",
        max_steps=54,
        draw=_draw_old,
        goal="“{title}” takes place in {place} now. Change it in my calendar.",
        initialise=begin,
        success=lambda a, p, said: changed(a, p, location=p["place"]),
        oracle=lambda p: calendar(*find(p["title"]), fill("Location", p["place"]), SAVE),
        tags=("data_edit", "search"),
    ),
    Template(
        name="CalendarRemind",
        apps=(APP,),
        difficulty="medium",
        max_steps=54,
        draw=_draw_old,
        goal="Let the calendar remind me {reminder} “{title}”.",
        initialise=begin,
        success=lambda a, p, said: changed(a, p, reminder=REMINDERS[p["reminder"]]),
        oracle=lambda p: calendar(*find(p["title"]), *_choice("Reminder", p["reminder"]), SAVE),
        tags=("data_edit", "search"),
    ),
    Template(
        name="CalendarPlaceQuestion",
        apps=(APP,),
        difficulty="medium",
        max_steps=44,
        draw=lambda rng: {"title": pick(rng, [t for t in ONCE if t != "Call with Ivan"])},
        goal="Where does “{title}” take place, according to my calendar?",
        initialise=begin,
        success=lambda a, p, said: says(said, _times(a, p)[2]) and changes(a, p, APP, EVENTS) == ([], []),
        oracle=lambda p: [
            *calendar(
                *find(p["title"])[:2],
                read("it", p["title"], r" · (.+?)\s*$", contains=True, role="item"),
            ),
            answer(lambda m: m["it"]),
        ],
        tags=("information_retrieval", "search"),
    ),
    Template(
        name="CalendarWhenQuestion",
        apps=(APP,),
        difficulty="medium",
        max_steps=60,
        draw=lambda rng: {"title": pick(rng, ONCE)},
        goal="On which day, and when, does “{title}” begin according to my calendar?",
        initialise=begin,
        success=_day_asked,
        oracle=lambda p: [
            *calendar(
                *find(p["title"]),
                read("day", "", r"(\d{4}-\d\d-\d\d)", id="/event_start_date"),
                read("time", "", r"(\d\d?:\d\d)", id="/event_start_time"),
            ),
            answer(lambda m: f"{_said(m['day'])} at {_hour(m['time'])}"),
        ],
        tags=("information_retrieval", "search"),
    ),
]


def _said(day: str) -> str:
    when = date.fromisoformat(day)
    return f"{when:%B} {when.day}"


def _hour(time: str) -> str:
    hour, _, minute = time.partition(":")
    return f"{int(hour) % 12 or 12}:{minute}"
