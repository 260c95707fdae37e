"""How fast the phone is: rollouts on the virtual Android, and what the graph costs between a model and a device.

Rollouts follow the scripted oracle through `PhoneEnv`, one template after the other, reset by seed: steps a second of
one core, as text and with a picture a step, and of up to 16 environments in processes of their own.

The graph's overhead is the time from one decision to the next, less what the device's calls and the policy took; the run
store is SQLite on disk, checkpoints are written with `durability="sync"`, pictures are off.

    python benchmarks/phone_speed.py [--seconds 8] [--tasks 12]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _common import interval, write_result
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command

from tenfold.agents.coloragent import Decision, DecisionInput
from tenfold.evals.phone import OraclePolicy, PhoneEnv, SimulatedUser, Task, VectorEnv
from tenfold.evals.phone.tasks import TEMPLATES
from tenfold.graphs.coloragent import PhoneContext, PhoneOptions, build_graph, initial_state
from tenfold.models import Budget
from tenfold.settings import BudgetLimits
from tenfold.tools.android import InProcessDevice, VirtualAndroid
from tenfold.tools.runs import ImageStore, RunStore

NAMES = (
    "MailSend",
    "ShopBuy",
    "FilesMove",
    "ContactsDelete",
    "ClockSwitchAlarm",
    "BrowserRenewBook",
    "NotesDelete",
    "GalleryRename",
)


def rollouts(seconds: float, *, pictures: bool) -> tuple[int, float, float]:
    """Steps, CPU seconds and wall seconds of one process."""
    envs = [PhoneEnv(TEMPLATES.need(name), screenshots=pictures) for name in NAMES]
    for env in envs:
        env.reset(0)  # the first reset of a seed builds its data
    steps, seed = 0, 0
    cpu, wall = time.process_time(), time.monotonic()
    while time.monotonic() - wall < seconds:
        env = envs[seed % len(envs)]
        env.reset(seed % 4)
        seed += 1
        over = False
        while not over:
            _, _, over, _ = env.step(Decision(action=env.right))
            steps += 1
    return steps, time.process_time() - cpu, time.monotonic() - wall


def parallel(count: int, seconds: float) -> float:
    """Steps a second of so many processes together, waiting for the slowest each time."""
    names = [NAMES[n % len(NAMES)] for n in range(count)]
    with VectorEnv(names) as envs:
        envs.reset([0] * count)
        wait = [Decision(action={"kind": "swipe", "direction": "up"})] * count  # type: ignore[arg-type]
        envs.step(wait)
        begin, steps, seed = time.monotonic(), 0, 0
        while time.monotonic() - begin < seconds:
            results = envs.step(wait)
            steps += count
            if any(over for _, _, over, _ in results):
                seed += 1
                envs.reset([seed % 4] * count)
        return steps / (time.monotonic() - begin)


class Stopwatch:
    """Wraps a device: every call's time is added up."""

    def __init__(self, device: InProcessDevice) -> None:
        self._device = device
        self.spent = 0.0

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._device, name)
        if not callable(value):
            return value

        def timed(*args: Any, **kwargs: Any) -> Any:
            begin = time.perf_counter()
            try:
                return value(*args, **kwargs)
            finally:
                self.spent += time.perf_counter() - begin

        return timed


class TimedPolicy:
    """The oracle, noting when it is asked and how long it takes."""

    wants_picture = False

    def __init__(self, inner: OraclePolicy, spent: Callable[[], float]) -> None:
        self._inner, self._spent = inner, spent
        self.overheads: list[float] = []
        self._last: tuple[float, float] | None = None

    async def decide(self, asked: DecisionInput) -> Decision:
        now, spent = time.perf_counter(), self._spent()
        if self._last is not None:
            self.overheads.append(1000 * ((now - self._last[0]) - (spent - self._last[1])))
        decision = await self._inner.decide(asked)
        self._last = (time.perf_counter(), self._spent())
        return decision


async def overheads(count: int) -> list[float]:
    """Milliseconds between two decisions that are neither the device's nor the policy's."""
    android, found = VirtualAndroid(), list[float]()
    for template in TEMPLATES.all(kind="plain")[:: max(1, len(TEMPLATES.all(kind="plain")) // count)][:count]:
        task = Task(template, 0)
        task.initialise(android)
        device = Stopwatch(InProcessDevice(android))
        policy = TimedPolicy(OraclePolicy(task.oracle()), lambda device=device: device.spent)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            store = RunStore(folder)
            run = store.create("phone", task.goal, {})
            options = PhoneOptions(max_steps=template.max_steps, pictures="never", confirm=False)
            context = PhoneContext(
                run.id,
                device,
                policy,
                store,
                store.ledger(run.id),
                Budget(BudgetLimits()),
                ImageStore(folder / "images"),
            )
            user = SimulatedUser(task, InProcessDevice(android).apps())
            async with AsyncSqliteSaver.from_conn_string(str(folder / "checkpoints.db")) as saver:
                graph = build_graph().compile(checkpointer=saver)
                config: Any = {"configurable": {"thread_id": run.id}, "recursion_limit": 5000}
                work: Any = initial_state(run.id, task.goal, options=options)
                for _ in range(30):
                    values: Any = await graph.ainvoke(work, config, context=context, durability="sync")
                    if not values.get("__interrupt__"):
                        break
                    policy._last = None  # a question to the user is no step
                    work = Command(resume=user.reply(values["__interrupt__"][0].value))
            store.close()
        found += policy.overheads
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--tasks", type=int, default=12)
    args = parser.parse_args()
    lines = [
        "| rollouts, one process | steps | steps per CPU second | steps per wall second |",
        "| --- | --- | --- | --- |",
    ]
    for name, pictures in (("text", False), ("a 1080x2400 picture a step", True)):
        steps, cpu, wall = rollouts(args.seconds, pictures=pictures)
        lines.append(f"| {name} | {steps} | {steps / cpu:.0f} | {steps / wall:.0f} |")
    lines += ["", "| environments in processes | steps per second, all together |", "| --- | --- |"]
    lines += [f"| {count} | {parallel(count, args.seconds / 2):.0f} |" for count in (1, 2, 4, 8, 16)]
    times = sorted(asyncio.run(overheads(args.tasks)))
    middle, low, high = interval(times)
    lines += [
        "",
        f"Graph overhead a step, n = {len(times)} steps of {args.tasks} tasks: p50 {middle:.1f} ms [{low:.1f}, {high:.1f}], "
        f"p95 {times[int(0.95 * len(times))]:.1f} ms (95 % bootstrap interval; target: p50 under 15 ms).",
        "",
        "Rollout steps include the oracle, settling (two looks) and the reward. The parallel row swipes in every environment",
        "and waits for the slowest of each round.",
    ]
    command = f"python benchmarks/phone_speed.py --seconds {args.seconds:g} --tasks {args.tasks}"
    write_result("phone-speed", "The phone: rollouts and the graph's overhead", command, "\n".join(lines))


if __name__ == "__main__":
    main()
