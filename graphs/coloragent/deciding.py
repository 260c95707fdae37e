"""Nodes from the screen to a grounded action: perceive, decide, ground, and the question to the user."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from ...agents.coloragent import Decision, DecisionInput, assess_scene
from ...errors import PhoneError
from ...tools.phone import TOUCHES, Action, describe
from . import shared
from .acting import allow, judge
from .context import Look, PhoneContext
from .grounding import ground_action
from .state import (
    Claim,
    Counters,
    Evidence,
    Memo,
    Pending,
    PhoneState,
    Reason,
    Step,
    Verdict,
    modules_of,
    subtask_of,
)

GROUND_TRIES = 3
_MEMO_SHOWN = 4000
_SCREENS_KEPT = 3


async def perceive(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Look at the screen, unless the last action's settling has just done so."""
    context = runtime.context
    look = await context.screen(state)
    seen = context.seen(look, state)
    n = state["counters"]["step"]
    shown = {"n": n, "image": seen["image"], "signature": seen["signature"], "package": seen["package"]}
    context.emit(
        "phone.screen",
        {**shown, "orders": seen["orders"]},
        key=f"screen:{n}",
        state=shared.screen(seen, listed=context.listed(look.observation)),
    )
    return {"observation": seen, "screens": kept_screens(state, look)}


def kept_screens(state: PhoneState, look: Look) -> list[str]:
    """The last screens that differ, while a later part waits for what they show."""
    if not modules_of(state).hand_over or not any(s["status"] == "pending" for s in state["subtasks"]):
        return []
    text = describe(look.observation, limit=_MEMO_SHOWN)
    return [*(s for s in state["screens"] if s != text), text][-_SCREENS_KEPT:]


async def decide(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Read the inbox, mind the caps, let the policy choose, ground what it chose, and judge it.

    Deciding and grounding share a checkpoint: neither touches the phone. What the rules allow goes on to `act`; what
    must be asked about or is denied goes to `guard`.
    """
    context = runtime.context
    anew: dict[str, Any] = {}
    if context.now is None:  # a resumed process: what the state says of the screen is old
        anew = {"observation": context.seen(await context.screen(state), state)}
        state = {**state, **anew}  # type: ignore[assignment, typeddict-item]
    chosen = {**anew, **await _choose(state, context)}
    merged: PhoneState = {**state, **chosen}  # type: ignore[typeddict-item]
    if merged["claim"] is not None or merged["question"] is not None or merged["pending"] is None:
        return chosen
    grounded = await _ground(merged, context)
    merged = {**merged, **grounded}  # type: ignore[typeddict-item]
    if (pending := merged["pending"]) is None:
        return {**chosen, **grounded}
    if pending["classes"]:
        pending = merged["pending"] = {
            **pending,
            "disagreements": await context.disagreements(pending["target"]),
        }
        grounded["pending"] = pending
    judgement = judge(merged, context, pending)
    passed = allow(context, pending, judgement) if judgement.decision == "allow" else {}
    return {**chosen, **grounded, **passed}


async def _choose(state: PhoneState, context: PhoneContext) -> dict[str, Any]:
    inbox = _read_inbox(state, context)
    state = {**state, **inbox}  # type: ignore[assignment]
    if state["claim"] is not None:
        return inbox
    if (cap := _cap(state, context)) is not None:
        return {**inbox, "claim": cap}
    look = await context.screen(state)
    if (question := await _unusual(state, context, look)) is not None:
        return {**inbox, **question}
    decision = await context.policy.decide(await _input(state, context, look))
    counters = _counted(state["counters"], decision)
    n, action = counters["step"], decision.action
    said = decision.model_dump(exclude_defaults=True, mode="json")
    context.emit("phone.decision", {"n": n, **said}, key=f"decision:{n}:{counters['ground']}")
    found = {
        **inbox,
        "counters": counters,
        "feedback": [],
        "pending": None,
        "approval": None,
        "question": None,
    }
    if action.kind in TOUCHES:
        return {**found, "pending": _pending(n, decision)}
    if action.kind == "note":
        memo = Memo(text=action.text, source=f"step {n}, {look.observation.package}", tainted=True)
        step, memory = record(state, decision, n, "ok", "rule", "noted", look), [*state["memory"], memo]
        paths = {**shared.step(step), **shared.memory(memory)}
        context.emit("phone.step", {"n": n}, key=f"step:{n}", state=paths)
        return {**found, "memory": memory, "history": [*state["history"], step]}
    if action.kind == "ask":
        if not modules_of(state).ask:
            step = record(state, decision, n, "refused", "rule", "the user cannot be asked", look)
            context.emit("phone.step", {"n": n}, key=f"step:{n}", state=shared.step(step))
            return {**found, "history": [*state["history"], step], "feedback": ["The user cannot be asked."]}
        asked = {"n": n, "text": action.text, "options": action.options, "scenario": decision.scenario}
        return {**found, "question": asked}
    reason: Reason = {"done": "done", "answer": "answered"}.get(action.kind, "failed")  # type: ignore[assignment]
    answer = {"answer": action.text} if action.kind == "answer" else {}
    return {**found, **answer, "claim": Claim(kind=reason, text=action.text, checked=False)}


def _counted(counters: Counters, decision: Decision) -> Counters:
    """A new step, unless this is another try of one that could not be grounded."""
    again = counters["ground"] > 0
    fallbacks = counters["fallbacks"] + 1 if decision.source == "fallback" else 0
    return {**counters, "step": counters["step"] + (not again), "fallbacks": fallbacks}


def _pending(n: int, decision: Decision) -> Pending:
    return Pending(
        n=n, thought=decision.thought, expect=decision.expect, source=decision.source,
        action=decision.action.model_dump(exclude_defaults=True, mode="json"), target=None, classes=[], words="",
        package="", spot=[0, 0, 0, 0], focus=False, signature="", blind=False, error="", replayed=False,
        disagreements=[],
    )  # fmt: skip


def _read_inbox(state: PhoneState, context: PhoneContext) -> dict[str, Any]:
    """Take what the user wrote: a text corrects, `finish` ends the task with what is done."""
    corrections, cursor, claim = list(state["corrections"]), state["inbox_cursor"], state["claim"]
    for message in context.store.messages(context.run_id, after=cursor):
        cursor = message.seq
        if message.status == "rejected":
            continue
        effect: dict[str, Any] = {}
        if message.kind == "finish":
            claim = Claim(kind="stopped", text="You ended the task.", checked=True)
            effect = {"finish": True}
        elif message.kind == "text":
            corrections.append(message.body)
            effect = {"correction": len(corrections)}
        reason = "" if effect else f"A phone task takes no message of kind {message.kind!r}."
        step = state["counters"]["step"]
        context.store.acknowledge(
            context.run_id, message.seq, applied=bool(effect), reason=reason, effect=effect, loop=step
        )
        told = context.store.messages(context.run_id, after=message.seq - 1)[0]
        context.emit(
            "steering.applied" if effect else "steering.rejected",
            {"seq": told.seq, "body": told.body, "effect": effect, "reason": reason, "loop": step},
            key=f"steer:{told.seq}",
            state=shared.message(told),
        )
    if cursor == state["inbox_cursor"]:
        return {}
    return {"corrections": corrections, "inbox_cursor": cursor, "claim": claim}


def _cap(state: PhoneState, context: PhoneContext) -> Claim | None:
    if state["counters"]["step"] >= state["options"]["max_steps"]:
        return Claim(
            kind="steps", text=f"The cap of {state['options']['max_steps']} steps is reached.", checked=True
        )
    if reason := context.budget.exhausted():
        return Claim(kind="budget", text=f"The run's budget of {reason} is used up.", checked=True)
    return None


async def _unusual(state: PhoneState, context: PhoneContext, look: Look) -> dict[str, Any] | None:
    """A question about a screen that the user should hear of; each screen is looked at once."""
    signature = look.observation.signature
    if not modules_of(state).ask or signature in state["assessed"]:
        return None
    known = [q["answer"] for q in state["questions"]] + [f"secret {name}" for name in context.secrets]
    reply = await assess_scene(
        context.caller,
        state["goal"],
        look.observation,
        describe(look.observation, limit=_MEMO_SHOWN),
        known=known,
        language=state["language"],
        pictures=context.pictures(look) if context.policy.wants_picture else (),
    )
    scene = reply.value
    if scene.scenario == "normal" or not scene.question:
        return None
    n = state["counters"]["step"] + 1
    asked = {"n": n, "text": scene.question, "options": scene.options, "scenario": scene.scenario}
    counters = {**state["counters"], "step": n}
    return {
        "question": asked,
        "assessed": [*state["assessed"], signature][-20:],
        "counters": counters,
        "pending": None,
    }


async def _input(state: PhoneState, context: PhoneContext, look: Look) -> DecisionInput:
    part, seen = subtask_of(state), state["observation"]
    page = await context.page_text(look)
    step = state["counters"]["step"]
    return DecisionInput(
        goal=state["goal"], subtask=part["goal"], observation=look.observation,
        picture=look.picture if context.policy.wants_picture else None, step=step + 1,
        steps_left=state["options"]["max_steps"] - step, history=shared.lines(state, subtask=part["id"]),
        feedback=state["feedback"], knowledge=state["knowledge"], sop=state["sop"], preferences=state["profile"],
        memory=[m["text"] for m in state["memory"]],
        answers=[(q["question"], q["answer"]) for q in state["questions"]], corrections=state["corrections"],
        apps=list(await context.apps()), page_text=page,
        orders=[o["text"] for o in seen["orders"]] if seen else [], secrets=list(context.secrets),
        may_ask=modules_of(state).ask, fallbacks=state["counters"]["fallbacks"], language=state["language"],
    )  # fmt: skip


def record(
    state: PhoneState, decision: Decision, n: int, verdict: Verdict, evidence: Evidence, why: str, look: Look
) -> Step:
    """A decision that touched nothing, as a step."""
    signature = look.observation.signature
    return Step(
        n=n, subtask=state["current"], thought=decision.thought,
        action=decision.action.model_dump(exclude_defaults=True, mode="json"), target=None, expect=decision.expect,
        verdict=verdict, evidence=evidence, why=why, before=signature, after=signature, image=look.image,
        source=decision.source, rule="", classes=[], app=look.observation.package, signature=signature,
    )  # fmt: skip


async def _ground(state: PhoneState, context: PhoneContext) -> dict[str, Any]:
    """Find the place on the screen, and what a touch there would do."""
    pending = state["pending"]
    assert pending is not None
    look = await context.screen(state)
    seen, counters = state["observation"], state["counters"]
    try:
        found = ground_action(
            Action.model_validate(pending["action"]), look.observation, await context.apps()
        )
        if found.blind and counters["ground"] == 0:
            raise PhoneError("Nothing is known to be at that point.", mend="Name an element, or insist.")
    except PhoneError as problem:
        return _not_grounded(state, context, pending, look, str(problem))
    spot = found.spot
    grounded: Pending = {
        **pending, "target": found.target, "classes": sorted(found.classes), "words": found.words[:200],
        "package": found.package, "spot": [spot.x, spot.y, spot.x2, spot.y2], "focus": found.focus,
        "signature": look.observation.signature, "blind": found.blind,
    }  # fmt: skip
    if seen is not None and found.target is not None:
        told = {"n": pending["n"], "target": found.target, "classes": grounded["classes"]}
        context.emit(
            "phone.target",
            told,
            key=f"target:{pending['n']}",
            state=shared.screen(seen, found.target, listed=context.listed(look.observation)),
        )
    return {"pending": grounded, "counters": {**counters, "ground": 0}}


def _not_grounded(
    state: PhoneState, context: PhoneContext, pending: Pending, look: Look, why: str
) -> dict[str, Any]:
    tries = state["counters"]["ground"] + 1
    if tries < GROUND_TRIES:
        return {"pending": None, "feedback": [why], "counters": {**state["counters"], "ground": tries}}
    decision = Decision(
        thought=pending["thought"], action=Action.model_validate(pending["action"]), expect=pending["expect"]
    )
    step = record(state, decision, pending["n"], "wrong", "rule", why, look)
    context.emit("phone.step", {"n": step["n"]}, key=f"step:{step['n']}", state=shared.step(step))
    counters = {**state["counters"], "ground": 0}
    return {"pending": None, "feedback": [why], "counters": counters, "history": [*state["history"], step]}


async def ask(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Ask the user for what is missing. The time that passes makes the last look worthless."""
    context, asked = runtime.context, state["question"]
    assert asked is not None
    question = {
        "kind": "ask_user",
        "question": asked["text"],
        "options": asked["options"],
        "scenario": asked["scenario"],
    }
    answer = interrupt({**question, "image": state["observation"]["image"] if state["observation"] else ""})
    text = str(answer.get("answer", "") if isinstance(answer, dict) else answer).strip()
    context.now = None
    action = Action(kind="ask", text=asked["text"], options=asked["options"])
    decision = Decision(action=action, scenario=asked["scenario"])
    look = await context.screen(state)
    step = record(state, decision, asked["n"], "ok", "rule", f"answered: {text}"[:300], look)
    said = {"question": asked["text"], "answer": text or "(no answer)"}
    questions = [*state["questions"], said]
    paths = {**shared.step(step), **shared.questions(questions)}
    context.emit("phone.asked", {"n": asked["n"], **said}, key=f"asked:{asked['n']}", state=paths)
    return {"questions": questions, "question": None, "history": [*state["history"], step]}
