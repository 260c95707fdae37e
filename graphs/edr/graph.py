"""The EDR graph: deep research that a person steers while it runs.

    START → intake → clarify → plan ⇄ approve → steer ─┬→ schedule → research_task ×k
                                                ↑      │                  │
                                                │      │   gather → verify → reflect ─→ steer
                                                │      └→ outline → write_section ×n → cite_check
                                                │                        rewrite_section ⇄ │
                                                └────────── a message came ── finalize ←───┘ → END

Every way to the report leads through `steer`, and `finalize` closes the inbox only when it is empty: no message is
dropped, not even one sent in the last loop.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from . import planning, research, review, writing
from .context import EdrContext
from .state import EdrState


def build_graph() -> StateGraph[EdrState, EdrContext, EdrState, EdrState]:
    """The graph, not yet compiled: compile it with a checkpointer, and run it with `durability="sync"`."""
    graph: Any = StateGraph(EdrState, context_schema=EdrContext)
    graph.add_node("intake", planning.intake)
    graph.add_node("clarify", planning.clarify_question)
    graph.add_node("plan", planning.make_plan)
    graph.add_node("approve", planning.approve_plan)
    graph.add_node("steer", planning.steer)
    graph.add_node("schedule", planning.schedule)
    graph.add_node("research_task", research.research_task)
    graph.add_node("gather", review.gather)
    graph.add_node("verify", review.verify)
    graph.add_node("reflect", review.reflect_on_loop)
    graph.add_node("outline", writing.make_outline)
    graph.add_node("write_section", writing.write_one_section)
    graph.add_node("cite_check", writing.cite_check)
    graph.add_node("rewrite_section", writing.rewrite_one_section)
    graph.add_node("finalize", writing.finalize)

    graph.add_edge(START, "intake")
    graph.add_edge("intake", "clarify")
    graph.add_edge("clarify", "plan")
    graph.add_edge("plan", "approve")
    graph.add_conditional_edges("approve", after_approval, ["plan", "steer"])
    graph.add_conditional_edges("steer", after_steering, ["schedule", "outline", "finalize"])
    graph.add_conditional_edges("schedule", send_or_outline, ["research_task", "outline"])
    graph.add_edge("research_task", "gather")
    graph.add_edge("gather", "verify")
    graph.add_edge("verify", "reflect")
    graph.add_edge("reflect", "steer")
    graph.add_conditional_edges("outline", writing.send_sections, ["write_section", "finalize"])
    graph.add_edge("write_section", "cite_check")
    graph.add_conditional_edges("cite_check", writing.send_rewrites, ["rewrite_section", "finalize"])
    graph.add_edge("rewrite_section", "cite_check")
    graph.add_conditional_edges("finalize", after_closing, ["steer", END])
    return graph


def after_approval(state: EdrState) -> Literal["plan", "steer"]:
    """A rejected plan is written again."""
    return "steer" if state["plan_approved"] else "plan"


def after_steering(state: EdrState) -> Literal["schedule", "outline", "finalize"]:
    """On with research, on to the report, or, when the report stands and nothing changed, to its filing."""
    if not state["stop_reason"]:
        return "schedule"
    written = bool(state["sections"]) and not state["rewrite"]
    return "finalize" if written else "outline"


def send_or_outline(state: EdrState) -> list[Send] | str:
    """The loop's research tasks."""
    return planning.send_tasks(state) or "outline"


def after_closing(state: EdrState) -> str:
    """Back to `steer` while a message is unread."""
    return END if state["finished"] else "steer"
