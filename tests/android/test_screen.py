"""The virtual Android's screen: determinism, the source's rules, touches, the picture, snapshots."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from lxml import etree
from PIL import Image

from tenfold.errors import PhoneError
from tenfold.tools.android import InProcessDevice, View, VirtualAndroid

NOTES = "net.gsantner.markor"
CONTACTS = "com.google.android.contacts"

# Copied from the server's UiElementSnapshot, not from our code.
ORDER = (
    "index package class text content-desc resource-id checkable checked clickable enabled focusable "
    "focused long-clickable password scrollable selection-start selection-end selected bounds displayed "
    "hint extras a11y-important screen-reader-focusable input-type drawing-order showing-hint "
    "text-entry-key multiline dismissable a11y-focused heading live-region context-clickable "
    "max-text-length content-invalid error pane-title tooltip-text text-has-clickable-span actions "
    "window-id text-size text-unit is-collection is-collection-item"
).split()
ALWAYS = set(
    (
        "index package class text checkable checked clickable enabled focusable focused long-clickable "
        "password scrollable selected bounds displayed a11y-important drawing-order showing-hint heading "
        "window-id"
    ).split()
)
DUMP = (
    "NAF index text resource-id class package content-desc checkable checked clickable enabled focusable "
    "focused scrollable long-clickable password selected bounds"
).split()


@pytest.fixture(scope="module")
def made() -> VirtualAndroid:
    return VirtualAndroid(seed=1)


@pytest.fixture
def android(made: VirtualAndroid) -> VirtualAndroid:
    made.reset(1)
    return made


def nodes(android: VirtualAndroid) -> list[etree._Element]:
    return [n for n in etree.fromstring(android.source().encode()).iter() if n.tag != "hierarchy"]


def box(node: etree._Element) -> tuple[int, int, int, int]:
    left, top, right, bottom = map(int, re.findall(r"-?\d+", node.get("bounds", "")))
    return left, top, right, bottom


def find(android: VirtualAndroid, words: str) -> View:
    return next(
        v for v in android.frame().active.root.walk()
        if words in (v.text, v.description, v.hint) or (v.clickable and any(c.text == words for c in v.children))
    )  # fmt: skip


def tap(android: VirtualAndroid, words: str, seconds: float = 0.05) -> None:
    android.touch(*find(android, words).center, seconds)


def screens(android: VirtualAndroid, package: str, most: int = 12) -> Iterator[str]:
    """Screens of an app that taps reach from its first, each standing there while its name is yielded."""
    android.launch(package)
    seen: set[str] = set()
    queue = [android.snapshot()]
    while queue and len(seen) < most:
        here = queue.pop(0)
        android.restore(here)
        app = android.apps[package]
        name = f"{app.screen.name}/{(app.screen.dialog or ('',))[0]}"
        if name in seen or android.state.front != package:
            continue
        seen.add(name)
        yield name
        android.restore(here)
        centres = [v.center for v in android.frame().active.root.walk() if v.clickable][:14]
        for x, y in centres:
            android.restore(here)
            android.touch(x, y)
            android.frame()
            queue.append(android.snapshot())


def script(android: VirtualAndroid) -> list[bytes]:
    out: list[bytes] = []

    def look() -> None:
        out.extend((android.source().encode(), android.screenshot()))

    look()
    tap(android, "Contacts")
    look()
    android.drag(540, 1800, 540, 700, 0.5)
    look()
    android.open_app(NOTES)
    tap(android, "Create a new file or folder")
    android.write("plan")
    look()
    android.press("back")
    android.notify("Mail", "Hello", "You have mail")
    android.drag(540, 5, 540, 1400)
    look()
    return out


def test_equal_seeds_and_inputs_give_equal_bytes() -> None:
    first, second, other = VirtualAndroid(seed=7), VirtualAndroid(seed=7), VirtualAndroid(seed=8)
    assert script(first) == script(second)
    assert script(other)[2] != script(VirtualAndroid(seed=7))[2] or other.content("sms") != first.content(
        "sms"
    )
    first.reset(7)
    assert script(first) == script(VirtualAndroid(seed=7))


APPS = sorted(VirtualAndroid(seed=1).labels().values())


@pytest.mark.parametrize("package", APPS)
def test_every_screen_keeps_the_sources_rules_and_takes_touches_where_it_says(
    android: VirtualAndroid, package: str
) -> None:
    count = 0
    for name in screens(android, package):
        count += 1
        for node in nodes(android):
            keys = list(node.keys())
            assert [k for k in ORDER if k in keys] == keys, name
            if node.tag == "android.widget.Toast":
                assert node.get("package") == "com.android.settings"
                continue
            assert set(keys) >= ALWAYS, (name, node.attrib)
            assert node.tag == node.get("class", "").replace("$", ".")
            left, top, right, bottom = box(node)
            assert 0 <= left < right <= 1080 and 0 <= top < bottom <= 2400, (name, node.attrib)
            web = "tooltip-text" in keys
            assert web or node.get("content-desc") != "", (name, node.attrib)
            assert node.get("resource-id") is None or web or ":id/" in node.get("resource-id", ""), name
        frame = android.frame()
        for view in frame.active.root.walk():
            if view.clickable and view.enabled:
                assert android.taker_at(*view.center) is not None, (name, view.text, view.description)
        dumped = etree.fromstring(android.dump().encode())
        for node in dumped.iter("node"):
            assert [k for k in DUMP if k in node.keys()] == list(node.keys())  # noqa: SIM118
        assert len(list(dumped.iter("node"))) == len(
            [n for n in nodes(android) if n.tag != "android.widget.Toast"]
        )
    assert count >= 2


@pytest.mark.parametrize("package", APPS)
def test_a_node_with_words_is_not_one_flat_colour(android: VirtualAndroid, package: str) -> None:
    for name in screens(android, package, most=4):
        picture = Image.open(io.BytesIO(android.screenshot())).convert("RGB")
        assert picture.size == (1080, 2400)
        for view in android.frame().active.root.walk():
            whole = view.frame == view.bounds and not view.children
            if whole and view.text.strip() and view.height > 20:
                crop = picture.crop(view.bounds)
                assert len(crop.getcolors(1_000_000) or []) > 1, (name, view.text, view.bounds)


def test_what_is_scrolled_out_is_not_in_the_source(android: VirtualAndroid) -> None:
    android.launch(CONTACTS)
    assert "Amara Okafor" in android.source() and "Wei Zhang" not in android.source()
    for _ in range(4):
        android.drag(540, 1800, 540, 500, 0.5)
    assert "Amara Okafor" not in android.source() and "Wei Zhang" in android.source()


def test_rows_have_their_words_in_a_child_that_is_not_clickable(android: VirtualAndroid) -> None:
    android.launch(CONTACTS)
    (label,) = (n for n in nodes(android) if n.get("text") == "Amara Okafor")
    row = label.getparent()
    assert label.get("clickable") == "false" and row is not None
    assert (row.get("clickable"), row.get("text"), row.tag) == ("true", "", "android.widget.LinearLayout")


def test_the_keyboard_is_in_the_picture_only_and_shields_what_lies_beneath(android: VirtualAndroid) -> None:
    android.launch(NOTES)
    before = android.screenshot()
    tap(android, "Create a new file or folder")
    assert android.keyboard and "inputmethod" not in android.source()
    old, new = (
        Image.open(io.BytesIO(p)).convert("RGB").crop((0, 1600, 1080, 2200))
        for p in (before, android.screenshot())
    )
    assert len(new.getcolors(100_000) or []) > 1 and old.tobytes() != new.tobytes()
    dialog = android.apps[NOTES].screen.dialog
    android.touch(540, 2000)
    assert android.apps[NOTES].screen.dialog == dialog
    android.write("Zoë 한글 & <50%>")
    assert 'text="Zoë 한글 &amp; &lt;50%&gt;"' in android.source()
    android.press("back")
    assert not android.keyboard and android.apps[NOTES].screen.dialog == dialog
    android.touch(540, 300)  # beside the dialog
    assert android.apps[NOTES].screen.dialog is None


def test_typing_without_a_field_is_refused(android: VirtualAndroid) -> None:
    device = InProcessDevice(android)
    with pytest.raises(PhoneError, match="No field"):
        device.type("x")
    with pytest.raises(PhoneError, match="No field"):
        device.clear()
    with pytest.raises(PhoneError, match="shell"):
        device.shell(["date"])
    with pytest.raises(PhoneError) as wrong:
        device.open_app("Contcts")
    assert "Contacts" in wrong.value.mend
    assert device.open_app("contacts") == CONTACTS == android.front[0]
    tap(android, "Search contacts")
    device.type("Mina")
    assert "Mina Park" in android.source() and "Amara" not in android.source()
    device.clear()
    assert "Amara" in android.source()


def test_a_hint_is_the_text_of_an_empty_field(android: VirtualAndroid) -> None:
    android.launch(CONTACTS)
    (field,) = (n for n in nodes(android) if n.get("class") == "android.widget.EditText")
    assert (field.get("text"), field.get("hint"), field.get("showing-hint")) == (
        "Search contacts",
        "Search contacts",
        "true",
    )


def test_toasts_stand_at_the_root_and_go_with_time(android: VirtualAndroid) -> None:
    android.toast("Saved & done")
    last = nodes(android)[-1]
    assert last.tag == "android.widget.Toast" and last.get("text") == "Saved & done"
    assert last.getparent().tag == "hierarchy"
    android.clock.advance(4)
    android.changed()
    assert "Toast" not in android.source()


def test_shade_notifications_recents(android: VirtualAndroid) -> None:
    android.notify("Contacts", "Jonas", "Call me", screen="keypad")
    android.drag(540, 10, 540, 1500)
    assert android.frame().active.package == "com.android.systemui" and "Call me" in android.source()
    tap(android, "Airplane mode")
    assert (
        android.setting("global", "airplane_mode_on") == "1" and android.setting("global", "wifi_on") == "0"
    )
    tap(android, "Call me")
    assert android.front[0] == CONTACTS and android.apps[CONTACTS].screen.name == "keypad"
    assert not android.state.notifications
    android.press("recents")
    tap(android, "Clear all")
    assert android.state.running == ["com.google.android.apps.nexuslauncher"]


def test_snapshots_bring_everything_back(android: VirtualAndroid) -> None:
    android.launch(NOTES)
    before = (android.source(), android.screenshot())
    snapshot = android.snapshot()
    android.files.write("/sdcard/Documents/Markor/new.md", "x")
    android.db(CONTACTS).execute("DELETE FROM contacts")
    android.set_setting("global", "wifi_on", "0")
    android.clock.advance(5000)
    android.press("home")
    assert android.source() != before[0]
    android.restore(snapshot)
    assert (android.source(), android.screenshot()) == before
    assert len(android.content("content://com.android.contacts/contacts")) > 20
    assert not android.files.exists("/sdcard/Documents/Markor/new.md")
    other = VirtualAndroid(seed=3)
    other.restore(snapshot)
    assert (other.source(), other.screenshot()) == before


def test_turned_screens_are_wide(android: VirtualAndroid) -> None:
    android.launch("com.android.settings")
    android.rotate(1)
    assert 'rotation="1" width="2400" height="1080"' in android.source()
    assert Image.open(io.BytesIO(android.screenshot())).size == (2400, 1080)
    assert all(box(n)[2] <= 2400 and box(n)[3] <= 1080 for n in nodes(android))


def test_a_source_is_built_only_when_something_changed(android: VirtualAndroid) -> None:
    first = android.frame()
    assert android.frame() is first and android.screenshot() is android.screenshot()
    android.db(CONTACTS).execute("UPDATE contacts SET starred = 1")
    assert android.frame() is not first
