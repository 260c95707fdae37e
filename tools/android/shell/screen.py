"""Commands that touch and look: input, screencap, uiautomator."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from ...phone import Key
from .base import Shell, command, failed, options, said

if TYPE_CHECKING:
    from ..device import VirtualAndroid

KEYCODES: dict[int, Key] = {
    3: "home", 4: "back", 24: "volume_up", 25: "volume_down", 26: "power", 61: "tab", 66: "enter", 67: "delete",
    82: "menu", 84: "search", 160: "enter", 187: "recents",
}  # fmt: skip
"""Android's key codes → keys of the port."""

_NAMES = {
    "HOME": 3,
    "BACK": 4,
    "VOLUME_UP": 24,
    "VOLUME_DOWN": 25,
    "POWER": 26,
    "TAB": 61,
    "ENTER": 66,
    "DEL": 67,
    "MENU": 82,
    "SEARCH": 84,
    "NUMPAD_ENTER": 160,
    "APP_SWITCH": 187,
    "SPACE": 62,
    "WAKEUP": 224,
    "SLEEP": 223,
    "ENDCALL": 6,
    "ESCAPE": 111,
    "MOVE_END": 123,
    "MOVE_HOME": 122,
    "DPAD_CENTER": 23,
    "COPY": 278,
    "PASTE": 279,
    "CUT": 277,
    **{chr(65 + n): 29 + n for n in range(26)},
    **{str(n): 7 + n for n in range(10)},
}
_LETTERS = {
    **{29 + n: chr(97 + n) for n in range(26)},
    **{7 + n: str(n) for n in range(10)},
    62: " ",
    55: ",",
    56: ".",
    69: "-",
    70: "=",
    71: "[",
    72: "]",
    74: ";",
    75: "'",
    76: "/",
    77: "@",
    81: "+",
    17: "*",
    18: "#",
}


def modified_utf7(text: str) -> str:
    """Undo the modified UTF-7 (of IMAP) in which Appium's UnicodeIME is sent text; text that is none stays."""

    def part(hit: re.Match[str]) -> str:
        code = hit.group(1)
        if not code:
            return "&"
        try:
            return base64.b64decode(code.replace(",", "/") + "=" * (-len(code) % 4)).decode("utf-16-be")
        except (binascii.Error, UnicodeDecodeError):
            return hit.group()

    return re.sub(r"&([A-Za-z0-9+,]*)-", part, text)


def _key(android: VirtualAndroid, code: int) -> None:
    if code in KEYCODES:
        android.press(KEYCODES[code])
    elif code in _LETTERS:
        android.write(_LETTERS[code])
    elif code in (224, 223):
        if android.state.awake != (code == 224):
            android.press("power")
    elif code == 279:
        android.write(android.state.clipboard)
    elif code == 111:
        android.press("back")
    elif code == 23:
        android.press("enter")


def _codes(words: list[str]) -> list[int]:
    out: list[int] = []
    for word in words:
        if word.isdigit():
            out.append(int(word))
        else:
            out.append(_NAMES[word.upper().removeprefix("KEYCODE_")])
    return out


@command("input")
def input_(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """text, keyevent, tap, swipe, draganddrop, press; a source such as touchscreen may stand before."""
    if args and args[0] in ("touchscreen", "keyboard", "mouse", "touchpad", "stylus"):
        args = args[1:]
    verb, rest = (args[0] if args else ""), [a for a in args[1:] if not a.startswith("--")]
    try:
        if verb == "text":
            text = " ".join(args[1:]).replace("%s", " ")
            if android.setting("secure", "default_input_method") == "io.appium.settings/.UnicodeIME":
                text = modified_utf7(text)
            android.write(text)
        elif verb == "keyevent":
            for code in _codes(rest):
                _key(android, code)
        elif verb == "tap":
            x, y = (round(float(n)) for n in rest[:2])
            android.touch(x, y)
        elif verb in ("swipe", "draganddrop"):
            x1, y1, x2, y2 = (round(float(n)) for n in rest[:4])
            seconds = float(rest[4]) / 1000 if len(rest) > 4 else 0.3
            if abs(x1 - x2) + abs(y1 - y2) < 20:
                android.touch(x1, y1, seconds)
            else:
                android.drag(x1, y1, x2, y2, seconds)
        else:
            return failed(f"Error: Unknown command: {verb}\n", 255)
    except (ValueError, KeyError) as error:
        return failed(f"Error: Invalid arguments for command: {verb}: {error}\n", 255)
    return Shell()


@command("screencap")
def screencap(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """PNG to a file, or to the output."""
    _, rest = options(args, "-d")
    png = android.screenshot()
    if not rest:
        return Shell(png)
    android.files.write(rest[0], png)
    return Shell()


@command("uiautomator")
def uiautomator(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """dump [--compressed] [FILE]."""
    if args[:1] != ["dump"]:
        return failed(f"uiautomator: unknown command {' '.join(args[:1])}\n")
    _, rest = options(args[1:])
    path = rest[0] if rest else "/sdcard/window_dump.xml"
    xml = android.dump()
    if path == "/dev/tty":
        return said(f"{xml}UI hierchary dumped to: /dev/tty\n")
    android.files.write(path, xml)
    return said(f"UI hierchary dumped to: {path}\n")
