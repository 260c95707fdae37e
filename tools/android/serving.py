"""Both servers of one virtual Android, joined: adb forwards lead to its UiAutomator2 server while that runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from .adb import AdbServer
from .uia import UiaServer

if TYPE_CHECKING:
    from .device import VirtualAndroid

UIA_DEVICE_PORT = 6790  # where the UiAutomator2 server listens on a device


class Served:
    """A virtual Android that adb, Appium and everything built on them can reach.

    Use it as a context manager, or call `stop`.

    Attributes:
        adb_port: For `adb -P` and Appium's `appium:adbPort`.
        uia_port: The UiAutomator2 server without adb in between.
        adb, uia: The two servers.
    """

    def __init__(self, android: VirtualAndroid, adb_port: int = 0, uia_port: int = 0) -> None:
        self.android = android
        self._stopped = threading.Event()
        self._stopped.set()
        self.uia = UiaServer(android, uia_port).start()
        self.uia.ended = self._stopped.set
        self.adb = AdbServer(
            android,
            adb_port,
            ports=self._port,
            instrument=self._instrument,
            stop_instrument=self._stopped.set,
        )
        try:
            self.adb.start()
        except OSError:
            self.uia.stop()
            raise
        self.adb_port, self.uia_port = self.adb.port, self.uia.port

    @property
    def instrumented(self) -> bool:
        """Whether the UiAutomator2 server runs on the device."""
        return not self._stopped.is_set()

    def _port(self, port: int) -> int | None:
        return self.uia.port if port == UIA_DEVICE_PORT and self.instrumented else None

    def _instrument(self, gone: Callable[[], bool]) -> bytes:
        """`am instrument -w`: returns when the server is stopped, or its client has left."""
        self._stopped.clear()
        self.android.instrumented = True
        while not self._stopped.wait(0.1):
            if gone():
                self._stopped.set()
        self.uia.session = ""
        self.android.instrumented = False
        return b"INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0\n"

    def stop(self) -> None:
        """Stop both servers; harmless when called twice."""
        self._stopped.set()
        self.adb.stop()
        self.uia.stop()

    def __enter__(self) -> Served:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(android: VirtualAndroid, *, adb_port: int = 0, uia_port: int = 0) -> Served:
    """Serve a virtual Android on 127.0.0.1; ports of 0 take free ones.

    Raises:
        OSError: A port is taken.
    """
    return Served(android, adb_port, uia_port)


def wait_forever(served: Served) -> None:
    """Keep serving until the process is interrupted."""
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        served.stop()
