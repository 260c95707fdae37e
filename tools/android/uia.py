"""The HTTP protocol of the on-device UiAutomator2 server, over a virtual Android.

Routes, replies and errors are those that the Appium driver and its clients rely on. What is not here is answered with
404 "unknown command": nothing pretends to work.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from .wires import Cache, WireError

if TYPE_CHECKING:
    from .device import VirtualAndroid

log = logging.getLogger(__name__)

_LARGEST = 64 * 1024 * 1024  # of a request

Parameters = dict[str, Any]
Handler = Callable[["UiaServer", Parameters, list[str]], Any]

SETTINGS: Parameters = {
    "actionAcknowledgmentTimeout": 3000,
    "allowInvisibleElements": False,
    "alwaysTraversableViewClasses": "",
    "disableIdLocatorAutocompletion": False,
    "enableMultiWindows": False,
    "enableTopmostWindowFromActivePackage": False,
    "enableNotificationListener": True,
    "enforceXPath1": False,
    "ignoreUnimportantViews": False,
    "includeA11yActionsInPageSource": False,
    "includeExtrasInPageSource": False,
    "keyInjectionDelay": 0,
    "limitXPathContextScope": True,
    "mjpegBilinearFiltering": False,
    "mjpegScalingFactor": 50,
    "mjpegServerFramerate": 10,
    "mjpegServerPort": 7810,
    "mjpegServerScreenshotQuality": 50,
    "normalizeTagNames": False,
    "scrollAcknowledgmentTimeout": 200,
    "serverPort": 6790,
    "shouldUseCompactResponses": True,
    "shutdownOnPowerDisconnect": True,
    "simpleBoundsCalculation": False,
    "snapshotMaxDepth": 70,
    "trackScrollEvents": True,
    "useResourcesForOrientationDetection": False,
    "wakeLockTimeout": 86400000,
    "waitForIdleTimeout": 10000,
    "waitForSelectorTimeout": 10000,
}
"""The server's settings with their defaults."""


class UiaServer:
    """Listens on 127.0.0.1 and answers as the UiAutomator2 server on the device would.

    Args:
        android: The device; every command runs under its lock.
        port: 0 takes a free one; see `.port` once started.

    Attributes:
        animated: The screen never comes to rest: every command waits `waitForIdleTimeout`, as on a true device.
        ended: Called when a client deletes the session: a true server then ends with its instrumentation.
    """

    def __init__(self, android: VirtualAndroid, port: int = 0) -> None:
        self.android = android
        self.port = port
        self.lock = android.lock
        self.animated = False
        self.ended: Callable[[], None] = lambda: None
        self.settings = dict(SETTINGS)
        self.session = ""
        self.capabilities: Parameters = {}
        self.cache = Cache()
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> UiaServer:
        """Listen, in threads of its own.

        Raises:
            OSError: The port is taken.
        """
        from .commands import ROUTES

        routes = [(method, re.compile(f"^{path}$"), handler) for method, path, handler in ROUTES]
        owner = self

        class Bound(_Request):
            uia = owner
            table = routes

        self._server = _Server(("127.0.0.1", self.port), Bound)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening; harmless when called twice."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def open_session(self, capabilities: Parameters) -> Parameters:
        """A new session takes the place of an old one, as on the device."""
        self.session = str(uuid.uuid4())
        self.settings, self.cache, self.capabilities = dict(SETTINGS), Cache(), capabilities
        return {"sessionId": self.session, "capabilities": capabilities}

    def close_session(self) -> None:
        """Forget the session and its elements."""
        self.session, self.cache = "", Cache()
        self.ended()

    def wait_for_idle(self) -> None:
        """What a true server does before it looks or acts while something moves on the screen."""
        if self.animated:
            time.sleep(self.settings["waitForIdleTimeout"] / 1000)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


class _Request(BaseHTTPRequestHandler):
    uia: UiaServer
    table: list[tuple[str, re.Pattern[str], Handler]]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each call costs 40 ms of waiting for an acknowledgement
    wbufsize = -1  # one write a reply
    timeout = 600

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)

    def _answer(self, method: str) -> None:
        try:
            status, value = 200, self._value(method)
        except WireError as error:
            status = error.status
            value = {"error": error.error, "message": str(error), "stacktrace": ""}
        except Exception as error:
            log.exception("%s %s", method, self.path)
            status = 500
            value = {
                "error": "unknown error",
                "message": f"{type(error).__name__}: {error}",
                "stacktrace": "",
            }
        body = json.dumps({"sessionId": self.uia.session or None, "value": value}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _value(self, method: str) -> Any:
        parameters = self._body()
        path = self.path.split("?")[0].removeprefix("/wd/hub")
        match = re.match(r"^/session/([^/]+)(/.*)?$", path)
        if match:
            if match[1] != self.uia.session:
                raise WireError("invalid session id", f"The session '{match[1]}' is unknown")
            path = f"/session/:s{match[2] or ''}"
        for verb, pattern, handler in self.table:
            hit = pattern.match(path) if verb == method else None
            if hit:
                if match and method != "DELETE" and "/appium/settings" not in path:
                    self.uia.wait_for_idle()
                with self.uia.lock:
                    return handler(self.uia, parameters, list(hit.groups()))
        raise WireError("unknown command", f"{method} {path} is not served by Tenfold's virtual device")

    def _body(self) -> Parameters:
        size = int(self.headers.get("Content-Length") or 0)
        if size > _LARGEST:
            self.close_connection = True
            raise WireError("invalid argument", f"a request of {size} bytes is too large")
        raw = self.rfile.read(size) if size else b""
        if not raw.strip():
            return {}
        try:
            parameters = json.loads(raw)
        except ValueError as error:
            raise WireError("invalid argument", f"the request is not JSON: {error}") from error
        if not isinstance(parameters, dict):
            raise WireError("invalid argument", "the request is not a JSON object")
        return parameters
