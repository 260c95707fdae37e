"""Nodes that touch the phone: guard, act, settle. What may be done is decided here, and not by the model."""

from __future__ import annotations

import time
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...tools.phone import Action, Anomaly, Judgement
from . import shared
from .context import FRESH_S, Look, PhoneContext
from .grounding import still_there
from .state import Approval, Claim, Evidence, Pending, PhoneState, Seen, Step, Verdict

_HARMLESS = frozenset(("wait", "swipe"))
_REFUSALS = 3


class ApprovalAnswer(BaseModel):
    """A person's answer to one action."""

    model_config = ConfigDict(extra="forbid")

    action: str = Field(pattern="^(approve|reject)$")
    feedback: str = Field(default="", max_length=4000)


async def guard(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Allow, ask or deny. It reads the state alone, so that it judges the same when an answer comes hours later."""
    context, pending = runtime.context, state["pending"]
    assert pending is not None
    judgement = judge(state, context, pending)
    told = {
        "n": pending["n"],
        "decision": judgement.decision,
        "rule": judgement.rule,
        "classes": pending["classes"],
    }
    if judgement.decision == "allow":
        return allow(context, pending, judgement)
    if judgement.decision == "deny":
        context.emit("phone.denied", {**told, "why": judgement.why}, key=f"guard:{pending['n']}")
        return refuse(state, context, f"It is not allowed: {judgement.why}", judgement.rule)
    answer = _ask(state, pending, judgement)
    context.now = None  # hours may have passed
    context.emit(
        "phone.approval",
        {**told, "answer": answer.action, "feedback": answer.feedback, "screen": pending["signature"]},
        key=f"guard:{pending['n']}",
    )
    if answer.action == "reject":
        said = f" They said: {answer.feedback}" if answer.feedback else ""
        return refuse(state, context, f"The user refused it.{said}", judgement.rule)
    agreed: dict[str, Any] = {"approval": Approval(n=pending["n"], by="user", rule=judgement.rule)}
    if seen := state["observation"]:
        agreed["acknowledged"] = sorted({*state["acknowledged"], *(o["id"] for o in seen["orders"])})
    permissions = state["permissions"]
    if permissions["packages"] and pending["package"] and pending["package"] not in permissions["packages"]:
        wider = {**permissions, "packages": sorted({*permissions["packages"], pending["package"]})}
        agreed["permissions"] = wider
    return agreed


def allow(context: PhoneContext, pending: Pending, judgement: Judgement) -> dict[str, Any]:
    """An action that a rule lets pass; gated ones are written down."""
    if pending["classes"]:
        told = {"n": pending["n"], "decision": "allow", "rule": judgement.rule, "classes": pending["classes"]}
        context.emit("phone.allowed", told, key=f"guard:{pending['n']}")
    return {"approval": Approval(n=pending["n"], by="rule", rule=judgement.rule)}


def judge(state: PhoneState, context: PhoneContext, pending: Pending) -> Judgement:
    """What is to happen with a grounded action; a pure function of the state and the rules."""
    permissions, seen = state["permissions"], state["observation"]
    action = Action.model_validate(pending["action"])
    orders = [Anomaly(o["text"], o["id"]) for o in _unread_orders(state, seen)]
    leaving_it = action.kind in _HARMLESS or (action.kind == "key" and action.key in ("back", "home"))
    preapproved = permissions["classes"] if state["options"]["approve"] == "unforeseen" else []
    if state["acknowledged"] or orders:
        preapproved = []  # after orders on a screen nothing is taken as agreed
    judgement = context.safety.judge(
        pending["classes"],
        pending["package"],
        words=pending["words"],
        permitted=permissions["packages"],
        preapproved=preapproved,
        anomalies=[] if leaving_it else orders,
    )
    if judgement.decision == "allow" and pending["disagreements"]:
        said = pending["disagreements"][0]
        what = (
            "has words that are not drawn"
            if said["kind"] == "not_drawn"
            else "shows what its tree does not have"
        )
        return Judgement("ask", "disagree", f"The screen {what}: it may not be what it says it is.")
    if judgement.decision == "allow" and pending["blind"]:
        return Judgement("ask", "blind", "Nothing is known about what lies at this point.")
    return judgement


def _unread_orders(state: PhoneState, seen: Seen | None) -> list[dict[str, str]]:
    return [o for o in (seen["orders"] if seen else []) if o["id"] not in state["acknowledged"]]


def _ask(state: PhoneState, pending: Pending, judgement: Judgement) -> ApprovalAnswer:
    seen, problem = state["observation"], ""
    while True:
        question = {
            "kind": "approve_action",
            "action": pending["action"],
            "said": shared.approval_text(pending),
            "target": pending["target"],
            "text": pending["action"].get("text", ""),
            "classes": pending["classes"],
            "package": pending["package"],
            "rule": judgement.rule,
            "image": seen["image"] if seen else "",
            "why": judgement.why,
            "thought": pending["thought"],
            "step": pending["n"],
            "disagreements": pending["disagreements"],
            "problem": problem,
        }
        try:
            return ApprovalAnswer.model_validate(interrupt(question))
        except ValidationError as error:
            problem = f"The answer is no approval: {error.errors()[0]['msg']}"


def refuse(state: PhoneState, context: PhoneContext, why: str, rule: str) -> dict[str, Any]:
    """An action that is not done, as a step; several refusals in a row end the task."""
    pending = state["pending"]
    assert pending is not None
    image = state["observation"]["image"] if state["observation"] else ""
    step = make_step(
        state, pending, "refused", "rule", why, after=pending["signature"], rule=rule, image=image
    )
    context.emit("phone.step", {"n": step["n"]}, key=f"step:{step['n']}", state=shared.step(step))
    history = [*state["history"], step]
    said = f"Not done: {shared.action_words(step['action'], step['target'])}. {why} Do not try it again in another way."
    update: dict[str, Any] = {"history": history, "pending": None, "approval": None, "feedback": [said]}
    if len(history) >= _REFUSALS and all(s["verdict"] == "refused" for s in history[-_REFUSALS:]):
        update["claim"] = Claim(kind="refused", text=why, checked=True)
    return update


def make_step(
    state: PhoneState,
    pending: Pending,
    verdict: Verdict,
    evidence: Evidence,
    why: str,
    *,
    after: str,
    rule: str,
    image: str,
) -> Step:
    """A pending action as a judged step."""
    return Step(
        n=pending["n"], subtask=state["current"], thought=pending["thought"], action=pending["action"],
        target=pending["target"], expect=pending["expect"], verdict=verdict, evidence=evidence, why=why,
        before=pending["signature"], after=after, image=image, source=pending["source"], rule=rule,
        classes=pending["classes"], app=pending["package"], signature=after,
    )  # fmt: skip


async def act(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Touch the phone, at most once; not if what lies there is no longer what was decided on or approved."""
    context, pending, approval = runtime.context, state["pending"], state["approval"]
    assert pending is not None and approval is not None and approval["n"] == pending["n"]
    begun = await context.ledger.get(f"phone:intent:{pending['n']}") is not None
    look = context.now
    old = look is None or time.monotonic() - look.at > FRESH_S
    if not begun and (old or pending["classes"] or approval["by"] == "user"):
        now = await context.glance()
        action = Action.model_validate(pending["action"])
        why = still_there(pending["target"], pending["words"], pending["classes"], action, now)
        if why:
            context.now = None
            context.emit("phone.void", {"n": pending["n"], "why": why}, key=f"void:{pending['n']}")
            said = f"Not done, the screen had changed: {why} Decide anew."
            return {"pending": None, "approval": None, "observation": None, "feedback": [said]}
        same = look is not None and look.observation.signature == now.signature
        picture, image = (look.picture, look.image) if look is not None and same else (None, "")
        context.now = Look(now, picture, image, time.monotonic())
    error, unknown = await context.act(pending)
    return {"pending": {**pending, "error": error, "replayed": unknown}}
