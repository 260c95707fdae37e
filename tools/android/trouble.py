"""Where faults strike. Chances are drawn from the device's generator, so equal seeds and inputs are struck equally."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from .state import LAUNCHER, Frame
from .view import View

if TYPE_CHECKING:
    from .controls import Controls

_TOASTS = (
    "Battery saver is off",
    "Backup finished",
    "Connected to Home Wi-Fi",
    "Screenshot saved",
    "Update downloaded",
)


def _strikes(android: Controls, rate: float) -> bool:
    return bool(rate) and android.state.random.random() < rate


def before_touch(android: Controls) -> bool:
    """Whether the next touch is lost."""
    return _strikes(android, android.faults.dropped_tap)


def hold(android: Controls) -> None:
    """Before an action: keep the present screen if looks after it are to show it still."""
    state, faults = android.state, android.faults
    late, stale = _strikes(android, faults.late_redraw), _strikes(android, faults.stale_tree)
    state.late = state.random.randint(1, 2) if late else 0
    state.stale = 1 if stale and not late else 0
    android.keep(android.frame() if late or stale else None)


def after_action(android: Controls) -> None:
    """After an action: dialogs, crashes, turns, toasts."""
    state, faults = android.state, android.faults
    app = state.front
    if app != LAUNCHER and not state.dialogs:
        if _strikes(android, faults.crash):
            android.force_stop(app)
            state.dialogs.append(("crash", app))
        elif _strikes(android, faults.anr_dialog):
            state.dialogs.append(("anr", app))
    if _strikes(android, faults.rotation):
        android.rotate(0 if state.rotation else 1)
    if _strikes(android, faults.toast):
        android.toast(state.random.choice(_TOASTS))
    android.changed()


def damage(android: Controls, frame: Frame) -> None:
    """Take words out of the tree or out of the picture, until the next action."""
    faults = android.faults
    if not (faults.pixels_only or faults.tree_only):
        return
    for n, view in enumerate(frame.active.root.walk()):
        if not _damageable(view):
            continue
        words = f"{android.state.actions}:{n}:{view.text}{view.description}"
        chance = zlib.crc32(words.encode()) / 2**32
        if chance < faults.pixels_only:
            view.pixels_only = True
        elif chance > 1 - faults.tree_only:
            view.tree_only = True


def _damageable(view: View) -> bool:
    words = bool(view.text or view.description)
    return words and not view.pixels_only and not view.focused and not view.children
