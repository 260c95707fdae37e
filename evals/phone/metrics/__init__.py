"""The metrics of the public phone benchmarks, exactly as their own code defines them, on files that a user supplies.

Numbers from here may carry a benchmark's name only when its own data and, for AndroidWorld, its own device made them.
"""

from .androidlab import LabReport, LabTrace, lab_report, lab_traces, similar_pairs
from .androidworld import (
    WorldEpisode,
    WorldReport,
    answer_matches,
    step_budget,
    world_episodes,
    world_report,
)
from .mobileiar import IarReport, IarStep, iar_match, iar_report, iar_steps
from .verios import SCENARIOS, VeriosReport, VeriosStep, verios_match, verios_report, verios_steps

__all__ = [
    "SCENARIOS",
    "IarReport",
    "IarStep",
    "LabReport",
    "LabTrace",
    "VeriosReport",
    "VeriosStep",
    "WorldEpisode",
    "WorldReport",
    "answer_matches",
    "iar_match",
    "iar_report",
    "iar_steps",
    "lab_report",
    "lab_traces",
    "similar_pairs",
    "step_budget",
    "verios_match",
    "verios_report",
    "verios_steps",
    "world_episodes",
    "world_report",
]
