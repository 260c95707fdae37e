"""Commands about packages: pm, cmd package, and what dumpsys says of one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from ..app import App
from .base import Shell, command, failed, options, said

if TYPE_CHECKING:
    from ..device import VirtualAndroid

HELPERS = ("io.appium.settings", "io.appium.uiautomator2.server", "io.appium.uiautomator2.server.test")
"""Packages that test tools bring along and whose work the virtual device does itself."""

_MAIN = "android.intent.action.MAIN"


def pid_of(package: str) -> int:
    """A number for a package's process, always the same."""
    return 1000 + zlib.crc32(package.encode()) % 30000


def manifest_of(apk: bytes) -> dict[str, str]:
    """Attributes of the manifest element of an APK: package, versionCode, versionName.

    Raises:
        ValueError: It is not an APK.
    """
    try:
        data = zipfile.ZipFile(io.BytesIO(apk)).read("AndroidManifest.xml")
        strings = _strings(data, 8)
        at = 8
        while at < len(data):
            kind, head, size = struct.unpack_from("<HHI", data, at)
            if kind == 0x0102:
                return _attributes(data, at + head, strings)
            at += size
    except (KeyError, IndexError, struct.error, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise ValueError(f"not an APK: {error}") from error
    raise ValueError("not an APK: its manifest has no element")


def _strings(data: bytes, at: int) -> list[str]:
    _, _, _, count, _, flags, start, _ = struct.unpack_from("<HHIIIIII", data, at)
    out: list[str] = []
    for offset in struct.unpack_from(f"<{count}I", data, at + 28):
        place = at + start + offset
        if flags & 0x100:  # UTF-8: length in letters, then in bytes; one or two bytes each
            place += 2 if data[place] & 0x80 else 1
            size = data[place]
            if size & 0x80:
                size, place = (size & 0x7F) << 8 | data[place + 1], place + 1
            out.append(data[place + 1 : place + 1 + size].decode("utf-8", "replace"))
        else:
            (size,) = struct.unpack_from("<H", data, place)
            out.append(data[place + 2 : place + 2 + size * 2].decode("utf-16-le", "replace"))
    return out


def _attributes(data: bytes, at: int, strings: list[str]) -> dict[str, str]:
    _, _, start, size, count = struct.unpack_from("<IIHHH", data, at)
    found: dict[str, str] = {}
    for n in range(count):
        _, name, raw, _, _, kind, value = struct.unpack_from("<IIIHBBI", data, at + start + n * size)
        found[strings[name]] = strings[raw if raw != 0xFFFFFFFF else value] if kind == 3 else str(value)
    return found


def dump_package(android: VirtualAndroid, package: str) -> Shell:
    """`dumpsys package P`."""
    state = android.state
    if package in state.helpers:
        name, code = state.helpers[package]
        activity = f"{package}/.Settings"
    elif package in state.installed:
        app = android.apps[package]
        name, code, activity = "13.2.0", "1302", f"{package}/{app.activity}"
    else:
        return said(f"Unable to find package: {package}\n")
    return said(
        f"Activity Resolver Table:\n  Non-Data Actions:\n      {_MAIN}:\n        1d8f {activity} filter 9ab1\n"
        f'          Action: "{_MAIN}"\n          Category: "android.intent.category.LAUNCHER"\n\n'
        f"Packages:\n  Package [{package}] (77e2):\n    userId=10100\n    pkg=Package{{77e2 {package}}}\n"
        f"    codePath=/data/app/{package}\n    versionCode={code} minSdk=26 targetSdk=33\n    versionName={name}\n"
        f"    requested permissions:\n      android.permission.POST_NOTIFICATIONS\n    install permissions:\n"
        f"      android.permission.INTERNET: granted=true\n    User 0: installed=true hidden=false stopped=false\n"
        f"      runtime permissions:\n        android.permission.POST_NOTIFICATIONS: granted=true\n"
    )


def _list(android: VirtualAndroid, args: list[str]) -> Shell:
    state = android.state
    what, rest = (args[0] if args else "packages"), args[1:]
    flags, names = options(rest, "--user")
    if what == "packages":
        known = sorted([*state.installed, *state.helpers])
        if "-3" in flags:
            known = [p for p in known if p in state.helpers or not android.apps[p].system]
        if "-s" in flags:
            known = [p for p in known if p in state.installed and android.apps[p].system]
        lines: list[str] = []
        for package in known:
            if names and names[0] not in package:
                continue
            path = f"/data/app/{package}/base.apk=" if "-f" in flags else ""
            version = (
                f" versionCode:{state.helpers.get(package, ('', '1302'))[1]}"
                if "--show-versioncode" in flags
                else ""
            )
            lines.append(f"package:{path}{package}{version}\n")
        return said("".join(lines))
    if what == "instrumentation":
        test = "io.appium.uiautomator2.server.test"
        there = test in state.helpers
        line = f"instrumentation:{test}/androidx.test.runner.AndroidJUnitRunner (target={test.removesuffix('.test')})\n"
        return said(line if there else "")
    if what == "features":
        return said("feature:android.hardware.touchscreen\nfeature:android.hardware.wifi\n")
    return failed(f"Error: unknown list type '{what}'\n")


def _install(android: VirtualAndroid, args: list[str]) -> Shell:
    _, rest = options(args, "-i", "--user", "-S")
    path = rest[0] if rest else ""
    if not android.files.exists(path):
        return failed(f"Error: Unable to open file: {path}\n")
    try:
        manifest = manifest_of(android.files.read(path))
    except ValueError as error:
        return failed(f"Failure [INSTALL_PARSE_FAILED_NOT_APK: {error}]\n")
    package = manifest.get("package", "")
    if package in HELPERS:
        android.state.helpers[package] = (
            manifest.get("versionName", "1.0"),
            manifest.get("versionCode", "1"),
        )
    elif package in android.apps:
        android.install(package)
    else:
        return failed(
            f"Failure [INSTALL_FAILED_NO_MATCHING_ABIS: the virtual device runs no APK: {package}]\n"
        )
    android.changed()
    return said("Success\n")


def _app(android: VirtualAndroid, package: str) -> App | None:
    return android.apps[package] if package in android.state.installed else None


def _uninstall(android: VirtualAndroid, args: list[str]) -> Shell:
    package = (options(args, "--user")[1] or [""])[0]
    if android.state.helpers.pop(package, None) is not None:
        return said("Success\n")
    try:
        android.uninstall(package)
    except KeyError:
        return failed(f"Failure [DELETE_FAILED_INTERNAL_ERROR: {package}]\n")
    return said("Success\n")


def _clear(android: VirtualAndroid, args: list[str]) -> Shell:
    package = (options(args, "--user")[1] or [""])[0]
    package = {"com.android.providers.contacts": "com.google.android.contacts"}.get(package, package)
    if package in android.state.helpers:
        return said("Success\n")
    if _app(android, package) is None:
        return failed("Failed\n")
    android.clear_data(package)
    return said("Success\n")


@command("pm")
def pm(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """list, path, install, uninstall, clear, grant, revoke."""
    verb, rest = (args[0] if args else ""), args[1:]
    verbs = {"list": _list, "install": _install, "uninstall": _uninstall, "clear": _clear}
    if verb in verbs:
        return verbs[verb](android, rest)
    if verb == "path":
        known = rest and (rest[0] in android.state.installed or rest[0] in android.state.helpers)
        return said(f"package:/data/app/{rest[0]}/base.apk\n") if known else Shell(code=1)
    if verb in ("grant", "revoke") and len(rest) >= 2:
        if _app(android, rest[0]) is not None:
            held = android.state.granted.setdefault(rest[0], [])
            if verb == "grant" and rest[1] not in held:
                held.append(rest[1])
        elif rest[0] not in android.state.helpers:
            return failed(f"Exception: Unknown package: {rest[0]}\n", 255)
        return Shell()
    if verb == "resolve-activity" or verb == "query-activities":
        package = (options(rest)[1] or [""])[0]
        app = _app(android, package)
        if app is None and verb == "query-activities" and "android.intent.category.LAUNCHER" in rest:
            return said(_launchable(android))
        if app is None:
            return said("No activity found\n")
        return said(
            f"priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=true\n{package}/{app.activity}\n"
        )
    return failed(f"Unknown command: {verb}\n", 255)


def _launchable(android: VirtualAndroid) -> str:
    """What a launcher shows, as `query-activities` prints it for apps whose labels are no resources."""
    found = sorted(android.labels().items())
    out = [f"{len(found)} activities found:\n"]
    for n, (label, package) in enumerate(found):
        out.append(
            f"  Activity #{n}:\n    priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=true\n"
            f"    ActivityInfo:\n      name={android.apps[package].activity}\n      packageName={package}\n"
            f"      labelRes=0x0 nonLocalizedLabel={label} icon=0x7f0d0000\n"
        )
    return "".join(out)
