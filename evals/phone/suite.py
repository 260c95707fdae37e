"""Tasks through the real phone graph on a virtual Android, with a simulated user."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from ...agents.coloragent import Policy
from ...durable import MemoryLedger
from ...errors import ConfigError
from ...graphs.coloragent import Modules, PhoneContext, PhoneOptions, build_graph, initial_state
from ...models import Budget, ModelCaller
from ...settings import BudgetLimits
from ...text import content_words
from ...tools.android import Faults, InProcessDevice, VirtualAndroid
from ...tools.memory import DOMAINS, Memory
from ...tools.phone import TOUCHES
from ...tools.runs import ImageStore, RunStore
from .policies import ImperfectPolicy, OraclePolicy, Rates
from .template import Kind, Task, Template

Approvals = Literal["template", "always", "never"]
PolicyMaker = Callable[[Task], Policy]
CallerMaker = Callable[[Task, VirtualAndroid, Policy], ModelCaller | None]
NO_ANSWER = "I do not know; go on as you think best."
_DENIED = "It is not allowed"
_QUESTIONS = 60  # a user who was asked this often has hung up


@dataclass(slots=True)
class Outcome:
    """What came of a task.

    Attributes:
        task: Its name with the seed; `template` and `kind` are the template's.
        success: By the device's state and the answer, whatever the agent said.
        done: Whether the run ended as done or answered; `reason` is the graph's own word for how it ended.
        steps: Decisions; `touches` those that touched the phone.
        calls: Model calls of the roles around the policy, and of the policy if it is a model.
        tokens: Of these calls.
        asked: Questions to the user; `needed` those that a fact was known for.
        denied: Actions that a rule denied.
        approved, rejected: Gated actions by the simulated user's answer, as `rule: what`.
        forbidden: Whether the act that the task forbids was done.
        verdicts: How the actions were judged: `verdict/evidence` → times.
        errors: What an `ImperfectPolicy` did wrong, by kind.
        answer: What was answered.
        seconds: Wall time.
    """

    task: str
    template: str
    kind: Kind
    success: bool = False
    done: bool = False
    reason: str = ""
    steps: int = 0
    touches: int = 0
    calls: int = 0
    tokens: int = 0
    asked: list[str] = field(default_factory=list[str])
    needed: int = 0
    denied: int = 0
    approved: list[str] = field(default_factory=list[str])
    rejected: list[str] = field(default_factory=list[str])
    forbidden: bool = False
    verdicts: dict[str, int] = field(default_factory=dict[str, int])
    errors: dict[str, int] = field(default_factory=dict[str, int])
    answer: str = ""
    seconds: float = 0.0


@dataclass
class SimulatedUser:
    """Answers as the task's template says.

    Args:
        task: The task.
        apps: Label → package.
        approvals: `template` approves gated actions whose classes the template approves and apps that it names;
            `always` and `never` do as they say.
    """

    task: Task
    apps: Mapping[str, str]
    approvals: Approvals = "template"
    asked: list[str] = field(default_factory=list[str])
    needed: int = 0
    approved: list[str] = field(default_factory=list[str])
    rejected: list[str] = field(default_factory=list[str])

    def reply(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to an interrupt of the graph."""
        if question["kind"] == "permissions":
            return {"action": "approve"}
        if question["kind"] == "approve_action":
            said = f"{question['rule']}: {question['said']}"
            if self._approves(question):
                self.approved.append(said)
                return {"action": "approve"}
            self.rejected.append(said)
            return {"action": "reject", "feedback": "That is not what I asked for."}
        return {"answer": self._fact(str(question["question"]))}

    def _approves(self, question: Mapping[str, Any]) -> bool:
        if self.approvals != "template":
            return self.approvals == "always"
        template = self.task.template
        known = {self.apps.get(app, app) for app in template.apps}
        if question["rule"] == "leave":
            return question["package"] in known
        if question["rule"] == "anomaly" and template.kind == "adversarial" and not question["classes"]:
            return question["package"] in known  # to go on reading is no harm
        return set(question["classes"]) <= template.approves

    def _fact(self, question: str) -> str:
        """The fact that the question is about: its very words, or most of them."""
        self.asked.append(question)
        facts = self.task.template.facts(self.task.params)
        wanted = set(content_words(question))
        best, share = "", 0.0
        for known in facts:
            words = set(content_words(known))
            overlap = len(words & wanted) / max(1, len(words))
            if known == question or overlap > share:
                best, share = known, 2.0 if known == question else overlap
        if share < 0.5:
            return NO_ANSWER
        self.needed += 1
        return facts[best]


def imperfect_policy(rates: Rates, seed: int = 0) -> PolicyMaker:
    """Makes each task's oracle with errors at these rates; task and seed decide which."""
    return lambda task: ImperfectPolicy(OraclePolicy(task.oracle()), rates, _seed_of(task, seed))


def judged(accuracy: float, seed: int = 0) -> CallerMaker:
    """Makes a scripted judge of this accuracy around each task's `ImperfectPolicy`.

    Raises:
        ConfigError: The policy is another one: nobody knows when that errs.
    """

    def make(task: Task, android: VirtualAndroid, policy: Policy) -> ModelCaller:
        from .judges import JudgeCaller, Truth

        if not isinstance(policy, ImperfectPolicy):
            raise ConfigError("A judge must know when the policy errs.", mend="Judge an ImperfectPolicy.")
        truth = Truth(lambda: policy.last is not None, lambda: task.success(android, policy.answer))
        return JudgeCaller(truth, accuracy=accuracy, seed=_seed_of(task, seed + 1))

    return make


def _seed_of(task: Task, seed: int) -> int:
    digest = hashlib.sha256(f"{task.name}:{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def oracle_policy(task: Task) -> Policy:
    """The task's oracle."""
    return OraclePolicy(task.oracle())


async def play_task(
    task: Task,
    *,
    policy: PolicyMaker = oracle_policy,
    caller: CallerMaker | None = None,
    modules: Modules | None = None,
    faults: Faults | None = None,
    approvals: Approvals = "template",
    android: VirtualAndroid | None = None,
    options: Mapping[str, Any] | None = None,
    store: RunStore | None = None,
) -> Outcome:
    """Play a task through the compiled graph; its checkpoints live in memory.

    Args:
        task: What is to be done.
        policy: Makes what chooses the actions.
        caller: Makes the model around it; None: rules alone.
        modules: Switches of the graph; None: all on.
        faults: What goes wrong with the device; None: nothing.
        approvals: How the simulated user answers about gated actions.
        android: The device; None: a new one. It is reset.
        options: More `PhoneOptions`.
        store: Where its log is kept; None: in a folder that is thrown away.
    """
    android = android or VirtualAndroid(seed=task.seed)
    android.faults = Faults()
    task.initialise(android)
    android.faults = faults or Faults()
    device, chooser = InProcessDevice(android, shell=True), policy(task)
    user = SimulatedUser(task, device.apps(), approvals)
    model = caller(task, android, chooser) if caller is not None else None
    ledger = model.ledger if model is not None else MemoryLedger()
    budget = model.budget if model is not None else Budget(BudgetLimits())
    chosen = PhoneOptions.model_validate(
        {"modules": (modules or Modules()).model_dump(), "max_steps": task.template.max_steps, "pictures": "policy",
         **(options or {})}
    )  # fmt: skip
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tenfold-phone-") as name:
        folder = Path(name)
        runs = store or RunStore(folder)
        run = runs.create("phone", task.goal, {})
        context = PhoneContext(
            run.id, device, chooser, runs, ledger, budget, ImageStore(folder / "images"), caller=model,
            memory=_memory(task, folder), on_live=lambda type, data: None,
        )  # fmt: skip
        try:
            state = await _drive(initial_state(run.id, task.goal, options=chosen), context, user)
        finally:
            if context.memory is not None:
                context.memory.close()
            if store is None:
                runs.close()
    outcome = _outcome(task, android, state, user, chooser)
    outcome.seconds = time.monotonic() - started
    await _count_calls(outcome, model)
    task.template.tear_down(android, task.params)
    return outcome


def run_task(task: Task, **how: Any) -> Outcome:
    """`play_task`, from code without an event loop."""
    return asyncio.run(play_task(task, **how))


def _memory(task: Task, folder: Path) -> Memory | None:
    profile = task.template.profile(task.params)
    if not profile:
        return None
    memory = Memory(folder / "memory.db", "user")
    for name, values in profile.items():
        said = values if isinstance(values, Mapping) else {"preference": str(values)}
        if name in DOMAINS:
            memory.touch_profile(domain=name, values=cast(Mapping[str, str], said))
        else:
            memory.touch_profile(app=name, values=cast(Mapping[str, str], said))
    return memory


async def _drive(state: Any, context: PhoneContext, user: SimulatedUser) -> dict[str, Any]:
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.types import Command

    graph = build_graph().compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": context.run_id}, "recursion_limit": 5000}
    work: Any = state
    for _ in range(_QUESTIONS):
        values: Any = await graph.ainvoke(work, config, context=context, durability="exit")
        waiting = values.get("__interrupt__", ())
        if not waiting:
            return values
        work = Command(resume=user.reply(waiting[0].value))
    return (await graph.aget_state(config)).values


def _outcome(
    task: Task,
    android: VirtualAndroid,
    state: Mapping[str, Any],
    user: SimulatedUser,
    policy: Policy,
) -> Outcome:
    history, errors = state["history"], policy.errors if isinstance(policy, ImperfectPolicy) else []
    reason = state["outcome"].get("reason", "unfinished")
    denied = sum(s["verdict"] == "refused" and s["why"].startswith(_DENIED) for s in history)
    return Outcome(
        task=task.name, template=task.template.name, kind=task.template.kind,
        success=task.success(android, state["answer"]), done=reason in ("done", "answered"), reason=reason,
        steps=state["counters"]["step"],
        touches=sum(s["verdict"] != "refused" and s["action"]["kind"] in TOUCHES for s in history),
        asked=user.asked, needed=user.needed, denied=denied, approved=user.approved,
        rejected=user.rejected, forbidden=task.forbidden(android),
        verdicts=dict(Counter(f"{s['verdict']}/{s['evidence']}" for s in history)),
        errors=dict(Counter(error.kind for error in errors)), answer=state["answer"],
    )  # fmt: skip


async def _count_calls(outcome: Outcome, model: ModelCaller | None) -> None:
    from .judges import JudgeCaller

    if isinstance(model, JudgeCaller):
        outcome.calls, outcome.tokens = model.calls.total(), model.tokens
    elif model is not None:
        records = [r for r in await model.ledger.records() if r.kind == "llm"]
        outcome.calls = len(records)
        outcome.tokens = sum(r.input_tokens + r.output_tokens for r in records)


def run_suite(
    templates: Iterable[Template],
    seeds: Sequence[int],
    *,
    on_outcome: Callable[[Outcome], None] | None = None,
    **how: Any,
) -> list[Outcome]:
    """Play every template with every seed, one after the other on one device that is reset between tasks.

    Args:
        templates: Of which tasks are made.
        seeds: One task a template and seed.
        on_outcome: Gets each outcome as it comes.
        how: As `play_task` takes it.
    """

    async def all_of_them() -> list[Outcome]:
        android, found = VirtualAndroid(), list[Outcome]()
        with tempfile.TemporaryDirectory(prefix="tenfold-phone-") as folder:
            store = RunStore(Path(folder))
            for template in templates:
                for seed in seeds:
                    found.append(await play_task(Task(template, seed), android=android, store=store, **how))
                    if on_outcome is not None:
                        on_outcome(found[-1])
            store.close()
        return found

    return asyncio.run(all_of_them())
