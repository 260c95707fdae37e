"""What the calendar starts with, and when an event happens."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta

DAY, WEEK, MONTH, YEAR = 86400, 604800, 2592001, 31536000
REPEATS = {0: "No repetition", DAY: "Daily", WEEK: "Weekly", MONTH: "Monthly", YEAR: "Yearly"}
"""Values of `repeat_interval` → their labels, as in Simple Calendar Pro."""
REMINDERS = {
    -1: "No reminder",
    0: "At start",
    10: "10 minutes before",
    30: "30 minutes before",
    60: "1 hour before",
    1440: "1 day before",
}
SEED = (
    (0, 10, 0, 30, "Stand-up", "", "Daily team meeting"),
    (0, 14, 0, 60, "Design review", "Room 4.12", "Bring the pricing deck"),
    (1, 9, 30, 60, "Dentist", "Moreno Dental", ""),
    (1, 18, 30, 90, "Book club", "City Library", "Chapter 7"),
    (2, 12, 0, 60, "Lunch with Grace", "Elm Street 18", ""),
    (4, 8, 0, 480, "Workshop", "Larkspur Labs", "Laptops needed"),
    (6, 19, 30, 120, "Dinner with Lena", "Elm Street 18", "Table for four"),
    (9, 11, 0, 45, "Call with Ivan", "", "About the invoice"),
    (12, 9, 0, 180, "Launch", "Room 4.12", "Badge needed"),
    (15, 16, 0, 60, "Car service", "Horak Garage", ""),
    (-2, 15, 0, 60, "Budget meeting", "Room 2.01", ""),
    (-6, 10, 0, 120, "Yoga", "Sports hall", ""),
)
"""What is in it at first: days from now, hour, minute, minutes long, title, place, description."""

SCHEMA = """
    CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, start_ts INTEGER NOT NULL, end_ts INTEGER NOT NULL,
        title TEXT NOT NULL, location TEXT NOT NULL, description TEXT NOT NULL, reminder_1_minutes INTEGER NOT NULL,
        reminder_2_minutes INTEGER NOT NULL, reminder_3_minutes INTEGER NOT NULL, reminder_1_type INTEGER NOT NULL,
        reminder_2_type INTEGER NOT NULL, reminder_3_type INTEGER NOT NULL, repeat_interval INTEGER NOT NULL,
        repeat_rule INTEGER NOT NULL, repeat_limit INTEGER NOT NULL, repetition_exceptions TEXT NOT NULL,
        attendees TEXT NOT NULL, import_id TEXT NOT NULL, time_zone TEXT NOT NULL, flags INTEGER NOT NULL,
        event_type INTEGER NOT NULL, parent_id INTEGER NOT NULL, last_updated INTEGER NOT NULL, source TEXT NOT NULL,
        availability INTEGER NOT NULL, color INTEGER NOT NULL, type INTEGER NOT NULL);
    CREATE UNIQUE INDEX index_events_id ON events (id);
    CREATE TABLE event_types (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, color INTEGER NOT NULL,
        caldav_calendar_id INTEGER NOT NULL, caldav_display_name TEXT NOT NULL, caldav_email TEXT NOT NULL,
            type INTEGER NOT NULL);
    CREATE UNIQUE INDEX index_event_types_id ON event_types (id);
    CREATE TABLE widgets (id INTEGER PRIMARY KEY AUTOINCREMENT, widget_id INTEGER NOT NULL, period INTEGER NOT NULL);
    CREATE UNIQUE INDEX index_widgets_widget_id ON widgets (widget_id);
    CREATE TABLE tasks (id INTEGER PRIMARY KEY AUTOINCREMENT, task_id INTEGER NOT NULL, start_ts INTEGER NOT NULL,
        flags INTEGER NOT NULL);
    CREATE UNIQUE INDEX index_tasks_id_task_id ON tasks (id, task_id);
    INSERT INTO event_types VALUES (1, 'Regular event', -14575885, 0, '', '', 0);
"""
"""The tables of Simple Calendar Pro."""


def stamp(day: date, hour: int, minute: int) -> int:
    """A time of a day in seconds since 1970."""
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp())


def happens(row: sqlite3.Row, day: date, first: int, last: int) -> bool:
    """Whether an event or one of its repetitions is on a day, which lasts from `first` to `last`."""
    start, every = datetime.fromtimestamp(row["start_ts"], UTC).date(), row["repeat_interval"]
    if not every or day < start:
        return row["start_ts"] <= last and row["end_ts"] >= first
    if row["repeat_limit"] > 0 and first > row["repeat_limit"]:
        return False
    if f'"{day:%Y%m%d}"' in row["repetition_exceptions"]:
        return False
    if every % YEAR == 0:
        return (day.month, day.day) == (start.month, start.day)
    if every % WEEK == 0:
        weeks = (day - start + timedelta(days=start.weekday())).days // 7
        mask = row["repeat_rule"] or 1 << start.weekday()
        return bool(mask >> day.weekday() & 1) and weeks % (every // WEEK) == 0
    if every % DAY == 0:
        return (day - start).days % (every // DAY) == 0
    return day.day == start.day
