"""Nodes that take stock of a loop: gather, verify, reflect."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from ...agents.edr import reflect
from ...text import same_subject, similarity
from ...tools.runs import Evidence
from . import citations, planning, shared
from . import constraints as rules
from . import todo as todos
from .context import EdrContext
from .state import Card, EdrState, Outcome, RunOptions, TodoItem

DIGEST = 140  # characters of a quote that reflection and outline see


async def gather(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Bring the outcomes of a loop into the list and the store, in the list's order whatever order they came in."""
    context, options = runtime.context, RunOptions.model_validate(state["options"])
    outcomes = {outcome["task_id"]: outcome for outcome in state["outcomes"]}
    known = context.store.evidence(context.run_id, hidden=True)
    # A killed and repeated `gather` must number its quotes as the first one did.
    known = [e for e in known if e.loop < state["loop"]]
    fresh: list[Evidence] = []
    items: list[TodoItem] = []
    for item in state["todo"]["items"]:
        outcome = outcomes.get(item["id"]) if item["status"] == "in_progress" else None
        if outcome is None:
            items.append(item)
            continue
        ids = _number(outcome["cards"], item["id"], state["loop"], known, fresh)
        items.append(_settled(item, outcome, ids, attempts=options.attempts))
    context.store.add_evidence(context.run_id, fresh)
    todo = {**state["todo"], "items": items, "version": state["todo"]["version"] + 1}
    blocked = {**state["blocked"], **{e: why for o in outcomes.values() for e, why in o["blocked"].items()}}
    charts = [*state["charts"], *(chart for o in outcomes.values() for chart in o["charts"])]
    data = {
        "loop": state["loop"],
        "evidence": [{"id": e.id, "url": e.url, "title": e.title, "quote": e.quote} for e in fresh],
        "todo": todo,
        "blocked": blocked,
    }
    paths = {
        **shared.evidence([*known, *fresh], {e.id for e in fresh}),
        **shared.blocked(blocked),
        **shared.todo(todo),
    }
    context.emit("loop.gathered", data, key=f"gathered:{state['loop']}", state=paths)
    rewrite = state["rewrite"] or bool(fresh)
    return {"todo": todo, "blocked": blocked, "charts": charts, "outcomes": None, "rewrite": rewrite}


def _number(
    cards: Sequence[Card], task_id: str, loop: int, known: Sequence[Evidence], fresh: list[Evidence]
) -> list[str]:
    """Give new quotes the next numbers; a quote that is there already keeps its own."""
    ids: list[str] = []
    for card in cards:
        twin = next((e for e in (*known, *fresh) if _same(e, card)), None)
        if twin is None:
            twin = Evidence(id=f"e{len(known) + len(fresh) + 1}", task_id=task_id, loop=loop, **card)
            fresh.append(twin)
        ids.append(twin.id)
    return list(dict.fromkeys(ids))


def _same(evidence: Evidence, card: Card) -> bool:
    if evidence.snapshot == card["snapshot"]:
        shared = min(evidence.end, card["end"]) - max(evidence.start, card["start"])
        return shared > 0.6 * min(evidence.end - evidence.start, card["end"] - card["start"])
    return evidence.quote.strip() == card["quote"].strip()


def _settled(item: TodoItem, outcome: Outcome, ids: list[str], *, attempts: int) -> TodoItem:
    """The item after its task: done, to be tried again, or failed for all to see (D8)."""
    queries = [*item["queries"], *outcome["queries"]]
    evidence = list(dict.fromkeys([*item["evidence_ids"], *ids]))
    if ids:
        return {
            **item,
            "status": "done",
            "queries": queries,
            "evidence_ids": evidence,
            "note": outcome["note"],
        }
    spent = item["attempts"] >= attempts
    status = "failed" if spent else "pending"
    return {**item, "status": status, "queries": queries, "note": outcome["note"]}


async def verify(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Check that this loop's quotes stand in their snapshots, and note where sources disagree."""
    context = runtime.context
    evidence = context.store.evidence(context.run_id)
    stands = standing(context, [e for e in evidence if e.loop == state["loop"]])
    fallen = {evidence_id: rules.TAMPERED for evidence_id, ok in stands.items() if not ok}
    if fallen:
        context.store.set_hidden(context.run_id, fallen)
        paths = shared.evidence(context.store.evidence(context.run_id, hidden=True), set(fallen))
        context.emit("evidence.fallen", {"ids": sorted(fallen)}, key=f"fallen:{state['loop']}", state=paths)
    return {"disagreements": citations.disagreements([e for e in evidence if e.id not in fallen])}


def standing(context: EdrContext, evidence: Sequence[Evidence]) -> dict[str, bool]:
    """Evidence id to whether its quote stands in its stored snapshot; each text is read once."""
    snapshots = {sha: context.store.snapshot(sha) for sha in {e.snapshot for e in evidence}}
    texts = {sha: snapshot.text if snapshot else None for sha, snapshot in snapshots.items()}
    return {e.id: citations.quote_stands(e, texts[e.snapshot]) for e in evidence}


async def reflect_on_loop(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Ask what is missing; code applies what it may and refuses ids that are not there."""
    context, todo = runtime.context, state["todo"]
    fresh = [e for e in context.store.evidence(context.run_id) if e.loop == state["loop"]]
    reply = await reflect(
        context.caller,
        state["brief"],
        language=planning.language_of(state),
        todo=todos.lines(todo),
        new_evidence=[f"{e.id} ({e.task_id}): {digest(e.quote)}" for e in fresh],
        open_items=len(todos.open_items(todo)),
        guidance=rules.guidance(state["constraints"]),
    )
    said = reply.value
    added = [task for task in said.add if not rules.excluded_by(task.title, state["constraints"])][:3]
    operations: list[todos.TodoOperation] = [
        todos.SetStatus(id=i, status="cancelled", note="no longer needed") for i in said.cancel
    ]
    operations += [
        todos.Add(
            title=t.title,
            acceptance=t.acceptance,
            priority=min(t.priority, 70),
            origin="gap",
            tool_hint=t.tool,
        )
        for t in added
    ]
    result = todos.apply(todo, operations, by="reflector", loop=state["loop"])
    fresh_gaps = [gap for gap in said.gaps if not same_subject(gap, state["question"])]
    gaps = list(dict.fromkeys([*state["gaps"], *fresh_gaps]))[-8:]
    # A model may call it done before the list is; not while nothing was found, nor over what a person asked for.
    owed = any(i["locked_by_user"] or i["origin"] == "steer" for i in todos.open_items(result.todo))
    found = bool(context.store.evidence(context.run_id))
    enough = said.done and found and not result.added and not owed
    data = {
        "loop": state["loop"],
        "source": reply.source,
        "done": said.done,
        "added": result.added,
        "refused": result.refused,
        "gaps": said.gaps,
    }
    paths = {**shared.todo(result.todo), "/gaps": gaps}
    context.emit("loop.reflected", data, key=f"reflected:{state['loop']}", state=paths)
    return {"todo": result.todo, "gaps": gaps, "stop_reason": "answered" if enough else ""}


def digest(quote: str) -> str:
    """The first words of a quote."""
    plain = " ".join(quote.split())
    return plain if len(plain) <= DIGEST else plain[:DIGEST].rsplit(" ", 1)[0] + " …"


async def rank(context: EdrContext, question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """Evidence by nearness to the question, the nearest first."""
    if not evidence:
        return []
    quotes = [e.quote for e in evidence]
    if context.similarity:
        near = await asyncio.to_thread(context.similarity, question, quotes)
    else:
        near = [similarity(question, quote) for quote in quotes]
    order = sorted(range(len(evidence)), key=lambda i: (-float(near[i]), i))
    return [evidence[i] for i in order]
