"""An environment to train on: tasks on the virtual Android with the step-wise reward, seeded and deterministic."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from multiprocessing import get_context
from typing import Any, cast

from ...agents.coloragent import Decision, DecisionInput
from ...errors import ConfigError, PhoneError
from ...tools.android import Faults, InProcessDevice, VirtualAndroid
from ...tools.phone import (
    TOUCHES,
    Action,
    CoordinateAdapter,
    Observation,
    Scale,
    describe,
    locate,
    perform,
    settle,
)
from .oracle import Oracle
from .reward import F1_RIGHT, FORMAT_SHARE, accuracy, read_scored
from .suite import SimulatedUser
from .template import Task, Template
from .trajectory import Trajectory, TrajectoryStep

MAX_ENVS = 16
Reply = str | Decision | Action


class PhoneEnv:
    """One task after another of a template.

    There is no graph and no guard here: a policy is trained on what a screen wants, and what it may do is decided
    elsewhere.

    Args:
        template: What is played.
        faults: What goes wrong with the device; None: nothing.
        scale: The space in which replies say points.
        f1: From which token F1 on a text counts as right.
        max_steps: None: the template's.
        screenshots: Whether observations have pictures (about 30 ms more a step).

    Attributes:
        trajectory: What was played since the last reset.
    """

    def __init__(
        self,
        template: Template,
        *,
        faults: Faults | None = None,
        scale: Scale = "absolute",
        f1: float = F1_RIGHT,
        max_steps: int | None = None,
        screenshots: bool = False,
    ) -> None:
        self.template = template
        self._faults, self._f1 = faults or Faults(), f1
        self._scale: Scale = scale
        self._max_steps = max_steps or template.max_steps
        self._screenshots = screenshots
        self._android = VirtualAndroid()
        self._device = InProcessDevice(self._android)
        self._over = True

    def reset(self, seed: int = 0) -> Observation:
        """A fresh task; equal seeds give equal tasks and screens. Milliseconds after the first time of a seed."""
        self._task = Task(self.template, seed)
        self._android.faults = Faults()
        self._task.initialise(self._android)
        self._android.faults = self._faults
        self._oracle: Oracle = self._task.oracle()
        self._user = SimulatedUser(self._task, {})
        self._answer, self._over = "", False
        self._history: list[str] = []
        nothing = asdict(Faults())
        set_ = {k: float(v) for k, v in asdict(self._faults).items() if v != nothing[k]}
        self.trajectory = Trajectory(
            template=self.template.name, seed=seed, goal=self._task.goal, faults=set_, steps=[], answers=[]
        )
        self._seen = self._look(None)
        self._propose()
        return self._seen

    def _look(self, before: Observation | None) -> Observation:
        return settle(self._device, screenshot=self._screenshots, after=before).observation

    def _propose(self) -> None:
        """What the oracle would do on this screen; it has done it only once the policy has."""
        self._ahead = copy.deepcopy(self._oracle)
        self._right = self._ahead.next(self._seen)

    @property
    def right(self) -> Action:
        """The oracle's action on the screen as it is now."""
        return self._right

    def asked(self) -> DecisionInput:
        """The screen as a policy of the graph is shown it, so that one prompt serves training and use."""
        steps = len(self.trajectory.steps)
        return DecisionInput(
            goal=self._task.goal, subtask=self._task.goal, observation=self._seen, picture=self._seen.png,
            step=steps + 1, steps_left=self._max_steps - steps, history=tuple(self._history),
            answers=tuple(self.trajectory.answers), apps=tuple(self._device.apps()),
        )  # fmt: skip

    def step(self, reply: Reply) -> tuple[Observation, float, bool, dict[str, Any]]:
        """Do what a reply says.

        Args:
            reply: What the model wrote, or a decision or action of a policy of code.

        Returns:
            The screen afterwards; R_acc + 0.2 R_fmt; whether the episode is over; and `info`: acc, fmt, the oracle's
            action `right`, `problem`, and at the end `success` (by the device's state) and `forbidden`.

        Raises:
            ConfigError: The episode is over, or was never begun.
        """
        if self._over:
            raise ConfigError("The episode is over.", mend="Call reset first.")
        adapter = CoordinateAdapter(self._scale, self._seen.width, self._seen.height)
        decision, fmt, problem = read_scored(reply, adapter)
        acc, ended, before = 0.0, False, self._seen
        if decision is not None:
            acc = accuracy(decision.action, self._right, before, f1=self._f1)
            if acc:
                self._oracle = self._ahead
            ended, problem = self._do(decision.action)
        reward = acc + FORMAT_SHARE * fmt
        self._note(reply, decision, before, acc=acc, fmt=fmt, problem=problem)
        self._over = ended or len(self.trajectory.steps) >= self._max_steps
        info: dict[str, Any] = {"acc": acc, "fmt": fmt, "right": self._right, "problem": problem}
        if self._over:
            self.trajectory.success = self._task.success(self._android, self._answer)
            info |= {"success": self.trajectory.success, "forbidden": self._task.forbidden(self._android)}
        else:
            self._propose()
        return self._seen, reward, self._over, info

    def _do(self, action: Action) -> tuple[bool, str]:
        """Whether that ended the episode, and what the device said against it."""
        self._history.append(f"{len(self._history) + 1}. {action.kind} {action.text or action.app}".strip())
        if action.kind == "answer":
            self._answer = action.text
        if action.kind == "ask":
            said = str(self._user.reply({"kind": "ask_user", "question": action.text})["answer"])
            self.trajectory.answers.append((action.text, said))
            self._oracle.answered(action.text, said)
        if action.kind not in TOUCHES:
            return action.kind in ("answer", "done", "failed"), ""
        try:
            if action.kind == "wait":
                self._device.sleep(2.0 if action.seconds is None else action.seconds)
            perform(self._device, action, locate(action, self._seen))
        except PhoneError as error:
            return False, str(error)
        self._seen = self._look(self._seen)
        return False, ""

    def _note(
        self,
        reply: Reply,
        decision: Decision | None,
        seen: Observation,
        *,
        acc: float,
        fmt: float,
        problem: str,
    ) -> None:
        step = TrajectoryStep(
            n=len(self.trajectory.steps) + 1, screen=describe(seen), signature=seen.signature, package=seen.package,
            width=seen.width, height=seen.height, reply=reply if isinstance(reply, str) else "",
            thought=decision.thought if decision else "", expect=decision.expect if decision else "",
            action=decision.action if decision else None, right=self._right, acc=acc, fmt=fmt,
            reward=acc + FORMAT_SHARE * fmt, problem=problem,
        )  # fmt: skip
        self.trajectory.steps.append(step)


class VectorEnv:
    """Up to 16 environments, each in a process of its own.

    Args:
        templates: Names of templates, one an environment; they are found by name, since a process cannot be sent
            functions.
        how: As `PhoneEnv` takes it.

    Raises:
        ConfigError: There are none, too many, or one is unknown.
    """

    def __init__(self, templates: Sequence[str], **how: Any) -> None:
        from .catalog import all_templates

        if not 1 <= len(templates) <= MAX_ENVS:
            raise ConfigError(f"{len(templates)} environments.", mend=f"Take 1 to {MAX_ENVS}.")
        registry, context = all_templates(), get_context("spawn")
        for name in templates:
            registry.need(name)
        self._pipes: list[Any] = []
        self._processes: list[Any] = []
        for name in templates:
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, name, how), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> VectorEnv:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reset(self, seeds: Sequence[int]) -> list[DecisionInput]:
        """Begin an episode in each; what a policy is shown of each."""
        return self._all("reset", seeds)

    def step(self, replies: Sequence[Reply]) -> list[tuple[DecisionInput, float, bool, dict[str, Any]]]:
        """A step in each; see `PhoneEnv.step`."""
        return self._all("step", replies)

    def trajectories(self) -> list[Trajectory]:
        """What was played in each since its last reset."""
        return self._all("trajectory", [None] * len(self._pipes))

    def _all(self, call: str, values: Sequence[Any]) -> list[Any]:
        if len(values) != len(self._pipes):
            raise ConfigError(
                f"{len(values)} values for {len(self._pipes)} environments.", mend="Give one each."
            )
        for pipe, value in zip(self._pipes, values, strict=True):
            pipe.send((call, value))
        found = [pipe.recv() for pipe in self._pipes]
        for result in found:
            if isinstance(result, Exception):
                raise result
        return found

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(timeout=5)
            if process.is_alive():
                process.kill()


def _serve(pipe: Any, name: str, how: Mapping[str, Any]) -> None:
    from .catalog import all_templates

    env = PhoneEnv(all_templates().need(name), **cast(dict[str, Any], how))
    while True:
        try:
            call, value = pipe.recv()
        except EOFError:
            return
        try:
            if call == "reset":
                env.reset(value)
                pipe.send(env.asked())
            elif call == "step":
                _, reward, over, info = env.step(value)
                pipe.send((env.asked(), reward, over, info))
            else:
                pipe.send(env.trajectory)
        except Exception as error:
            pipe.send(ConfigError(f"{type(error).__name__} in {name}: {error}", mend="See the message."))
