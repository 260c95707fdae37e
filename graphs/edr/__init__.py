"""The EDR graph: deep research over documents and the web, steered while it runs."""

from .context import EdrContext, Searcher
from .graph import build_graph
from .planning import PlanDecision
from .render import Format, about_lines, byline, render
from .report import label
from .state import EdrState, Limits, RunOptions, initial_state
from .todo import TodoOperation

__all__ = [
    "EdrContext",
    "EdrState",
    "Format",
    "Limits",
    "PlanDecision",
    "RunOptions",
    "Searcher",
    "TodoOperation",
    "about_lines",
    "build_graph",
    "byline",
    "initial_state",
    "label",
    "render",
]
