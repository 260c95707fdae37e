"""Evaluating deep research: a deterministic researcher, and measures of reports."""

from .library import TextLibrary
from .researcher import ScriptedResearcher

__all__ = ["ScriptedResearcher", "TextLibrary"]
