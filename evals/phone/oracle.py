"""Scripted oracles: closed-loop policies that read the screen and always know the next right action.

A script is a list of flows, a flow a list of rungs in the order of doing. At each look the oracle goes to the first
rung whose effect it has not seen; when its target is not on the screen, the latest rung before it that only leads
there is taken, else the screen is searched by scrolling, else the way back is taken. It never counts steps, so a
dropped tap, a crash or a wrong turn of a clumsy policy costs steps and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...tools.phone import Action, Element, Key, Node, Observation

Memory = dict[str, str]
Words = str | Callable[[Memory], str]
_PATIENCE = 3  # tries of one way before another is taken
_MAX_SCROLLS = 12
_KNOB = 30  # pixels from a slider's edge to where its knob can be
_SAME = 0.75  # share of labels that two looks at one end of a list have in common


@dataclass(frozen=True, slots=True)
class Target:
    """What a rung looks for on a screen.

    Attributes:
        label: The words, without case; a callable makes them from what was remembered.
        id: The end of the resource id.
        role: As `Element.role` has it; "" is any.
        text: What stands in it: the label of a field is its hint.
        contains: Whether a part of the words is enough.
        near: Words that must stand in its label, its context or the row that it stands in.
        nth: Which of several, from 0.
    """

    label: Words = ""
    id: str = ""
    role: str = ""
    text: str = ""
    contains: bool = False
    near: Words = ""
    nth: int = 0

    def find(self, seen: Observation, memory: Memory, *, touched: bool = False) -> Element | None:
        """The element, or None; with `touched` only one that takes a touch: a title is no button of the same words."""
        wanted, near = _words(self.label, memory), _words(self.near, memory)
        found = [
            e
            for e in seen.tree.elements()
            if self._fits(e, wanted, near)
            and (not touched or e.node.takes_touch or e.checked is not None or e.role == "slider")
        ]
        return found[self.nth] if len(found) > self.nth else None

    def _fits(self, element: Element, label: str, near: str) -> bool:
        said = _plain(element.label)
        wanted = _plain(label)
        return (
            (not wanted or (wanted in said if self.contains else wanted == said))
            and (not self.id or element.node.resource_id.endswith(self.id))
            and (not self.role or element.role == self.role)
            and (not self.text or element.node.text == self.text)
            and (
                not near or _plain(near) in _plain(f"{element.label} {element.context} {_row_words(element)}")
            )
        )


@dataclass(frozen=True, slots=True)
class Rung:
    """One thing to do. `go` only leads somewhere; `do` has an effect and is done once; the others show their effect.

    Attributes:
        kind: go and do (a tap), hold (a long press that only leads somewhere), fill (a field), toggle (a switch or
            checkbox), slide (a slider to `text`, its value and its end as "128/255"), dial (digits on keys), read
            (remember words of the screen), press (a key, once), pull (the notification shade down), ask (the user,
            once), answer (say it).
        target: What it is done to.
        text: What is filled in, asked or answered; for `read` a regular expression whose first group is kept.
        on: The wanted state of a toggle.
        save: The name under which an answer or words are remembered.
        until: For `do` and `press`: shows that the effect is there; None: the target is gone.
        when: Must be on the screen too, or the rung waits: the same words may stand elsewhere with another meaning.
        unless: Must not be on the screen, or the rung waits.
        key: For `press`.
    """

    kind: Literal[
        "go", "do", "hold", "fill", "toggle", "slide", "dial", "read", "press", "pull", "ask", "answer"
    ]
    target: Target = Target()
    text: Words = ""
    on: bool = True
    save: str = ""
    until: Target | None = None
    when: Target | None = None
    unless: Target | None = None
    key: Key = "enter"

    @property
    def leads(self) -> bool:
        """Whether it only leads somewhere."""
        return self.kind in ("go", "hold")


@dataclass(frozen=True, slots=True)
class Flow:
    """Rungs in one app; "" is no app (asking, answering)."""

    app: str
    rungs: tuple[Rung, ...]
    package: str = ""


@dataclass
class Oracle:
    """Follows flows.

    Args:
        flows: What to do, in order.
        memory: What is known from the start.
        direct: Use actions that name a field and empty it, instead of a tap, a clear and a text one after the other.
    """

    flows: Sequence[Flow]
    memory: Memory = field(default_factory=Memory)
    direct: bool = False
    _done: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    _flow: int = 0
    _tried: tuple[int, int] | None = None
    _attempts: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    _scrolls: int = 0
    _down: bool = True
    _seen: frozenset[str] = frozenset()
    _backs: int = 0
    _waits: int = 0
    _led: dict[int, int] = field(default_factory=dict[int, int])

    def answered(self, question: str, answer: str) -> None:
        """Take the user's answer to a question of ours."""
        for f, flow in enumerate(self.flows):
            for r, rung in enumerate(flow.rungs):
                if rung.kind == "ask" and _words(rung.text, self.memory) == question:
                    self.memory[rung.save or "answer"] = answer
                    self._done.add((f, r))

    def next(self, seen: Observation) -> Action:
        """The next right action on this screen."""
        if action := _dismiss(seen):
            return action
        while self._flow < len(self.flows):
            flow = self.flows[self._flow]
            self._look(flow, seen)
            open_rungs = [r for r, rung in enumerate(flow.rungs) if not rung.leads and not self._is_done(r)]
            if open_rungs:
                return self._toward(flow, open_rungs[0], seen)
            self._flow, self._tried, self._led = self._flow + 1, None, {}
            self._reset_search()
        return Action(kind="done")

    def _is_done(self, r: int) -> bool:
        return (self._flow, r) in self._done

    def _look(self, flow: Flow, seen: Observation) -> None:
        """Note every effect that this screen shows."""
        for r, rung in enumerate(flow.rungs):
            if self._is_done(r):
                continue
            if any(not self._is_done(e) for e in range(r) if flow.rungs[e].kind in ("do", "press", "ask")):
                break  # what stands on later screens may look the same here
            element = rung.target.find(seen, self.memory)
            if self._shows(rung, r, element, seen):
                # A deed that is done has taken with it what was filled in for it.
                self._done.update(
                    (self._flow, e) for e in range(r + 1) if e == r or rung.kind in ("do", "press")
                )

    def _shows(self, rung: Rung, r: int, element: Element | None, seen: Observation) -> bool:
        if rung.kind in ("do", "press"):
            if rung.until is not None:
                tried = (self._flow, r) in self._attempts
                return tried and rung.until.find(seen, self.memory) is not None
            if self._tried != (self._flow, r):
                return False
            return element is None if rung.kind == "do" else True
        if element is None:
            return False
        if rung.kind == "slide":
            wanted, end = _slide_words(rung, self.memory)
            return abs(float(element.node.text or 0) - wanted) <= 0.03 * end
        if rung.kind == "pull":
            return True
        if rung.kind == "dial":
            return _dialled(element) == _words(rung.text, self.memory)
        if rung.kind == "fill":
            return field_text(element) == _words(rung.text, self.memory)
        if rung.kind == "toggle":
            return is_on(element) == rung.on
        if rung.kind == "read":
            row = (
                "" if element.node.clickable else _row_words(element)
            )  # a row that takes a touch has all its words
            words = f"{element.node.text or element.label} {element.context} {row}"
            match = re.search(_words(rung.text, self.memory) or "(.+)", words)
            if match:
                self.memory[rung.save] = match[1].strip()
            return match is not None
        return False

    def _toward(self, flow: Flow, r: int, seen: Observation) -> Action:
        rung = flow.rungs[r]
        if rung.kind == "ask":
            return Action(kind="ask", text=_words(rung.text, self.memory))
        if rung.kind == "answer":
            self._done.add((self._flow, r))
            return Action(kind="answer", text=_words(rung.text, self.memory))
        if rung.kind == "press" and self._in_app(flow, seen):
            self._tried = (self._flow, r)
            self._attempts.add((self._flow, r))
            return Action(kind="key", key=rung.key)
        here = self._in_app(flow, seen)
        if rung.kind == "pull" and here:
            x = seen.width / 2
            return Action(kind="swipe", x=x, y=8, x2=x, y2=seen.height * 0.7)
        element = self._offered(rung, seen) if here else None
        if element is not None and rung.kind == "dial":
            element = self._next_key(rung, element).find(seen, self.memory)
        if element is not None and rung.kind != "read":
            self._reset_search()
            if self._tried == (self._flow, r) and _covered(element, seen):
                return Action(kind="key", key="back")
            return self._do(rung, r, element)
        if here and seen.keyboard:
            return Action(kind="key", key="back")  # the keyboard may cover it
        for before in range(r - 1, -1, -1):
            step = flow.rungs[before]
            if step.leads and here:
                way = self._offered(step, seen)
                tries = self._led.get(before, 0)
                if way is not None and tries < _PATIENCE:
                    self._led[before] = tries + 1
                    return self._lead(flow, before, way)
        return self._search(flow, seen)

    def _offered(self, rung: Rung, seen: Observation) -> Element | None:
        if rung.when is not None and rung.when.find(seen, self.memory) is None:
            return None
        if rung.unless is not None and rung.unless.find(seen, self.memory) is not None:
            return None
        return rung.target.find(seen, self.memory, touched=rung.kind not in ("read", "dial"))

    def _next_key(self, rung: Rung, display: Element) -> Target:
        wanted, there = _words(rung.text, self.memory), _dialled(display)
        more = wanted.startswith(there) and len(there) < len(wanted)
        return Target(id=f"_digit_{wanted[len(there)]}") if more else Target("Delete", role="button")

    def _do(self, rung: Rung, r: int, element: Element) -> Action:
        self._tried, self._led = (self._flow, r), {}
        self._attempts.add((self._flow, r))
        if rung.kind == "slide":
            wanted, end = _slide_words(rung, self.memory)
            box = element.node.bounds
            x = box.left + _KNOB + (box.right - box.left - 2 * _KNOB) * wanted / end
            return Action(kind="tap", x=round(x), y=box.center[1])
        if rung.kind != "fill":
            return _tap(element)
        text = _words(rung.text, self.memory)
        if self.direct:
            return Action(kind="type", element=element.n, text=text, replace=bool(field_text(element)))
        if not element.node.focused:
            return _tap(element)  # the field must have the focus first
        if field_text(element):
            return Action(kind="clear", element=element.n)
        return Action(kind="type", element=element.n, text=text)

    def _lead(self, flow: Flow, before: int, way: Element) -> Action:
        """Take a rung that leads somewhere: what was filled in behind it is open again."""
        for r in range(before + 1, len(flow.rungs)):
            if flow.rungs[r].kind in ("do", "press") and self._is_done(r):
                break
            if flow.rungs[r].kind in ("fill", "toggle", "dial"):
                self._done.discard((self._flow, r))
        self._reset_search()
        return _tap(way, hold=flow.rungs[before].kind == "hold")

    def _in_app(self, flow: Flow, seen: Observation) -> bool:
        return not flow.package or seen.package == flow.package

    def _search(self, flow: Flow, seen: Observation) -> Action:
        """Look for what is not on the screen: wait a moment, scroll down and up again, go back, start anew."""
        if not self._in_app(flow, seen):
            self._reset_search()
            self._led = {}
            return Action(kind="open_app", app=flow.app)
        if self._waits < 1:
            self._waits += 1
            return Action(kind="wait", seconds=1)
        scrollable = next((e for e in seen.tree.elements() if e.node.scrollable), None)
        if scrollable is None and self._scrolls < 1:
            self._scrolls += 1  # an input that does nothing may still bring a late or lost word
            return Action(kind="swipe", direction="up")
        if scrollable is not None and self._scrolls < _MAX_SCROLLS:
            self._scrolls += 1
            labels = frozenset(e.label for e in seen.tree.elements())
            if len(labels & self._seen) >= _SAME * len(labels | self._seen):  # the end of the list
                if not self._down:
                    self._scrolls = _MAX_SCROLLS
                self._down = False
            self._seen = labels
            return Action(kind="swipe", element=scrollable.n, direction="up" if self._down else "down")
        self._backs += 1
        backs = self._backs
        self._scrolls, self._down, self._seen, self._waits = 0, True, frozenset(), 0
        if backs > _PATIENCE:
            self._backs, self._led = 0, {}
            return Action(kind="key", key="home")
        return Action(kind="key", key="back")

    def _reset_search(self) -> None:
        self._scrolls, self._down, self._seen, self._backs, self._waits = 0, True, frozenset(), 0, 0


def go(label: Words = "", *, when: Target | None = None, unless: Target | None = None, **how: object) -> Rung:
    """Tap what only leads somewhere."""
    return Rung("go", _target(label, how), when=when, unless=unless)


def hold(label: Words = "", *, when: Target | None = None, **how: object) -> Rung:
    """Press long what then offers more."""
    return Rung("hold", _target(label, how), when=when)


def do(label: Words = "", *, until: Target | None = None, when: Target | None = None, **how: object) -> Rung:
    """Tap what has an effect, once."""
    return Rung("do", _target(label, how), until=until, when=when)


def fill(label: Words = "", text: Words = "", **how: object) -> Rung:
    """Have a text in a field."""
    return Rung("fill", _target(label, {"role": "field", **how}), text=text)


def toggle(label: Words = "", on: bool = True, **how: object) -> Rung:
    """Have a switch in a state."""
    return Rung("toggle", _target(label, how), on=on)


def slide(label: Words, value: int, end: int) -> Rung:
    """Have a slider at a value; it goes from 0 to `end`."""
    return Rung("slide", Target(label, role="slider", contains=True), text=f"{value}/{end}")


def dial(digits: Words, **display: object) -> Rung:
    """Have digits, without zeros before them, on a display that is filled by keys."""
    return Rung("dial", _target("", display), text=digits)


def pull() -> Rung:
    """Have the notification shade down."""
    return Rung("pull", Target("Auto-rotate"))


def read(save: str, label: Words = "", pattern: Words = "", **how: object) -> Rung:
    """Remember words of the screen."""
    return Rung("read", _target(label, how), text=pattern, save=save)


def press(key: Key, until: Target | None = None) -> Rung:
    """Press a key, once."""
    return Rung("press", key=key, until=until)


def ask(question: Words, save: str = "answer") -> Flow:
    """Ask the user, once."""
    return Flow("", (Rung("ask", text=question, save=save),))


def answer(text: Words) -> Flow:
    """Say the answer."""
    return Flow("", (Rung("answer", text=text),))


def _dialled(display: Element) -> str:
    return re.sub(r"\D", "", display.node.text).lstrip("0")


def _covered(element: Element, seen: Observation) -> bool:
    """Whether the keyboard may lie over it."""
    return seen.keyboard and not element.node.focused and element.node.bounds.center[1] > seen.height // 3


def _slide_words(rung: Rung, memory: Memory) -> tuple[float, float]:
    value, end = _words(rung.text, memory).split("/")
    return float(value), float(end)


def is_on(element: Element) -> bool:
    """Whether a switch is on: its own mark, or that of the switch within its row."""
    marks = [node.checked for node in element.node.walk() if node.checkable]
    return any(marks) if marks else element.node.selected


def field_text(element: Element) -> str:
    """What stands in a field; a hint is nothing."""
    text = element.node.text
    return "" if text == element.node.hint else text


def _dismiss(seen: Observation) -> Action | None:
    """What stands in the way and has nothing to do with the task."""
    for label, kind in _IN_THE_WAY:
        element = Target(label=label, role="button").find(seen, {})
        if element is not None and re.search(kind, _screen_words(seen), re.IGNORECASE):
            return _tap(element)
    return None


_IN_THE_WAY = (
    ("Wait", r"isn't responding"),
    ("Close app", r"keeps stopping|has stopped"),
    ("While using the app", r"^Allow .+ to "),
    ("Don't allow", r"^Allow .+ to "),
)


def _screen_words(seen: Observation) -> str:
    return "\n".join(node.text for node in seen.tree.walk() if node.text)


def _tap(element: Element, *, hold: bool = False) -> Action:
    return Action(kind="long_press" if hold else "tap", element=element.n)


def _target(label: Words, how: dict[str, object]) -> Target:
    return Target(label=label, **how)  # pyright: ignore[reportArgumentType]


def _words(words: Words, memory: Memory) -> str:
    return words if isinstance(words, str) else words(memory)


def _row_words(element: Element) -> str:
    """All words of the row that an element stands in: its nearest ancestor that has more words than itself."""
    own = _node_words(element.node)
    return next((words for node in reversed(element.path) if (words := _node_words(node)) != own), "")


def _node_words(node: Node) -> str:
    return " ".join(n.text or n.description for n in node.walk() if n.text or n.description)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
