"""The step-wise reward of ColorAgent's first training stage: R = R_acc + 0.2 R_fmt (arXiv 2510.19386, section 4).

R_acc is 1 when the action's type and its parameters are right against the oracle's action on the same screen: a point
inside the box, a text by token F1, a swipe by its direction. R_fmt is 1 when the reply holds a thought, a summary and a
JSON action. The paper gives no threshold for texts; ours is `F1_RIGHT`.
"""

from __future__ import annotations

from collections import Counter

from ...agents.coloragent import Decision, Unreadable, read_reply
from ...errors import PhoneError
from ...text import normalise
from ...tools.phone import Action, CoordinateAdapter, Direction, Observation, locate

F1_RIGHT = 0.5
FORMAT_SHARE = 0.2
_SAID = frozenset(("type", "answer", "ask", "note"))


def token_f1(said: str, wanted: str) -> float:
    """F1 of two texts as bags of words, as SQuAD counts it; two empty texts are equal."""
    a, b = Counter(normalise(said).casefold().split()), Counter(normalise(wanted).casefold().split())
    if not a or not b:
        return float(a == b)
    same = (a & b).total()
    return 2 * same / (a.total() + b.total())


def accuracy(did: Action, right: Action, seen: Observation, *, f1: float = F1_RIGHT) -> float:
    """R_acc: 1.0 or 0.0.

    Args:
        did: The action that was chosen.
        right: The oracle's on the same screen.
        seen: That screen.
        f1: From which token F1 on a text counts as right.
    """
    if did.kind != right.kind:
        return 0.0
    if did.kind in _SAID:
        return float(token_f1(did.text, right.text) >= f1)
    if did.kind in ("tap", "long_press"):
        return float(_inside(did, right, seen))
    if did.kind == "swipe":
        return float(_direction(did) == _direction(right))
    if did.kind == "key":
        return float(did.key == right.key)
    if did.kind == "open_app":
        return float(did.app.strip().casefold() == right.app.strip().casefold())
    return 1.0


def _inside(did: Action, right: Action, seen: Observation) -> bool:
    try:
        spot, wanted = locate(did, seen), locate(right, seen)
    except PhoneError:
        return False
    if wanted.element is None:
        return (spot.x, spot.y) == (wanted.x, wanted.y)
    return wanted.element.node.bounds.contains(spot.x, spot.y)


def _direction(action: Action) -> Direction:
    """As the finger goes; of two points the larger way."""
    if action.direction is not None or action.x is None or action.y is None:
        return action.direction or "up"
    dx = (action.x2 if action.x2 is not None else action.x) - action.x
    dy = (action.y2 if action.y2 is not None else action.y) - action.y
    if abs(dx) > abs(dy):
        return "right" if dx > 0 else "left"
    return "down" if dy > 0 else "up"


def read_scored(
    reply: str | Decision | Action, adapter: CoordinateAdapter | None = None
) -> tuple[Decision | None, float, str]:
    """The decision in a reply, R_fmt, and why there is none.

    A bare action has no format to be judged: its R_fmt is 0.
    """
    if isinstance(reply, Action):
        return Decision(action=reply), 0.0, ""
    if isinstance(reply, Decision):
        return reply, float(bool(reply.thought.strip() and reply.expect.strip())), ""
    try:
        decision = read_reply(reply, adapter)
    except Unreadable as error:
        return None, 0.0, str(error)
    whole = "{" in reply and bool(decision.thought.strip() and decision.expect.strip())
    return decision, float(whole), ""
