"""The apps by name, and what several files of templates need."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING, Any

from ..oracle import Flow, Rung
from ..template import Params

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

PACKAGES = {
    "Chrome": "com.android.chrome",
    "Clock": "com.google.android.deskclock",
    "Contacts": "com.google.android.contacts",
    "Corner Shop": "org.tenfold.shop",
    "Files": "com.google.android.documentsui",
    "Gallery": "com.simplemobiletools.gallery.pro",
    "Mail": "org.tenfold.mail",
    "Markor": "net.gsantner.markor",
    "Settings": "com.android.settings",
    "Simple Calendar Pro": "com.simplemobiletools.calendar.pro",
    "Simple SMS Messenger": "com.simplemobiletools.smsmessenger",
}
SD = "/storage/emulated/0"


def flow(app: str, *rungs: Rung) -> Flow:
    """Rungs in an app, by its label."""
    return Flow(app, rungs, PACKAGES[app])


def rows(android: VirtualAndroid, app: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of an app's database."""
    return [tuple(row) for row in android.db(PACKAGES[app]).execute(sql, values)]


def execute(android: VirtualAndroid, app: str, sql: str, *values: Any) -> int:
    """Change an app's database; returns the last row id."""
    return android.db(PACKAGES[app]).execute(sql, values).lastrowid or 0


def remember(android: VirtualAndroid, p: Params, app: str, *queries: str) -> None:
    """Keep what queries of an app's database give now, for `changes`."""
    p.setdefault("before", {}).update({sql: rows(android, app, sql) for sql in queries})


def changes(
    android: VirtualAndroid, p: Params, app: str, sql: str
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Rows that a remembered query has gained and lost."""
    before, now = Counter(p["before"][sql]), Counter(rows(android, app, sql))
    return sorted((now - before).elements(), key=str), sorted((before - now).elements(), key=str)


def remember_files(android: VirtualAndroid, p: Params, root: str = SD) -> None:
    """Keep which files there are now, for `changed_files`."""
    p["files"] = _files(android, root)


def changed_files(android: VirtualAndroid, p: Params, root: str = SD) -> dict[str, str | None]:
    """Path beneath the root → new content, for files and folders ("/" at the end) that changed; None: it is gone."""
    before, now = p["files"], _files(android, root)
    return {path: now.get(path) for path in before.keys() | now.keys() if before.get(path) != now.get(path)}


def _files(android: VirtualAndroid, root: str) -> dict[str, str]:
    files = android.files
    found = [path for path in files.walk(root) if path != root]
    return {
        path.removeprefix(f"{root}/") + ("/" if files.is_folder(path) else ""): (
            "" if files.is_folder(path) else files.read(path).decode("utf-8", "replace")
        )
        for path in found
    }


def pick(rng: Random, values: Iterable[Any]) -> Any:
    """One of them."""
    return rng.choice(list(values))


def says(answer: str, *wanted: str) -> bool:
    """Whether an answer contains all these words, without case and punctuation."""

    def plain(text: str) -> str:
        words = re.findall(r"[^\W_]+", text.casefold())
        return f" {' '.join(words)} "

    return all(plain(words) in plain(answer) for words in wanted)
