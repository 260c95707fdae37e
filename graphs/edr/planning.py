"""Nodes from the question to the next round of research: intake, clarify, plan, approve, steer, schedule."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Send, interrupt
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ...agents.edr import Operation, clarify, compile_message, plan
from ...text import detect_language
from ...tools.runs import Message
from . import constraints as rules
from . import shared
from . import todo as todos
from .context import EdrContext
from .database import table_names
from .research import TaskInput
from .state import EdrState, Limits, RunOptions, StopReason
from .steering import Steered, TodoEdit, apply_edit, apply_message

RESEARCH_SHARE = 0.8
MAX_EXTRA_LOOPS = 2
_OPERATIONS = TypeAdapter(list[Operation])


class PlanDecision(BaseModel):
    """A person's answer to a plan: approve it, edit it with todo operations, or reject it with feedback."""

    model_config = ConfigDict(extra="forbid")

    action: str = Field(pattern="^(approve|edit|reject)$")
    feedback: str = ""
    operations: list[todos.TodoOperation] = []


async def intake(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Read the question's language and enter the run in its log."""
    question = state["question"]
    paths = {
        **shared.todo(state["todo"]),
        **shared.constraints(state["constraints"]),
        **shared.limits(Limits.model_validate(state["options"]["limits"])),
        "/loop": 0,
    }
    runtime.context.emit("run.started", {"question": question}, key="intake", state=paths)
    return {"language": detect_language(question), "brief": question}


async def clarify_question(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Ask one question back when the run allows it and the question needs it."""
    if not state["options"]["clarify"]:
        return {}
    reply = await clarify(runtime.context.caller, state["question"], language=language_of(state))
    if not reply.value.needed:
        return {}
    answer = interrupt({"kind": "clarify", "question": reply.value.question})
    text = answer.get("answer", "") if isinstance(answer, dict) else str(answer)
    return {"brief": f"{state['question']}\n{reply.value.question} {text}".strip()} if text.strip() else {}


async def make_plan(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Write the todo list; after a rejection write it again, heeding all feedback so far."""
    context, options = runtime.context, RunOptions.model_validate(state["options"])
    reply = await plan(
        context.caller,
        state["brief"],
        language=language_of(state),
        tools=sorted(context.source_types),
        guidance=rules.guidance(state["constraints"]),
        feedback=state["feedback"],
        tables=await table_names(context),
        limit=options.max_tasks,
    )
    todo = state["todo"]
    stale = [
        todos.SetStatus(id=i["id"], status="cancelled", note="plan rejected") for i in todos.open_items(todo)
    ]
    todo = todos.apply(todo, stale, by="user", loop=0).todo if stale else todo
    base = todo["next_id"]
    added: dict[int, str] = {}
    for place, task in enumerate(reply.value.tasks):
        depends = [added[d] for d in task.depends_on if d in added]
        operation = todos.Add(
            title=task.title,
            acceptance=task.acceptance,
            priority=task.priority,
            depends_on=depends,
            tool_hint=task.tool,
        )
        result = todos.apply(todo, [operation], by="planner", loop=0)
        todo = result.todo
        if result.added:
            added[place] = result.added[0]
    data = {"source": reply.source, "reason": reply.reason, "todo": todo}
    context.emit("plan.made", data, key=f"plan:{state['plan_round']}:{base}", state=shared.todo(todo))
    return {"todo": todo, "plan_round": state["plan_round"] + 1}


async def approve_plan(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Show the plan and wait. Only an explicit decision counts: no word in a text is read as a yes."""
    if not state["options"]["approve_plan"] or state["plan_approved"]:
        return {"plan_approved": True}
    problem = ""
    while True:
        answer = interrupt({"kind": "approve_plan", "todo": state["todo"], "problem": problem})
        try:
            decision = PlanDecision.model_validate(answer)
            break
        except ValidationError as error:
            problem = f"The answer is not a plan decision: {error.errors()[0]['msg']}"
    if decision.action == "reject":
        return {
            "feedback": [*state["feedback"], decision.feedback or "The plan was rejected without a word."]
        }
    if decision.action == "edit":
        result = todos.apply(state["todo"], decision.operations, by="user", loop=0)
        runtime.context.emit(
            "plan.edited",
            {"refused": result.refused},
            key=f"edited:{state['plan_round']}",
            state=shared.todo(result.todo),
        )
        return {"todo": result.todo, "plan_approved": True}
    return {"plan_approved": True}


async def steer(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Drain the inbox, apply each message, say what it did, and decide whether research goes on."""
    context = runtime.context
    steered, extra = _gather_parts(state, context), state["extra_loops"]
    cursor = state["inbox_cursor"]
    stop: StopReason = state["stop_reason"]
    for message in context.store.messages(context.run_id, after=cursor):
        cursor = message.seq
        if message.status == "rejected" and message.loop is None:
            continue  # refused at the door
        steered, extra = await _take(state, context, steered, message, extra)
        raised = "budget" in steered.effect and stop in ("budget", "loops")
        if raised or (_adds_work(steered) and stop in ("answered", "loops", "stopped")):
            stop = ""  # a person wants more: the report waits
    options = {**state["options"], "limits": steered.limits.model_dump()}
    context.set_limits(steered.limits)
    context.store.set_hidden(context.run_id, steered.hidden)
    stop = _stop_reason(stop, steered, context, loops=steered.limits.loops + extra, loop=state["loop"])
    return {
        "todo": steered.todo,
        "constraints": steered.constraints,
        "options": options,
        "inbox_cursor": cursor,
        "extra_loops": extra,
        "rewrite": state["rewrite"] or steered.rewrite,
        "stop_reason": stop,
    }


def _gather_parts(state: EdrState, context: EdrContext) -> Steered:
    evidence = context.store.evidence(context.run_id, hidden=True)
    return Steered(
        todo=state["todo"],
        constraints=state["constraints"],
        limits=Limits.model_validate(state["options"]["limits"]),
        sources={
            e.id: rules.Source(e.url, e.title, e.quote, e.source_type, e.engine, e.published)
            for e in evidence
        },
        hidden={e.id: e.hidden_by for e in evidence},
        engines=context.source_types,
        loop=state["loop"],
    )


async def _take(
    state: EdrState, context: EdrContext, steered: Steered, message: Message, extra: int
) -> tuple[Steered, int]:
    """Compile, apply and acknowledge one message; what finds no loop left is refused, not left lying."""
    after = await _read(state, context, steered, message)
    no_loop = state["loop"] >= after.limits.loops + extra
    if _adds_work(after) and no_loop:
        if extra < MAX_EXTRA_LOOPS and not context.budget.exhausted():
            extra += 1
            after.note("extra_loop", extra)
        else:
            reason = (
                "No loop or budget is left to research it. Raise it first, for example: “budget 6 loops”."
            )
            after = apply_message(steered, [], message=message.seq)
            after.refused = [reason]
    _acknowledge(state, context, steered, after)
    return after, extra


async def _read(state: EdrState, context: EdrContext, steered: Steered, message: Message) -> Steered:
    """What a message asks for, done: words through the steering agent, typed messages as they are."""
    try:
        if message.kind == "todo":
            return apply_edit(steered, TodoEdit.model_validate_json(message.body), message=message.seq)
        if message.kind == "operations":
            operations = _OPERATIONS.validate_json(message.body)
        elif message.kind == "finish":
            operations = [Operation(kind="stop")]
        else:
            compiled = await compile_message(
                context.caller,
                message.body,
                language=language_of(state),
                todo=todos.lines(steered.todo),
                today=state["today"],
            )
            operations = compiled.value.operations
    except ValidationError as error:
        after = apply_message(steered, [], message=message.seq)
        after.refused = [
            f"The message is not what its kind {message.kind!r} wants: {error.errors()[0]['msg']}"
        ]
        return after
    return apply_message(steered, operations, message=message.seq)


def _acknowledge(state: EdrState, context: EdrContext, before: Steered, after: Steered) -> None:
    """Say what became of a message, to the inbox and to the log."""
    applied, loop = bool(after.effect), state["loop"]
    reason = " ".join(after.refused) or ("" if applied else "The message asks for nothing that can be done.")
    context.store.acknowledge(
        context.run_id, after.message, applied=applied, reason=reason, effect=after.effect, loop=loop
    )
    message = context.store.messages(context.run_id, after=after.message - 1)[0]
    changed = {e for e, why in after.hidden.items() if why != before.hidden.get(e, "")}
    evidence = context.store.evidence(context.run_id, hidden=True) if changed else []
    shown = [e.model_copy(update={"hidden_by": after.hidden.get(e.id, "")}) for e in evidence]
    context.emit(
        "steering.applied" if applied else "steering.rejected",
        {"seq": message.seq, "body": message.body, "effect": after.effect, "reason": reason, "loop": loop},
        key=f"steer:{message.seq}",
        state={
            **shared.message(message),
            **shared.todo(after.todo),
            **shared.constraints(after.constraints),
            **shared.limits(after.limits),
            **shared.evidence(shown, changed),
        },
    )


def _adds_work(steered: Steered) -> bool:
    """Whether the last message left something to research."""
    names = ("tasks_added", "tasks_restored", "tasks_raised", "tasks_first")
    return any(steered.effect.get(name) for name in names) and bool(todos.open_items(steered.todo))


def _stop_reason(
    stop: StopReason, steered: Steered, context: EdrContext, *, loops: int, loop: int
) -> StopReason:
    if steered.stop:
        return "stopped"
    if stop:
        return stop
    if not todos.open_items(steered.todo):
        return "answered"
    if loop >= loops:
        return "loops"
    # Not before the first loop: rules can search and extract for nothing, and a report needs something to quote.
    if loop and (context.budget.exhausted() or context.share_spent() >= RESEARCH_SHARE):
        return "budget"
    return ""


async def schedule(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Take up the next items: highest priority first, dependencies done."""
    chosen = todos.ready(state["todo"], limit=state["options"]["parallel"])
    ids = {item["id"] for item in chosen}
    items = [
        {**item, "status": "in_progress", "attempts": item["attempts"] + 1} if item["id"] in ids else item
        for item in state["todo"]["items"]
    ]
    loop = state["loop"] + 1
    todo = {**state["todo"], "items": items, "version": state["todo"]["version"] + 1}
    runtime.context.emit(
        "loop.started",
        {"loop": loop, "tasks": sorted(ids), "todo": todo},
        key=f"loop:{loop}",
        state={**shared.todo(todo), "/loop": loop},
    )
    return {"todo": todo, "loop": loop, "outcomes": None}


def send_tasks(state: EdrState) -> list[Send]:
    """One research task for each item in progress."""
    executed = [query for item in state["todo"]["items"] for query in item["queries"]]
    return [
        Send(
            "research_task",
            TaskInput(
                task=item,
                question=state["brief"],
                language=state["language"],
                constraints=rules.active(state["constraints"]),
                executed=executed,
            ),
        )
        for item in state["todo"]["items"]
        if item["status"] == "in_progress"
    ]


def language_of(state: EdrState) -> Any:
    """The language of the report: what a person asked for, else that of the question."""
    return rules.style_value(state["constraints"], "language") or state["language"]
