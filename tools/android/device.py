"""The virtual Android: a screen, apps with real state, and a shell. In process, seeded, deterministic."""

from __future__ import annotations

import pickle
import random
import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, cast

from ..phone import DeviceInfo
from . import source as xml
from .app import REGISTRY, App, Screen
from .draw import Painter
from .faults import Faults
from .files import File, Files, Mount
from .hands import Hands
from .kit import Kit
from .plants import plant
from .state import LAUNCHER, SETTINGS, Clock, Frame, State, Window
from .system import SystemUi, keyboard_height
from .theme import DENSITY, theme
from .trouble import damage
from .view import View, finish

if TYPE_CHECKING:
    from .shell import Shell

SERIAL = "virtual-5554"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a device is at one moment."""

    system: bytes
    databases: dict[str, bytes]
    files: tuple[dict[str, File], dict[str, int]]


class VirtualAndroid(Hands):
    """A phone without hardware: equal seeds and inputs give equal bytes.

    Not safe from two threads at once; servers take `lock`.

    Args:
        seed: Decides the data of all apps and what faults strike.
        faults: Which faults, at which chances.
        now: What the clock says at first; aware.
        width, height: The natural screen in pixels.
    """

    _seeded: ClassVar[OrderedDict[tuple[object, ...], Snapshot]] = OrderedDict()

    def __init__(
        self, *, seed: int = 0, faults: Faults | None = None, now: datetime = datetime(2026, 3, 12, 9, 30, tzinfo=UTC),
        width: int = 1080, height: int = 2400,
    ) -> None:  # fmt: skip
        from .apps import load

        load()
        self.faults = faults if faults is not None else Faults()
        self.lock = threading.RLock()
        self._start = now
        self._natural = (width, height)
        self._changes = 0
        self._frame: Frame | None = None
        self._held: Frame | None = None
        self._looked = False
        self.state = self._new_state(seed)
        self.clock = Clock(lambda: self.state)
        self.files = Files(lambda: int(self.state.time))
        self.apps: dict[str, App] = {}
        self._dbs: dict[str, sqlite3.Connection] = {}
        for package in sorted(REGISTRY):
            self._add(REGISTRY[package](self))
        self._system = SystemUi(self)
        self.reset(seed)

    # State

    def _new_state(self, seed: int) -> State:
        tables = {table: dict(rows) for table, rows in SETTINGS.items()}
        return State(
            self._start.timestamp(),
            random.Random(f"{seed}:device"),
            sorted(package for package, app in REGISTRY.items() if not app.extra),
            tables,
            running=[LAUNCHER],
        )

    def _add(self, app: App) -> None:
        self.apps[app.package] = app
        if app.database:
            db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            db.row_factory = sqlite3.Row
            self._dbs[app.package] = db
            path = f"/data/data/{app.package}/databases/{app.database}"
            self.files.mount(path, Mount(db.serialize, db.deserialize))

    def db(self, package: str) -> sqlite3.Connection:
        """The database of an app, in autocommit mode.

        Raises:
            KeyError: No such app, or one without a database.
        """
        return self._dbs[package]

    def reset(self, seed: int = 0) -> None:
        """As a new device with this seed: same faults, clock at its start."""
        key = (seed, self._start, tuple(REGISTRY), self._natural)
        if key not in self._seeded:
            self._fill(seed)
            self._seeded[key] = self.snapshot()
            while len(self._seeded) > 16:
                self._seeded.popitem(last=False)
        self.restore(self._seeded[key])

    def _fill(self, seed: int) -> None:
        self.state = self._new_state(seed)
        self.files.restore(({}, {"/": 0}))
        for folder in ("Download", "Documents", "DCIM", "Pictures", "Music", "Movies"):
            self.files.mkdir(f"/sdcard/{folder}")
        self.files.mkdir("/data/local/tmp")
        for package, app in self.apps.items():
            self.files.mkdir(f"/data/data/{package}")
            if app.database:
                fresh = sqlite3.connect(":memory:")
                fresh.executescript(app.schema)
                self._dbs[package].deserialize(fresh.serialize())
                fresh.close()
            app.to_home()
            app.seed(random.Random(f"{seed}:{package}"))

    def snapshot(self) -> Snapshot:
        """All state, to go back to with `restore`."""
        stacks = {package: app.stack for package, app in self.apps.items()}
        system = pickle.dumps((self.state, stacks, self._system.screen), pickle.HIGHEST_PROTOCOL)
        return Snapshot(system, {p: db.serialize() for p, db in self._dbs.items()}, self.files.snapshot())

    def restore(self, snapshot: Snapshot) -> None:
        """Back to a snapshot of this device, or of another with the same apps."""
        self.state, stacks, self._system.screen = cast(
            "tuple[State, dict[str, list[Screen]], Screen]", pickle.loads(snapshot.system)
        )
        for package, stack in stacks.items():
            self.apps[package].stack = stack
        for package, data in snapshot.databases.items():
            self._dbs[package].deserialize(data)
        self.files.restore(snapshot.files)
        self._frame = self._held = None
        self._looked = False
        self.changed()

    @property
    def version(self) -> int:
        """Grows with every change of what is or could be on the screen."""
        return self._changes + self.files.changes + sum(db.total_changes for db in self._dbs.values())

    # What it is

    @property
    def info(self) -> DeviceInfo:
        """What it says of itself."""
        width, height = self._natural
        return DeviceInfo(SERIAL, "Tenfold Virtual Android", "13", 33, width, height, DENSITY, virtual=True)

    @property
    def rotation(self) -> int:
        """Quarter turns of the screen, 0 to 3."""
        return self.state.rotation

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels as it is turned now."""
        width, height = self._natural
        return (height, width) if self.state.rotation % 2 else (width, height)

    @property
    def keyboard(self) -> bool:
        """Whether the keyboard is on the screen."""
        return any(w.kind == "keyboard" for w in self.frame().windows)

    # Looking

    def frame(self) -> Frame:
        """The true screen of this moment, whatever faults show; built when something changed."""
        version = self.version
        if self._frame is None or self._frame.version != version:
            self._frame = self._build()
            if self._frame.version != self.version:  # a build mends scroll positions and lost focus
                self._frame = self._build()
        return self._frame

    def _typing(self) -> bool:
        """Whether the app in front would have the keyboard up."""
        state = self.state
        clear = not (state.shade or state.recents or state.dialogs)
        return clear and state.keyboard and bool(self.apps[state.front].screen.focus)

    def _app_windows(self, windows: list[Window]) -> str:
        state, (width, height) = self.state, self.size
        app = self.apps[state.front]
        colours = theme(app.color, self.dark)
        typing = self._typing()
        room = keyboard_height(width, height) if typing and not state.keyboard_over else 0
        ui = Kit(app.screen, colours, width, height, keyboard=room, recycling=self.faults.recycling)
        windows.append(Window("app", app.package, app.front_activity, app.build(ui), active=True))
        over = app.build_dialog(ui)
        if over is not None:
            over = View("android.widget.FrameLayout", frame=over.frame, children=over.children)
            windows.append(
                Window("dialog", app.package, app.front_activity, over, True, True, True, app.dismiss)
            )
        if app.screen.focus and not any(v.focused for v in windows[-1].root.walk()):
            app.screen.focus = ""
            self.changed()
        return colours.surface

    def _build(self) -> Frame:
        state, (width, height) = self.state, self.size
        windows: list[Window] = []
        ground = self._app_windows(windows)
        if state.recents:
            windows.append(self._system.recents())
        for kind, package in state.dialogs:
            windows.append(self._system.dialog(kind, package))
        if self._typing():
            windows.append(self._system.keyboard())
        if state.shade:
            windows.append(self._system.shade())
        dark = self.dark
        paper = state.front == LAUNCHER and not state.recents and not state.shade
        ink = "#FFFFFF" if dark or paper else "#2B2D33"
        windows.append(self._system.navigation("" if paper else ground, ink))
        windows.append(self._system.status_bar(ink))
        toasts = [text for text, until in state.toasts if until > state.time]
        windows += [self._system.toast(text) for text in toasts[-1:]]
        for window in windows:
            finish(window.root, (0, 0, width, height))
        frame = Frame(self.version, width, height, state.rotation, windows, toasts, ground, state.awake)
        plant(frame, self.state.planted)
        damage(self, frame)
        return frame

    def source(self) -> str:
        """UiAutomator2's page source of the active window; one look."""
        frame = self._shown(tree=True)
        if not frame.source:
            roots = [(frame.active.package, frame.active.root)] if frame.awake else []
            frame.source = xml.source(roots, frame.toasts, frame.rotation, frame.width, frame.height)
        return frame.source

    def all_windows_source(self) -> str:
        """The page source with `enableMultiWindows`: every window but the keyboard's and the bars'."""
        frame = self._shown(tree=True)
        roots = [(w.package, w.root) for w in reversed(frame.windows) if w.active]
        return xml.source(roots, frame.toasts, frame.rotation, frame.width, frame.height)

    def dump(self) -> str:
        """What `uiautomator dump` writes; one look."""
        frame = self._shown(tree=True)
        return xml.dump((frame.active.package, frame.active.root), frame.rotation)

    def screenshot(self) -> bytes:
        """PNG of the same moment as the last `source`, or of now if there was none since the last action."""
        frame = self._shown(tree=False)
        if not frame.png:
            frame.png = paint(frame)
        return frame.png

    def _shown(self, *, tree: bool) -> Frame:
        state, frame = self.state, self.frame()
        held = self._held
        if held is None:
            return frame
        if not tree:
            late = state.late > 0
            if late and not self._looked:
                state.late -= 1  # pictures alone are looks too
            self._looked = False
            return held if late else frame
        self._looked = True
        if state.late > 0:
            state.late -= 1
            return held
        if state.stale > 0:
            state.stale -= 1
            return held
        self._held = None
        return frame

    def keep(self, frame: Frame | None) -> None:
        """Hold a frame that late or stale looks show; None: none."""
        self._held, self._looked = frame, False

    # Shell

    def shell(self, command: str) -> Shell:
        """Run a command line as `adb shell` would; what is not known exits with 127."""
        from .shell import run

        result = run(self, command)
        self.changed()
        return result

    def content(self, uri: str) -> list[dict[str, str | None]]:
        """The rows of a content provider, as `content query` prints them.

        Raises:
            KeyError: No such provider.
        """
        from .shell import query

        return query(self, uri)


def paint(frame: Frame) -> bytes:
    """A frame as PNG."""
    painter = Painter(frame.width, frame.height, frame.ground if frame.awake else "#000000")
    for window in frame.windows if frame.awake else []:
        if window.dims:
            painter.shade(0.42)
        painter.view(window.root)
    return painter.png()
