"""A world in which the whole graph runs in a second: scripted model, library of texts, real store and checkpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from tenfold.evals.edr import ScriptedResearcher, TextLibrary
from tenfold.graphs.edr import EdrContext, RunOptions, build_graph, initial_state
from tenfold.models import Budget, ModelCaller, OpenModel, ScriptedChat, open_model, register_script
from tenfold.settings import BudgetLimits, load_settings
from tenfold.tools.runs import Message, RunStore

TEXTS = {
    "doc:ledger.md": (
        "A ledger records every finished call of a run. Each call has a key made of what was asked. "
        "When a process is killed, the resumed process reads the ledger first. A call that stands in the ledger is "
        "not paid for again. The ledger was measured at 12 writes in 40 milliseconds.\n\n"
        "Ledgers need a disk that keeps what it was told to keep. The limits of a ledger are the limits of its disk."
    ),
    "doc:steering.md": (
        "Steering messages wait in an inbox. The inbox is drained at the boundary of every step. "
        "A message is either applied or rejected with a reason. In a study of 50 messages all 50 were answered.\n\n"
        "People who use steering change the plan 3 times in an average run. Safety matters to them most."
    ),
    "doc:batteries.md": (
        "The battery market size reached 120 billion dollars in 2024. The battery market size is expected to reach "
        "150 billion dollars in 2025. Lithium mining carries risks in Chile. Lithium mining carries other risks in "
        "China. Recycling recovers 95 percent of the cobalt in a battery."
    ),
}


@dataclass
class World:
    """One data folder and what runs in it."""

    folder: Path
    researcher: Callable[[str], Any] = field(default_factory=ScriptedResearcher)
    library: Any = field(default_factory=lambda: TextLibrary(TEXTS))
    limits: BudgetLimits = field(default_factory=lambda: BudgetLimits())
    chat: ScriptedChat | None = None

    def __post_init__(self) -> None:
        self.store = RunStore(self.folder)
        self.settings = load_settings(data_dir=self.folder)
        self.chat = self.chat or ScriptedChat(answer=self.researcher)
        self.config: Any = {}

    def model(self) -> OpenModel:
        assert self.chat is not None
        return open_model(register_script("researcher", self.chat), self.settings)

    def begin(
        self, question: str = "How does a ledger keep calls from being repeated?", **options: Any
    ) -> Any:
        """Enter a run; returns its first state."""
        self.options = RunOptions.model_validate(options)
        self.run = self.store.create("edr", question, {})
        self.config = {"configurable": {"thread_id": self.run.id}, "recursion_limit": 400}
        return initial_state(self.run.id, question, today="2026-11-24", options=self.options)

    async def context(self) -> EdrContext:
        ledger = self.store.ledger(self.run.id)
        budget = Budget.restore(self.limits, await ledger.records())
        caller = ModelCaller(self.model(), ledger, budget, retries=1, timeout_s=10)
        context = EdrContext(
            self.run.id, caller, self.library, self.library.source_types, self.store, ledger, budget
        )
        context.set_limits(self.options.limits)
        return context

    async def go(self, work: Any = None, *, control: Any = None) -> Any:
        """Run until the end or an interrupt; returns the interrupts."""
        async with AsyncSqliteSaver.from_conn_string(str(self.folder / "checkpoints.db")) as saver:
            graph = build_graph().compile(checkpointer=saver)
            await graph.ainvoke(
                work, self.config, context=await self.context(), durability="sync", control=control
            )
            return (await graph.aget_state(self.config)).interrupts

    async def state(self) -> Any:
        async with AsyncSqliteSaver.from_conn_string(str(self.folder / "checkpoints.db")) as saver:
            return (await build_graph().compile(checkpointer=saver).aget_state(self.config)).values

    def report(self) -> dict[str, Any]:
        report = self.store.report(self.run.id)
        assert report is not None
        return report

    def post(self, body: str) -> Message:
        return self.store.post(self.run.id, body)

    def messages(self) -> list[Message]:
        return self.store.messages(self.run.id)

    def queries(self) -> list[str]:
        records = asyncio.run(self.store.ledger(self.run.id).records())
        return [r.key for r in records if r.kind == "search"]
