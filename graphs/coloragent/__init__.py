"""The phone graph: ColorAgent's loop over a device port."""

from .acting import ApprovalAnswer
from .context import Look, PhoneContext
from .detectors import signs
from .graph import build_graph
from .planning import PermissionAnswer
from .replay import replay_html
from .report import ending, lines_of, render_report, report_of
from .shared import action_words
from .state import Modules, PhoneLimits, PhoneOptions, PhoneState, Step, initial_state

__all__ = [
    "ApprovalAnswer",
    "Look",
    "Modules",
    "PermissionAnswer",
    "PhoneContext",
    "PhoneLimits",
    "PhoneOptions",
    "PhoneState",
    "Step",
    "action_words",
    "build_graph",
    "ending",
    "initial_state",
    "lines_of",
    "render_report",
    "replay_html",
    "report_of",
    "signs",
]
