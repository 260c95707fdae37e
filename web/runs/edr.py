"""EDR, served."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from ...errors import ConfigError
from ...graphs.edr import Limits, build_graph, initial_state
from ...models import Budget
from ...settings import BudgetLimits
from ...tools.corpus import IndexProgress
from ...tools.runs import Run
from ..services import RunRequest, Services
from .calls import call_teller
from .served import Emit


class EdrInput(RunRequest):
    """A question and what may be used to answer it."""

    question: str = Field(max_length=4000)


class ServedEdr:
    """Deep research as a served graph.

    Args:
        services: Models, corpora, store.
    """

    name = "edr"
    title = "Deep research"
    description = "Plans, searches, reads, and writes a report in which every sentence cites a stored quote."
    Input: type[BaseModel] = EdrInput
    steerable = True
    recursion_limit = 1000
    streams: tuple[str, ...] = ("tasks", "custom")  # its models' raw output is JSON; the texts come as drafts

    def __init__(self, services: Services) -> None:
        self._services = services

    def build(self) -> Any:
        """The graph, not compiled."""
        return build_graph()

    def check(self, input: Any, owner: str) -> None:
        """Refuse an input that cannot run.

        Raises:
            ConfigError: The question is empty, or the request has no source or names what is not there.
            ModelNotFound: The model is not here.
        """
        if not input.question.strip():
            raise ConfigError("The question is empty.", mend="Ask something.")
        self._services.check(_request(input.model_dump()))

    async def prepare(self, run: Run, emit: Emit) -> None:
        """Bring the index of the documents up to date, showing how far it is."""
        docs = _request(run.options).docs
        if docs is None:
            return
        from asyncio import to_thread

        def tell(progress: IndexProgress) -> None:
            show("running", f"{progress.done}/{progress.total}", progress.path)

        def show(status: str, text: str, detail: str = "") -> None:
            data = {"id": "index:1", "kind": "index", "text": text, "status": status, "detail": detail}
            emit("activity", {**data, "task": ""})

        show("running", "")
        corpus = await to_thread(self._services.corpus, docs)
        try:
            report = await corpus.index(Path(docs), tell)
        except BaseException:
            show("failed", "")
            raise
        told = (*report.failed, *report.notes)[:20]
        show("done", "", "; ".join(f"{path}: {reason}" for path, reason in told))

    async def context(self, run: Run, emit: Emit, values: dict[str, Any]) -> Any:
        """The services of one run, with its budget as it was left."""
        from asyncio import to_thread

        request = _request(run.options)
        records = await self._services.store.ledger(run.id).records()
        limits = BudgetLimits(**request.options.limits.model_dump())
        budget = Budget.restore(limits, records, minutes=run.active_s / 60)
        tell = call_teller(emit, budget, len(records))
        # Opening a model, a corpus or a database may read files for seconds.
        context = await to_thread(self._services.context, run.id, request, budget=budget, on_event=tell)
        context.on_live = emit
        if "options" in values:
            context.set_limits(Limits.model_validate(values["options"]["limits"]))
        budget.start()
        return context

    def initial(self, run: Run) -> Any:
        """The state that the run starts from."""
        today = datetime.fromisoformat(run.created).date().isoformat()
        options = _request(run.options).options
        return initial_state(run.id, run.question, today=today, options=options)

    def on_fork(self, values: dict[str, Any], run: Run, parent: Run) -> dict[str, Any]:
        """The fork is a run of its own; evidence that only a later rule hid is there again."""
        rules = {rule["id"] for rule in values.get("constraints", []) if rule["status"] == "active"}
        store = self._services.store
        store.set_hidden(
            run.id,
            {
                e.id: ""
                for e in store.evidence(run.id, hidden=True)
                if e.hidden_by and e.hidden_by not in rules
            },
        )
        return {"run_id": run.id}

    def document(self, run: Run) -> dict[str, Any]:
        """The caps, until the first step says how they stand."""
        return {"/limits": _request(run.options).options.limits.model_dump()}


def _request(options: dict[str, Any]) -> RunRequest:
    return RunRequest.model_validate({name: options[name] for name in options if name != "question"})
