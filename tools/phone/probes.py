"""Device state that can be asked for instead of being judged from the screen."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import PhoneError
from .port import Device


@dataclass(frozen=True, slots=True)
class Probe:
    """A switch of the system.

    Attributes:
        name: For the log.
        words: How labels and tasks name it.
        setting: Namespace and key for `settings get`.
    """

    name: str
    words: re.Pattern[str]
    setting: tuple[str, str]


PROBES = tuple(
    Probe(name, re.compile(words, re.IGNORECASE), (table, key))
    for name, words, table, key in (
        ("wifi", r"\bwi-?fi\b|와이파이", "global", "wifi_on"),
        ("bluetooth", r"\bbluetooth\b|블루투스", "global", "bluetooth_on"),
        ("airplane", r"\b(?:air|aero)plane mode\b|비행기 ?(?:탑승)? ?모드", "global", "airplane_mode_on"),
        ("auto_rotate", r"\bauto-?rotate\b|자동 회전", "system", "accelerometer_rotation"),
    )
)
_TURN = re.compile(
    r"^\W*(?:please |can you |could you )?(?:turn|switch) (?:(on|off) (?:the )?(.{3,40}?)|(?:the )?(.{3,40}?) (on|off))"
    r"(?: in (?:the )?settings)?\W*$|^\W*(.{2,20}?)(?:을|를)? (켜|꺼|끄)(?:줘| 주세요|세요|기)?\W*$",
    re.IGNORECASE,
)


def probe_of(label: str) -> Probe | None:
    """The probe that a control's label names."""
    return next((probe for probe in PROBES if probe.words.search(label)), None)


def wanted_switch(goal: str) -> tuple[Probe, bool] | None:
    """What a task that is nothing but turning one switch asks for."""
    match = _TURN.match(goal)
    if match is None:
        return None
    what = match[2] or match[3] or match[5]
    how = (match[1] or match[4] or match[6]).lower()
    probe = probe_of(what)
    return None if probe is None else (probe, how in ("on", "켜"))


def read_probe(device: Device, probe: Probe) -> bool | None:
    """Whether the switch is on; None when the device has no shell or does not say."""
    if "shell" not in device.features:
        return None
    try:
        said = device.shell(["settings", "get", *probe.setting]).strip()
    except PhoneError:
        return None
    return {"0": False, "1": True, "2": True}.get(said)
