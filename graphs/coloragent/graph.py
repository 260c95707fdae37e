"""The phone graph: ColorAgent's loop over a device port, guarded outside the model.

    START → personalise → classify → orchestrate → permit ─→ retrieve → perceive → decide ──→ guard → act
                                         ↑      (interrupt)      ↑         ↑       │ ↑ │ (interrupt)    ↓
                                         └─ rejected ┘  replan ──┘         ├── ask ┘ │ └──── allowed → act
                                                          ↑                │         ├──────────────── │
                                                          │             trajectory ←─┼─────────────────┘
                                                          │                          ↓
                                    rewrite ← extract ←───┴── global_check ⇄ finish → END

`decide` grounds what it decides and judges it; `act` touches, waits until the screen is still, and verifies. Each is
one checkpoint: a touch is in the ledger before the wait begins, and a node that runs again does not touch again.
A device that is gone raises: the run has failed with the reason, and goes on from the node where it stood.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from . import acting, checking, closing, deciding, planning
from .context import PhoneContext
from .state import PhoneState, next_subtask


def build_graph() -> StateGraph[PhoneState, PhoneContext, PhoneState, PhoneState]:
    """The graph, not yet compiled: compile it with a checkpointer, and run it with `durability="sync"`."""
    graph: Any = StateGraph(PhoneState, context_schema=PhoneContext)
    for node in (planning.personalise, planning.classify, planning.orchestrate, planning.permit, planning.retrieve,
                 planning.replan, deciding.perceive, deciding.decide, deciding.ask, acting.guard,
                 act, checking.trajectory, closing.finish,
                 closing.global_check, closing.extract, closing.rewrite):  # fmt: skip
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "personalise")
    graph.add_edge("personalise", "classify")
    graph.add_edge("classify", "orchestrate")
    graph.add_edge("orchestrate", "permit")
    graph.add_conditional_edges("permit", after_permit, ["retrieve", "orchestrate", "finish"])
    graph.add_edge("retrieve", "perceive")
    graph.add_edge("perceive", "decide")
    graph.add_conditional_edges(
        "decide", after_decide, ["guard", "act", "decide", "ask", "finish", "perceive"]
    )
    graph.add_edge("ask", "perceive")
    graph.add_conditional_edges("guard", after_guard, ["act", "perceive", "finish"])
    graph.add_conditional_edges("act", after_act, ["trajectory", "decide", "perceive"])
    graph.add_edge("trajectory", "perceive")
    graph.add_conditional_edges(
        "finish", after_finish, ["global_check", "replan", "extract", "perceive", END]
    )
    graph.add_conditional_edges("global_check", after_check, ["perceive", "finish"])
    graph.add_conditional_edges("replan", after_replan, ["permit", "finish"])
    graph.add_edge("extract", "rewrite")
    graph.add_edge("rewrite", "retrieve")
    return graph


def after_permit(state: PhoneState) -> Literal["retrieve", "orchestrate", "finish"]:
    """A rejected plan is made again, with what the user said."""
    if state["claim"] is not None:
        return "finish"
    return "retrieve" if state["subtasks"] else "orchestrate"


def after_decide(state: PhoneState) -> Literal["guard", "act", "decide", "ask", "finish", "perceive"]:
    """To the phone, past the guard if a rule allows it; to the user; to the end; or on after a note.

    What lands nowhere is decided again with the reason, three times.
    """
    if state["claim"] is not None:
        return "finish"
    if state["question"] is not None:
        return "ask"
    if state["pending"] is None:
        return "decide" if state["counters"]["ground"] else "perceive"
    return "guard" if state["approval"] is None else "act"


def after_guard(state: PhoneState) -> Literal["act", "perceive", "finish"]:
    """Only what is allowed or approved is done."""
    if state["claim"] is not None:
        return "finish"
    return "act" if state["approval"] is not None else "perceive"


async def act(state: PhoneState, runtime: Runtime[PhoneContext]) -> dict[str, Any]:
    """Touch the phone, at most once, and see what came of it."""
    done = await acting.act(state, runtime)
    if done["pending"] is None:
        return done
    return {**done, **await checking.verify({**state, **done}, runtime)}  # type: ignore[typeddict-item]


def after_act(state: PhoneState) -> Literal["trajectory", "decide", "perceive"]:
    """What was void is decided on a new look; else the screen has just been looked at, and the trajectory reflector
    sleeps until something wakes it."""
    if state["observation"] is None:
        return "perceive"
    return "trajectory" if checking.wants_trajectory(state) else "decide"


def after_finish(state: PhoneState) -> str:
    """A check that is due, another way for what failed, the next part, an unread message, or the end."""
    claim = state["claim"]
    if state["finished"]:
        return END
    if claim is None:
        return "perceive"
    if claim["kind"] == "failed":
        return "replan"
    done = next((s for s in state["subtasks"] if s["id"] == state["current"]), None)
    if done is not None and done["status"] == "done" and next_subtask(state["subtasks"]) is not None:
        return "extract"
    return "global_check"


def after_check(state: PhoneState) -> Literal["perceive", "finish"]:
    """Not done: on with the reason."""
    return "perceive" if state["claim"] is None else "finish"


def after_replan(state: PhoneState) -> Literal["permit", "finish"]:
    """Another way may want other apps."""
    return "permit" if state["claim"] is None else "finish"
