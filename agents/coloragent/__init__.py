"""The roles of ColorAgent: the operator, who orders its work, and who checks it."""

from .decision import Decision, DecisionInput, Policy, Scenario
from .operator import ModelPolicy
from .reading import Unreadable, read_reply

__all__ = [
    "Decision",
    "DecisionInput",
    "ModelPolicy",
    "Policy",
    "Scenario",
    "Unreadable",
    "read_reply",
]
