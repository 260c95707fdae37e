"""Nodes before the first touch: personalise, classify, orchestrate, permit, retrieve; and replanning."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...agents import coloragent as agents
from ...tools.phone import ActionClass, foreseen_classes
from . import shared
from .context import PhoneContext
from .state import (
    Claim,
    Permissions,
    PhoneLimits,
    PhoneState,
    Subtask,
    changed,
    modules_of,
    next_subtask,
    subtask_of,
)


class PermissionAnswer(BaseModel):
    """A person's answer to what the task wants to use."""

    model_config = ConfigDict(extra="forbid")

    action: str = Field(pattern="^(approve|edit|reject)$")
    packages: list[str] | None = Field(default=None, max_length=50)
    classes: list[ActionClass] | None = None
    feedback: str = Field(default="", max_length=4000)


async def personalise(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Enter the run in its log; fit the task to its owner."""
    context = runtime.context
    context.set_limits(PhoneLimits.model_validate(state["options"]["limits"]))
    paths = {**shared.device(context.device.info()), **shared.permissions(state["permissions"])}
    context.emit("phone.started", {"goal": state["goal"]}, key="started", state=paths)
    if context.memory is None or not modules_of(state).personalise:
        return {}
    example = context.memory.example(state["goal"])
    preferences = context.memory.preferences(state["goal"])
    reply = await agents.personalise(
        context.caller,
        state["goal"],
        example=None if example is None else (example.task, example.steps),
        preferences=preferences,
    )
    value = reply.value
    told = {
        "goal": value.goal,
        "steps": value.steps,
        "preferences": value.preferences,
        "source": reply.source,
    }
    context.emit("phone.personalised", {**told, "reason": reply.reason}, key="personalised")
    return {"meant": value.goal, "sop": value.steps, "profile": value.preferences}


async def classify(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """What kind of task it is."""
    if not modules_of(state).classify:
        return {}
    context = runtime.context
    reply = await agents.classify(context.caller, state["meant"], list(await context.apps()))
    kind = reply.value.kind
    context.emit("phone.classified", {"kind": kind, "source": reply.source}, key="classified")
    return {"task_type": kind}


async def orchestrate(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Part the task."""
    context, modules = runtime.context, modules_of(state)
    apps = list(await context.apps())
    # Without the orchestrator the task stays whole; without the classifier every task may be parted.
    kind: Any = ("A" if not modules.classify else state["task_type"]) if modules.orchestrate else "D"
    caller = context.caller if modules.orchestrate else None
    reply = await agents.orchestrate(caller, state["meant"], kind, apps, state["plan_feedback"])
    subtasks = [
        Subtask(
            id=f"t{i}", goal=p.goal, app=p.app, depends_on=[f"t{d + 1}" for d in p.depends_on], status="pending",
            returns=p.returns, replans=0, why="",
        )
        for i, p in enumerate(reply.value.parts, 1)
    ]  # fmt: skip
    subtasks, current = begin_next(subtasks)
    context.emit(
        "phone.planned",
        {"source": reply.source, "reason": reply.reason, "round": len(state["plan_feedback"])},
        key=f"planned:{len(state['plan_feedback'])}",
        state=shared.subtasks(subtasks, current),
    )
    return {"subtasks": subtasks, "current": current}


def begin_next(subtasks: list[Subtask]) -> tuple[list[Subtask], str]:
    """Take up the next part."""
    following = next_subtask(subtasks)
    if following is None:
        return subtasks, ""
    return changed(subtasks, following["id"], status="in_progress"), following["id"]


async def permit(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Fix what the task may use, and show it before anything is touched, or when a new plan wants more."""
    context, granted = runtime.context, state["permissions"]
    wanted = _wanted(state, await context.apps())
    more = not granted["granted"] or (
        bool(granted["packages"]) and not set(wanted["packages"]) <= set(granted["packages"])
    )
    if not more:
        return {}
    if granted["granted"]:
        wanted["packages"] = sorted({*wanted["packages"], *granted["packages"]})
    if not state["options"]["confirm"]:
        return _grant(state, context, wanted)
    problem = ""
    while True:
        question = {"kind": "permissions", **wanted, "subtasks": state["subtasks"], "problem": problem}
        question.pop("granted")
        try:
            answer = PermissionAnswer.model_validate(interrupt(question))
            break
        except ValidationError as error:
            problem = f"The answer is no permission: {error.errors()[0]['msg']}"
    if answer.action == "reject":
        said = answer.feedback.strip()
        context.emit("phone.rejected", {"feedback": said}, key=f"rejected:{len(state['plan_feedback'])}")
        if said and len(state["plan_feedback"]) < 3:
            return {"plan_feedback": [*state["plan_feedback"], said], "subtasks": []}
        return {"claim": Claim(kind="refused", text=said or "The plan was rejected.", checked=True)}
    if answer.action == "edit":
        if answer.packages is not None:
            wanted["packages"] = sorted(set(answer.packages))
        if answer.classes is not None:
            wanted["classes"] = sorted(set(answer.classes))
    return _grant(state, context, wanted)


def _wanted(state: PhoneState, apps: dict[str, str]) -> Permissions:
    """The apps that the plan names, and the classes that the user's own words let foresee."""
    options = state["options"]
    packages: set[str] = set(options["packages"])
    if not options["only"]:
        named = [package_of(s["app"], apps) for s in state["subtasks"]]
        # A part that names no app may need any.
        packages = packages | {p for p in named if p} if all(named) else set()
    said = " ; ".join((state["goal"], *state["corrections"]))
    return Permissions(packages=sorted(packages), classes=foreseen_classes(said), granted=False)


def package_of(app: str, apps: dict[str, str]) -> str:
    """The package of an app's label or package; "" when it is unknown."""
    if app in apps.values():
        return app
    folded = {label.casefold(): package for label, package in apps.items()}
    return folded.get(app.strip().casefold(), "")


def _grant(state: PhoneState, context: PhoneContext, wanted: Permissions) -> dict[str, Any]:
    permissions = Permissions(packages=wanted["packages"], classes=wanted["classes"], granted=True)
    context.emit("phone.permitted", dict(permissions), key="permitted", state=shared.permissions(permissions))
    return {"permissions": permissions}


async def retrieve(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """What is known about the app of this part."""
    context = runtime.context
    if context.memory is None or not modules_of(state).retrieve:
        return {}
    part = subtask_of(state)
    package = package_of(part["app"], await context.apps())
    if not package and state["observation"] is not None:
        package = state["observation"]["package"]
    facts = context.memory.recall(package, part["goal"]) if package else []
    context.emit(
        "phone.recalled", {"ids": [f.id for f in facts], "package": package}, key=f"recalled:{part['id']}"
    )
    return {"knowledge": [f.text for f in facts]}


async def replan(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Another way for the part that failed."""
    context, part, claim = runtime.context, subtask_of(state), state["claim"]
    why = claim["text"] if claim else ""
    reply = await agents.replan(
        context.caller, state["meant"], part["goal"], why, shared.lines(state, subtask=part["id"])
    )
    value = reply.value
    if not value.possible:
        failed = Claim(kind="failed", text=why or "It cannot be done.", checked=True)
        return {
            "claim": failed,
            "subtasks": changed(state["subtasks"], part["id"], replans=part["replans"] + 1),
        }
    subtasks = changed(
        state["subtasks"],
        part["id"],
        goal=value.goal or part["goal"],
        app=value.app or part["app"],
        replans=part["replans"] + 1,
        why=why,
    )
    context.emit(
        "phone.replanned",
        {"id": part["id"], "why": why, "source": reply.source},
        key=f"replanned:{part['id']}",
        state=shared.subtasks(subtasks, state["current"]),
    )
    feedback = [f"An earlier try of this part failed: {why}. Try another way."]
    return {"subtasks": subtasks, "claim": None, "feedback": feedback}
