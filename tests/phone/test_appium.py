"""Real Appium, the real UiAutomator2 driver and the stock adb over the virtual Android, and a true device if any."""

from __future__ import annotations

import base64
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tenfold.errors import PhoneError
from tenfold.tools.android import InProcessDevice, Served, Snapshot, VirtualAndroid, serve
from tenfold.tools.phone import AppiumDevice, DeviceSpec, doctor, find_adb, open_device, settle

from .appium_server import AppiumServer, installed, node_is_here
from .script import WORDS, run

pytestmark = [pytest.mark.appium, pytest.mark.timeout(600)]  # the first run installs Appium

LATIN = "com.google.android.inputmethod.latin/com.android.inputmethod.latin.LatinIME"


@dataclass
class World:
    android: VirtualAndroid
    served: Served
    appium: AppiumServer
    start: Snapshot | None = None  # with the driver's helpers installed

    def device(self, *, shell: bool = True, **capabilities: Any) -> AppiumDevice:
        more = {"appium:adbPort": self.served.adb_port, **capabilities}
        return AppiumDevice(self.appium.url, serial=self.served.adb.serial, capabilities=more, shell=shell)


@pytest.fixture(scope="module")
def appium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppiumServer]:
    if not node_is_here():
        pytest.skip("Node 20.19 or newer is not installed")
    server = AppiumServer(installed(), tmp_path_factory.mktemp("appium")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def world(appium: AppiumServer) -> Iterator[World]:
    android = VirtualAndroid()
    with serve(android) as served:
        yield World(android, served, appium)


@pytest.fixture(scope="module")
def shared(world: World) -> Iterator[AppiumDevice]:
    """One session for the tests that do not end it: starting one takes ten seconds."""
    device = world.device()
    world.start = world.android.snapshot()
    yield device
    device.close()


@pytest.fixture
def device(world: World, shared: AppiumDevice) -> AppiumDevice:
    assert world.start is not None
    world.android.restore(world.start)
    return shared


def field(device: AppiumDevice) -> None:
    """Into the search field of the contacts."""
    device.open_app("Contacts")
    seen = device.observe(screenshot=False)
    device.tap(*next(e for e in seen.tree.elements() if e.role == "field").node.bounds.center)


def content(device: AppiumDevice) -> str:
    focused = device.observe(screenshot=False).tree.focused()
    assert focused is not None
    return focused.content


def test_the_script_gives_the_same_over_real_appium_and_in_process(
    world: World, shared: AppiumDevice
) -> None:
    start = world.android.snapshot()
    over_appium = run(shared)
    world.android.restore(start)
    in_process = run(InProcessDevice(world.android, shell=True))
    assert len(over_appium) == len(in_process) >= 60
    for far, near in zip(over_appium, in_process, strict=True):
        assert far == near, f"{far[0]}: the two devices differ"


def test_locators_and_elements(device: AppiumDevice) -> None:
    from appium.webdriver.common.appiumby import AppiumBy as By
    from selenium.common.exceptions import InvalidSelectorException, NoSuchElementException

    driver: Any = device._session()  # pyright: ignore[reportPrivateUsage]
    device.open_app("Contacts")
    by_name = driver.find_element(By.ACCESSIBILITY_ID, "Create contact")
    assert by_name.get_attribute("clickable") == "true" and by_name.get_attribute("className").startswith(
        "android."
    )
    rect = by_name.rect
    assert rect["width"] > 0 and by_name.location == {"x": rect["x"], "y": rect["y"]}
    assert by_name.size == {"width": rect["width"], "height": rect["height"]} and by_name.is_displayed()
    rows = driver.find_elements(By.XPATH, "//androidx.recyclerview.widget.RecyclerView/*")
    assert len(rows) > 3
    first = driver.find_element(
        By.ANDROID_UIAUTOMATOR, 'new UiSelector().className("android.widget.TextView").instance(1)'
    )
    assert first.text
    assert driver.find_elements(By.CLASS_NAME, "android.widget.TextView")[1] == first
    assert (
        driver.find_element(By.ANDROID_UIAUTOMATOR, f'new UiSelector().textContains("{first.text[1:]}")')
        == first
    )
    assert driver.find_element(By.ID, "recycler_view").get_attribute("scrollable") == "true"
    assert rows[0].find_elements(By.XPATH, ".//android.widget.TextView")
    with pytest.raises(NoSuchElementException):
        driver.find_element(By.ID, "nowhere")
    for strategy, selector in ((By.XPATH, "//*["), (By.ANDROID_UIAUTOMATOR, "new UiSelector().evil()")):
        with pytest.raises(InvalidSelectorException):
            driver.find_element(strategy, selector)


def test_scrolling_to_an_element(device: AppiumDevice) -> None:
    from appium.webdriver.common.appiumby import AppiumBy as By

    driver: Any = device._session()  # pyright: ignore[reportPrivateUsage]
    device.open_app("Contacts")
    last = driver.find_element(
        By.ANDROID_UIAUTOMATOR,
        'new UiScrollable(new UiSelector().scrollable(true)).scrollIntoView(new UiSelector().textStartsWith("Wei"))',
    )
    assert last.text == "Wei Zhang"
    assert driver.execute_script(
        "mobile: scrollGesture",
        {"left": 100, "top": 600, "width": 800, "height": 1400, "direction": "up", "percent": 1.0},
    )


def test_the_rest_of_a_client(device: AppiumDevice) -> None:
    """Pictures of elements, window, clipboard, settings, orientation, apps, and what one finger cannot do."""
    from appium.webdriver.common.appiumby import AppiumBy as By
    from selenium.common.exceptions import WebDriverException

    driver: Any = device._session()  # pyright: ignore[reportPrivateUsage]
    device.open_app("Contacts")
    png = base64.b64decode(driver.find_element(By.ACCESSIBILITY_ID, "Create contact").screenshot_as_base64)
    assert png.startswith(b"\x89PNG")
    assert driver.get_window_size() == {"width": 1080, "height": 2400}
    driver.set_clipboard_text(WORDS)
    assert driver.get_clipboard_text() == WORDS
    assert driver.get_settings()["waitForIdleTimeout"] == 200
    with pytest.raises(WebDriverException, match="noSuchSetting"):
        driver.update_settings({"noSuchSetting": 1})
    driver.orientation = "LANDSCAPE"
    turned = device.observe(screenshot=False)
    assert (turned.width, turned.height, turned.rotation) == (2400, 1080, 1)
    driver.orientation = "PORTRAIT"
    driver.terminate_app("com.google.android.contacts")
    assert driver.query_app_state("com.google.android.contacts") == 1
    with pytest.raises(WebDriverException, match="one finger"):
        driver.tap([(100, 500), (200, 600)])


def test_a_stale_element_is_stale(device: AppiumDevice) -> None:
    from appium.webdriver.common.appiumby import AppiumBy as By
    from selenium.common.exceptions import StaleElementReferenceException

    driver: Any = device._session()  # pyright: ignore[reportPrivateUsage]
    device.open_app("Contacts")
    button = driver.find_element(By.ACCESSIBILITY_ID, "Create contact")
    button.click()
    with pytest.raises(StaleElementReferenceException):
        button.click()


def test_an_unknown_command_fails_loudly(world: World, device: AppiumDevice) -> None:
    import json
    import urllib.error
    import urllib.request

    url = f"http://127.0.0.1:{world.served.uia_port}/session/{world.served.uia.session}/appium/teleport"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(url, b"{}", method="POST"), timeout=10)
    assert caught.value.code == 404
    assert json.load(caught.value)["value"]["error"] == "unknown command"


def test_keyboards_that_set_no_text_are_typed_on_in_any_script(world: World, device: AppiumDevice) -> None:
    """`mobile: type`: the driver switches the keyboard, sends modified UTF-7, and switches back."""
    driver: Any = device._session()  # pyright: ignore[reportPrivateUsage]
    field(device)
    world.served.adb.trace = []
    driver.execute_script("mobile: type", {"text": WORDS})
    sent = [line for line in world.served.adb.trace if line.startswith("input text")]
    world.served.adb.trace = None
    assert content(device) == WORDS
    assert len(sent) == 1 and "&AOs-" in sent[0].replace("\\", "") and "한" not in sent[0]
    assert device.shell(["settings", "get", "secure", "default_input_method"]).strip() == LATIN


def test_ten_seconds_of_a_moving_screen_are_tolerated(world: World, device: AppiumDevice) -> None:
    driver: Any = device._session()  # pyright: ignore[reportPrivateUsage]
    driver.update_settings({"waitForIdleTimeout": 10_000})
    world.served.uia.animated = True
    try:
        begin = time.monotonic()
        seen = device.observe(screenshot=False)
        slow = time.monotonic() - begin
        driver.update_settings({"waitForIdleTimeout": 200})
        begin = time.monotonic()
        device.observe(screenshot=False)
        quick = time.monotonic() - begin
    finally:
        world.served.uia.animated = False
        driver.update_settings({"waitForIdleTimeout": 200})
    assert seen.tree.elements() and slow >= 10 and quick < 5


def test_a_screen_that_may_not_be_pictured(
    world: World, device: AppiumDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    from PIL import Image

    black = io.BytesIO()
    Image.new("RGB", (1080, 2400)).save(black, "PNG")
    monkeypatch.setattr(world.android, "screenshot", black.getvalue)
    assert device.observe().png is None

    def refused() -> bytes:
        from tenfold.tools.android.wires import WireError

        raise WireError("unable to capture screen", "the window is secure")

    monkeypatch.setattr(world.android, "screenshot", refused)
    seen = device.observe()
    assert seen.png is None and seen.tree.elements()


def test_settling_over_appium(device: AppiumDevice) -> None:
    device.open_app("Settings")
    done = settle(device)
    assert done.settled and done.observation.package == "com.android.settings" and done.looks == 2


def test_the_shell_is_off_unless_it_was_asked_for(
    world: World, device: AppiumDevice, monkeypatch: Any
) -> None:
    monkeypatch.setattr(device, "features", frozenset({"screenshot", "tree"}))
    with pytest.raises(PhoneError, match="is off") as caught:
        device.shell(["id"])
    assert "shell=True" in caught.value.mend
    assert device.apps()["Settings"] == "com.android.settings"
    assert device.open_app("clock") == "com.google.android.deskclock"


def test_a_lost_session_is_opened_again_and_the_keyboard_comes_back(
    world: World, shared: AppiumDevice
) -> None:
    driver: Any = shared._session()  # pyright: ignore[reportPrivateUsage]
    driver.quit()  # as if another client had ended it
    shared.key("home")
    assert shared.observe(screenshot=False).tree.elements()
    assert shared._session().session_id != driver.session_id  # pyright: ignore[reportPrivateUsage]
    # A keyboard that was left behind is put back, also when what used the device failed.
    with pytest.raises(RuntimeError, match="failed"), shared:
        world.android.shell(
            "ime enable io.appium.settings/.UnicodeIME; ime set io.appium.settings/.UnicodeIME"
        )
        raise RuntimeError("failed")
    assert world.android.shell("settings get secure default_input_method").stdout.decode().strip() == LATIN
    assert not world.android.instrumented
    with pytest.raises(PhoneError, match="was closed"):
        shared.key("home")


def test_the_server_is_killed_in_mid_session_and_comes_back(world: World) -> None:
    device = open_device(
        DeviceSpec(
            serial=world.served.adb.serial,
            appium_url=world.appium.url,
            capabilities={"appium:adbPort": world.served.adb_port},
        )
    )
    device.open_app("Contacts")
    world.appium.kill()
    for _ in range(2):
        with pytest.raises(PhoneError, match="does not answer") as caught:
            device.tap(540, 1200)
        assert "appium" in caught.value.mend
    world.appium.start()
    assert device.observe().package == "com.google.android.contacts"
    device.close()


def test_the_doctor_finds_what_is_here(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_HOME", str(world.appium.sdk))
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(world.served.adb_port))
    monkeypatch.setenv("APPIUM_HOME", str(world.appium.folder))
    monkeypatch.setenv(
        "PATH", f"{world.appium.folder / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
    )
    monkeypatch.chdir(world.appium.folder)
    found = {check.name: check for check in doctor(appium_url=world.appium.url)}
    assert [name for name, check in found.items() if not check.ok] == []
    assert found["devices"].found == "virtual-5554 (device)"
    assert found["UiAutomator2 driver"].found == "8.7.0" and found["Appium"].found == "3.8.0"


def test_the_doctor_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    # Not even adbutils' adb: asked for devices, it would start a server of its own.
    monkeypatch.setattr("tenfold.tools.phone.checks.find_adb", lambda: "")
    monkeypatch.delenv("ANDROID_HOME", raising=False)
    monkeypatch.delenv("ANDROID_SDK_ROOT", raising=False)
    checks = doctor(appium_url="http://127.0.0.1:1")
    missing = {check.name for check in checks if not check.ok}
    assert missing == {
        "adb",
        "devices",
        "ANDROID_HOME",
        "Node",
        "Appium",
        "UiAutomator2 driver",
        "Appium server",
    }
    assert all(check.mend for check in checks)


@pytest.mark.emulator
@pytest.mark.skipif("ANDROID_SERIAL" not in os.environ, reason="ANDROID_SERIAL names no device")
def test_the_script_on_a_true_device(appium: AppiumServer) -> None:
    serial = os.environ["ANDROID_SERIAL"]
    assert (
        serial in subprocess.run([find_adb(), "devices"], capture_output=True, text=True, check=True).stdout
    )
    with AppiumDevice(appium.url, serial=serial, shell=True) as device:
        assert len(run(device)) >= 60
