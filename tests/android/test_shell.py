"""The virtual Android's shell against its state, and the apps' state as AndroidWorld's checks read it."""

from __future__ import annotations

import base64
import re
import sqlite3

import pytest

from tenfold.tools.android import VirtualAndroid

NOTES = "net.gsantner.markor"
CALENDAR = "com.simplemobiletools.calendar.pro"


@pytest.fixture(scope="module")
def made() -> VirtualAndroid:
    return VirtualAndroid(seed=1)


@pytest.fixture
def android(made: VirtualAndroid) -> VirtualAndroid:
    made.reset(1)
    return made


def sh(android: VirtualAndroid, line: str, code: int = 0) -> str:
    result = android.shell(line)
    assert result.code == code, (line, result)
    return result.stdout.decode()


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("getprop ro.build.version.sdk", "33\n"),
        ("settings put global x 'a b'; settings get global x", "a b\n"),
        ("settings delete global wifi_on; settings get global wifi_on", "Deleted 1 rows\nnull\n"),
        ("[ -e '/sdcard/none' ] && echo __PASS__ || echo no", "no\n"),
        ("[ -e '/sdcard' ] && echo __PASS__", "__PASS__\n"),
        ("cat /none 2>/dev/null; echo $?", "1\n"),
        (
            "mkdir -p /sdcard/a/b && echo hi > '/sdcard/a/b/x y.txt' && cat '/storage/emulated/0/a/b/x y.txt'",
            "hi\n",
        ),
        ("echo one > /sdcard/n; echo two >> /sdcard/n; cat /sdcard/n | wc -l", "2\n"),
        ("echo \"a;b && c\" 'd|e'", "a;b && c d|e\n"),
        ("wm size", "Physical size: 1080x2400\n"),
        ("date +%Y-%m-%d", "2026-03-12\n"),
        ("date 1015153423.16; date +%H:%M:%S", "Sun Oct 15 15:34:16 UTC 2023\n15:34:16\n"),
        ("svc wifi disable; settings get global wifi_on", "0\n"),
        ("cmd connectivity airplane-mode enable; settings get global bluetooth_on", "0\n"),
        ("false || false; echo $?", "1\n"),
        ('\n  if [ -d "/sdcard" ]; then\n  echo yes\n  else\n  echo no\n  fi\n', "yes\n"),
        ("if false; then echo a; elif true; then echo b; else echo c; fi; echo d", "b\nd\n"),
        ("if true; then if false; then echo a; else echo b; fi; else echo c; fi", "b\n"),
        ("if false; then if true; then echo a; else echo b; fi; fi; echo c", "c\n"),
        (
            "find /sdcard/DCIM /sdcard/Music -type d -o -name none",
            "/storage/emulated/0/DCIM\n/storage/emulated/0/Music\n",
        ),
        (f"[ -d /data/data/{CALENDAR}/databases ] && ls /data/data/{CALENDAR}/databases", "events.db\n"),
        ("find /sdcard/Documents -name '*.md' -type f | grep -c pan", "1\n"),
    ],
)
def test_lines(android: VirtualAndroid, line: str, out: str) -> None:
    assert sh(android, line) == out


@pytest.mark.parametrize(
    "line",
    [
        "frobnicate",
        "echo $(id)",
        "echo 'open",
        "settings get nowhere x",
        "am start -n no.such/.App",
        "rm /none",
        "if true; then echo a",
        "fi",
    ],
)
def test_what_is_not_known_or_not_there_fails(android: VirtualAndroid, line: str) -> None:
    assert android.shell(line).code != 0
    assert android.shell("frobnicate").code == 127


def test_files(android: VirtualAndroid) -> None:
    folder = "/sdcard/Documents/Markor"
    sh(android, f"mv {folder}/wifi_guest.md {folder}/travel/ && cp -r {folder}/travel /sdcard/Download")
    assert sh(android, "ls /sdcard/Download/travel") == "lisbon.md\nwifi_guest.md\n"
    assert re.search(
        r"^-rw.* 2026-03-12 09:30:00\.0+ \+0000 lisbon\.md$", sh(android, f"ls {folder}/travel -ll -au"), re.M
    )
    sh(android, f"rm -rf {folder}/*")
    assert sh(android, f"ls {folder}") == ""
    sh(android, "rm /sdcard/Download/travel", 1)


def test_what_apps_show_and_what_is_in_front(android: VirtualAndroid) -> None:
    sh(android, f"am start -n {NOTES}/.activity.MainActivity")
    assert f"{NOTES}/.activity.MainActivity" in sh(android, "dumpsys window displays | grep mCurrentFocus")
    assert f"{NOTES}/.activity.MainActivity" in sh(
        android, "dumpsys activity activities | grep mResumedActivity"
    )
    sh(android, "uiautomator dump /sdcard/w.xml")
    assert "shopping_list.md" in sh(android, "cat /sdcard/w.xml")
    assert android.shell("screencap -p").stdout.startswith(b"\x89PNG")
    sh(android, f"am force-stop {NOTES}")
    assert android.front[0] != NOTES
    assert f"package:{CALENDAR}" in sh(android, "pm list packages")
    sh(android, f"pm uninstall {CALENDAR}")
    assert CALENDAR not in sh(android, "pm list packages") and "Calendar" not in android.source()


def test_the_task_that_is_seen(android: VirtualAndroid) -> None:
    android.launch(NOTES)
    seen = sh(android, "am stack list | grep -E visible=true")
    assert re.search(rf"ComponentInfo\{{{NOTES}/net\.gsantner\S+MainActivity\}}", seen)


def test_typing_by_shell_and_the_unicode_ime(android: VirtualAndroid) -> None:
    android.launch(NOTES)
    field = next(v for v in android.frame().active.root.walk() if v.description == "Search")
    sh(android, f"input tap {field.center[0]} {field.center[1]}")
    assert "mInputShown=true" in sh(android, "dumpsys input_method")
    sh(android, "input text 'a%sb'; input keyevent 67 KEYCODE_C")
    assert android.apps[NOTES].screen.fields["search"] == "a c"
    android.state.helpers["io.appium.settings"] = ("7.0.0", "70")
    sh(android, "ime enable io.appium.settings/.UnicodeIME; ime set io.appium.settings/.UnicodeIME")
    text = "Zoë 한글 & 50%"

    def utf7(match: re.Match[str]) -> str:
        if match[0] == "&":
            return "&-"
        coded = base64.b64encode(match[0].encode("utf-16-be")).decode()
        return "&" + coded.rstrip("=").replace("/", ",") + "-"

    coded = re.sub(r"&|[^\x20-\x7e]+", utf7, text)
    android.clear_text()
    sh(android, f"input text '{coded}'")
    assert android.apps[NOTES].screen.fields["search"] == text
    sh(android, "input keyevent 4")
    assert "mInputShown=false" in sh(android, "dumpsys input_method")


def test_messages_and_contacts_through_their_providers(android: VirtualAndroid) -> None:
    uri = "content://sms"
    sh(
        android,
        f"content insert --uri {uri}/inbox --bind address:s:+15550000001 --bind body:s:'Hello, World'"
        " --bind date:i:1773300000000",
    )
    rows = sh(android, f"content query --uri {uri}/inbox --where \"address='+15550000001'\"")
    assert "body=Hello, World, service_center=NULL" in rows
    android.launch("com.simplemobiletools.smsmessenger")
    assert "Hello, World" in android.source()
    sh(android, f"content delete --uri {uri}")
    assert sh(android, f"content query --uri {uri}") == "No result found.\n"
    sh(
        android,
        "content insert --uri content://com.android.contacts/raw_contacts"
        " --bind account_type:s: --bind account_name:s:",
    )
    new = int(
        re.findall(
            r"_id=(\d+)",
            sh(android, "content query --uri content://com.android.contacts/raw_contacts --projection _id"),
        )[-1]
    )
    data, item = "content insert --uri content://com.android.contacts/data", "vnd.android.cursor.item"
    sh(
        android,
        f"{data} --bind raw_contact_id:i:{new} --bind mimetype:s:{item}/name --bind data1:s:'Zoe Bell'",
    )
    sh(
        android,
        f"{data} --bind raw_contact_id:i:{new} --bind mimetype:s:{item}/phone_v2 --bind data1:s:5551234",
    )
    phones = sh(android, "content query --uri content://contacts/phones/ --projection display_name:number")
    assert "display_name=Zoe Bell, number=5551234" in phones
    sh(android, "pm clear com.android.providers.contacts")
    assert sh(android, "content query --uri content://contacts/phones/") == "No result found.\n"


def test_where_clauses_reach_nothing_but_the_rows(android: VirtualAndroid) -> None:
    result = android.shell('content query --uri content://sms --where "1); DELETE FROM sms; --"')
    assert b"Error" in result.stderr and android.content("sms")


def test_an_apps_database_is_a_file_that_can_be_pulled_and_pushed(android: VirtualAndroid) -> None:
    path = f"/data/data/{CALENDAR}/databases/events.db"
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.deserialize(android.files.read(path))
    assert db.execute("SELECT count(*) FROM events WHERE title = 'Launch'").fetchone() == (1,)
    db.execute("UPDATE events SET title = 'Start' WHERE title = 'Launch'")
    android.files.write(path, db.serialize())
    db.close()
    assert (
        android.db(CALENDAR).execute("SELECT count(*) FROM events WHERE title = 'Start'").fetchone()[0] == 1
    )
    assert sh(android, f"sqlite3 {path} \"SELECT title FROM events WHERE title = 'Start'\"") == "Start\n"


def tap(android: VirtualAndroid, words: str) -> None:
    view = next(
        v
        for v in android.frame().active.root.walk()
        if v.enabled
        and v.clickable
        and (words in (v.text, v.description, v.hint) or any(c.text == words for c in v.children))
    )
    android.touch(*view.center)


def test_tasks_by_touch_change_what_the_checks_read(android: VirtualAndroid) -> None:
    android.launch(CALENDAR)
    tap(android, "New Event")
    tap(android, "Title")
    android.write("Swim")
    tap(android, "Save")
    start = android.db(CALENDAR).execute("SELECT start_ts FROM events WHERE title = 'Swim'").fetchone()
    assert start[0] == 1773309600  # 2026-03-12 10:00 UTC
    android.launch("com.android.settings")
    tap(android, "Network & internet")
    tap(android, "Airplane mode")
    assert sh(android, "settings get global airplane_mode_on") == "1\n"
    android.launch("com.google.android.deskclock", fresh=True)
    tap(android, "Add alarm")
    tap(android, "Save")
    assert (
        android.db("com.google.android.deskclock")
        .execute("SELECT count(*) FROM alarms WHERE hour = 7 AND minutes = 0")
        .fetchone()[0]
        == 1
    )
    android.launch(NOTES)
    tap(android, "Create a new file or folder")
    android.write("plan")
    tap(android, "OK")
    android.write("buy milk")
    assert sh(android, "cat /sdcard/Documents/Markor/plan.md") == "buy milk"
