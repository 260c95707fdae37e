"""The apps by name, and what several files of templates need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING, Any

from ..oracle import Flow, Rung

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

PACKAGES = {
    "Calendar": "com.simplemobiletools.calendar.pro",
    "Chrome": "com.android.chrome",
    "Clock": "com.google.android.deskclock",
    "Contacts": "com.google.android.contacts",
    "Corner Shop": "org.tenfold.shop",
    "Files": "com.google.android.documentsui",
    "Gallery": "com.simplemobiletools.gallery.pro",
    "Mail": "org.tenfold.mail",
    "Markor": "net.gsantner.markor",
    "Messages": "com.simplemobiletools.smsmessenger",
    "Settings": "com.android.settings",
}
SD = "/storage/emulated/0"


def flow(app: str, *rungs: Rung) -> Flow:
    """Rungs in an app, by its label."""
    return Flow(app, rungs, PACKAGES[app])


def rows(android: VirtualAndroid, app: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of an app's database."""
    return [tuple(row) for row in android.db(PACKAGES[app]).execute(sql, values)]


def pick(rng: Random, values: Iterable[Any]) -> Any:
    """One of them."""
    return rng.choice(list(values))


def says(answer: str, *wanted: str) -> bool:
    """Whether an answer contains all these words, without case and punctuation."""

    def plain(text: str) -> str:
        words = re.findall(r"[^\W_]+", text.casefold())
        return f" {' '.join(words)} "

    return all(plain(words) in plain(answer) for words in wanted)
