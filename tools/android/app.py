"""What an app is: a package, a stack of screens, a database, and `screen_NAME` methods that build views from them."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from .kit import Kit
from .view import View

if TYPE_CHECKING:
    from .device import VirtualAndroid

REGISTRY: dict[str, type[App]] = {}
"""Package → app class; `register` adds to it."""


def register(cls: type[App]) -> type[App]:
    """Class decorator: the app is installed on every virtual Android that is made from now on."""
    REGISTRY[cls.package] = cls
    return cls


@dataclass
class Screen:
    """One entry of an app's back stack. Plain data: a snapshot pickles it.

    Attributes:
        name: Which `screen_NAME` builds it.
        args: What it was opened with.
        fields: Text of its fields by key.
        scroll: Pixels by which its lists are scrolled on, by key.
        focus: Key of the field that takes typed text.
        dialog: Name and arguments of the `dialog_NAME` over it, or None.
    """

    name: str
    args: dict[str, Any] = field(default_factory=dict[str, Any])
    fields: dict[str, str] = field(default_factory=dict[str, str])
    scroll: dict[str, int] = field(default_factory=dict[str, int])
    focus: str = ""
    dialog: tuple[str, dict[str, Any]] | None = None


class App:
    """Base of all apps.

    A subclass sets the class attributes, writes `seed` (the data it starts with) and one method
    `screen_NAME(self, ui, screen) -> View` for each screen and `dialog_NAME(self, ui, screen, **args) -> View` for each
    dialog or menu. What lasts is in `self.db` (SQLite) and `self.os.files`, what belongs to a screen in the `Screen`.

    Attributes:
        package, label: As Android and the launcher name it.
        activity: The launch activity, in full.
        activities: Screen name → activity, where it differs from the launch activity.
        home: The screen that the app opens with.
        color: Its theme colour.
        icon: Its icon's name.
        schema: SQL that makes its tables.
        database: Name of its database under /data/data/PACKAGE/databases, "" for none.
        permission: What it asks for under the permission fault, in the dialog's words.
        system: It cannot be uninstalled.
        hidden: The launcher does not show it.
        extra: It is not installed at first; `VirtualAndroid.install` puts it on.
    """

    package: ClassVar[str]
    label: ClassVar[str]
    activity: ClassVar[str]
    activities: ClassVar[dict[str, str]] = {}
    home: ClassVar[str] = "home"
    color: ClassVar[str] = "#3B5BA9"
    icon: ClassVar[str] = "apps"
    schema: ClassVar[str] = ""
    database: ClassVar[str] = ""
    permission: ClassVar[str] = "access photos and media on your device"
    system: ClassVar[bool] = False
    hidden: ClassVar[bool] = False
    extra: ClassVar[bool] = False

    def __init__(self, android: VirtualAndroid) -> None:
        self.os = android
        self.stack: list[Screen] = [Screen(self.home)]

    # For subclasses

    def seed(self, rng: random.Random) -> None:
        """Put in what the app starts with."""

    def resumed(self) -> None:
        """Called when it comes to the front."""

    def start(self, action: str, extras: dict[str, str], data: str) -> None:
        """Called when an intent other than the launcher's opens it, such as INSERT, VIEW or SENDTO."""

    @property
    def db(self) -> sqlite3.Connection:
        """Its database; rows are `sqlite3.Row`."""
        return self.os.db(self.package)

    @property
    def now(self) -> datetime:
        """The device's clock."""
        return self.os.clock.now()

    @property
    def screen(self) -> Screen:
        """The screen at the top."""
        return self.stack[-1]

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.db.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        return self.db.execute(sql, values).fetchone()

    def run(self, sql: str, *values: object) -> int:
        """Execute a statement; returns the last row id."""
        return self.db.execute(sql, values).lastrowid or 0

    def open(self, name: str, /, fields: dict[str, str] | None = None, focus: str = "", **args: Any) -> None:
        """Open a screen on top; `fields` is what its fields hold at first."""
        self.screen.focus = ""
        self.stack.append(Screen(name, args, dict(fields or {}), focus=focus))

    def replace(self, name: str, /, fields: dict[str, str] | None = None, **args: Any) -> None:
        """Open a screen in place of the top one."""
        self.stack[-1] = Screen(name, args, dict(fields or {}))

    def back(self) -> bool:
        """Close the dialog, the keyboard's focus or the top screen; False: nothing left, the app goes to the back."""
        screen = self.screen
        if screen.dialog is not None:
            screen.dialog = None
        elif len(self.stack) > 1:
            self.stack.pop()
        else:
            return False
        return True

    def to_home(self) -> None:
        """Back to its first screen, as newly opened."""
        self.stack = [Screen(self.home)]

    def ask(self, name: str, /, **args: Any) -> None:
        """Show `dialog_NAME` over the screen."""
        self.screen.focus = ""
        self.screen.dialog = (name, args)

    def dismiss(self) -> None:
        """Take the dialog away."""
        self.screen.dialog = None

    def then(self, *steps: Callable[[], object]) -> Callable[[], None]:
        """A handler that takes the dialog away and does these in turn."""

        def all_of_them() -> None:
            self.dismiss()
            for step in steps:
                step()

        return all_of_them

    def toast(self, text: str) -> None:
        """Show a toast."""
        self.os.toast(text)

    # For the device

    @property
    def front_activity(self) -> str:
        """The activity of the top screen."""
        return self.activities.get(self.screen.name, self.activity)

    def build(self, ui: Kit) -> View:
        """The views of the top screen."""
        method: Callable[[Kit, Screen], View] = getattr(self, f"screen_{self.screen.name}")
        return method(ui, self.screen)

    def build_dialog(self, ui: Kit) -> View | None:
        """The views of the dialog over it, or None."""
        if self.screen.dialog is None:
            return None
        name, args = self.screen.dialog
        method: Callable[..., View] = getattr(self, f"dialog_{name}")
        return method(ui, self.screen, **args)

    def dialog_confirm(
        self,
        ui: Kit,
        screen: Screen,
        *,
        title: str,
        message: str,
        yes: str,
        call: str,
        args: dict[str, Any],
        no: str = "Cancel",
    ) -> View:
        """A question with two answers; "yes" calls the method `call` with `args`."""
        method: Callable[..., object] = getattr(self, call)
        return ui.dialog(title, message, [(no, self.dismiss), (yes, self.then(lambda: method(**args)))])

    def confirm(self, title: str, message: str, yes: str, call: Callable[..., object], **args: Any) -> None:
        """Ask before doing: `call` must be a method of this app."""
        self.ask("confirm", title=title, message=message, yes=yes, call=call.__name__, args=args)
