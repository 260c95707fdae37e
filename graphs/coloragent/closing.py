"""Nodes at the end of a part and of the task: finish, global_check, extract, rewrite."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from ...agents import coloragent as agents
from ...text import coverage
from ...tools.phone import describe, wanted_switch
from . import shared
from .context import PhoneContext
from .planning import begin_next
from .report import report_of
from .state import Claim, Memo, PhoneState, changed, modules_of, next_subtask, subtask_of

CHECKS = 2
_SUCCESS = ("done", "answered")


async def finish(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Write the answer that is owed; close a part; close the run when nothing is left and nobody wrote."""
    context, claim = runtime.context, state["claim"]
    assert claim is not None
    if claim["kind"] in _SUCCESS and not claim["checked"] and wants_check(state):
        return await _owed_answer(state, context)
    if claim["kind"] == "failed" and may_replan(state):
        return {}
    owed = await _owed_answer(state, context)
    if owed:
        state = {**state, **owed}  # type: ignore[assignment]
    update: dict[str, Any] = {**owed, **_close_part(state, claim)}
    subtasks = update.get("subtasks", state["subtasks"])
    if claim["kind"] in _SUCCESS and next_subtask(subtasks) is not None:
        context.emit(
            "phone.part", {"id": state["current"]}, key=f"part:{state['current']}",
            state=shared.subtasks(subtasks, state["current"]),
        )  # fmt: skip
        return update
    ends = claim["kind"] in ("done", "answered", "failed")
    if not context.store.close_inbox(context.run_id):
        if ends:
            return {**owed, "claim": None}  # a message came: it is read first
        _refuse_messages(context, claim["text"])
        context.store.close_inbox(context.run_id)
    outcome = _outcome(state, claim, subtasks)
    context.emit(
        "phone.finished", {**outcome, "answer": state["answer"], "steps": state["counters"]["step"]}, key="finished",
        state={**shared.answer(state["answer"], outcome), **shared.subtasks(subtasks, "")},
    )  # fmt: skip
    context.store.save_report(context.run_id, report_of({**state, **update, "outcome": outcome}))  # type: ignore[typeddict-item]
    if outcome["reason"] in _SUCCESS:
        await _learn(state, context)
    return {**update, "outcome": outcome, "finished": True}


async def _owed_answer(state: PhoneState, context: PhoneContext) -> dict[str, Any]:
    """The words for a task that is a question and was ended without one."""
    claim = state["claim"]
    last = next_subtask(_done(state)) is None
    if claim is None or claim["kind"] != "done" or state["task_type"] != "B" or state["answer"] or not last:
        return {}
    if claim["text"]:
        return {"answer": claim["text"]}
    look = await context.screen(state)
    reply = await agents.write_answer(
        context.caller,
        state["goal"],
        describe(look.observation),
        [m["text"] for m in state["memory"]],
        language=state["language"],
        pictures=context.pictures(look) if context.policy.wants_picture else (),
    )
    return {"answer": reply.value.text}


def _done(state: PhoneState) -> Any:
    return (
        changed(state["subtasks"], state["current"], status="done") if state["current"] else state["subtasks"]
    )


def _close_part(state: PhoneState, claim: Claim) -> dict[str, Any]:
    if not state["current"]:
        return {}
    status = "done" if claim["kind"] in _SUCCESS else "failed"
    return {"subtasks": changed(state["subtasks"], state["current"], status=status, why=claim["text"])}


def _outcome(state: PhoneState, claim: Claim, subtasks: Any) -> dict[str, str]:
    reason: str = claim["kind"]
    left = [s for s in subtasks if s["status"] == "pending"]
    text = claim["text"]
    if left and reason in _SUCCESS:
        reason, text = "failed", "Parts are left that wait for one that failed."
    if reason == "done" and state["answer"]:
        reason = "answered"
    doubt = claim.get("doubt", "") if reason in _SUCCESS else ""
    return {"reason": reason, "text": text, **({"doubt": doubt} if doubt else {})}


def _refuse_messages(context: PhoneContext, why: str) -> None:
    for message in context.store.messages(context.run_id, status="queued"):
        context.store.acknowledge(
            context.run_id, message.seq, applied=False, reason=f"The task has ended: {why}", effect={}, loop=0
        )


def wants_check(state: PhoneState) -> bool:
    """Whether the result is to be judged."""
    return modules_of(state).global_reflection and state["counters"]["checks"] < CHECKS


def may_replan(state: PhoneState) -> bool:
    """Whether the part that failed has another try."""
    claim = state["claim"]
    if not modules_of(state).orchestrate or not state["current"] or claim is None or claim["checked"]:
        return False
    return subtask_of(state)["replans"] < 1


async def global_check(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Judge the result: the device's own state first, then a model; not done goes back with its reason."""
    context, claim, part = runtime.context, state["claim"], subtask_of(state)
    assert claim is not None
    counters = {**state["counters"], "checks": state["counters"]["checks"] + 1}
    why, evidence, outcome = "", "rule", "uncertain"
    wanted = wanted_switch(part["goal"])
    real = await context.probe(wanted[0]) if wanted else None
    if wanted is not None and real is not None:
        evidence, outcome = "probe", "success" if real == wanted[1] else "failed"
        why = (
            ""
            if real == wanted[1]
            else f"The device says that {wanted[0].name} is {'on' if real else 'off'}."
        )
    else:
        look = await context.screen(state)
        screen = describe(look.observation)
        if claim["kind"] == "answered" and _read_from(screen, state):
            evidence, outcome = "tree", "success"
        else:
            reply = await agents.reflect_on_result(
                context.caller,
                part["goal"],
                shared.lines(state, subtask=part["id"]),
                screen,
                answer=state["answer"],
                pictures=context.pictures(look) if context.policy.wants_picture else (),
            )
            outcome, why = reply.value.outcome, reply.value.why
            evidence = "rule" if reply.source == "fallback" else "model"
    told = {"outcome": outcome, "why": why, "evidence": evidence, "part": part["id"]}
    context.emit("phone.checked", told, key=f"checked:{part['id']}:{counters['checks']}")
    if outcome == "failed":
        said = f"You said that it is done, and it is not: {why}"
        return {"claim": None, "answer": "", "feedback": [said], "counters": counters}
    doubt = {"doubt": why or "Nobody judged the result."} if outcome == "uncertain" else {}
    return {"claim": {**claim, "checked": True, **doubt}, "counters": counters}


def _read_from(screen: str, state: PhoneState) -> bool:
    """Whether every word of the answer stands on the screen or in what was noted: then no model is asked about it."""
    return coverage(state["answer"], [screen, *(m["text"] for m in state["memory"])]) == 1.0


async def extract(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Read what later parts need from the last screens and the notes."""
    context, part = runtime.context, subtask_of(state)
    if not modules_of(state).hand_over:
        return {}
    look = await context.screen(state)
    waiting = [s["goal"] for s in state["subtasks"] if s["status"] == "pending"]
    wanted = "; ".join(filter(None, [part["returns"], *waiting]))
    screens = state["screens"] or [describe(look.observation, limit=4000)]
    reply = await agents.extract(
        context.caller,
        state["meant"],
        wanted,
        screens,
        [m["text"] for m in state["memory"]],
        pictures=context.pictures(look) if context.policy.wants_picture else (),
    )
    text = reply.value.text.strip() or state["answer"]
    told = {"part": part["id"], "characters": len(text), "source": reply.source}
    memory = state["memory"]
    if text:
        memory = [*memory, Memo(text=text, source=f"part {part['id']}", tainted=True)]
    context.emit("phone.extracted", told, key=f"extracted:{part['id']}", state=shared.memory(memory))
    return {"memory": memory}


async def rewrite(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Take up the next part, with what was found put in."""
    context, before = runtime.context, subtask_of(state)
    subtasks, current = begin_next(state["subtasks"])
    part = next(s for s in subtasks if s["id"] == current)
    if modules_of(state).hand_over and before["id"] in part["depends_on"]:
        found = "\n".join(m["text"] for m in state["memory"] if m["source"].startswith("part "))
        reply = await agents.rewrite(context.caller, part["goal"], found)
        subtasks = changed(subtasks, current, goal=reply.value.goal)
    context.emit(
        "phone.next", {"id": current}, key=f"next:{current}", state=shared.subtasks(subtasks, current)
    )
    counters = {**state["counters"], "checks": 0, "reflected": 0, "ground": 0}
    return {
        "subtasks": subtasks, "current": current, "claim": None, "counters": counters, "feedback": [], "screens": [],
        "answer": "" if before["id"] in part["depends_on"] else state["answer"],
    }  # fmt: skip


async def _learn(state: PhoneState, context: PhoneContext) -> None:
    """Keep what the run has shown, if it may: facts about apps and the way it was done. All of it can be deleted."""
    if context.memory is None or not state["options"]["learn"]:
        return
    apps = [s["app"] for s in state["history"] if s["app"]]
    said = shared.lines(state)
    facts = await agents.write_knowledge(context.caller, state["goal"], said, sorted(set(apps)))
    for fact in facts.value.facts:
        context.memory.learn(fact.text, fact.package, goal=state["goal"], source=f"run {state['run_id']}")
    app = max(set(apps), key=apps.count, default="")
    lesson = (await agents.read_demonstration(context.caller, state["goal"], said, app=app)).value
    context.memory.keep_lesson(
        lesson.task or state["goal"], lesson.steps, run_id=state["run_id"], domain=lesson.domain,
        domain_preferences=lesson.domain_preferences, app=lesson.app, app_preferences=lesson.app_preferences,
    )  # fmt: skip
