"""Evaluating phone agents: tasks on the virtual Android, oracles, imperfect policies, the graph over a suite."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .judges import JudgeCaller, Truth
    from .oracle import Oracle
    from .play import Episode, play_with
    from .policies import ImperfectPolicy, OraclePolicy, Rates
    from .report import Summary, compare_outcomes, summarise, table
    from .stats import Interval, mcnemar, paired_difference, wilson
    from .suite import Outcome, SimulatedUser, play_task, run_suite, run_task
    from .template import Task, Template, TemplateRegistry

_HOMES = {
    "Episode": ".play",
    "ImperfectPolicy": ".policies",
    "Interval": ".stats",
    "JudgeCaller": ".judges",
    "Oracle": ".oracle",
    "OraclePolicy": ".policies",
    "Outcome": ".suite",
    "Rates": ".policies",
    "SimulatedUser": ".suite",
    "Summary": ".report",
    "Task": ".template",
    "Template": ".template",
    "TemplateRegistry": ".template",
    "Truth": ".judges",
    "compare_outcomes": ".report",
    "mcnemar": ".stats",
    "paired_difference": ".stats",
    "play_task": ".suite",
    "play_with": ".play",
    "run_suite": ".suite",
    "run_task": ".suite",
    "summarise": ".report",
    "table": ".report",
    "wilson": ".stats",
}

__all__ = [
    "Episode",
    "ImperfectPolicy",
    "Interval",
    "JudgeCaller",
    "Oracle",
    "OraclePolicy",
    "Outcome",
    "Rates",
    "SimulatedUser",
    "Summary",
    "Task",
    "Template",
    "TemplateRegistry",
    "Truth",
    "compare_outcomes",
    "mcnemar",
    "paired_difference",
    "play_task",
    "play_with",
    "run_suite",
    "run_task",
    "summarise",
    "table",
    "wilson",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
