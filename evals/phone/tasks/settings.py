"""Tasks in the settings: radios, display, sound, clock, what the phone says of itself."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from ..oracle import Flow, Rung, Target, answer, do, fill, go, read, slide, toggle
from ..template import Params, Template
from ._apps import flow, pick, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

_Setting = tuple[str, str]  # table and name
WIFI, BLUETOOTH, AIRPLANE = ("global", "wifi_on"), ("global", "bluetooth_on"), ("global", "airplane_mode_on")
BRIGHTNESS, TIMEOUT, FONT = (
    ("system", "screen_brightness"),
    ("system", "screen_off_timeout"),
    ("system", "font_scale"),
)
TIMEOUTS = {"15 seconds": "15000", "30 seconds": "30000", "2 minutes": "120000", "10 minutes": "600000"}
FONTS = {"Small": "0.85", "Large": "1.15", "Largest": "1.3"}
VOLUMES = {
    "Media volume": ("volume_music", 15),
    "Ring volume": ("volume_ring", 7),
    "Alarm volume": ("volume_alarm", 7),
}
FOUND = {
    "Night Light": ("secure", "night_display_activated"),
    "Do Not Disturb": ("global", "zen_mode"),
    "Battery Saver": ("global", "low_power"),
    "Auto-rotate screen": ("system", "accelerometer_rotation"),
}
FACTS = {
    "Android version": ("13", r"\d+"),
    "Build number": ("TENFOLD.260312.001", r"TENFOLD\S+"),
    "Serial number": ("virtual-5554", r"virtual-\d+"),
    "Phone number": ("+1 555 010 0100", r"\+[\d ]+\d"),
}
NAMES = ("Sam's phone", "Kitchen phone", "Travel phone", "Old faithful")
DEVICES = ("Kitchen speaker", "Grace's headphones", "Car audio")
OPEN_NETWORKS = ("Larkspur-Guest", "CoffeeHouse")


def remember(android: VirtualAndroid, p: Params) -> None:
    """Keep the settings tables as they are now."""
    p["before"] = {table: dict(values) for table, values in android.state.settings.items()}


def changed(android: VirtualAndroid, p: Params) -> dict[_Setting, str | None]:
    """Settings that differ from what was remembered, with their new values."""
    out: dict[_Setting, str | None] = {}
    for table, now in android.state.settings.items():
        before = p["before"][table]
        out |= {(table, k): now.get(k) for k in before.keys() | now.keys() if before.get(k) != now.get(k)}
    return out


def only(*wanted: tuple[_Setting, str]) -> Callable[[VirtualAndroid, Params, str], bool]:
    """Success: exactly these settings have these new values, which may name parameters."""
    return lambda a, p, said: changed(a, p) == {s: value.format(**p) for s, value in wanted}


def _switch(setting: _Setting) -> Callable[[VirtualAndroid, Params], None]:
    """Begin with a switch the other way round than the task wants it."""

    def begin(android: VirtualAndroid, p: Params) -> None:
        android.set_setting(*setting, "0" if p["on"] else "1")
        remember(android, p)

    return begin


def _either(rng: Random) -> Params:
    on = pick(rng, (True, False))
    return {"on": on, "value": "1" if on else "0", "word": "on" if on else "off"}


def _volume(rng: Random) -> Params:
    name = pick(rng, VOLUMES)
    word = pick(rng, ("the highest", "the lowest"))
    end = VOLUMES[name][1]
    return {"name": name, "word": word, "value": end if word == "the highest" else 0, "end": end}


def _volume_set(android: VirtualAndroid, p: Params, said: str) -> bool:
    return changed(android, p) == {("system", VOLUMES[p["name"]][0]): str(p["value"])}


def _brightness(rng: Random) -> Params:
    percent = pick(rng, (0, 10, 25, 75, 90, 100))
    return {"percent": percent, "value": round(255 * percent / 100)}


def _bright(android: VirtualAndroid, p: Params, said: str) -> bool:
    found = changed(android, p)
    return set(found) == {BRIGHTNESS} and abs(int(found[BRIGHTNESS] or 0) - p["value"]) <= 10


def _dark_begin(android: VirtualAndroid, p: Params) -> None:
    android.set_setting("secure", "ui_night_mode", "1" if p["on"] else "2")
    remember(android, p)


def _found_begin(android: VirtualAndroid, p: Params) -> None:
    android.set_setting(*FOUND[p["name"]], "0")
    remember(android, p)


def _fact(rng: Random) -> Params:
    return {"name": pick(rng, FACTS)}


def _named(android: VirtualAndroid, p: Params, said: str) -> bool:
    return changed(android, p) == {("global", "device_name"): p["name"]}


def _storage(android: VirtualAndroid, p: Params) -> None:
    android.files.write(f"/sdcard/{p['folder']}/{p['name']}", b"x" * p["size"])


def _used(android: VirtualAndroid, p: Params) -> str:
    files = android.files
    paths = [q for q in files.walk(f"/sdcard/{p['folder']}") if not files.is_folder(q)]
    return f"{sum(len(files.read(q)) for q in paths) / 1000:.1f}"


def _storage_draw(rng: Random) -> Params:
    kind, folder = pick(rng, {"Documents": "Documents", "Downloads": "Download", "Audio": "Music"}.items())
    return {"kind": kind, "folder": folder, "name": "archive.bin", "size": rng.randrange(20_000, 900_000)}


def area(name: str) -> Rung:
    """Open an area of the settings."""
    return go(name, contains=True, role="item", when=Target("Search settings"))


def settings(*rungs: Rung) -> list[Flow]:
    """Rungs in the settings."""
    return [flow("Settings", *rungs)]


def _choose(name: str, choice: str) -> tuple[Rung, ...]:
    shown = Target(f"{name}, {choice}")
    return area("Display"), go(name, contains=True, role="item"), do(choice, role="radio", until=shown)


TEMPLATES: list[Template] = [
    Template(
        name="SettingsWifi",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=_either,
        goal="Turn Wi-Fi {word}.",
        initialise=_switch(WIFI),
        success=only((WIFI, "{value}")),
        oracle=lambda p: settings(
            area("Network & internet"), go("Internet, Wi-Fi", contains=True), toggle("Wi-Fi", on=p["on"])
        ),
        tags=("data_edit",),
    ),
    Template(
        name="SettingsBluetooth",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=_either,
        goal="Turn Bluetooth {word}.",
        initialise=_switch(BLUETOOTH),
        success=only((BLUETOOTH, "{value}")),
        oracle=lambda p: settings(area("Connected devices"), toggle("Use Bluetooth", on=p["on"])),
        tags=("data_edit",),
    ),
    Template(
        name="SettingsAirplaneMode",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=lambda rng: {"reason": pick(rng, ("I am boarding", "The plane leaves", "The film begins"))},
        goal="{reason}: turn airplane mode on.",
        initialise=remember,
        success=only((AIRPLANE, "1"), (WIFI, "0"), (BLUETOOTH, "0")),
        oracle=lambda p: settings(area("Network & internet"), toggle("Airplane mode")),
        tags=("data_edit",),
    ),
    Template(
        name="SettingsBrightness",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=_brightness,
        goal="Set the brightness of the screen to {percent} percent.",
        initialise=remember,
        success=_bright,
        oracle=lambda p: settings(area("Display"), slide("Brightness level", p["value"], 255)),
        tags=("data_edit", "complex_ui"),
    ),
    Template(
        name="SettingsDarkTheme",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=_either,
        goal="Turn the dark theme {word}.",
        initialise=_dark_begin,
        success=lambda a, p, said: changed(a, p) == {("secure", "ui_night_mode"): "2" if p["on"] else "1"},
        oracle=lambda p: settings(area("Display"), toggle("Dark theme", on=p["on"])),
        tags=("data_edit",),
    ),
    Template(
        name="SettingsVolume",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=_volume,
        goal="Set the phone's {name} to {word} level.",
        initialise=remember,
        success=_volume_set,
        oracle=lambda p: settings(area("Sound & vibration"), slide(p["name"], p["value"], p["end"])),
        tags=("data_edit", "complex_ui"),
    ),
    Template(
        name="SettingsScreenTimeout",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=lambda rng: {"time": pick(rng, TIMEOUTS)},
        goal="Let the screen go dark after {time} without a touch.",
        initialise=remember,
        success=lambda a, p, said: changed(a, p) == {TIMEOUT: TIMEOUTS[p["time"]]},
        oracle=lambda p: settings(*_choose("Screen timeout", p["time"])),
        tags=("data_edit",),
    ),
    Template(
        name="SettingsFontSize",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=lambda rng: {"size": pick(rng, FONTS)},
        goal="Set the font size to “{size}”.",
        initialise=remember,
        success=lambda a, p, said: changed(a, p) == {FONT: FONTS[p["size"]]},
        oracle=lambda p: settings(*_choose("Font size", p["size"])),
        tags=("data_edit",),
    ),
    Template(
        name="SettingsSearch",
        apps=("Settings",),
        difficulty="medium",
        max_steps=36,
        draw=lambda rng: {"name": pick(rng, FOUND)},
        goal="Find “{name}” with the search of the settings and turn it on.",
        initialise=_found_begin,
        success=lambda a, p, said: changed(a, p) == {FOUND[p["name"]]: "1"},
        oracle=lambda p: settings(
            go("Search settings", role="item"),
            fill("Search settings", p["name"]),
            go(p["name"], contains=True, role="item", when=Target("Search settings", role="field")),
            toggle(p["name"], contains=True, role="switch"),
        ),
        tags=("search", "data_edit"),
    ),
    Template(
        name="Settings24HourClock",
        apps=("Settings",),
        difficulty="easy",
        max_steps=36,
        draw=lambda rng: (lambda long: {"long": long, "hours": "24" if long else "12"})(
            pick(rng, (True, False))
        ),
        goal="Show times in the {hours}-hour format.",
        initialise=lambda a, p: (
            a.set_setting("system", "time_12_24", "12" if p["long"] else "24"),
            remember(a, p),
        )[1],
        success=only((("system", "time_12_24"), "{hours}")),
        oracle=lambda p: settings(
            area("System"), go("Date & time", contains=True), toggle("Use 24-hour format", on=p["long"])
        ),
        tags=("data_edit",),
    ),
    Template(
        name="SettingsDeviceName",
        apps=("Settings",),
        difficulty="medium",
        max_steps=36,
        draw=lambda rng: {"name": pick(rng, NAMES)},
        goal="Name this phone “{name}”.",
        initialise=remember,
        success=_named,
        oracle=lambda p: settings(
            area("About phone"),
            go("Device name", contains=True, role="item"),
            fill("Name", p["name"]),
            do("OK", role="button", until=Target(f"Device name, {p['name']}")),
        ),
        tags=("data_entry",),
    ),
    Template(
        name="SettingsJoinNetwork",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=lambda rng: {"name": pick(rng, OPEN_NETWORKS)},
        goal="Connect the phone to the Wi-Fi network {name}.",
        initialise=remember,
        success=only((("global", "wifi_ssid"), "{name}")),
        oracle=lambda p: settings(
            area("Network & internet"),
            go("Internet, Wi-Fi", contains=True),
            do(f"{p['name']}, Open", until=Target(f"{p['name']}, Connected")),
        ),
        tags=("data_edit",),
    ),
    Template(
        name="SettingsPairDevice",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=lambda rng: {"name": pick(rng, DEVICES)},
        goal="Connect the Bluetooth device “{name}” to the phone.",
        initialise=remember,
        success=only((("global", "bluetooth_device"), "{name}")),
        oracle=lambda p: settings(
            area("Connected devices"), do(f"{p['name']}, Available", until=Target(f"{p['name']}, Connected"))
        ),
        tags=("data_edit",),
    ),
    Template(
        name="SettingsAboutQuestion",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=_fact,
        goal="What do the settings say is the phone's {name}?",
        initialise=remember,
        success=lambda a, p, said: says(said, FACTS[p["name"]][0]) and not changed(a, p),
        oracle=lambda p: [
            *settings(
                area("About phone"),
                read("it", p["name"], f"{p['name']},? ({FACTS[p['name']][1]})", contains=True),
            ),
            answer(lambda m: m["it"]),
        ],
        tags=("information_retrieval",),
    ),
    Template(
        name="SettingsStorageQuestion",
        apps=("Settings",),
        difficulty="easy",
        max_steps=30,
        draw=_storage_draw,
        goal="How many kB do files of the kind “{kind}” take, according to the storage settings?",
        initialise=_storage,
        success=lambda a, p, said: says(said, _used(a, p)),
        oracle=lambda p: [
            *settings(area("Storage"), read("it", p["kind"], rf"{p['kind']},? ([\d.]+) kB", contains=True)),
            answer(lambda m: m["it"]),
        ],
        tags=("information_retrieval",),
    ),
]
