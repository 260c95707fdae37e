"""Signs of going in circles, seen on targets and screens: pixels and points jitter, nodes do not.

ColorAgent's numbers: the same action three times, ABAB, ABCABC, the same screen three times, three failures in a row,
and a routine look every five steps after three cold ones; every ten while each step was seen to work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .state import FAILURES, Step

REPEATS = 3
COLD = 3
EVERY = 5
_OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}


def signs(history: Sequence[Step]) -> list[str]:
    """What the last steps look like, in words for whoever decides next."""
    done = [s for s in history if s["verdict"] != "refused"]
    keys = [_key(s) for s in done]
    found: list[str] = []
    if _repeats(done, keys):
        found.append(
            f"The last {REPEATS} actions were the same on the same target; it does not help. Try another way."
        )
    elif _alternates(keys, 2):
        found.append("Two actions alternate without getting anywhere. Break out of the circle.")
    elif _alternates(keys, 3):
        found.append("Three actions repeat in turn without getting anywhere. Break out of the circle.")
    if _same_screen(done):
        found.append(_stuck(done[-1]))
    if len(history) >= REPEATS and all(s["verdict"] in FAILURES for s in history[-REPEATS:]):
        found.append(f"The last {REPEATS} actions failed: {history[-1]['why'] or 'no reason is known'}")
    return found


def due(history: Sequence[Step], since: int) -> bool:
    """Whether a routine look is due, so many steps after the last look."""
    clean = all(s["verdict"] == "ok" for s in history[-EVERY:])
    return len(history) > COLD and since >= (2 * EVERY if clean else EVERY)


def _key(step: Step) -> tuple[Any, ...]:
    action, target = step["action"], step["target"]
    place: tuple[Any, ...] = ()
    if target is not None:
        place = (target["package"], target["resource_id"], target["label"], target["context"], target["role"])
        if not any(place[1:4]):
            place = (*place, *target["bounds"])  # nothing names it: its place must do
    said = (action.get("text", ""), action.get("key"), action.get("app", ""), action.get("direction"))
    return (action["kind"], *place, *said)


def _repeats(done: Sequence[Step], keys: Sequence[tuple[Any, ...]]) -> bool:
    last = keys[-REPEATS:]
    return (
        len(last) == REPEATS and len(set(last)) == 1 and done[-1]["action"]["kind"] not in ("swipe", "wait")
    )


def _alternates(keys: Sequence[tuple[Any, ...]], period: int) -> bool:
    last = list(keys[-2 * period :])
    return len(last) == 2 * period and last[:period] == last[period:] and len(set(last)) == period


def _same_screen(done: Sequence[Step]) -> bool:
    last = [s["signature"] for s in done[-REPEATS:] if s["action"]["kind"] != "wait"]
    return len(last) == REPEATS and last[0] != "" and len(set(last)) == 1


def _stuck(step: Step) -> str:
    said = f"The screen has been the same {REPEATS} times."
    direction = step["action"].get("direction")
    if step["action"]["kind"] == "swipe" and direction:
        return f"{said} This is the end of the list; swipe {_OPPOSITE[direction]} instead, or look elsewhere."
    return f"{said} What you do has no effect here."
