"""The roles of ColorAgent: the operator, who orders its work, and who checks it."""

from .answerer import FinalAnswer, write_answer
from .asker import Scene, assess_scene, scene_by_rules
from .classifier import Classified, TaskType, classify, classify_by_rules
from .decision import Decision, DecisionInput, Policy, Scenario
from .demonstration import Lesson, read_demonstration
from .handover import Extracted, Rewritten, extract, rewrite
from .knowledge_writer import AppFact, AppFacts, write_knowledge
from .macro import MacroPolicy
from .operator import ModelPolicy
from .orchestrator import Parts, PlannedPart, Replanned, orchestrate, replan
from .personaliser import Personal, personalise
from .reading import Unreadable, read_reply
from .reflectors import (
    ActionVerdict,
    ResultVerdict,
    TrajectoryVerdict,
    reflect_on_action,
    reflect_on_result,
    reflect_on_trajectory,
)
from .rules import named_app

__all__ = [
    "ActionVerdict",
    "AppFact",
    "AppFacts",
    "Classified",
    "Decision",
    "DecisionInput",
    "Extracted",
    "FinalAnswer",
    "Lesson",
    "MacroPolicy",
    "ModelPolicy",
    "Parts",
    "Personal",
    "PlannedPart",
    "Policy",
    "Replanned",
    "ResultVerdict",
    "Rewritten",
    "Scenario",
    "Scene",
    "TaskType",
    "TrajectoryVerdict",
    "Unreadable",
    "assess_scene",
    "classify",
    "classify_by_rules",
    "extract",
    "named_app",
    "orchestrate",
    "personalise",
    "read_demonstration",
    "read_reply",
    "reflect_on_action",
    "reflect_on_result",
    "reflect_on_trajectory",
    "replan",
    "rewrite",
    "scene_by_rules",
    "write_answer",
    "write_knowledge",
]
