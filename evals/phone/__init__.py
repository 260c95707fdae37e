"""Evaluating phone agents: tasks on the virtual Android, oracles, imperfect policies, the graph over a suite."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .androidworld import tenfold_agent
    from .catalog import all_templates
    from .env import PhoneEnv, VectorEnv
    from .judges import JudgeCaller, Truth
    from .oracle import Flow, Oracle, Rung, Target
    from .play import Episode, play_with
    from .policies import ImperfectPolicy, OraclePolicy, Rates
    from .report import Summary, compare_outcomes, summarise, table
    from .reward import accuracy, token_f1
    from .stats import Interval, mcnemar, paired_difference, wilson
    from .suite import Outcome, SimulatedUser, imperfect_policy, judged, play_task, run_suite, run_task
    from .template import Task, Template, TemplateRegistry
    from .trajectory import Trajectory, TrajectoryStep, read_trajectories, write_trajectories

_HOMES = {
    "Episode": ".play",
    "Flow": ".oracle",
    "ImperfectPolicy": ".policies",
    "Interval": ".stats",
    "JudgeCaller": ".judges",
    "Oracle": ".oracle",
    "OraclePolicy": ".policies",
    "Outcome": ".suite",
    "PhoneEnv": ".env",
    "Rates": ".policies",
    "Rung": ".oracle",
    "SimulatedUser": ".suite",
    "Summary": ".report",
    "Target": ".oracle",
    "Task": ".template",
    "Template": ".template",
    "TemplateRegistry": ".template",
    "Trajectory": ".trajectory",
    "TrajectoryStep": ".trajectory",
    "Truth": ".judges",
    "VectorEnv": ".env",
    "accuracy": ".reward",
    "all_templates": ".catalog",
    "compare_outcomes": ".report",
    "imperfect_policy": ".suite",
    "judged": ".suite",
    "mcnemar": ".stats",
    "paired_difference": ".stats",
    "play_task": ".suite",
    "play_with": ".play",
    "read_trajectories": ".trajectory",
    "run_suite": ".suite",
    "run_task": ".suite",
    "summarise": ".report",
    "table": ".report",
    "tenfold_agent": ".androidworld",
    "token_f1": ".reward",
    "wilson": ".stats",
    "write_trajectories": ".trajectory",
}

__all__ = [
    "Episode",
    "Flow",
    "ImperfectPolicy",
    "Interval",
    "JudgeCaller",
    "Oracle",
    "OraclePolicy",
    "Outcome",
    "PhoneEnv",
    "Rates",
    "Rung",
    "SimulatedUser",
    "Summary",
    "Target",
    "Task",
    "Template",
    "TemplateRegistry",
    "Trajectory",
    "TrajectoryStep",
    "Truth",
    "VectorEnv",
    "accuracy",
    "all_templates",
    "compare_outcomes",
    "imperfect_policy",
    "judged",
    "mcnemar",
    "paired_difference",
    "play_task",
    "play_with",
    "read_trajectories",
    "run_suite",
    "run_task",
    "summarise",
    "table",
    "tenfold_agent",
    "token_f1",
    "wilson",
    "write_trajectories",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
