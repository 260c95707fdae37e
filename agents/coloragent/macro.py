"""Replays a macro: each control is found again by what it is, and the agent takes over where that is not clear."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import PhoneError
from ...tools.memory import Macro, filled, matching
from ...tools.phone import Action
from .decision import Decision, DecisionInput, Policy


class MacroPolicy:
    """A macro as a policy.

    The place in the macro is the number of steps that the run has done, so a resumed run goes on where it stood. Where
    a selector means nothing or several things, or a step went wrong, `fallback` decides from there on.

    Args:
        macro: What was recorded.
        parameters: Texts for its parameters; those that are not given stay as recorded.
        fallback: The agent.

    Raises:
        PhoneError: A parameter is given that the macro does not have.
    """

    def __init__(self, macro: Macro, parameters: Mapping[str, str], fallback: Policy) -> None:
        unknown = sorted(set(parameters) - set(macro.parameters))
        if unknown:
            raise PhoneError(
                f"The macro {macro.name!r} has no parameter {unknown[0]!r}.",
                mend=f"It has: {', '.join(sorted(macro.parameters)) or 'none'}.",
            )
        self._macro = macro
        self._values = {**macro.parameters, **parameters}
        self._fallback = fallback
        self._given_up = ""
        self.wants_picture = fallback.wants_picture

    @property
    def given_up(self) -> str:
        """Why the agent took over; "" while the macro leads."""
        return self._given_up

    async def decide(self, asked: DecisionInput) -> Decision:
        """The macro's next step, or the agent's."""
        if not self._given_up:
            decision = self._next(asked)
            if decision is not None:
                return decision
        return await self._fallback.decide(asked)

    def _next(self, asked: DecisionInput) -> Decision | None:
        place = len(asked.history)
        if asked.feedback or asked.corrections:
            self._given_up = (asked.feedback or asked.corrections)[-1]
            return None
        if place >= len(self._macro.steps):
            done = place == len(self._macro.steps)
            self._given_up = "" if done else "the run has more steps than the macro"
            return Decision(thought="The macro is at its end.", action=Action(kind="done")) if done else None
        step = self._macro.steps[place]
        action = filled(step, self._values)
        if step.selector is not None:
            found = matching(step.selector, asked.observation.tree)
            if len(found) != 1:
                how = "nothing" if not found else f"{len(found)} things"
                self._given_up = f"step {place + 1}: {how} on the screen is {step.selector.label!r}"
                return None
            action = action.model_copy(update={"element": found[0].n})
        return Decision(thought=f"Macro step {place + 1}.", action=action, expect=step.expect)
