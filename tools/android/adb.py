"""The adb *server* protocol over a virtual Android: the stock adb client sees an ordinary device.

What is served: the host services that clients use (version, devices, transport, forward …), the shell in its three
forms, and sync. Anything else is refused by name.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .sync import exactly, serve_sync

if TYPE_CHECKING:
    from .device import VirtualAndroid

log = logging.getLogger(__name__)

VERSION = 41  # of the protocol between client and server; both adb 29 and adb 36 accept it
FEATURES = "shell_v2"  # no more: so `adb install` keeps to push and `pm install`
_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = 0, 1, 2, 3, 4
_INSTRUMENT = re.compile(r"^\s*am\s+instrument\b")
_STOP_SERVER = re.compile(r"\bam\s+force-stop\s+'?(io\.appium\.uiautomator2\.server\S*?)'?\s*$")
_LOGCAT = re.compile(r"\blogcat\b(?!.*\s-(?:d|c|t|g)\b)")


class Refused(Exception):
    """A service that is not served; its text goes to the client."""


class AdbServer:
    """Listens on 127.0.0.1 and speaks as an adb server with one device.

    Args:
        android: The device; every command runs under its lock.
        port: 0 takes a free one; see `.port` once started.
        ports: TCP ports of the device that a forward may lead to, each with the local port that serves it.
        instrument: Called when `am instrument` starts; blocks until the instrumentation ends, returns its output.
        stop_instrument: Called when a client stops the instrumented package.
    """

    def __init__(
        self,
        android: VirtualAndroid,
        port: int = 0,
        *,
        ports: Callable[[int], int | None] = lambda port: None,
        instrument: Callable[[Callable[[], bool]], bytes] | None = None,
        stop_instrument: Callable[[], None] = lambda: None,
    ) -> None:
        self.android = android
        self.port = port
        self.lock = android.lock
        self.ports = ports
        self.instrument = instrument
        self.stop_instrument = stop_instrument
        self.trace: list[str] | None = None  # a list here is filled with every shell command
        self._forwards: dict[str, tuple[str, socket.socket]] = {}
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()

    @property
    def serial(self) -> str:
        """The device's serial, as `adb devices` lists it."""
        return self.android.info.serial

    def start(self) -> AdbServer:
        """Listen, in threads of its own.

        Raises:
            OSError: The port is taken.
        """
        self._listener = _listen(self.port)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener, self._serve), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the listener, the forwards and what is open; harmless when called twice."""
        for _, listener in self._forwards.values():
            _close(listener)
        self._forwards.clear()
        if self._listener is not None:
            _close(self._listener)
            self._listener = None
        for connection in list(self._open):
            _close(connection)

    def _accept(self, listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(connection)
            threading.Thread(target=self._guarded, args=(serve, connection), daemon=True).start()

    def _guarded(self, serve: Callable[[socket.socket], None], connection: socket.socket) -> None:
        try:
            serve(connection)
        except (ConnectionError, OSError, EOFError):
            pass  # the client went away
        finally:
            self._open.discard(connection)
            _close(connection)

    def _serve(self, connection: socket.socket) -> None:
        """One connection: a host service, or a transport and then one service of the device."""
        try:
            while True:
                request = _request(connection)
                if request.startswith(
                    ("host:", "host-serial:", "host-transport-id:", "host-usb:", "host-local:")
                ):
                    if not self._host(connection, request):
                        return
                else:
                    self._device(connection, request)
                    return
        except Refused as refused:
            _fail(connection, str(refused))

    def _host(self, connection: socket.socket, request: str) -> bool:
        """Answer a host service; True when the connection is now a transport to the device."""
        service, chosen = self._chosen(request)
        if service.startswith(("tport:", "transport")):
            if not chosen:
                self._choose(service)
            connection.sendall(b"OKAY" + (struct.pack("<Q", 1) if service.startswith("tport:") else b""))
            return True
        if service.startswith("wait-for-"):
            connection.sendall(b"OKAYOKAY")
        elif service.startswith(("forward:", "killforward")):
            self._forward_service(connection, service)
        elif service.startswith("track-devices"):
            _reply(connection, f"{self.serial}\tdevice\n")
            connection.recv(1)  # until the client leaves
        else:
            _reply(connection, self._answer(service))
        return False

    def _chosen(self, request: str) -> tuple[str, bool]:
        """The service without its prefix, and whether the prefix named the device."""
        prefix, _, rest = request.partition(":")
        if prefix == "host-serial":
            # A serial may hold a colon (host:port); ours does not.
            serial, _, service = rest.partition(":")
            self._must_be_ours(serial)
            return service, True
        if prefix == "host-transport-id":
            number, _, service = rest.partition(":")
            if number != "1":
                raise Refused(f"no device with transport id '{number}'")
            return service, True
        return rest, prefix != "host"

    def _choose(self, service: str) -> None:
        kind, _, which = service.partition(":")
        if kind == "tport":
            kind, _, which = which.partition(":")
            if kind == "serial":
                self._must_be_ours(which)
            elif kind not in ("any", "local"):
                raise Refused("no devices/emulators found")
        elif kind == "transport":
            self._must_be_ours(which)
        elif kind == "transport-id" and which != "1":
            raise Refused(f"no device with transport id '{which}'")
        elif kind == "transport-usb":
            raise Refused("no devices found")

    def _must_be_ours(self, serial: str) -> None:
        if serial != self.serial:
            raise Refused(f"device '{serial}' not found")

    def _answer(self, service: str) -> str:
        info = self.android.info
        listed = f"{info.serial}\tdevice\n"
        model = re.sub(r"\W", "_", info.model)
        answers = {
            "version": f"{VERSION:04x}",
            "devices": listed,
            "devices-l": f"{info.serial:<22} device product:{model} model:{model} device:{model} transport_id:1\n",
            "features": FEATURES,
            "host-features": FEATURES,
            "get-state": "device",
            "get-serialno": info.serial,
            "get-devpath": "virtual",
            "list-forward": "".join(
                f"{info.serial} {local} {remote}\n" for local, (remote, _) in list(self._forwards.items())
            ),
        }
        if service not in answers:
            raise Refused(f"unknown host service '{service}' on Tenfold's virtual device")
        return answers[service]

    # Forwards: they really listen, and lead to what the device serves on that port.

    def _forward_service(self, connection: socket.socket, service: str) -> None:
        if service == "killforward-all":
            for local in list(self._forwards):
                self._kill_forward(local)
            connection.sendall(b"OKAYOKAY")
        elif service.startswith("killforward:"):
            self._kill_forward(service.removeprefix("killforward:"))
            connection.sendall(b"OKAYOKAY")
        else:
            port = self._forward(service.removeprefix("forward:"))
            answer = f"{len(port):04x}{port}".encode() if port else b""
            connection.sendall(b"OKAYOKAY" + answer)

    def _forward(self, rule: str) -> str:
        """Returns the port that was found for `tcp:0`, else ""."""
        norebind = rule.startswith("norebind:")
        local, _, remote = rule.removeprefix("norebind:").partition(";")
        match, target = re.fullmatch(r"tcp:(\d{1,5})", local), re.fullmatch(r"tcp:(\d{1,5})", remote)
        if match is None or target is None:
            raise Refused(f"cannot forward '{local}' to '{remote}': only tcp to tcp")
        if local in self._forwards:
            if norebind:
                raise Refused(f"cannot rebind existing socket '{local}'")
            self._kill_forward(local)
        try:
            listener = _listen(int(match[1]))
        except OSError as error:
            raise Refused(f"cannot bind listener: {error.strerror}") from error
        bound = listener.getsockname()[1]
        device_port = int(target[1])
        self._forwards[f"tcp:{bound}"] = (remote, listener)

        def pump(connection: socket.socket) -> None:
            self._pump(connection, device_port)

        threading.Thread(target=self._accept, args=(listener, pump), daemon=True).start()
        return str(bound) if match[1] == "0" else ""

    def _kill_forward(self, local: str) -> None:
        if local not in self._forwards:
            raise Refused(f"listener '{local}' not found")
        _close(self._forwards.pop(local)[1])

    def _pump(self, client: socket.socket, device_port: int) -> None:
        served = self.ports(device_port)
        if served is None:
            return  # nothing listens there: the connection is closed, as adb does
        with socket.create_connection(("127.0.0.1", served), timeout=10) as device:
            device.settimeout(None)
            device.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(device)
            back = threading.Thread(target=_copy, args=(device, client), daemon=True)
            back.start()
            _copy(client, device)
            back.join(timeout=10)
            self._open.discard(device)

    # Services of the device

    def _device(self, connection: socket.socket, service: str) -> None:
        kind, _, command = service.partition(":")
        if kind == "sync":
            connection.sendall(b"OKAY")
            serve_sync(connection, self.android, self.lock)
        elif kind.startswith("shell,v2"):
            connection.sendall(b"OKAY")
            self._shell_v2(connection, command)
        elif kind.split(",")[0] in ("shell", "exec"):
            connection.sendall(b"OKAY")
            out, err, _ = self._run(connection, command)
            connection.sendall(out + err)
        elif kind == "tcp":
            connection.sendall(b"OKAY")
            self._pump(connection, int(command) if command.isdigit() else 0)
        elif kind in ("root", "unroot"):
            connection.sendall(b"OKAY" + b"adbd is already running as root\n")
        else:
            raise Refused(f"unknown service '{kind}' on Tenfold's virtual device")

    def _shell_v2(self, connection: socket.socket, command: str) -> None:
        if not command:
            command = _stdin(connection)
        out, err, code = self._run(connection, command)
        for kind, data in ((_STDOUT, out), (_STDERR, err), (_EXIT, bytes([code & 0xFF]))):
            for start in range(0, len(data), 1 << 16):
                part = data[start : start + (1 << 16)]
                connection.sendall(struct.pack("<BI", kind, len(part)) + part)

    def _run(self, connection: socket.socket, command: str) -> tuple[bytes, bytes, int]:
        if self.trace is not None:
            self.trace.append(command)
        log.debug("adb shell: %s", command)

        def gone() -> bool:
            return _gone(connection)

        if _INSTRUMENT.match(command) and self.instrument is not None:
            return self.instrument(gone), b"", 0
        if _LOGCAT.search(command):
            while not gone():  # a log that says nothing runs until its reader leaves
                time.sleep(0.2)
            return b"", b"", 0
        if _STOP_SERVER.search(command):
            self.stop_instrument()
        with self.lock:
            result = self.android.shell(command)
        return result.stdout, result.stderr, result.code


def _request(connection: socket.socket) -> str:
    length = exactly(connection, 4)
    try:
        size = int(length, 16)
    except ValueError:
        raise Refused("bad request length") from None
    return exactly(connection, size).decode("utf-8", "replace")


def _reply(connection: socket.socket, text: str) -> None:
    data = text.encode()
    connection.sendall(b"OKAY" + f"{len(data):04x}".encode() + data)


def _fail(connection: socket.socket, text: str) -> None:
    data = text.encode()[:0xFFFF]
    connection.sendall(b"FAIL" + f"{len(data):04x}".encode() + data)


def _stdin(connection: socket.socket) -> str:
    """What a client types into a shell without a command, until it closes its end."""
    typed: list[bytes] = []
    while True:
        try:
            kind, size = struct.unpack("<BI", exactly(connection, 5))
        except EOFError:
            break
        data = exactly(connection, size)
        if kind == _CLOSE_STDIN:
            break
        if kind == _STDIN:
            typed.append(data)
            if b"exit\n" in data:
                break
    return b"".join(typed).decode("utf-8", "replace")


def _gone(connection: socket.socket) -> bool:
    """Whether the other end has left; a shell client may also have closed its input only, which is no leaving."""
    try:
        connection.setblocking(False)
        data = connection.recv(1 << 12)
        return data == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        if connection.fileno() >= 0:
            connection.setblocking(True)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        _close(target)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
