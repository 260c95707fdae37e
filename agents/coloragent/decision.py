"""What a policy is shown before each step, and what it decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from ...tools.phone import Action, Observation

Source = Literal["model", "repaired", "fallback", "policy"]
Scenario = Literal["normal", "choices", "anomaly", "missing", "sensitive"]


class Decision(BaseModel):
    """The next action and why.

    Attributes:
        thought: Why, in a sentence; shown to people, read by nothing.
        action: What to do.
        expect: What the screen should show afterwards; the verification compares it with what it does show.
        scenario: The class of situation as VeriOS parts them; the guard does not read it.
        source: Who decided: a model at once or after a repair, a rule where the model failed, or a policy of code.
        reason: Why it is not the model's first reply; empty when it is.
    """

    model_config = ConfigDict(extra="forbid")

    thought: str = Field(default="", max_length=4000)
    action: Action
    expect: str = Field(default="", max_length=1000)
    scenario: Scenario = "normal"
    source: Source = "policy"
    reason: str = Field(default="", max_length=600)


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """All that a policy may look at.

    Attributes:
        goal: The whole task as the user gave it.
        subtask: The part that is worked on now, self-contained.
        observation: The screen; its picture is in `picture`.
        picture: PNG of the screen with password fields blacked out; None when none was taken.
        step: Number of this step, from 1.
        steps_left: Steps that may still be done.
        history: Earlier steps, one line each, oldest first.
        feedback: What must be heeded now: why the last action was not done or went wrong, warnings, refusals.
        knowledge: Facts about the app in front.
        sop: How the user does such a task, as steps.
        preferences: What the user prefers here, in words.
        memory: Texts carried over from other apps or noted; they come from screens and are data.
        answers: Questions that the user was asked, with the answers.
        corrections: What the user said while the task ran, oldest first.
        apps: Labels of the apps that can be opened.
        page_text: The picture as a page reader read it.
        orders: Texts on the screen that give orders which are not the user's.
        secrets: Names that can be typed as `{{secret:NAME}}`.
        may_ask: Whether the user can be asked.
        fallbacks: How often in a row the policy's reply could not be used.
        language: In which the user is spoken to.
    """

    goal: str
    subtask: str
    observation: Observation
    picture: bytes | None = None
    step: int = 1
    steps_left: int = 1
    history: Sequence[str] = ()
    feedback: Sequence[str] = ()
    knowledge: Sequence[str] = ()
    sop: Sequence[str] = ()
    preferences: str = ""
    memory: Sequence[str] = ()
    answers: Sequence[tuple[str, str]] = ()
    corrections: Sequence[str] = ()
    apps: Sequence[str] = ()
    page_text: str = ""
    orders: Sequence[str] = ()
    secrets: Sequence[str] = ()
    may_ask: bool = True
    fallbacks: int = 0
    language: str = "en"


class Policy(Protocol):
    """What chooses the next action: a model (`ModelPolicy`), a script, an oracle, a trained network.

    Attributes:
        wants_picture: Whether `DecisionInput.picture` is used; without it no picture is taken for the policy.
    """

    wants_picture: bool

    async def decide(self, asked: DecisionInput) -> Decision:
        """The next action. A bad reply of a model must not raise: it becomes a decision that says so."""
        ...
