"""The virtual Android's two protocols by themselves: the stock adb client, and the on-device server's HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.tools.android import Served, VirtualAndroid, serve
from tenfold.tools.android.selector import SelectorError, parse
from tenfold.tools.phone import find_adb


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve(VirtualAndroid()) as both:
        yield both


def adb(served: Served, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [find_adb(), "-P", str(served.adb_port), *arguments]
    return subprocess.run(command, capture_output=True, input=stdin, timeout=30, check=False)


# The stock adb client


def test_the_stock_client_sees_a_device(served: Served) -> None:
    listed = adb(served, "devices", "-l").stdout.decode()
    assert "virtual-5554" in listed and "model:Tenfold_Virtual_Android" in listed
    assert adb(served, "get-state").stdout == b"device\n"
    assert adb(served, "-s", "virtual-5554", "get-serialno").stdout == b"virtual-5554\n"
    assert adb(served, "wait-for-device").returncode == 0
    missing = adb(served, "-s", "nobody", "shell", "true")
    assert missing.returncode != 0 and b"'nobody' not found" in missing.stderr


def test_adbutils_sees_it_too(served: Served) -> None:
    import adbutils

    client = adbutils.AdbClient("127.0.0.1", served.adb_port)
    (device,) = client.device_list()
    assert device.serial == "virtual-5554"
    assert device.shell("getprop ro.build.version.sdk") == "33"
    assert device.window_size() == (1080, 2400)


def test_output_errors_and_exit_codes_of_the_shell(served: Served) -> None:
    done = adb(served, "shell", "echo out; ls /nowhere")
    assert (done.stdout, done.returncode) == (b"out\n", 1) and b"No such file" in done.stderr
    unknown = adb(served, "shell", "no-such-program")
    assert unknown.returncode == 127 and b"not found" in unknown.stderr
    assert adb(served, "exec-out", "echo raw").stdout == b"raw\n"


def test_files_go_there_and_back(served: Served, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000  # several chunks
    (tmp_path / "here").write_bytes(data)
    assert adb(served, "push", str(tmp_path / "here"), "/sdcard/Download/there.bin").returncode == 0
    assert served.android.files.read("/sdcard/Download/there.bin") == data
    assert adb(served, "pull", "/sdcard/Download/there.bin", str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back").read_bytes() == data
    gone = adb(served, "pull", "/sdcard/nowhere", str(tmp_path / "nothing"))
    assert gone.returncode != 0 and not (tmp_path / "nothing").exists()
    assert b"there.bin" in adb(served, "ls", "/sdcard/Download").stdout


def test_forwards_listen_only_while_something_runs_there(served: Served) -> None:
    port = int(adb(served, "forward", "tcp:0", "tcp:6790").stdout)
    assert adb(served, "forward", "--list").stdout.decode().split() == [
        "virtual-5554",
        f"tcp:{port}",
        "tcp:6790",
    ]
    with pytest.raises(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5):
        pass
    command = [find_adb(), "-P", str(served.adb_port), "shell", "am", "instrument", "-w", "x/y"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as instrument:
        deadline = time.monotonic() + 10
        while not served.instrumented and time.monotonic() < deadline:
            time.sleep(0.02)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5) as reply:
            assert json.load(reply)["value"]["ready"] is True
        assert instrument.poll() is None  # -w waits
        adb(served, "shell", "am", "force-stop", "io.appium.uiautomator2.server")
        assert instrument.wait(10) == 0
    assert adb(served, "forward", "--remove", f"tcp:{port}").returncode == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    assert adb(served, "forward", "--remove", f"tcp:{port}").returncode != 0


def test_instrumentation_ends_when_its_client_leaves(served: Served) -> None:
    command = [find_adb(), "-P", str(served.adb_port), "shell", "am", "instrument", "-w", "x/y"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as instrument:
        deadline = time.monotonic() + 10
        while not served.instrumented and time.monotonic() < deadline:
            time.sleep(0.02)
        instrument.kill()
    deadline = time.monotonic() + 10
    while served.instrumented and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not served.instrumented


def raw(served: Served, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", served.adb_port), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        parts: list[bytes] = []
        while part := connection.recv(4096):
            parts.append(part)
    return b"".join(parts)


def test_the_server_s_replies(served: Served) -> None:
    assert raw(served, b"000chost:version") == b"OKAY00040029"
    assert raw(served, b"0013host:tport:serial:x").startswith(b"FAIL")
    chosen = b"0020host:tport:serial:virtual-5554"[:4]
    service = b"host:tport:serial:virtual-5554"
    assert chosen and raw(served, f"{len(service):04x}".encode() + service) == b"OKAY" + struct.pack("<Q", 1)
    for request in (b"0009host:kill", b"zzzz", b"000bhost:nonsense"[:15], b"0004boot"):
        assert not raw(served, request).startswith(b"OKAY")


# The HTTP of the on-device server


class Http:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.session = ""
        _, value = self("POST", "/session", {"capabilities": {"alwaysMatch": {}, "firstMatch": [{"x": 1}]}})
        self.session = value["sessionId"]

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        where = f"/session/{self.session}{path}" if self.session else path
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        self.connection.request(method, where, data)
        reply = self.connection.getresponse()
        return reply.status, json.loads(reply.read())["value"]


@pytest.fixture
def http_(served: Served) -> Iterator[Http]:
    served.android.reset(0)
    client = Http(served.uia_port)
    yield client
    client.connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("POST", "/appium/teleport", {}, 404, "unknown command"),
        ("POST", "/source", {}, 404, "unknown command"),
        ("POST", "/element", {"using": "id", "value": "nowhere"}, 404, "no such element"),
        ("POST", "/element", {"using": "telepathy", "value": "x"}, 400, "invalid selector"),
        ("POST", "/element", {"using": "xpath", "value": "//*["}, 400, "invalid selector"),
        ("POST", "/element", {"using": "xpath", "value": "count(//*)"}, 400, "invalid selector"),
        ("POST", "/element", {"using": "xpath", "value": "//@text"}, 400, "invalid selector"),
        ("POST", "/element", {}, 400, "invalid argument"),
        ("POST", "/element", b"{", 400, "invalid argument"),
        ("POST", "/element", b"[]", 400, "invalid argument"),
        ("GET", "/element/none/text", None, 404, "no such element"),
        ("GET", "/element/active", None, 404, "no such element"),
        ("GET", "/alert/text", None, 404, "no such alert"),
        ("POST", "/actions", {"actions": [{"type": "wheel", "actions": []}]}, 500, "unsupported operation"),
        ("POST", "/actions", {"actions": [{"type": "pointer"}]}, 400, "invalid argument"),
        ("POST", "/actions", {}, 400, "invalid argument"),
        ("POST", "/appium/gestures/click", {"offset": {"x": "a", "y": 1}}, 400, "invalid argument"),
        ("POST", "/appium/gestures/click", {"offset": {"x": 1e300, "y": 1}}, 400, "invalid argument"),
        ("POST", "/appium/gestures/pinch_open", {"percent": 1}, 500, "unsupported operation"),
        ("POST", "/appium/settings", {"settings": {"evil": 1}}, 400, "invalid argument"),
        ("POST", "/appium/action_history", {"name": "x"}, 400, "invalid argument"),
        ("POST", "/orientation", {"orientation": "SIDEWAYS"}, 400, "invalid argument"),
        ("POST", "/keys", {"text": "lost"}, 400, "invalid element state"),
    ],
)
def test_errors_are_those_of_the_standard(
    http_: Http, method: str, path: str, body: Any, status: int, error: str
) -> None:
    got, value = http_(method, path, body)
    assert (got, value["error"]) == (status, error) and value["message"]
    assert http_("GET", "/source")[0] == 200  # the connection lives on


def test_an_unknown_session(http_: Http) -> None:
    http_.session = "another"
    assert http_("GET", "/source")[1]["error"] == "invalid session id"


def test_replies_are_quick_on_a_kept_connection(http_: Http) -> None:
    http_("GET", "/source")
    begin = time.monotonic()
    for _ in range(20):
        http_("GET", "/window/current/size")
    assert (time.monotonic() - begin) / 20 < 0.03  # 44 ms each without TCP_NODELAY and one write


def test_what_clients_ask_of_a_device(http_: Http) -> None:
    assert http_("GET", "/window/current/size")[1] == {"width": 1080, "height": 2400}
    assert http_("GET", "/orientation")[1] == "PORTRAIT" and http_("GET", "/rotation")[1]["z"] == 0
    assert http_("POST", "/rotation", {"x": 0, "y": 0, "z": 90})[0] == 200
    assert http_("GET", "/orientation")[1] == "LANDSCAPE"
    assert http_("GET", "/appium/device/info")[1]["realDisplaySize"] == "1080x2400"
    assert http_("GET", "/appium/device/display_density")[1] == 420
    assert http_("GET", "/appium/device/pixel_ratio")[1] == 2.625
    assert http_("GET", "/appium/device/battery_info")[1]["level"] == 1.0
    assert http_("GET", "/appium/device/system_bars")[1]["statusBar"] > 0
    assert (
        http_("POST", "/appium/list_windows", {})[1][0]["packageName"]
        == "com.google.android.apps.nexuslauncher"
    )
    assert http_("POST", "/appium/device/open_notifications", {})[0] == 200
    assert "com.android.systemui" in http_("GET", "/source")[1]


def test_dialogs_are_alerts(served: Served, http_: Http) -> None:
    served.android.launch("com.google.android.contacts")
    served.android.state.dialogs.append(("permission", "com.google.android.contacts"))
    served.android.changed()
    assert "Contacts" in http_("GET", "/alert/text")[1]
    assert http_("POST", "/alert/dismiss", {})[0] == 200
    assert http_("GET", "/alert/text")[0] == 404


# Selectors


@pytest.mark.parametrize(
    "text",
    [
        'new UiSelector().text("a \\"b\\" \\u00e9").instance(0)',
        'UiSelector().className("x").childSelector(new UiSelector().index(2));',
        'new UiScrollable(new UiSelector().scrollable(true).instance(0)).setMaxSearchSwipes(5).scrollTextIntoView("x")',
        'new androidx.test.uiautomator.UiSelector().textMatches("^a.*$").checked(false)',
    ],
)
def test_selectors_that_clients_write(text: str) -> None:
    assert parse(text)


@given(st.one_of(st.text(), st.text(alphabet='newUiSlctor().,"\\x1 ;').map(lambda t: f"new UiSelector(){t}")))
def test_a_selector_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SelectorError):
        parse(text)
