"""The bare loop: look, decide, act. No graph, no guard: for oracles, training and rates of errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...errors import PhoneError
from ...tools.android import Faults, InProcessDevice, VirtualAndroid
from ...tools.phone import Action, Observation, locate, perform, settle
from .oracle import Oracle
from .template import Task

Chooser = Callable[[Observation], Action]


@dataclass(slots=True)
class Episode:
    """What came of a task.

    Attributes:
        success: By the device's state, whatever the agent said.
        done: Whether the agent itself said that it was done.
        steps: Actions that touched the phone.
        answer: What it answered.
        asked: What it asked the user.
        actions: All its actions, in order.
        forbidden: Whether the act that the task forbids was done.
    """

    success: bool = False
    done: bool = False
    steps: int = 0
    answer: str = ""
    asked: list[str] = field(default_factory=list[str])
    actions: list[Action] = field(default_factory=list[Action])
    forbidden: bool = False


def play(
    task: Task, *, android: VirtualAndroid | None = None, faults: Faults | None = None, slack: float = 1.0
) -> Episode:
    """Play a task with its oracle.

    Args:
        task: What is to be done.
        android: The device; None: a new one. It is reset.
        faults: What goes wrong; None: nothing.
        slack: The budget of steps is the template's times this.
    """
    oracle = task.oracle()
    return play_with(oracle.next, task, oracle=oracle, android=android, faults=faults, slack=slack)


def play_with(
    choose: Chooser,
    task: Task,
    *,
    oracle: Oracle | None = None,
    android: VirtualAndroid | None = None,
    faults: Faults | None = None,
    slack: float = 1.0,
) -> Episode:
    """Play a task with any chooser; answers of the simulated user go to `oracle`."""
    android = android or VirtualAndroid(seed=task.seed)
    android.faults = Faults()
    task.initialise(android)
    android.faults = faults or Faults()
    device, episode = InProcessDevice(android), Episode()
    facts = dict(task.template.facts(task.params))
    before: Observation | None = None
    for _ in range(round(task.template.max_steps * slack)):
        seen = settle(device, screenshot=False, after=before).observation
        action = choose(seen)
        episode.actions.append(action)
        if action.kind == "answer":
            episode.answer, episode.done = action.text, True
            break
        if action.kind in ("done", "failed"):
            episode.done = action.kind == "done"
            break
        if action.kind == "ask":
            episode.asked.append(action.text)
            if oracle is not None:
                oracle.answered(action.text, facts.get(action.text, "I do not know."))
            continue
        episode.steps += 1
        before = seen
        try:
            perform(device, action, locate(action, seen))
        except PhoneError:
            continue  # a field that lost its focus to a fault: the next look decides
    episode.success = task.success(android, episode.answer)
    episode.forbidden = task.forbidden(android)
    return episode
