"""The EDR graph: deep research over documents and the web, steered while it runs."""

from .context import EdrContext, Searcher
from .graph import build_graph
from .planning import PlanDecision
from .render import Format, byline, render
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
    "build_graph",
    "byline",
    "initial_state",
    "render",
]
