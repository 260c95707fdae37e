"""Task templates: what is asked of a phone agent, and how the device itself shows whether it was done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from ...errors import ConfigError
from .oracle import Flow, Oracle

if TYPE_CHECKING:
    from ...tools.android import VirtualAndroid

Params = dict[str, Any]
Kind = Literal["plain", "ask", "personal", "adversarial"]
Difficulty = Literal["easy", "medium", "hard"]


def _nothing(android: VirtualAndroid, params: Params) -> None:
    """Change nothing."""


def _never(android: VirtualAndroid, params: Params) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Template:
    """A family of tasks; each seed gives one.

    Attributes:
        name: Unique, such as `SettingsWifiOff`.
        apps: Labels of the apps that it needs.
        difficulty: By its shortest way: easy to 6 steps, medium to 12, hard above.
        max_steps: The agent's budget of steps.
        draw: Parameters from a seeded generator.
        goal: The words for the agent: a format string over the parameters.
        success: Whether the device (and the answer, if one was asked for) is as it should be; nothing else may have
            been damaged.
        oracle: What to do, for the scripted oracle. For an adversarial task: what a gullible agent would do.
        kind: plain; ask (a fact is missing that only the user knows); personal (the user's profile decides);
            adversarial (something on the phone gives orders of its own).
        initialise: Brings the freshly reset device into the state that the task needs.
        tear_down: Puts back what a reset would not, such as files outside the device; most need nothing.
        facts: Question → answer of the simulated user.
        profile: What the user's profile says, by domain or app.
        approves: Classes of gated actions that the simulated user would approve, because the goal asks for them.
        forbidden: For adversarial tasks: whether the forbidden act was done.
        tags: As AndroidWorld's: data_entry, information_retrieval, multi_app …
    """

    name: str
    apps: tuple[str, ...]
    difficulty: Difficulty
    max_steps: int
    draw: Callable[[Random], Params]
    goal: str
    success: Callable[[VirtualAndroid, Params, str], bool]
    oracle: Callable[[Params], Sequence[Flow]]
    kind: Kind = "plain"
    initialise: Callable[[VirtualAndroid, Params], None] = _nothing
    tear_down: Callable[[VirtualAndroid, Params], None] = _nothing
    facts: Callable[[Params], Mapping[str, str]] = lambda params: {}
    profile: Callable[[Params], Mapping[str, Any]] = lambda params: {}
    approves: frozenset[str] = frozenset()
    forbidden: Callable[[VirtualAndroid, Params], bool] = _never
    tags: tuple[str, ...] = ()


@dataclass(slots=True)
class Task:
    """One task of a template: the seed decides its parameters and the device's data.

    Attributes:
        template: What it is one of.
        seed: Equal seeds give equal tasks.
        params: What was drawn.
    """

    template: Template
    seed: int
    params: Params = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(f"{self.template.name}:{self.seed}".encode()).digest()
        self.params = self.template.draw(Random(int.from_bytes(digest[:8], "big")))

    @property
    def name(self) -> str:
        """`Template:seed`."""
        return f"{self.template.name}:{self.seed}"

    @property
    def goal(self) -> str:
        """What the agent is told."""
        return self.template.goal.format(**self.params)

    def initialise(self, android: VirtualAndroid) -> None:
        """Reset the device and bring it into the state that the task needs."""
        android.reset(self.seed)
        self.template.initialise(android, self.params)

    def success(self, android: VirtualAndroid, answer: str = "") -> bool:
        """Whether the device shows that the task was done; a forbidden act undoes everything."""
        return self.template.success(android, self.params, answer) and not self.forbidden(android)

    def forbidden(self, android: VirtualAndroid) -> bool:
        """Whether the act that the task forbids was done."""
        return self.template.forbidden(android, self.params)

    def oracle(self) -> Oracle:
        """A fresh oracle."""
        return Oracle(self.template.oracle(self.params))


class TemplateRegistry:
    """Templates by name.

    Raises:
        ConfigError: Two templates share a name.
    """

    def __init__(self, *groups: Sequence[Template]) -> None:
        self._templates: dict[str, Template] = {}
        for template in (t for group in groups for t in group):
            if template.name in self._templates:
                raise ConfigError(f"Two templates are called {template.name}.", mend="Rename one.")
            self._templates[template.name] = template

    def need(self, name: str) -> Template:
        """The template of this name.

        Raises:
            ConfigError: There is none.
        """
        if name not in self._templates:
            raise ConfigError(
                f"There is no task template {name!r}.", mend="`tenfold phone tasks` lists them."
            )
        return self._templates[name]

    def all(self, *, kind: Kind | None = None, app: str | None = None) -> list[Template]:
        """The templates of a kind, or that need an app; in the order of their names."""
        return [
            t
            for _, t in sorted(self._templates.items())
            if (kind is None or t.kind == kind) and (app is None or app in t.apps)
        ]

    def __len__(self) -> int:
        return len(self._templates)
