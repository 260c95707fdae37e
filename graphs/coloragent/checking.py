"""Nodes that judge: verify one action by what it changed, and the way so far."""

from __future__ import annotations

import re
from typing import Any

from langgraph.runtime import Runtime

from ...agents.coloragent import reflect_on_action, reflect_on_trajectory
from ...text import content_words
from ...tools.phone import Action, Observation, line_of, probe_of
from . import shared
from .acting import make_step
from .context import PhoneContext
from .deciding import kept_screens
from .detectors import due, signs
from .state import Evidence, Pending, PhoneState, Target, Verdict, modules_of, subtask_of

Judged = tuple[Verdict, Evidence, str]
_BROKEN = re.compile(
    r"keeps stopping|has stopped|isn'?t responding|중지되었습니다|응답하지 않", re.IGNORECASE
)
_LOOKED_BACK = 8


async def verify(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Wait until the screen is still, look, and judge the action.

    The tree is asked first, then what was typed or switched, then the device, and only then a model.
    """
    context, pending = runtime.context, state["pending"]
    assert pending is not None
    context.before = context.now
    look = await context.look(state["options"]["pictures"], after=context.before)
    seen = context.seen(look, state)
    verdict, evidence, why = await _judge(state, context, pending)
    approval = state["approval"]
    before, decided = context.before.image if context.before else "", state["observation"]
    if not before and decided is not None and decided["signature"] == pending["signature"]:
        before = decided["image"]  # right before a touch only the tree is read
    rule = approval["rule"] if approval else ""
    step = make_step(state, pending, verdict, evidence, why, after=seen["signature"], rule=rule, image=before)
    if seen["orders"]:
        context.emit("phone.orders", {"n": step["n"], "orders": seen["orders"]}, key=f"orders:{step['n']}")
    audit = {
        "n": step["n"],
        "verdict": verdict,
        "rule": rule,
        "screens": [pending["signature"], seen["signature"]],
        "images": [before, seen["image"]],
    }
    paths = {**shared.step(step), **shared.screen(seen, listed=context.listed(look.observation))}
    context.emit("phone.step", audit, key=f"step:{step['n']}", state=paths)
    counters = {**state["counters"], "reflected": state["counters"]["reflected"] + 1}
    feedback = [why] if verdict in ("wrong", "no_change", "uncertain") and why else []
    return {
        "history": [*state["history"], step], "pending": None, "approval": None, "feedback": feedback,
        "counters": counters, "observation": seen, "screens": kept_screens(state, look),
    }  # fmt: skip


async def _judge(state: PhoneState, context: PhoneContext, pending: Pending) -> Judged:
    if not modules_of(state).action_reflection:
        return "skipped", "rule", pending["error"]
    if pending["replayed"]:
        return "uncertain", "rule", "The run was cut off here; it is not known whether this was done. Look."
    if pending["error"]:
        return "wrong", "rule", pending["error"]
    before, after = context.before, context.now
    if before is None or after is None:
        return "uncertain", "rule", "The screen before this is not known. Look."
    action = Action.model_validate(pending["action"])
    found = compare(
        action,
        pending["target"],
        pending["expect"],
        before.observation,
        after.observation,
        pending["package"],
    )
    if found is None or found[0] == "ok":
        found = await _probed(context, pending, after.observation) or found
    if found is not None:
        return found
    gone, new = difference(before.observation, after.observation)
    reply = await reflect_on_action(
        context.caller,
        subtask_of(state)["goal"],
        shared.action_words(pending["action"], pending["target"]),
        pending["expect"],
        gone=gone,
        new=new,
        pictures=context.pictures(before, after) if context.policy.wants_picture else (),
    )
    if reply.source == "fallback":  # nobody judged; that something changed is all that is known
        return "ok", "tree", ""
    return reply.value.outcome, "model", reply.value.why


async def _probed(context: PhoneContext, pending: Pending, after: Observation) -> Judged | None:
    """What the device itself says about a switch that was touched."""
    target = pending["target"]
    if target is None or target["role"] not in ("switch", "checkbox"):
        return None
    probe = probe_of(f"{target['label']} {target['context']}")
    shown = _checked(target, after)
    if probe is None or shown is None:
        return None
    real = await context.probe(probe)
    if real is None:
        return None
    if real == shown:
        return "ok", "probe", ""
    return "wrong", "probe", f"The screen shows {probe.name} {_on(shown)}, the device says {_on(real)}."


def _on(value: bool) -> str:
    return "on" if value else "off"


def compare(
    action: Action,
    target: Target | None,
    expect: str,
    before: Observation,
    after: Observation,
    package: str = "",
) -> Judged | None:
    """What the two screens say about an action; None when they leave it open."""
    if action.kind == "wait":
        return "ok", "rule", ""
    if _broken(after) and not _broken(before):
        return "wrong", "tree", "An app has stopped working."
    same = before.signature == after.signature
    if action.kind in ("type", "clear"):
        return _read_back(action, before, after)
    if action.kind == "open_app":
        if after.package == package:
            return "ok", "tree", ""
        return "wrong", "tree", f"{after.package} is in front, not {action.app}."
    if same:
        idle = action.kind == "key" and action.key in ("home", "enter")
        return ("uncertain" if idle else "no_change"), "tree", "The screen did not change."
    if target is not None and action.kind == "tap":
        was, now = _checked(target, before), _checked(target, after)
        if was is not None and now is not None:
            return ("ok", "readback", "") if was != now else ("wrong", "readback", "It is still as it was.")
    if action.kind in ("swipe", "key"):
        return "ok", "tree", ""
    return ("ok", "tree", "") if _as_expected(expect, before, after) else None


def _read_back(action: Action, before: Observation, after: Observation) -> Judged:
    field = after.tree.focused()
    if field is None:
        return "uncertain", "readback", "No field has the focus any more."
    if action.kind == "clear":
        return (
            ("ok", "readback", "") if not field.content else ("wrong", "readback", "The field is not empty.")
        )
    if field.password or "{{secret:" in action.text:
        filled = bool(field.content)
        return ("ok", "tree", "") if filled else ("wrong", "readback", "The field is still empty.")
    wanted, has = "".join(action.text.split()), "".join(field.content.split())
    if wanted in has:
        extra = has.replace(wanted, "", 1)
        if action.replace and extra:
            return "wrong", "readback", f"The field holds {field.content[:200]!r}, more than was to be in it."
        return "ok", "readback", ""
    if before.signature != after.signature and action.text.endswith("\n"):
        return "ok", "tree", ""
    return "wrong", "readback", f"The field holds {field.content[:200]!r}."


def _checked(target: Target, seen: Observation) -> bool | None:
    """The state of the target's switch or box on a screen."""
    found = [
        e
        for e in seen.tree.elements()
        if e.node.resource_id == target["resource_id"]
        and e.label == target["label"]
        and e.context == target["context"]
    ]
    return found[0].checked if len(found) == 1 else None


def _broken(seen: Observation) -> bool:
    return any(_BROKEN.search(n.text) for n in seen.tree.walk() if n.text)


def _as_expected(expect: str, before: Observation, after: Observation) -> bool:
    """Whether what is new on the screen has most of the words that were expected; without any, a change will do."""
    wanted = set(content_words(expect)) - _FILLER
    if not wanted:
        return True
    _, new = difference(before, after)
    has = set(content_words(" ".join([*new, after.package.replace(".", " "), after.activity])))
    return len(wanted & has) >= max(1, round(len(wanted) * 0.5))


_FILLER = frozenset(
    "screen page app open opens show shown shows appear appears list now new view will display see next".split()
)


def difference(before: Observation, after: Observation) -> tuple[list[str], list[str]]:
    """Element lines that only the first, and only the second screen has, without their numbers."""
    old = [line_of(e).partition(" ")[2] for e in before.tree.elements()]
    new = [line_of(e).partition(" ")[2] for e in after.tree.elements()]
    return [t for t in old if t not in set(new)], [t for t in new if t not in set(old)]


async def trajectory(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Look at the way so far, and warn."""
    context = runtime.context
    mine = [s for s in state["history"] if s["subtask"] == state["current"]]
    found = signs(mine)
    reply = await reflect_on_trajectory(
        context.caller,
        subtask_of(state)["goal"],
        [shared.line(s) for s in mine[-_LOOKED_BACK:]],
        found,
    )
    n = state["counters"]["step"]
    told = {"n": n, "signs": found, "on_track": reply.value.on_track, "advice": reply.value.advice}
    context.emit("phone.trajectory", {**told, "source": reply.source}, key=f"trajectory:{n}")
    counters = {**state["counters"], "reflected": 0}
    advice = [] if reply.value.on_track else [reply.value.advice or " ".join(found)]
    return {"feedback": [*state["feedback"], *advice], "counters": counters}


def wants_trajectory(state: PhoneState) -> bool:
    """Whether a detector has woken the reflector, or its turn has come."""
    if not modules_of(state).trajectory_reflection:
        return False
    mine = [s for s in state["history"] if s["subtask"] == state["current"]]
    return bool(signs(mine)) or due(mine, state["counters"]["reflected"])
