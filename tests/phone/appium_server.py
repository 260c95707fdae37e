"""The real Appium server with the real UiAutomator2 driver, installed from the lock file beside this one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from filelock import FileLock

from tenfold.tools.phone import find_adb

PACKAGES = Path(__file__).parent / "appium"
FILES = ("package.json", "package-lock.json")


def node_is_here() -> bool:
    """Whether there are a Node that Appium runs on, and npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    major, _, rest = version.strip().lstrip("v").partition(".")
    return major.isdigit() and (int(major), int(rest.split(".")[0] or 0)) >= (20, 19)


def installed() -> Path:
    """The folder that `npm ci` filled, kept in the user's cache under the lock file's hash."""
    key = hashlib.sha256(b"".join((PACKAGES / name).read_bytes() for name in FILES)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenfold-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"appium-{key}"
    with FileLock(str(folder) + ".lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in FILES:
                shutil.copy(PACKAGES / name, folder)
            # Scripts would fetch what the tests do not need, such as Chromedriver.
            done = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / "complete").touch()
    return folder


class AppiumServer:
    """An Appium server on a free port; `scratch` holds its SDK folder and its log."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder = folder
        self.sdk = scratch / "sdk"
        tools = self.sdk / "platform-tools"
        tools.mkdir(parents=True, exist_ok=True)
        if not (tools / "adb").exists():
            (tools / "adb").symlink_to(find_adb())
        self.log = scratch / "appium.log"
        with contextlib.closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> AppiumServer:
        environment = {
            **os.environ,
            "ANDROID_HOME": str(self.sdk),
            "ANDROID_SDK_ROOT": str(self.sdk),
            "APPIUM_HOME": str(self.folder),
        }
        command = [
            "node",
            str(self.folder / "node_modules" / "appium" / "index.js"),
            "server",
            "--address",
            "127.0.0.1",
        ]
        command += ["--port", str(self.port), "--allow-insecure", "uiautomator2:adb_shell", "--log-no-colors"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            with (
                contextlib.suppress(OSError, ValueError),
                urllib.request.urlopen(f"{self.url}/status", timeout=2) as reply,
            ):
                if json.load(reply)["value"]["ready"]:
                    return self
            time.sleep(0.1)
        raise AssertionError(f"Appium did not start:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """As if its machine had failed: nothing is put away. The adb clients that it started die with it."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.kill()
