"""The calendar: events in the database of Simple Calendar Pro, table for table."""

from __future__ import annotations

import calendar
import random
import sqlite3
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from ..._lettering import line_height
from ..app import App, Screen, register
from ..kit import Kit
from ..view import View
from ._calendar import DAY, REMINDERS, REPEATS, SCHEMA, SEED, WEEK, happens, stamp


@register
class Calendar(App):
    """Month, day and list views over Simple Calendar Pro's events."""

    package = "com.simplemobiletools.calendar.pro"
    label = "Simple Calendar Pro"
    activity = "com.simplemobiletools.calendar.pro.activities.MainActivity"
    activities: ClassVar = {"event": "com.simplemobiletools.calendar.pro.activities.EventActivity",
                  "settings": "com.simplemobiletools.calendar.pro.activities.SettingsActivity"}  # fmt: skip
    home = "month"
    color = "#C2410C"
    icon = "calendar"
    permission = "access your calendar"
    database = "events.db"
    schema = SCHEMA

    def seed(self, rng: random.Random) -> None:
        """Two weeks of a working person."""
        today = self.now.date()
        for days, hour, minute, length, title, place, about in SEED:
            start = stamp(today + timedelta(days=days), hour, minute)
            self.add(
                title, start, start + length * 60, place, about, repeat=DAY if title == "Stand-up" else 0
            )
        start = stamp(today + timedelta(days=rng.randint(16, 25)), 17, 0)
        self.add("Parents' evening", start, start + 3600, "School", "")

    def add(
        self,
        title: str,
        start: int,
        end: int,
        location: str = "",
        description: str = "",
        *,
        repeat: int = 0,
        reminder: int = -1,
    ) -> int:
        """Put an event in; times in seconds since 1970.

        Returns:
            Its id.
        """
        now = int(self.now.timestamp())
        rule = 1 << datetime.fromtimestamp(start, UTC).weekday() if repeat == WEEK else 0
        return self.run(
            "INSERT INTO events (start_ts, end_ts, title, location, description, reminder_1_minutes, "
            "reminder_2_minutes, "
            "reminder_3_minutes, reminder_1_type, reminder_2_type, reminder_3_type, repeat_interval, "
            "repeat_rule, repeat_limit, "
            "repetition_exceptions, attendees, import_id, time_zone, flags, event_type, parent_id, "
            "last_updated, source, "
            "availability, color, type) VALUES (?, ?, ?, ?, ?, ?, -1, -1, 0, 0, 0, ?, ?, 0, '[]', '[]', '', "
            "'UTC', 0, 1, 0, ?, "
            "'simple-calendar', 0, 0, 0)",
            start,
            end,
            title,
            location,
            description,
            reminder,
            repeat,
            rule,
            now * 1000,
        )

    def on(self, day: date, events: list[sqlite3.Row] | None = None) -> list[sqlite3.Row]:
        """Events of a day, repeated ones too, by their time of day; of these events if they are given."""
        first, last = stamp(day, 0, 0), stamp(day, 23, 59) + 59
        rows = self.rows("SELECT * FROM events ORDER BY start_ts % 86400, id") if events is None else events
        return [row for row in rows if row["start_ts"] <= last and happens(row, day, first, last)]

    # Views

    def _bar(self, ui: Kit, screen: Screen, title: str) -> View:
        if "searching" in screen.args:
            return ui.search_bar("search", "Search events", back=lambda: self.replace(screen.name))
        actions = [
            ui.icon_button("search", "Search", lambda: self._search(screen)),
            ui.icon_button("today", "Go to today", self.to_home),
            ui.icon_button("list", "Change view", lambda: self.ask("views")),
            ui.icon_button("more", "More options", lambda: self.ask("more")),
        ]
        return ui.bar(title, actions=actions)

    def _search(self, screen: Screen) -> None:
        screen.args["searching"] = True
        screen.focus = "search"

    def back(self) -> bool:
        """Leaves a search first."""
        if self.screen.dialog is None and self.screen.args.pop("searching", None):
            self.screen.fields.pop("search", None)
            self.screen.focus = ""
            return True
        return super().back()

    def dialog_views(self, ui: Kit, screen: Screen) -> View:
        """How events are shown."""
        return ui.menu(
            [
                ("Monthly view", self.to_home),
                ("Daily view", self.then(lambda: self.open("day", day=self.now.date().isoformat()))),
                ("Simple event list", self.then(lambda: self.open("agenda"))),
            ]
        )

    def dialog_more(self, ui: Kit, screen: Screen) -> View:
        """Rarer things."""
        return ui.menu(
            [
                (
                    "Delete all events",
                    lambda: self.confirm(
                        "Delete all events?", "This cannot be undone.", "Yes", self.delete_all
                    ),
                ),
                ("Add holidays", self.then(self.holidays)),
            ]
        )

    def delete_all(self) -> None:
        """Empty the calendar."""
        self.run("DELETE FROM events")

    def holidays(self) -> None:
        """Add the fixed public holidays of this year."""
        for month, day, title in ((1, 1, "New Year's Day"), (5, 1, "Labour Day"), (12, 25, "Christmas Day")):
            start = stamp(date(self.now.year, month, day), 12, 0)
            id = self.add(title, start, start)
            self.run("UPDATE events SET flags = 1 WHERE id = ?", id)
        self.toast("Holidays have been added")

    def _event_row(self, ui: Kit, row: sqlite3.Row, day: date) -> View:
        start, end = datetime.fromtimestamp(row["start_ts"], UTC), datetime.fromtimestamp(row["end_ts"], UTC)
        time = "All day" if row["flags"] & 1 else f"{self._time(start)} - {self._time(end)}"
        about = time + (f" · {row['location']}" if row["location"] else "")
        return ui.row(
            row["title"],
            about,
            title_id="event_item_title",
            subtitle_id="event_item_time",
            lead=View(
                "android.widget.ImageView",
                frame=(0, 0, 14, 100),
                fill=ui.theme.primary,
                radius=7,
                resource_id="event_item_color_bar",
            ),
            on_tap=lambda: self._edit(row, day),
            on_long_press=lambda: self._ask_delete(row["id"], row["title"]),
        )

    def _time(self, moment: datetime) -> str:
        if self.os.setting("system", "time_12_24") == "24":
            return f"{moment:%H:%M}"
        return f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"

    def screen_month(self, ui: Kit, screen: Screen) -> View:
        """A month in a grid."""
        if screen.fields.get("search"):
            return self.screen_agenda(ui, screen)
        today = self.now.date()
        shown = date.fromisoformat(screen.args.get("month", today.replace(day=1).isoformat()))
        before = (shown - timedelta(days=1)).replace(day=1).isoformat()
        after = (shown + timedelta(days=32)).replace(day=1).isoformat()
        title = ui.text(
            f"{shown:%B} {shown.year}", size=54, width=ui.width - 96 - 300, align="center", id="top_value"
        )
        head = ui.line(
            [
                ui.icon_button("back", "Previous month", lambda: screen.args.update(month=before)),
                title,
                ui.icon_button("forward", "Next month", lambda: screen.args.update(month=after)),
            ],
            width=ui.width - 96,
            spread=True,
        )
        weeks = calendar.Calendar().monthdatescalendar(shown.year, shown.month)
        wide = ui.width // 7
        names = ui.line(
            [
                ui.text(n, size=34, width=wide, align="center", color=ui.theme.muted)
                for n in "Mon Tue Wed Thu Fri Sat Sun".split()
            ]
        )
        bar = self._bar(ui, screen, "Calendar")
        tall = max(150, (ui.room - bar.height - 126 - 110) // len(weeks))
        grid = View(
            "android.widget.FrameLayout",
            resource_id="month_view",
            frame=(0, 0, ui.width, tall * len(weeks)),
            children=[
                self._cell(ui, day, shown.month, wide, tall).move(x * wide, y * tall)
                for y, week in enumerate(weeks)
                for x, day in enumerate(week)
            ],
        )
        grid.on_swipe = lambda way: (
            screen.args.update(month=after if way == "left" else before) if way in ("left", "right") else None
        )
        fab = ui.fab(
            "add",
            "New Event",
            lambda: self._new(today if today.month == shown.month else shown),
            id="calendar_fab",
        )
        return ui.page([ui.inset(head), names, ui.space(20), grid], bar=bar, fab=fab)

    def _cell(self, ui: Kit, day: date, month: int, wide: int, tall: int) -> View:
        events = self.on(day)
        today = day == self.now.date()
        ink = ui.theme.on_primary if today else ui.theme.ink if day.month == month else ui.theme.muted
        number = View(
            "android.widget.TextView",
            str(day.day),
            resource_id="day_monthly_number_id",
            frame=(0, 0, 76, 76),
            size=38,
            align="center",
            color=ink,
            fill=ui.theme.primary if today else "",
            radius=38,
        )
        parts = [number.move((wide - 76) // 2, 6)]
        y = 90
        for row in events[: max(0, (tall - 90) // 50)]:
            parts.append(
                View(
                    "android.widget.TextView",
                    row["title"],
                    resource_id="day_monthly_event_id",
                    frame=(4, y, wide - 4, y + line_height(28) + 6),
                    size=28,
                    fill=ui.theme.tint,
                    radius=8,
                    pad=8,
                    color=ui.theme.ink,
                )
            )
            y += 50
        words = f"{day:%B} {day.day}" + (f", {len(events)} events" if events else "")
        return View(
            "android.widget.FrameLayout",
            description=words,
            frame=(0, 0, wide, tall),
            children=parts,
            outline=ui.theme.line,
            on_tap=lambda: self.open("day", day=day.isoformat()),
            on_long_press=lambda: self._new(day),
        )

    def screen_day(self, ui: Kit, screen: Screen) -> View:
        """One day's events."""
        day = date.fromisoformat(screen.args["day"])

        def turn(by: int) -> None:
            screen.args["day"] = (day + timedelta(days=by)).isoformat()

        title = ui.text(
            f"{day:%A}, {day:%B} {day.day}",
            size=50,
            width=ui.width - 96 - 300,
            align="center",
            id="top_value",
        )
        head = ui.line(
            [
                ui.icon_button("back", "Previous day", lambda: turn(-1)),
                title,
                ui.icon_button("forward", "Next day", lambda: turn(1)),
            ],
            width=ui.width - 96,
            spread=True,
        )
        rows = [self._event_row(ui, row, day) for row in self.on(day)]
        fab = ui.fab("add", "New Event", lambda: self._new(day), id="calendar_fab")
        return ui.page(
            [ui.inset(head), *(rows or [ui.empty("No events", "calendar")])],
            bar=ui.bar("Day", back=self.back),
            fab=fab,
        )

    def screen_agenda(self, ui: Kit, screen: Screen) -> View:
        """What comes, day by day; or what was searched for, of all times."""
        search = screen.fields.get("search", "").lower()
        rows: list[View] = []
        today = self.now.date()
        events = [
            r
            for r in self.rows("SELECT * FROM events ORDER BY start_ts % 86400, id")
            if search in f"{r['title']} {r['location']} {r['description']}".lower()
        ]
        for n in range(-366 if search else 0, 366 if search else 31):
            day = today + timedelta(days=n)
            found = [r for r in self.on(day, events) if not search or not r["repeat_interval"] or n == 0]
            if found:
                rows += [
                    ui.header(f"{day:%A}, {day:%B} {day.day}"),
                    *(self._event_row(ui, row, day) for row in found),
                ]
        fab = ui.fab("add", "New Event", lambda: self._new(today), id="calendar_fab")
        return ui.page(
            rows or [ui.empty("No events found", "calendar")],
            bar=self._bar(ui, screen, "Events"),
            fab=fab,
            recycler=True,
        )

    # One event

    def _new(self, day: date) -> None:
        hour = min(22, self.now.hour + 1)
        self.open(
            "event",
            {
                "title": "",
                "location": "",
                "description": "",
                "start_date": day.isoformat(),
                "start_time": f"{hour:02d}:00",
                "end_date": day.isoformat(),
                "end_time": f"{hour + 1:02d}:00",
            },
            id=None,
            repeat=0,
            reminder=-1,
            all_day=False,
        )

    def _edit(self, row: sqlite3.Row, day: date) -> None:
        start, end = datetime.fromtimestamp(row["start_ts"], UTC), datetime.fromtimestamp(row["end_ts"], UTC)
        fields = {k: row[k] for k in ("title", "location", "description")} | {
            "start_date": f"{start:%Y-%m-%d}",
            "start_time": f"{start:%H:%M}",
            "end_date": f"{end:%Y-%m-%d}",
            "end_time": f"{end:%H:%M}",
        }
        self.open(
            "event",
            fields,
            id=row["id"],
            repeat=row["repeat_interval"],
            reminder=row["reminder_1_minutes"],
            all_day=bool(row["flags"] & 1),
        )

    def screen_event(self, ui: Kit, screen: Screen) -> View:
        """Make or change an event; days as 2026-03-12, times as 14:30."""
        args = screen.args
        actions = [ui.icon_button("check", "Save", lambda: self._save(screen))]
        if args["id"] is not None:
            actions.insert(
                0,
                ui.icon_button(
                    "delete", "Delete", lambda: self._ask_delete(args["id"], screen.fields["title"])
                ),
            )
        bar = ui.bar(
            "New Event" if args["id"] is None else "Edit Event", back=self.back, actions=actions, close=True
        )
        half = (ui.width - 96 - 30) // 2
        body: list[View] = [ui.space(20)]
        for key, hint in (("title", "Title"), ("location", "Location"), ("description", "Description")):
            body += [ui.inset(ui.field(key, hint, id=f"event_{key}")), ui.space(24)]
        body.append(
            ui.switch_row(
                "All-day", args["all_day"], lambda: args.update(all_day=not args["all_day"]), icon="clock"
            )
        )
        for part in ("start", "end"):
            body.append(ui.inset(ui.text(part.capitalize(), size=36, color=ui.theme.muted)))
            day = ui.field(f"{part}_date", "YYYY-MM-DD", width=half, id=f"event_{part}_date")
            time = ui.field(f"{part}_time", "HH:MM", width=half, id=f"event_{part}_time")
            body += [ui.inset(ui.line([day] if args["all_day"] else [day, time], gap=30)), ui.space(24)]
        body += [
            ui.row(
                "Repetition",
                REPEATS.get(args["repeat"], "Custom"),
                icon="refresh",
                on_tap=lambda: self.ask("choose", key="repeat"),
            ),
            ui.row(
                "Reminder",
                REMINDERS.get(args["reminder"], f"{args['reminder']} minutes before"),
                icon="bell",
                on_tap=lambda: self.ask("choose", key="reminder"),
            ),
        ]
        return ui.page(body, bar=bar)

    def dialog_choose(self, ui: Kit, screen: Screen, *, key: str) -> View:
        """Repetition or reminder."""
        rows = [
            ui.row(
                label,
                lead=ui.check(screen.args[key] == value, description=label, radio=True),
                width=ui.width - 240,
                on_tap=self.then(lambda v=value: screen.args.update({key: v})),
            )
            for value, label in (REPEATS if key == "repeat" else REMINDERS).items()
        ]
        return ui.dialog(key.capitalize(), rows, [("Cancel", self.dismiss)])

    def _save(self, screen: Screen) -> None:
        f, args = screen.fields, screen.args
        title = f["title"].strip()
        try:
            start, end = (_moment(f, part, all_day=args["all_day"]) for part in ("start", "end"))
        except ValueError:
            self.toast("Days are written 2026-03-12, times 14:30")
            return
        if not title or end < start:
            self.toast(
                "Title cannot be empty" if not title else "The event cannot end earlier than it starts"
            )
            return
        place, about = f["location"].strip(), f["description"].strip()
        id = args["id"]
        if id is None:
            id = self.add(title, start, end, place, about, repeat=args["repeat"], reminder=args["reminder"])
        else:
            self.run(
                "UPDATE events SET title = ?, start_ts = ?, end_ts = ?, location = ?, description = ?, "
                "repeat_interval = ?, "
                "reminder_1_minutes = ?, last_updated = ? WHERE id = ?",
                title,
                start,
                end,
                place,
                about,
                args["repeat"],
                args["reminder"],
                int(self.now.timestamp() * 1000),
                id,
            )
        self.run("UPDATE events SET flags = ? WHERE id = ?", int(args["all_day"]), id)
        self.stack.pop()
        self.toast("Event saved")

    def _ask_delete(self, id: int, title: str) -> None:
        self.confirm("Delete event", f"Delete {title!r}?", "Yes", self.delete, id=id)

    def delete(self, id: int) -> None:
        """Remove an event."""
        self.run("DELETE FROM events WHERE id = ?", id)
        if self.screen.name == "event":
            self.stack.pop()


def _moment(fields: dict[str, str], part: str, *, all_day: bool) -> int:
    """What the form says of an event's start or end, in seconds since 1970; ValueError if it is no time."""
    time = "12:00" if all_day else fields[f"{part}_time"].strip().zfill(5)
    return int(datetime.fromisoformat(f"{fields[f'{part}_date'].strip()}T{time}:00+00:00").timestamp())
