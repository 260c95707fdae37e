"""The clock: alarms, world clock, timer, stopwatch. Running things follow the device's clock."""

from __future__ import annotations

import random
from datetime import timedelta

from ..app import App, Screen, register
from ..kit import Kit
from ..view import View

_CITIES = {
    "Berlin": 1,
    "Lisbon": 0,
    "London": 0,
    "Mumbai": 5.5,
    "Nairobi": 3,
    "New York": -5,
    "Sao Paulo": -3,
    "Seoul": 9,
    "Sydney": 11,
    "Tokyo": 9,
}
_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()


def duration_words(seconds: int) -> str:
    """Seconds as a screen reader says them."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours} hours, {minutes} minutes, {rest} seconds"


@register
class Clock(App):
    """Alarms, world clock, timers and a stopwatch."""

    package = "com.google.android.deskclock"
    label = "Clock"
    activity = "com.android.deskclock.DeskClock"
    home = "alarms"
    color = "#3F51B5"
    icon = "clock"
    system = True
    permission = "send you notifications"
    database = "alarms.db"
    schema = """
        CREATE TABLE alarms (_id INTEGER PRIMARY KEY AUTOINCREMENT, hour INTEGER NOT NULL, minutes INTEGER NOT NULL,
            daysofweek INTEGER NOT NULL DEFAULT 0, enabled INTEGER NOT NULL DEFAULT 1,
                vibrate INTEGER NOT NULL DEFAULT 1,
            label TEXT NOT NULL DEFAULT '');
        CREATE TABLE cities (_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE timers (_id INTEGER PRIMARY KEY AUTOINCREMENT, length INTEGER NOT NULL, left REAL NOT NULL,
            ends REAL,
            label TEXT NOT NULL DEFAULT '');
        CREATE TABLE stopwatch (_id INTEGER PRIMARY KEY CHECK (_id = 1), spent REAL NOT NULL, since REAL);
        CREATE TABLE laps (_id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL);
        INSERT INTO stopwatch VALUES (1, 0, NULL);
    """

    def seed(self, rng: random.Random) -> None:
        """Three alarms, two cities."""
        for hour, minutes, days, enabled, label in (
            (6, 45, 31, 1, "Work"),
            (8, 30, 96, 0, ""),
            (22, rng.choice((0, 15, 30)), 0, 0, "Medicine"),
        ):
            self.run(
                "INSERT INTO alarms (hour, minutes, daysofweek, enabled, label) VALUES (?, ?, ?, ?, ?)",
                hour,
                minutes,
                days,
                enabled,
                label,
            )
        for name in sorted(rng.sample(sorted(_CITIES), 2)):
            self.run("INSERT INTO cities (name) VALUES (?)", name)

    def start(self, action: str, extras: dict[str, str], data: str) -> None:
        """SET_ALARM, SET_TIMER, SHOW_ALARMS."""
        if action.endswith("SET_ALARM") and extras.get("android.intent.extra.alarm.HOUR", "").isdigit():
            minutes = extras.get("android.intent.extra.alarm.MINUTES", "0")
            self.run(
                "INSERT INTO alarms (hour, minutes, label) VALUES (?, ?, ?)",
                int(extras["android.intent.extra.alarm.HOUR"]) % 24,
                int(minutes) % 60 if minutes.isdigit() else 0,
                extras.get("android.intent.extra.alarm.MESSAGE", ""),
            )
        elif action.endswith("SET_TIMER"):
            self.replace("timer")

    def _time(self, hour: int, minute: int) -> str:
        if self.os.setting("system", "time_12_24") == "24":
            return f"{hour:02d}:{minute:02d}"
        return f"{hour % 12 or 12}:{minute:02d} {'AM' if hour < 12 else 'PM'}"

    def _page(self, ui: Kit, title: str, body: list[View], fab: View | None = None) -> View:
        places = (
            ("Alarm", "alarm", "alarms"),
            ("Clock", "clock", "world"),
            ("Timer", "timer", "timer"),
            ("Stopwatch", "refresh", "stopwatch"),
        )
        foot = ui.tabs(
            [
                (label, icon, self.screen.name == name, lambda n=name: self.replace(n))
                for label, icon, name in places
            ],
            bottom=True,
        )
        return ui.page(body, bar=ui.bar(title), foot=foot, fab=fab, recycler=True)

    # Alarms

    def screen_alarms(self, ui: Kit, screen: Screen) -> View:
        """All alarms with their switches."""
        rows: list[View] = []
        for alarm in self.rows("SELECT * FROM alarms ORDER BY hour, minutes, _id"):
            time = self._time(alarm["hour"], alarm["minutes"])
            days = ", ".join(day for n, day in enumerate(_DAYS) if alarm["daysofweek"] >> n & 1)
            about = " · ".join(
                part
                for part in (alarm["label"], days or ("Once" if alarm["enabled"] else "Not scheduled"))
                if part
            )
            toggle = ui.switch(
                bool(alarm["enabled"]),
                description=f"{time} alarm",
                id="onoff",
                on_tap=lambda i=alarm["_id"]: self.run(
                    "UPDATE alarms SET enabled = 1 - enabled WHERE _id = ?", i
                ),
            )
            rows.append(
                ui.row(
                    time,
                    about,
                    trail=toggle,
                    title_id="digital_clock",
                    on_tap=lambda i=alarm["_id"]: self._edit(i),
                )
            )
        fab = ui.fab("add", "Add alarm", lambda: self._edit(None))
        return self._page(ui, "Alarm", rows or [ui.empty("No alarms", "alarm")], fab)

    def _edit(self, id: int | None) -> None:
        row = self.one("SELECT * FROM alarms WHERE _id = ?", id) if id is not None else None
        hour, minute = (row["hour"], row["minutes"]) if row is not None else (7, 0)
        fields = {
            "hour": str(hour),
            "minute": f"{minute:02d}",
            "label": row["label"] if row is not None else "",
        }
        self.open(
            "edit",
            fields,
            id=id,
            days=row["daysofweek"] if row is not None else 0,
            vibrate=row["vibrate"] if row is not None else 1,
        )

    def screen_edit(self, ui: Kit, screen: Screen) -> View:
        """Hour and minute as on a 24-hour clock, days, label."""
        args = screen.args
        wide = (ui.width - 96 - 90) // 2
        line = ui.line(
            [
                ui.field("hour", "Hour", width=wide, number=True, size=80),
                ui.text(":", size=80, width=30, align="center"),
                ui.field("minute", "Minute", width=wide, number=True, size=80),
            ],
            gap=30,
        )
        days = [
            ui.chip(
                day, lambda n=n: args.update(days=args["days"] ^ 1 << n), selected=bool(args["days"] >> n & 1)
            )
            for n, day in enumerate(_DAYS)
        ]
        body: list[View] = [
            ui.space(20),
            ui.inset(ui.text("Hour (0-23) and minute", size=36, color=ui.theme.muted)),
            ui.space(12),
            ui.inset(line),
            ui.space(36),
            ui.inset(ui.line(days[:4], gap=20)),
            ui.space(20),
            ui.inset(ui.line(days[4:], gap=20)),
            ui.space(36),
            ui.inset(ui.field("label", "Label")),
            ui.space(20),
            ui.switch_row("Vibrate", bool(args["vibrate"]), lambda: args.update(vibrate=1 - args["vibrate"])),
        ]
        actions = [ui.button("Save", lambda: self._save(screen), filled=True), ui.space(1, 30)]
        if args["id"] is not None:
            body.append(
                ui.row(
                    "Delete alarm",
                    icon="delete",
                    color=ui.theme.danger,
                    on_tap=lambda: self._delete(args["id"]),
                )
            )
        return ui.page(
            body,
            bar=ui.bar(
                "New alarm" if args["id"] is None else "Edit alarm",
                back=self.back,
                actions=actions,
                close=True,
            ),
        )

    def _delete(self, id: int) -> None:
        self.run("DELETE FROM alarms WHERE _id = ?", id)
        self.stack.pop()
        self.toast("Alarm deleted")

    def _save(self, screen: Screen) -> None:
        hour, minute = screen.fields["hour"].strip(), screen.fields["minute"].strip()
        if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
            self.toast("Hours go from 0 to 23, minutes from 0 to 59")
            return
        values = (
            int(hour),
            int(minute),
            screen.args["days"],
            screen.args["vibrate"],
            screen.fields.get("label", "").strip(),
        )
        if screen.args["id"] is None:
            self.run(
                "INSERT INTO alarms (hour, minutes, daysofweek, vibrate, label) VALUES (?, ?, ?, ?, ?)",
                *values,
            )
        else:
            self.run(
                "UPDATE alarms SET hour = ?, minutes = ?, daysofweek = ?, vibrate = ?, label = ?, enabled = "
                "1 WHERE _id = ?",
                *values,
                screen.args["id"],
            )
        self.stack.pop()
        self.toast(f"Alarm set for {self._time(int(hour), int(minute))}")

    # World clock

    def screen_world(self, ui: Kit, screen: Screen) -> View:
        """Here and elsewhere."""
        rows: list[View] = [
            ui.inset(
                ui.text(self._time(self.now.hour, self.now.minute), size=130, id="digital_clock"),
                top=40,
                bottom=10,
            ),
            ui.inset(
                ui.text(f"{self.now:%a, %b} {self.now.day}", color=ui.theme.muted, id="date"), bottom=40
            ),
        ]
        for city in self.rows("SELECT * FROM cities ORDER BY _id"):
            there = self.now + timedelta(hours=_CITIES.get(city["name"], 0))
            rows.append(
                ui.row(
                    city["name"],
                    f"{_CITIES.get(city['name'], 0):+g} hours",
                    note=self._time(there.hour, there.minute),
                    title_id="city_name",
                    on_long_press=lambda n=city["name"]: self.confirm(
                        "Remove city?", n, "Remove", self.remove_city, name=n
                    ),
                )
            )
        return self._page(
            ui, "Clock", rows, ui.fab("add", "Add city", lambda: self.open("cities", focus="city"))
        )

    def remove_city(self, name: str) -> None:
        """Take a city off the list."""
        self.run("DELETE FROM cities WHERE name = ?", name)

    def screen_cities(self, ui: Kit, screen: Screen) -> View:
        """Cities to choose from."""
        wanted = screen.fields.get("city", "").strip().lower()
        rows = [
            ui.row(name, f"{offset:+g} hours", on_tap=lambda n=name: self._add_city(n))
            for name, offset in _CITIES.items()
            if wanted in name.lower()
        ]
        return ui.page(
            rows or [ui.empty("No such city", "globe")],
            bar=ui.search_bar("city", "Search for a city", back=self.back),
        )

    def _add_city(self, name: str) -> None:
        self.run("INSERT OR IGNORE INTO cities (name) VALUES (?)", name)
        self.back()

    # Timer

    def _left(self, left: float, ends: float | None) -> int:
        return round(left if ends is None else max(0.0, ends - self.os.state.time))

    def screen_timer(self, ui: Kit, screen: Screen) -> View:
        """Digits as on a microwave oven, and the timers that were made."""
        digits = screen.fields.get("digits", "")
        padded = digits.rjust(6, "0")
        hours, minutes, seconds = int(padded[:2]), int(padded[2:4]), int(padded[4:])
        shown = View(
            "android.widget.TextView",
            f"{padded[:2]}h {padded[2:4]}m {padded[4:]}s",
            resource_id="timer_setup_time",
            description=f"{hours} hours, {minutes} minutes, {seconds} seconds",
            frame=(0, 0, ui.width - 96, 130),
            size=90,
            align="center",
        )
        body: list[View] = [ui.inset(shown, top=20, bottom=20)]
        wide = (ui.width - 96) // 3
        for line in (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), ("00", "0", "⌫")):
            keys = [self._digit(ui, screen, key, wide) for key in line]
            body.append(ui.inset(ui.line(keys)))
        go = ui.button(
            "Start",
            lambda: self._start_timer(screen, hours * 3600 + minutes * 60 + seconds),
            filled=True,
            enabled=bool(digits.strip("0")),
            id="fab",
        )
        body += [ui.inset(ui.line([go], width=ui.width - 96, align="center"), top=20, bottom=30)]
        for timer in self.rows("SELECT * FROM timers ORDER BY _id DESC"):
            body.append(
                self._timer_row(
                    ui,
                    timer["_id"],
                    timer["length"],
                    self._left(timer["left"], timer["ends"]),
                    timer["ends"] is not None,
                )
            )
        return self._page(ui, "Timer", body)

    def _digit(self, ui: Kit, screen: Screen, key: str, wide: int) -> View:
        digits = screen.fields.get("digits", "")
        erase = key == "⌫"
        change = digits[:-1] if erase else (digits + key).lstrip("0")[:6]
        view = View(
            "android.widget.Button",
            "" if erase else key,
            description="Delete" if erase else "",
            frame=(0, 0, wide, 170),
            size=66,
            align="center",
            resource_id="timer_setup_delete" if erase else f"timer_setup_digit_{key}",
            color=ui.theme.ink,
            on_tap=lambda: screen.fields.update(digits=change),
        )
        if erase:
            view.icon = "back"
        return view

    def _start_timer(self, screen: Screen, seconds: int) -> None:
        self.run(
            "INSERT INTO timers (length, left, ends) VALUES (?, ?, ?)",
            seconds,
            seconds,
            self.os.state.time + seconds,
        )
        screen.fields.pop("digits", None)

    def _timer_row(self, ui: Kit, id: int, length: int, left: int, running: bool) -> View:
        time = f"{left // 3600:02d}:{left // 60 % 60:02d}:{left % 60:02d}"
        pause = ui.icon_button(
            "pause" if running else "play",
            "Pause" if running else "Start",
            lambda: self._pause(id, left, running),
        )
        remove = ui.icon_button(
            "close", "Delete timer", lambda: self.run("DELETE FROM timers WHERE _id = ?", id)
        )
        state = (
            "Time's up"
            if running and not left
            else f"{'Running' if running else 'Paused'} · {duration_words(length)}"
        )
        return ui.row(time, state, trail=ui.line([pause, remove]), title_id="timer_time_text")

    def _pause(self, id: int, left: int, running: bool) -> None:
        ends = None if running else self.os.state.time + left
        self.run("UPDATE timers SET left = ?, ends = ? WHERE _id = ?", left, ends, id)

    # Stopwatch

    def screen_stopwatch(self, ui: Kit, screen: Screen) -> View:
        """Time that runs, and laps."""
        row = self.one("SELECT * FROM stopwatch")
        spent, since = (row["spent"], row["since"]) if row is not None else (0.0, None)
        now = spent + (self.os.state.time - since if since is not None else 0.0)
        time = f"{int(now) // 60:02d}:{int(now) % 60:02d}.{int(now * 100) % 100:02d}"
        shown = View(
            "android.widget.TextView",
            time,
            description=duration_words(int(now)),
            resource_id="stopwatch_time_text",
            frame=(0, 0, ui.width - 96, 200),
            size=130,
            align="center",
        )
        running = since is not None
        main = ui.fab(
            "pause" if running else "play",
            "Pause" if running else "Start",
            lambda: self._toggle(now, running),
        )
        left = ui.icon_button("reset", "Reset", self._reset, enabled=now > 0, box=150)
        right = ui.icon_button(
            "flag", "Lap", lambda: self.run("INSERT INTO laps (at) VALUES (?)", now), enabled=running, box=150
        )
        body: list[View] = [
            ui.inset(shown, top=140, bottom=80),
            ui.inset(ui.line([left, main, right], width=ui.width - 96, spread=True, pad=120)),
            ui.space(60),
        ]
        laps = self.rows("SELECT * FROM laps ORDER BY _id")
        for n, lap in reversed(list(enumerate(laps, 1))):
            body.append(
                ui.row(
                    f"Lap {n}",
                    note=f"{int(lap['at']) // 60:02d}:{int(lap['at']) % 60:02d}.{int(lap['at'] * 100) % 100:02d}",
                )
            )
        return self._page(ui, "Stopwatch", body)

    def _toggle(self, now: float, running: bool) -> None:
        self.run("UPDATE stopwatch SET spent = ?, since = ?", now, None if running else self.os.state.time)

    def _reset(self) -> None:
        self.run("UPDATE stopwatch SET spent = 0, since = NULL")
        self.run("DELETE FROM laps")
