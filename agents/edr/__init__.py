"""The roles of deep research: planner, query writer, extractor, reflector, outliner, writer and judges."""

from .._answer import Answer
from .clarifier import Clarification, clarify
from .entailment import entails
from .extractor import MAX_QUOTE, Passage, Pick, extract, pick_by_score
from .operations import Operation, Steering
from .outliner import Outline, OutlineSection, outline
from .planner import Plan, PlannedTask, plan
from .query_writer import Queries, write_queries
from .reflector import Reflection, reflect
from .sql_writer import Query, write_sql
from .steering import compile_message
from .steering_rules import compile_by_rules
from .writer import Claim, SectionDraft, quote_section, write_section

__all__ = [
    "MAX_QUOTE",
    "Answer",
    "Claim",
    "Clarification",
    "Operation",
    "Outline",
    "OutlineSection",
    "Passage",
    "Pick",
    "Plan",
    "PlannedTask",
    "Queries",
    "Query",
    "Reflection",
    "SectionDraft",
    "Steering",
    "clarify",
    "compile_by_rules",
    "compile_message",
    "entails",
    "extract",
    "outline",
    "pick_by_score",
    "plan",
    "quote_section",
    "reflect",
    "write_queries",
    "write_section",
    "write_sql",
]
