"""Tasks in the clock: alarms, timers, the stopwatch, cities."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from ..oracle import Flow, Rung, Target, Words, answer, dial, do, fill, go, hold, read, toggle
from ..template import Params, Template
from ._apps import changes, execute, flow, pick, remember, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

ALARMS = "SELECT hour, minutes, daysofweek, enabled, vibrate, label FROM alarms"
CITIES = "SELECT name FROM cities"
TIMERS = "SELECT length, ends IS NOT NULL FROM timers"
STOPWATCH = "SELECT since IS NOT NULL FROM stopwatch"
PLACES = {"Berlin": 1, "Mumbai": 5.5, "Nairobi": 3, "New York": -5, "Seoul": 9, "Sydney": 11}
LABELS = ("Yoga", "Feed the cat", "Call home", "Bread is done", "Leave for the train")
SEEDED = (("6:45 AM", (6, 45, 31, 1, 1, "Work")), ("8:30 AM", (8, 30, 96, 0, 1, "")))


def spoken(hour: int, minute: int) -> str:
    """A time as the clock shows it."""
    return f"{hour % 12 or 12}:{minute:02d} {'AM' if hour < 12 else 'PM'}"


def begin(android: VirtualAndroid, p: Params) -> None:
    """Keep alarms, cities, timers."""
    remember(android, p, "Clock", ALARMS, CITIES, TIMERS, STOPWATCH)


def only(
    android: VirtualAndroid,
    p: Params,
    sql: str,
    gained: list[tuple[Any, ...]],
    lost: list[tuple[Any, ...]] | None = None,
) -> bool:
    """Whether a table gained and lost just these rows, and nothing else changed."""
    rest = (other for other in (ALARMS, CITIES, TIMERS, STOPWATCH) if other != sql)
    return changes(android, p, "Clock", sql) == (gained, lost or []) and all(
        changes(android, p, "Clock", other) == ([], []) for other in rest
    )


def draw_time(rng: Random) -> Params:
    """An hour and a minute that no alarm has, a label."""
    hour, minute = rng.choice((4, 5, 7, 9, 13, 15, 16, 19)), rng.choice((5, 10, 20, 25, 35, 50))
    return {"hour": hour, "minute": minute, "time": spoken(hour, minute), "label": pick(rng, LABELS)}


def _draw_seeded(rng: Random) -> Params:
    time, row = pick(rng, SEEDED)
    return {**draw_time(rng), "old": time, "row": row}


def _draw_timer(rng: Random) -> Params:
    minutes, seconds = rng.randrange(1, 60), rng.choice((0, 10, 30, 45))
    return {"minutes": minutes, "seconds": seconds, "length": 60 * minutes + seconds}


def _city(android: VirtualAndroid, p: Params) -> None:
    """The city is in the list, or not, as `p["listed"]` says."""
    execute(android, "Clock", "DELETE FROM cities WHERE name = ?", p["city"])
    if p["listed"]:
        execute(android, "Clock", "INSERT INTO cities (name) VALUES (?)", p["city"])
    begin(android, p)


def _city_time(android: VirtualAndroid, p: Params, said: str) -> bool:
    minutes = 9 * 60 + 30 + round(60 * PLACES[p["city"]])
    near = [spoken(m // 60 % 24, m % 60) for m in range(minutes, minutes + 4)]  # the clock goes on meanwhile
    return any(says(said, time) for time in near)


def clock(*rungs: Rung) -> list[Flow]:
    """Rungs in the clock."""
    return [flow("Clock", *rungs)]


def tab(name: str) -> Rung:
    """Go to a tab."""
    return go(name, role="item", unless=Target(name, id="toolbar_title"))


SAVE = do("Save", role="button")
ADD = go("Add alarm", role="button")


def times(p: Params) -> tuple[Rung, ...]:
    """Fill in the hour and the minute."""
    return fill("Hour", str(p["hour"])), fill("Minute", f"{p['minute']:02d}")


def timer(digits: Words) -> tuple[Rung, ...]:
    """Type a timer's length on its keys, as its display shows it without zeros before it, and start it."""
    start = do("Start", id="/fab", until=Target(id="timer_time_text"))
    return tab("Timer"), dial(digits, id="timer_setup_time"), start


def digits(seconds: int) -> str:
    """What is typed for a length."""
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}".lstrip("0")


TEMPLATES: list[Template] = [
    Template(
        name="ClockAddAlarm",
        apps=("Clock",),
        difficulty="medium",
        max_steps=54,
        draw=draw_time,
        goal="Set an alarm for {time} and call it “{label}”.",
        initialise=begin,
        success=lambda a, p, said: only(a, p, ALARMS, [(p["hour"], p["minute"], 0, 1, 1, p["label"])]),
        oracle=lambda p: clock(tab("Alarm"), ADD, *times(p), fill("Label", p["label"]), SAVE),
        tags=("data_entry",),
    ),
    Template(
        name="ClockAddWeekendAlarm",
        apps=("Clock",),
        difficulty="hard",
        max_steps=64,
        draw=draw_time,
        goal="Set an alarm for {time} on every Saturday and Sunday.",
        initialise=begin,
        success=lambda a, p, said: only(a, p, ALARMS, [(p["hour"], p["minute"], 96, 1, 1, "")]),
        oracle=lambda p: clock(
            tab("Alarm"),
            ADD,
            *times(p),
            toggle("Sat", role="button"),
            toggle("Sun", role="button"),
            SAVE,
        ),
        tags=("data_entry", "complex_ui"),
    ),
    Template(
        name="ClockDeleteAlarm",
        apps=("Clock",),
        difficulty="easy",
        max_steps=36,
        draw=_draw_seeded,
        goal="Delete the alarm at {old}.",
        initialise=begin,
        success=lambda a, p, said: only(a, p, ALARMS, [], [p["row"]]),
        oracle=lambda p: clock(
            tab("Alarm"), go(p["old"], contains=True, role="item"), do("Delete alarm", role="item")
        ),
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="ClockSwitchAlarm",
        apps=("Clock",),
        difficulty="easy",
        max_steps=30,
        draw=_draw_seeded,
        goal="The alarm at {old} should be the other way round: switch it on if it is off, and off if it is on.",
        initialise=begin,
        success=lambda a, p, said: only(
            a, p, ALARMS, [(*p["row"][:3], 1 - p["row"][3], *p["row"][4:])], [p["row"]]
        ),
        oracle=lambda p: clock(tab("Alarm"), toggle(f"{p['old']} alarm", on=not p["row"][3])),
        tags=("data_edit",),
    ),
    Template(
        name="ClockChangeAlarm",
        apps=("Clock",),
        difficulty="medium",
        max_steps=54,
        draw=_draw_seeded,
        goal="Move the alarm at {old} to {time}; it should ring then.",
        initialise=begin,
        success=lambda a, p, said: only(
            a, p, ALARMS, [(p["hour"], p["minute"], p["row"][2], 1, *p["row"][4:])], [p["row"]]
        ),
        oracle=lambda p: clock(tab("Alarm"), go(p["old"], contains=True, role="item"), *times(p), SAVE),
        tags=("data_edit",),
    ),
    Template(
        name="ClockTimer",
        apps=("Clock",),
        difficulty="medium",
        max_steps=50,
        draw=_draw_timer,
        goal="Start a timer of {minutes} minutes and {seconds} seconds.",
        initialise=begin,
        success=lambda a, p, said: only(a, p, TIMERS, [(p["length"], 1)]),
        oracle=lambda p: clock(*timer(digits(p["length"]))),
        tags=("data_entry", "complex_ui"),
    ),
    Template(
        name="ClockStopwatch",
        apps=("Clock",),
        difficulty="easy",
        max_steps=30,
        draw=lambda rng: {"what": pick(rng, ("run", "swim", "egg", "speech"))},
        goal="Start the stopwatch for my {what}.",
        initialise=begin,
        success=lambda a, p, said: only(a, p, STOPWATCH, [(1,)], [(0,)]),
        oracle=lambda p: clock(
            tab("Stopwatch"), do("Start", role="button", until=Target("Pause", role="button"))
        ),
        tags=("data_entry",),
    ),
    Template(
        name="ClockAddCity",
        apps=("Clock",),
        difficulty="medium",
        max_steps=44,
        draw=lambda rng: {"city": pick(rng, PLACES), "listed": False},
        goal="Add {city} to the cities of the world clock.",
        initialise=_city,
        success=lambda a, p, said: only(a, p, CITIES, [(p["city"],)]),
        oracle=lambda p: clock(
            tab("Clock"),
            go("Add city", role="button"),
            do(
                p["city"],
                role="item",
                contains=True,
                when=Target("Search for a city"),
                until=Target("Add city"),
            ),
        ),
        tags=("data_entry", "search"),
    ),
    Template(
        name="ClockRemoveCity",
        apps=("Clock",),
        difficulty="medium",
        max_steps=36,
        draw=lambda rng: {"city": pick(rng, PLACES), "listed": True},
        goal="Remove {city} from the cities of the world clock.",
        initialise=_city,
        success=lambda a, p, said: only(a, p, CITIES, [], [(p["city"],)]),
        oracle=lambda p: clock(
            tab("Clock"), hold(p["city"], contains=True, role="item"), do("Remove", role="button")
        ),
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="ClockCityQuestion",
        apps=("Clock",),
        difficulty="easy",
        max_steps=30,
        draw=lambda rng: {"city": pick(rng, PLACES), "listed": True},
        goal="What time is it in {city}? Look in the world clock.",
        initialise=_city,
        success=_city_time,
        oracle=lambda p: [
            *clock(
                tab("Clock"),
                read("it", p["city"], r"(\d+:\d\d [AP]M)", contains=True, role="item"),
            ),
            answer(lambda m: m["it"]),
        ],
        tags=("information_retrieval",),
    ),
]
