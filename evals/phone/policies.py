"""Policies of code for the phone graph: the oracle, and the oracle with errors at stated rates.

The imperfect policy is a model of a model, and its assumptions decide what a module can be worth. They are:

- An error is a belief. Whoever taps the wrong thing, stops early or mistypes takes it to be right and goes on from
  there; the oracle underneath is told that its action was done.
- A belief stays until somebody contradicts it. Feedback, a warning or a correction makes the policy see its error with
  chance `heed`; without one it sees it with chance `notice`. Then it goes back to what it knew before the error, and
  does not make this error at this place again.
- Feedback without an error behind it is heeded too: "not the screen that was expected" sends the policy back one page.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Literal

from ...agents.coloragent import Decision, DecisionInput, Policy
from ...errors import ConfigError
from ...tools.phone import Action, Element, Node, Observation, Tree
from .oracle import Oracle

WRONG_SCREEN = "This is not the screen that was expected."
ErrorKind = Literal["wrong_tap", "repeat", "circle", "early_stop", "give_up", "wrong_text", "off_by_pixels"]


class OraclePolicy:
    """A task's oracle as a policy of the graph.

    Args:
        oracle: The oracle; it is used up.
    """

    wants_picture = False

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle
        self._told = 0

    async def decide(self, asked: DecisionInput) -> Decision:
        """The next right action, with what the screen should show after it."""
        for question, answer in list(asked.answers)[self._told :]:
            self.oracle.answered(question, answer)
        self._told = len(asked.answers)
        action = self.oracle.next(asked.observation)
        return Decision(action=action, expect=expectation(self.oracle, action, asked.observation))


def expectation(oracle: Oracle, action: Action, seen: Observation) -> str:
    """Words that stand on the screen after a right tap and not before; "" where the flow does not tell."""
    if action.kind not in ("tap", "long_press") or action.element is None:
        return ""
    for flow in oracle.flows:
        for n, rung in enumerate(flow.rungs):
            found = rung.target.find(seen, oracle.memory) if rung.kind in ("go", "hold", "do") else None
            if found is None or found.n != action.element:
                continue
            follows = flow.rungs[n + 1].target if n + 1 < len(flow.rungs) else None
            target = rung.until if rung.kind == "do" else follows
            if target is None or target.find(seen, oracle.memory) is not None:
                return ""
            label = target.label if isinstance(target.label, str) else target.label(oracle.memory)
            return f"{label} {target.id.rpartition('/')[2].replace('_', ' ')}".strip()
    return ""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often which error is made. Chances from 0 to 1.

    Attributes:
        wrong_tap: Per thing to be touched: another one near it is.
        off_by_pixels: Per tap: given as coordinates that miss the centre by a normal error of `pixels`.
        repeat: Per tap: the same is done again and again afterwards.
        circle: Per action: two swipes, up and down, take turns.
        early_stop: Per action: it says "done" instead.
        give_up: Per action: it says "failed" instead.
        wrong_text: Per text to be typed or answered: two letters are swapped, and it reads what it meant.
        pixels: Standard deviation of the error of a tap, in pixels, in both directions.
        heed: Feedback makes it see its error.
        notice: It sees its error by itself, per decision.
    """

    wrong_tap: float = 0.0
    off_by_pixels: float = 0.0
    repeat: float = 0.0
    circle: float = 0.0
    early_stop: float = 0.0
    give_up: float = 0.0
    wrong_text: float = 0.0
    pixels: float = 80.0
    heed: float = 0.8
    notice: float = 0.05

    def __post_init__(self) -> None:
        for knob in fields(self):
            value = float(getattr(self, knob.name))
            if value < 0 or (value > 1 and knob.name != "pixels"):
                raise ConfigError(f"Rates.{knob.name}={value} is no chance.", mend="Give it from 0 to 1.")


@dataclass(slots=True)
class MadeError:
    """One error that was made.

    Attributes:
        kind: Which.
        step: The decision it was made at.
        place: What was to be done there.
        seen: The decision at which it was seen; 0 while it is believed.
    """

    kind: ErrorKind
    step: int
    place: str
    seen: int = 0


@dataclass(slots=True)
class _Belief:
    error: MadeError
    before: Policy  # what was known before the error
    action: Action  # what is done instead
    label: str = ""
    written: tuple[str, str] | None = None  # what was typed, what it is read as
    flip: bool = False
    used: bool = False


class ImperfectPolicy:
    """Another policy with errors at stated rates; see the module's text for what it assumes.

    Args:
        inner: A policy that can be deep-copied, as `OraclePolicy`.
        rates: How often which error is made.
        seed: Equal seeds and screens give equal errors.

    Attributes:
        errors: What was done wrong so far.
        last: Whether the last decision was an error, for scripted judges.
    """

    wants_picture = False

    def __init__(self, inner: Policy, rates: Rates, seed: int) -> None:
        self._inner, self.rates, self._rng = inner, rates, Random(seed)
        self._beliefs: list[_Belief] = []
        self._passed: set[tuple[str, str]] = set()  # places where an error was made or not: drawn once
        self._last: Decision | None = None
        self._point: tuple[float, float] = (0, 0)
        self._label = ""
        self.errors: list[MadeError] = []
        self.last: ErrorKind | None = None
        self._n = 0

    @property
    def believed(self) -> list[MadeError]:
        """The errors that it has not seen yet."""
        return [belief.error for belief in self._beliefs]

    async def decide(self, asked: DecisionInput) -> Decision:
        """The inner policy's decision, or an error."""
        self._n += 1
        self.last = None
        if (retreat := self._reconsider(asked)) is not None:
            return self._keep(retreat)
        if (stuck := self._stuck(asked)) is not None:
            return self._keep(stuck)
        before = copy.deepcopy(self._inner)
        if (instead := self._instead(before, asked)) is not None:
            return self._keep(instead)
        right = await self._inner.decide(replace(asked, observation=self._as_believed(asked.observation)))
        return self._keep(self._spoilt(right, before, asked.observation))

    @property
    def answer(self) -> str:
        """What it answered last; "" when it ended without an answer."""
        return self._last.action.text if self._last is not None and self._last.action.kind == "answer" else ""

    def _keep(self, decision: Decision) -> Decision:
        self._last = decision
        return decision

    # --- seeing errors ------------------------------------------------------------------------------------------------

    def _reconsider(self, asked: DecisionInput) -> Decision | None:
        """Heed feedback, or notice an error by itself; an action if that is to go back."""
        told = bool(asked.feedback)
        sees = self._rng.random() < (self.rates.heed if told else self.rates.notice)
        if not sees or not (self._beliefs or told):
            return None
        wrong_screen = any(WRONG_SCREEN in said for said in asked.feedback)
        if self._beliefs:
            self._inner = self._beliefs[0].before
            for belief in self._beliefs:
                belief.error.seen = self._n
            moved = self._beliefs[-1].error.kind in ("wrong_tap", "off_by_pixels")
            self._beliefs.clear()
            wrong_screen = wrong_screen and moved
        return Decision(action=Action(kind="key", key="back")) if wrong_screen else None

    def _as_believed(self, seen: Observation) -> Observation:
        """The screen with mistyped texts read as they were meant."""
        words = {b.written[0]: b.written[1] for b in self._beliefs if b.written}
        if not words:
            return seen
        tree = seen.tree
        roots = tuple(_reread(root, words) for root in tree.roots)
        return replace(seen, tree=Tree(roots, tree.rotation, width=tree.width, height=tree.height))

    # --- making errors ------------------------------------------------------------------------------------------------

    def _stuck(self, asked: DecisionInput) -> Decision | None:
        """What a belief still does: repeat, circle, say done."""
        for belief in self._beliefs:
            if belief.error.kind in ("repeat", "circle", "early_stop", "give_up"):
                return self._again(belief, asked.observation)
        return None

    def _again(self, belief: _Belief, seen: Observation) -> Decision:
        action = belief.action
        if belief.error.kind == "circle":
            belief.flip = not belief.flip
            action = Action(kind="swipe", direction="up" if belief.flip else "down")
        elif belief.error.kind == "repeat":
            same = next((e for e in seen.tree.elements() if e.label == belief.label), None)
            if same is not None:
                action = Action(kind=action.kind, element=same.n)
        self.last = belief.error.kind
        return Decision(action=action)

    def _drawn(self, kind: ErrorKind, place: str) -> bool:
        """Whether the error is made here; each place is drawn once, so that trying again is no new chance."""
        if (kind, place) in self._passed:
            return False
        self._passed.add((kind, place))
        return self._rng.random() < getattr(self.rates, kind)

    def _made(self, kind: ErrorKind, place: str) -> MadeError:
        self.last = kind
        self.errors.append(MadeError(kind, self._n, place))
        return self.errors[-1]

    def _instead(self, before: Policy, asked: DecisionInput) -> Decision | None:
        """Errors that need not know what would be right. The first decision is never one of them."""
        place = asked.observation.signature
        if self._last is None:
            return None
        ends: dict[ErrorKind, Action] = {
            "early_stop": Action(kind="done"),
            "give_up": Action(kind="failed", text="I see no way on."),
            "circle": Action(kind="swipe", direction="down"),
        }
        for kind, action in ends.items():
            if not self._was(kind) and self._drawn(kind, place):
                self._beliefs.append(_Belief(self._made(kind, place), before, action))
                return Decision(action=action)
        touched = self._last.action
        if touched.kind == "tap" and touched.element is not None and self._drawn("repeat", place):
            x, y = self._point
            action = Action(kind="tap", x=x, y=y)
            belief = _Belief(self._made("repeat", place), before, action, label=self._label)
            self._beliefs.append(belief)
            return self._again(belief, asked.observation)
        return None

    def _was(self, kind: ErrorKind) -> bool:
        """Stopping, giving up or circling is done once a task: whoever was told does not do it again."""
        return any(error.kind == kind for error in self.errors)

    def _spoilt(self, right: Decision, before: Policy, seen: Observation) -> Decision:
        """The right decision, or a wrong one in its place."""
        action = right.action
        if action.kind in ("type", "answer") and len(action.text) > 1:
            return self._misspelt(right, before)
        element = next((e for e in seen.tree.elements() if e.n == action.element), None)
        if action.kind not in ("tap", "long_press") or element is None:
            return right
        self._point, self._label = element.node.bounds.center, element.label
        place = f"{element.node.resource_id} {element.label} {element.context}"
        if self._drawn("wrong_tap", place):
            others = _near(element, seen)
            if others:
                other = self._rng.choice(others[:3])
                wrong = action.model_copy(update={"element": other.n})
                self._beliefs.append(_Belief(self._made("wrong_tap", place), before, wrong))
                return right.model_copy(update={"action": wrong})
        if self._rng.random() < self.rates.off_by_pixels:
            return self._missed(right, before, element, seen)
        return right

    def _missed(self, right: Decision, before: Policy, element: Element, seen: Observation) -> Decision:
        """The right tap with a shaky hand; one that misses is believed to have hit."""
        x, y = element.node.bounds.center
        x = min(max(x + self._rng.gauss(0, self.rates.pixels), 0), seen.width - 1)
        y = min(max(y + self._rng.gauss(0, self.rates.pixels), 0), seen.height - 1)
        if not element.node.bounds.contains(round(x), round(y)):
            self._beliefs.append(_Belief(self._made("off_by_pixels", element.label), before, right.action))
        point = right.action.model_copy(update={"element": None, "x": float(round(x)), "y": float(round(y))})
        return right.model_copy(update={"action": point})

    def _misspelt(self, right: Decision, before: Policy) -> Decision:
        text = right.action.text
        if not self._drawn("wrong_text", text):
            known = next((b.written for b in self._beliefs if b.written and b.written[1] == text), None)
            return right if known is None else _saying(right, known[0])
        wrong = _swapped(text, self._rng)
        if wrong == text:
            return right
        belief = _Belief(self._made("wrong_text", text), before, right.action, written=(wrong, text))
        self._beliefs.append(belief)
        return _saying(right, wrong)


def _saying(decision: Decision, text: str) -> Decision:
    return decision.model_copy(update={"action": decision.action.model_copy(update={"text": text})})


def _swapped(text: str, rng: Random) -> str:
    """Two neighbouring letters or digits that differ change places."""
    places = [i for i in range(len(text) - 1) if text[i] != text[i + 1] and text[i : i + 2].isalnum()]
    if not places:
        return text
    i = rng.choice(places)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def _near(element: Element, seen: Observation) -> Sequence[Element]:
    """Other things that take a touch, the nearest first."""
    x, y = element.node.bounds.center

    def distance(other: Element) -> float:
        ox, oy = other.node.bounds.center
        return (ox - x) ** 2 + (oy - y) ** 2

    others = [e for e in seen.tree.elements() if e.n != element.n and e.node.clickable and e.node.enabled]
    return sorted(others, key=distance)


def _reread(node: Node, words: dict[str, str]) -> Node:
    children = tuple(_reread(child, words) for child in node.children)
    text = words.get(node.text, node.text)
    same = text == node.text and all(a is b for a, b in zip(children, node.children, strict=True))
    return node if same else replace(node, text=text, children=children)
