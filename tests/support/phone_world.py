"""A scripted world for phone tasks: virtual Android, a policy that follows a script, real store and checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command

from tenfold.agents.coloragent import Decision, DecisionInput, Policy
from tenfold.graphs.coloragent import PhoneContext, PhoneOptions, build_graph, initial_state
from tenfold.models import Budget, ModelCaller, ScriptedChat, open_model, register_script
from tenfold.pages import PageReader
from tenfold.settings import BudgetLimits, load_settings
from tenfold.tools.android import InProcessDevice, VirtualAndroid
from tenfold.tools.memory import Memory
from tenfold.tools.phone import Action, Device, Element, Observation, SafetyPolicy
from tenfold.tools.runs import ImageStore, RunStore

Move = Decision | Action | Callable[[DecisionInput], "Decision | Action"]


def element(seen: Observation, label: str, role: str = "") -> Element:
    """The element whose label or context has these words."""
    found = [
        e
        for e in seen.tree.elements()
        if label.lower() in f"{e.label} {e.context}".lower() and (not role or e.role == role)
    ]
    exact = [e for e in found if e.label.lower() == label.lower()]
    assert exact or found, f"no {role} {label!r} among {[(e.role, e.label) for e in seen.tree.elements()]}"
    return (exact or found)[0]


def tap(label: str, role: str = "", expect: str = "", kind: str = "tap") -> Move:
    def move(asked: DecisionInput) -> Decision:
        found = element(asked.observation, label, role)
        return Decision(action=Action(kind=kind, element=found.n), expect=expect)  # type: ignore[arg-type]

    return move


def type_into(label: str, text: str, **more: Any) -> Move:
    return lambda asked: Action(
        kind="type", element=element(asked.observation, label, "field").n, text=text, **more
    )


def open_app(name: str) -> Action:
    return Action(kind="open_app", app=name)


DONE = Action(kind="done")


@dataclass
class Script:
    """A policy that makes its moves in turn; what it was asked is kept."""

    moves: Sequence[Move]
    wants_picture: bool = False
    seen: list[DecisionInput] = field(default_factory=list)

    async def decide(self, asked: DecisionInput) -> Decision:
        self.seen.append(asked)
        n = len(self.seen) - 1
        move: Any = self.moves[n] if n < len(self.moves) else Action(kind="failed", text="the script is over")
        if callable(move):
            move = move(asked)
        return move if isinstance(move, Decision) else Decision(action=move)


@dataclass
class PhoneWorld:
    """One data folder, a phone, and what works with it."""

    folder: Path
    moves: Sequence[Move] = ()
    answer: Callable[[str], Any] | None = None
    vision: bool = False
    rules: SafetyPolicy = field(default_factory=SafetyPolicy)
    secrets: dict[str, str] = field(default_factory=dict)
    memory: Memory | None = None
    limits: BudgetLimits = field(default_factory=lambda: BudgetLimits())
    android: VirtualAndroid | None = None
    device: Device | None = None
    policy: Policy | None = None
    page_reader: PageReader | None = None

    def __post_init__(self) -> None:
        self.store = RunStore(self.folder)
        self.images = ImageStore(self.folder / "images")
        self.script = Script(self.moves)
        if self.device is None:
            self.android = self.android or VirtualAndroid()
            self.device = InProcessDevice(self.android, shell=True)
        self.chat = ScriptedChat(answer=self.answer, vision=self.vision) if self.answer else None

    def begin(self, goal: str, **options: Any) -> Any:
        """Enter a run; returns its first state."""
        options = {"confirm": False, "pictures": "never", **options}
        self.run = self.store.create("phone", goal, {})
        self.config: Any = {"configurable": {"thread_id": self.run.id}, "recursion_limit": 2000}
        return initial_state(self.run.id, goal, options=PhoneOptions.model_validate(options))

    async def context(self) -> PhoneContext:
        ledger = self.store.ledger(self.run.id)
        budget = Budget.restore(self.limits, await ledger.records())
        caller = None
        if self.chat is not None:
            model = open_model(register_script("phone", self.chat), load_settings(data_dir=self.folder))
            caller = ModelCaller(model, ledger, budget, retries=0, timeout_s=10)
        assert self.device is not None
        return PhoneContext(
            self.run.id, self.device, self.policy or self.script, self.store, ledger, budget, self.images,
            caller=caller, safety=self.rules, secrets=self.secrets, memory=self.memory,
            page_reader=self.page_reader,
        )  # fmt: skip

    async def go(self, work: Any = None) -> list[Any]:
        """Run until the end or a question; returns what is asked."""
        async with AsyncSqliteSaver.from_conn_string(str(self.folder / "checkpoints.db")) as saver:
            graph = build_graph().compile(checkpointer=saver)
            await graph.ainvoke(work, self.config, context=await self.context(), durability="sync")
            return [i.value for i in (await graph.aget_state(self.config)).interrupts]

    async def reply(self, answer: Any) -> list[Any]:
        """Answer the question and go on."""
        return await self.go(Command(resume=answer))

    async def state(self) -> Any:
        async with AsyncSqliteSaver.from_conn_string(str(self.folder / "checkpoints.db")) as saver:
            return (await build_graph().compile(checkpointer=saver).aget_state(self.config)).values

    async def ledger_has(self, key: str) -> bool:
        return await self.store.ledger(self.run.id).get(key) is not None

    def events(self, kind: str = "") -> list[Any]:
        return [e for e in self.store.events(self.run.id, limit=10**6) if e.type.startswith(kind)]
