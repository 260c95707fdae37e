"""Commands about the system: properties, settings, radios, clock, input methods, dumpsys."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..state import KEYBOARD_IME
from ..theme import DENSITY
from .base import Shell, command, failed, options, said
from .packages import dump_package, pid_of

if TYPE_CHECKING:
    from ..device import VirtualAndroid

_PROPERTIES = {
    "ro.build.version.sdk": "33", "ro.build.version.release": "13", "ro.product.model": "Tenfold Virtual Android",
    "ro.product.manufacturer": "Tenfold", "ro.product.brand": "tenfold", "ro.product.device": "virtual",
    "ro.product.name": "virtual", "ro.product.cpu.abi": "x86_64", "ro.product.cpu.abilist": "x86_64",
    "ro.build.characteristics": "default", "ro.serialno": "virtual-5554", "sys.boot_completed": "1",
    "init.svc.bootanim": "stopped", "ro.debuggable": "1", "ro.kernel.qemu": "0", "persist.sys.locale": "en-US",
    "ro.build.fingerprint": "tenfold/virtual/virtual:13/1/1:user/release-keys", "persist.sys.timezone": "UTC",
    "ro.sf.lcd_density": str(DENSITY), "ro.build.version.codename": "REL", "ro.build.version.preview_sdk": "0",
}  # fmt: skip


@command("getprop")
def getprop(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """One property, or all."""
    if args:
        return said(_PROPERTIES.get(args[0], "".join(args[1:2])) + "\n")
    return said("".join(f"[{k}]: [{v}]\n" for k, v in sorted(_PROPERTIES.items())))


@command("settings")
def settings(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """get, put, delete, list."""
    args = [a for n, a in enumerate(args) if a != "--user" and args[n - 1 : n] != ["--user"]]
    if len(args) < 2 or args[1] not in android.state.settings:
        return failed("Invalid namespace\n", 255)
    verb, table, *rest = args
    rows = android.state.settings[table]
    if verb == "list":
        return said("".join(f"{k}={v}\n" for k, v in sorted(rows.items())))
    if not rest:
        return failed("Bad arguments\n", 255)
    name = rest[0]
    if verb == "get":
        return said(rows.get(name, "null") + "\n")
    if verb == "put" and len(rest) > 1:
        android.set_setting(table, name, rest[1])
        return Shell()
    if verb == "delete":
        count = int(name in rows)
        android.set_setting(table, name, None)
        return said(f"Deleted {count} rows\n")
    return failed("Bad arguments\n", 255)


_RADIOS = {"wifi": "wifi_on", "bluetooth": "bluetooth_on", "data": "mobile_data", "nfc": "nfc_on"}


@command("svc")
def svc(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """wifi, bluetooth, data, nfc: enable or disable."""
    if len(args) < 2 or args[0] not in _RADIOS or args[1] not in ("enable", "disable"):
        return failed("Available commands: svc wifi|bluetooth|data|nfc enable|disable\n")
    android.set_setting("global", _RADIOS[args[0]], "1" if args[1] == "enable" else "0")
    return Shell()


@command("date")
def date(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """The clock, in a format, or set as MMDDhhmm[[CC]YY][.SS]."""
    _, rest = options(args)
    now = android.clock.now()
    if not rest:
        return said(f"{now:%a %b} {now.day:2d} {now:%H:%M:%S UTC %Y}\n")
    if rest[0].startswith("+"):
        form = rest[0][1:].replace("%T", "%H:%M:%S").replace("%F", "%Y-%m-%d").replace("%:z", "+00:00")
        form = form.replace("%s", str(int(now.timestamp()))).replace("%N", "000000000")
        return said(now.strftime(form) + "\n")
    given = re.fullmatch(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d\d\d|\d\d)?(?:\.(\d\d))?", rest[0])
    try:
        if given is None:
            moment = datetime.fromtimestamp(int(rest[0].lstrip("@")), UTC)
        else:
            month, day, hour, minute, year, second = given.groups()
            full = now.year if year is None else int(year) + (2000 if len(year) == 2 else 0)
            moment = datetime(
                full, int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
            )
    except (ValueError, OverflowError):
        return failed(f"date: bad date '{rest[0]}'\n")
    android.clock.set(moment)
    return said(f"{moment:%a %b} {moment.day:2d} {moment:%H:%M:%S UTC %Y}\n")


@command("ime")
def ime(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """list, enable, disable, set, reset."""
    verb, rest = (args[0] if args else ""), [a for a in args[1:] if not a.startswith("-")]
    methods = [KEYBOARD_IME]
    if "io.appium.settings" in android.state.helpers:
        methods += ["io.appium.settings/.UnicodeIME", "io.appium.settings/.AppiumIME"]
    enabled = android.setting("secure", "enabled_input_methods").split(":")
    if verb == "list":
        shown = methods if "-a" in args else [m for m in methods if m in enabled]
        if "-s" in args:
            return said("".join(f"{m}\n" for m in shown))
        return said("".join(f"{m}:\n  mId={m} mSettingsActivityName=null\n" for m in shown))
    if verb == "reset":
        android.set_setting("secure", "default_input_method", KEYBOARD_IME)
        return said("Input method reset to default\n")
    if verb not in ("enable", "disable", "set") or not rest:
        return failed("Unknown ime command\n")
    if rest[0] not in methods:
        return failed(f"Unknown input method {rest[0]} cannot be selected for user #0\n")
    if verb == "set":
        android.set_setting("secure", "default_input_method", rest[0])
        return said(f"Input method {rest[0]} selected for user #0\n")
    kept = [m for m in enabled if m and m != rest[0]] + ([rest[0]] if verb == "enable" else [])
    android.set_setting("secure", "enabled_input_methods", ":".join(kept))
    return said(f"Input method {rest[0]}: now {verb}d for user #0\n")


def short(package: str, activity: str) -> str:
    """A component as Android prints it: the activity without its package's name."""
    inside = activity.startswith(package + ".")
    return f"{package}/{activity[len(package) :] if inside else activity}"


def _window(android: VirtualAndroid) -> str:
    package, activity = android.front
    on = android.frame().active
    focus = short(on.package, on.activity) if on.activity else "NotificationShade"
    width, height = android.size
    return (
        f"  Display: mDisplayId=0\n    init={width}x{height} {DENSITY}dpi cur={width}x{height}\n"
        f"  mFocusedApp=ActivityRecord{{b7a1 u0 {short(package, activity)} t{pid_of(package)}}}\n"
        f"  mCurrentFocus=Window{{5c2e u0 {focus}}}\n"
        f"  mCurrentRotation=ROTATION_{android.rotation * 90}\n  mRotation={android.rotation}\n"
        f"  mShowingLockscreen=false mDreamingLockscreen=false isStatusBarKeyguard=false\n"
        f"  mScreenOn={str(android.state.awake).lower()} showing=false\n"
    )


def _processes(android: VirtualAndroid) -> list[str]:
    """Packages with a process; a UiAutomator2 server has one while it is instrumented."""
    helpers = [
        h
        for h in android.state.helpers
        if android.instrumented or not h.startswith("io.appium.uiautomator2.")
    ]
    return [*android.state.running, *helpers]


def _activity(android: VirtualAndroid, args: list[str]) -> str | None:
    state = android.state
    package, activity = android.front
    what = args[0] if args else "activities"
    if what == "processes":
        running = _processes(android)
        return "".join(
            f"  *APP* UID 10{n:03d} ProcessRecord{{a{n} {pid_of(p)}:{p}/u0a{n}}}\n"
            for n, p in enumerate(running)
        )
    if what == "services":
        wanted = args[1] if len(args) > 1 else ""
        helper, _, service = wanted.partition("/")
        if helper in state.helpers and service in ("", ".ForegroundService"):
            return (
                f"  * ServiceRecord{{1a u0 {wanted}/.ForegroundService}}\n    "
                f"app=ProcessRecord{{2b {pid_of(wanted)}:{wanted}/u0a1}}\n"
                "    isForeground=true foregroundId=1\n"
            )
        return "ACTIVITY MANAGER SERVICES (dumpsys activity services)\n  (nothing)\n"
    if what == "recents":
        return "".join(
            f"  * Recent #{n}: Task{{{n} #{pid_of(p)} type=standard A={p}}} id={pid_of(p)}\n"
            for n, p in enumerate(state.recent)
        )
    if what in ("activities", "top", "a"):
        lines = [f"    * Hist #{n}: ActivityRecord{{c{n} u0 {short(p, android.apps[p].front_activity)} t{pid_of(p)}}}\n"
                 for n, p in enumerate([package, *(p for p in state.recent if p != package)])]  # fmt: skip
        record = f"ActivityRecord{{b7a1 u0 {short(package, activity)} t{pid_of(package)}}}"
        return (
            f"ACTIVITY MANAGER ACTIVITIES\n{''.join(lines)}  topResumedActivity={record}\n"
            f"  ResumedActivity: {record}\n  mResumedActivity: {record}\n  mFocusedActivity: {record}\n"
        )
    return None


def _dump_input_method(android: VirtualAndroid) -> str:
    shown = str(android.keyboard).lower()
    return (
        f"  mInputShown={shown}\n  mIsInputViewShown={shown}\n  "
        f"mCurMethodId={android.setting('secure', 'default_input_method')}\n"
    )


def _dump_input(android: VirtualAndroid) -> str:
    width, height = android.size
    return (
        f"    Viewport INTERNAL: displayId=0, orientation={android.rotation}, logicalFrame=[0, 0, {width}, {height}], "
        f"physicalFrame=[0, 0, {width}, {height}]\n    SurfaceOrientation: {android.rotation}\n"
    )


_SIMPLE: dict[str, Callable[[VirtualAndroid], str]] = {
    "input_method": _dump_input_method,
    "input": _dump_input,
    "SurfaceFlinger": lambda a: (
        'Display 4619827259835644672 (HWC display 0): port=0 pnpId=GGL displayName="virtual"\n'
    ),
    "battery": lambda a: (
        "Current Battery Service state:\n  AC powered: true\n  status: 2\n  level: 100\n  scale: 100\n"
    ),
    "power": lambda a: (
        f"  mWakefulness={'Awake' if a.state.awake else 'Asleep'}\n  Display Power: "
        f"state={'ON' if a.state.awake else 'OFF'}\n"
    ),
    "display": lambda a: (
        f"  mViewports=[DisplayViewport{{type=INTERNAL, valid=true, displayId=0, orientation={a.rotation}}}]\n"
        f"  mCurrentOrientation={a.rotation}\n  mScreenState={'ON' if a.state.awake else 'OFF'}\n"
    ),
    "notification": lambda a: "".join(
        f"    NotificationRecord(0x{n.id:04x}: pkg={n.package} id={n.id})\n      android.title=String ({n.title})\n"
        f"      android.text=String ({n.text})\n"
        for n in a.state.notifications
    ),
    "telephony.registry": lambda a: "  mCallState=0\n  mCallIncomingNumber=\n",
    "deviceidle": lambda a: "".join(f"user,{p},10001\n" for p in a.state.helpers),
}


@command("dumpsys")
def dumpsys(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """window, activity, package, input_method, input, power, display, battery, notification, SurfaceFlinger."""
    args = [a for n, a in enumerate(args) if a != "-t" and args[n - 1 : n] != ["-t"]]
    if not args:
        return failed("dumpsys: name a service\n")
    service, *rest = args
    if service == "window":
        return said(_window(android))
    if service == "package":
        return dump_package(android, rest[0] if rest else "")
    if service == "activity":
        text = _activity(android, rest)
        return (
            said(text)
            if text is not None
            else failed(f"Bad activity command, or no activities match: {rest[0]}\n")
        )
    if service in _SIMPLE:
        return said(_SIMPLE[service](android))
    return failed(f"Can't find service: {service}\n")


@command("wm")
def wm(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """size and density; what is set is told, the screen itself keeps its size."""
    width, height = android.info.width, android.info.height
    if args == ["size"]:
        return said(f"Physical size: {width}x{height}\n")
    if args == ["density"]:
        return said(f"Physical density: {DENSITY}\n")
    if args[:1] == ["dismiss-keyguard"] or args[1:] == ["reset"] or args[1:] == [f"{width}x{height}"]:
        return Shell()
    return failed("wm: the virtual screen has one size\n", 255)


@command("ps")
def ps(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """Apps that run."""
    running = _processes(android)
    head = "USER           PID  PPID     VSZ    RSS WCHAN            ADDR S NAME\n"
    rows = [
        f"u0_a{n:<8} {pid_of(p):>5}   300 1300000  90000 0                   0 S {p}\n"
        for n, p in enumerate(running)
    ]
    return said(head + "".join(rows))


@command("service")
def service(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """`call alarm 3 s16 ZONE` sets the time zone, which is always UTC; nothing else is known."""
    if args[:3] == ["call", "alarm", "3"]:
        return said("Result: Parcel(00000000    '....')\n")
    return failed(f"service: {' '.join(args[:2])} is not known here\n")


@command("logcat", "appops", "stop", "start", "setprop", "locksettings")
def ignored(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """There is no log, no operation limits, no lock: nothing to show or change."""
    return Shell()
