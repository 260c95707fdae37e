"""What the UiAutomator2 server does with the screen and the device: one function a route, the lock being held."""

from __future__ import annotations

import base64
import binascii
import shlex
from typing import TYPE_CHECKING, Any

from .elements import ELEMENT_ROUTES, by_reference, text_of, tree, type_text
from .gestures import area_of, number, perform, point_of, scroll, swipe
from .uia import SETTINGS, Handler, Parameters, UiaServer
from .wires import WireError, box_of, search

if TYPE_CHECKING:
    from .selector import Element


def _session(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    wanted = p.get("capabilities") or {}
    matched = {**(wanted.get("firstMatch") or [{}])[0], **(wanted.get("alwaysMatch") or {})}
    return uia.open_session(matched)


def _end(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    uia.close_session()


def _sessions(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return [{"id": uia.session, "capabilities": uia.capabilities}] if uia.session else []


# The screen


def _screenshot(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return base64.b64encode(uia.android.screenshot()).decode()


def _source(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return uia.android.source()


def _screen(uia: UiaServer) -> tuple[int, int]:
    info = uia.android.info
    return (info.width, info.height) if uia.android.rotation % 2 == 0 else (info.height, info.width)


def _window(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    width, height = _screen(uia)
    return {"width": width, "height": height}


def _orientation(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return "LANDSCAPE" if uia.android.rotation % 2 else "PORTRAIT"


def _turn(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    wanted = str(p.get("orientation") or "").upper()
    if wanted not in ("LANDSCAPE", "PORTRAIT"):
        raise WireError("invalid argument", f"'{wanted}' is no orientation")
    _rotate(uia, 1 if wanted == "LANDSCAPE" else 0)


def _rotate(uia: UiaServer, quarter: int) -> None:
    for line in (
        "settings put system accelerometer_rotation 0",
        f"settings put system user_rotation {quarter}",
    ):
        result = uia.android.shell(line)
        if result.code:
            raise WireError("unknown error", f"the device does not turn: {result.stderr.decode()}")


def _rotation(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return {"x": 0, "y": 0, "z": uia.android.rotation * 90}


def _set_rotation(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    z = int(number(p, "z"))
    if z % 90 or not 0 <= z < 360:
        raise WireError("invalid argument", f"z is {z}, not 0, 90, 180 or 270")
    _rotate(uia, z // 90)


# Fingers and keys


def _actions(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    actions = p.get("actions")
    if not isinstance(actions, list):
        raise WireError("invalid argument", "'actions' is no list")
    perform(uia, actions)


def _tap(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    x, y = point_of(uia, p, "offset")
    uia.android.touch(round(x), round(y))


def _double_tap(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    x, y = point_of(uia, p, "offset")
    for _n in range(2):
        uia.android.touch(round(x), round(y))


def _long_tap(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    x, y = point_of(uia, p, "offset")
    seconds = number(p, "duration") / 1000 if p.get("duration") is not None else 0.5
    uia.android.touch(round(x), round(y), max(seconds, 0.05))


def _drag(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    x1, y1 = point_of(uia, p, "start")
    x2, y2 = point_of(uia, {**p, "origin": None}, "end")
    uia.android.drag(round(x1), round(y1), round(x2), round(y2), 1.0)


def _swipe(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    swipe(uia, area_of(uia, p), p.get("direction"), number(p, "percent"))


def _scroll(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return scroll(uia, area_of(uia, p), p.get("direction"), number(p, "percent"))


def _fling(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return scroll(uia, area_of(uia, p), p.get("direction"), 1.0)


def _one_finger(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    raise WireError("unsupported operation", "the virtual device has one finger")


def _scroll_until(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    wanted = p.get("params") or {}
    strategy, value = str(wanted.get("strategy")), str(wanted.get("selector"))
    for way in ("up", "down"):
        for _n in range(int(wanted.get("maxSwipes") or 20)):
            root = tree(uia)
            if search(root, strategy, value, uia.android.front[0]):
                return
            lists = [e for e in root.iterdescendants() if e.get("scrollable") == "true"]
            if not lists or not scroll(uia, box_of(lists[0]), way, 0.8):
                break
    raise WireError("no such element", f"'{value}' was not found by scrolling")


def _scroll_back(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    for _n in range(20):
        try:
            by_reference(uia, a[1])
            return
        except WireError:
            if not scroll(uia, box_of(by_reference(uia, a[0])), "up", 0.8):
                raise


def _keys(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    type_text(uia, text_of(p))


def _back(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    uia.android.shell("input keyevent 4")


def _key(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    uia.android.shell(f"input keyevent {int(number(p, 'keycode'))}")


def _long_key(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    uia.android.shell(f"input keyevent --longpress {int(number(p, 'keycode'))}")


# Dialogs


def _alert(uia: UiaServer) -> Element:
    root = tree(uia)
    for element in root.iterdescendants():
        tail = (element.get("resource-id") or "").rpartition("/")[2]
        if tail in ("alertTitle", "message", "permission_message", "aerr_close", "parentPanel"):
            return root
    raise WireError("no such alert", "No alert is shown")


def _alert_text(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    tails = ("alertTitle", "message", "permission_message")
    words = [
        e.get("text") or ""
        for e in _alert(uia).iterdescendants()
        if (e.get("resource-id") or "").rpartition("/")[2] in tails
    ]
    return "\n".join(word for word in words if word)


def _press(uia: UiaServer, p: Parameters, tails: tuple[str, ...]) -> None:
    root, label = _alert(uia), p.get("buttonLabel")
    for element in root.iterdescendants():
        tail = (element.get("resource-id") or "").rpartition("/")[2]
        if (element.get("text") == label) if label else tail in tails:
            left, top, right, bottom = box_of(element)
            uia.android.touch((left + right) // 2, (top + bottom) // 2)
            return
    raise WireError("no such element", f"The alert has no button {label or 'of that kind'}")


def _accept(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    _press(
        uia, p, ("button1", "permission_allow_button", "permission_allow_foreground_only_button", "aerr_wait")
    )


def _dismiss(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    _press(uia, p, ("button2", "permission_deny_button", "aerr_close"))


# The device


def _status(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return {"ready": True, "message": "Tenfold's virtual UiAutomator2 server is ready to accept commands"}


def _get_settings(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return uia.settings


def _set_settings(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    wanted = p.get("settings") or {}
    for name, value in wanted.items():
        if name not in SETTINGS:
            raise WireError("invalid argument", f"Setting '{name}' is not supported")
        if type(value) is not type(SETTINGS[name]):
            raise WireError("invalid argument", f"Setting '{name}' cannot be {value!r}")
    uia.settings |= wanted
    return uia.settings


def _info(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    info = uia.android.info
    return {
        "androidId": "0000000000000000",
        "apiVersion": str(info.sdk),
        "bluetooth": None,
        "brand": "Tenfold",
        "carrierName": "",
        "displayDensity": info.density,
        "locale": "en_US",
        "manufacturer": "Tenfold",
        "model": info.model,
        "networks": [],
        "platformVersion": info.release,
        "realDisplaySize": f"{info.width}x{info.height}",
        "timeZone": "UTC",
    }


def _bars(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    from .theme import STATUS

    return {"statusBar": STATUS}


def _ratio(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return uia.android.info.density / 160


def _density(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return uia.android.info.density


def _declared(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return None


def _battery(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return {"level": 1.0, "status": 5}


def _shade(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    uia.android.shell("cmd statusbar expand-notifications")


def _set_clipboard(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    if str(p.get("contentType") or "PLAINTEXT").upper() != "PLAINTEXT":
        raise WireError("unsupported operation", "the clipboard holds plain text only")
    try:
        uia.android.state.clipboard = base64.b64decode(str(p.get("content") or ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise WireError("invalid argument", "the clipboard's content is not text in Base64") from None


def _get_clipboard(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return base64.b64encode(uia.android.state.clipboard.encode()).decode()


def _windows(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    windows: list[Parameters] = []
    for n, root in enumerate(e for e in tree(uia) if e.get("bounds")):
        left, top, right, bottom = box_of(root)
        windows.append(
            {
                "windowId": int(root.get("window-id") or n + 1),
                "displayId": 0,
                "packageName": root.get("package") or "",
                "isActive": n == 0,
                "isFocused": n == 0,
                "bounds": {"left": left, "top": top, "right": right, "bottom": bottom},
            }
        )
    return windows


def _displays(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    width, height = _screen(uia)
    return [
        {"id": 0, "isDefault": True, "name": "Built-in Screen", "size": {"width": width, "height": height}}
    ]


def _no_schedule(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    raise WireError(
        "invalid argument", f"There is no scheduled action named {shlex.quote(str(p.get('name')))}"
    )


def _nothing(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return None


_S = "/session/:s"
_D = f"{_S}/appium/device"
_G = f"{_S}/appium/gestures"

ROUTES: list[tuple[str, str, Handler]] = [
    *ELEMENT_ROUTES,
    ("GET", "/status", _status),
    ("POST", "/session", _session),
    ("GET", "/sessions", _sessions),
    ("GET", _S, lambda uia, p, a: uia.capabilities),
    ("DELETE", _S, _end),
    ("POST", f"{_S}/appium/element/([^/]+)/scroll_to/([^/]+)", _scroll_back),
    ("GET", f"{_S}/source", _source),
    ("GET", f"{_S}/screenshot", _screenshot),
    ("GET", f"{_S}/window/[^/]+/size", _window),
    ("GET", f"{_S}/orientation", _orientation),
    ("POST", f"{_S}/orientation", _turn),
    ("GET", f"{_S}/rotation", _rotation),
    ("POST", f"{_S}/rotation", _set_rotation),
    ("POST", f"{_S}/actions", _actions),
    ("POST", f"{_S}/keys", _keys),
    ("POST", f"{_S}/back", _back),
    ("GET", f"{_S}/alert/text", _alert_text),
    ("POST", f"{_S}/alert/accept", _accept),
    ("POST", f"{_S}/alert/dismiss", _dismiss),
    ("POST", f"{_G}/click", _tap),
    ("POST", f"{_G}/double_click", _double_tap),
    ("POST", f"{_G}/long_click", _long_tap),
    ("POST", f"{_G}/drag", _drag),
    ("POST", f"{_G}/swipe", _swipe),
    ("POST", f"{_G}/scroll", _scroll),
    ("POST", f"{_G}/fling", _fling),
    ("POST", f"{_G}/pinch_(?:open|close)", _one_finger),
    ("POST", f"{_S}/(?:appium/)?gestures/scroll_to", _scroll_until),
    ("GET", f"{_S}/appium/settings", _get_settings),
    ("POST", f"{_S}/appium/settings", _set_settings),
    ("GET", f"{_D}/info", _info),
    ("GET", f"{_D}/system_bars", _bars),
    ("GET", f"{_D}/pixel_ratio", _ratio),
    ("GET", f"{_D}/display_density", _density),
    ("GET", f"{_D}/declared_orientation", _declared),
    ("GET", f"{_D}/battery_info", _battery),
    ("POST", f"{_D}/press_keycode", _key),
    ("POST", f"{_D}/long_press_keycode", _long_key),
    ("POST", f"{_D}/open_notifications", _shade),
    ("POST", f"{_D}/set_clipboard", _set_clipboard),
    ("POST", f"{_D}/get_clipboard", _get_clipboard),
    ("POST", f"{_S}/appium/list_windows", _windows),
    ("POST", f"{_S}/appium/list_displays", _displays),
    ("POST", f"{_S}/appium/(?:action_history|unschedule_action)", _no_schedule),
    ("POST", f"{_S}/appium/reset_ax_cache", _nothing),
]
