"""Search engines, each behind `SearchEngine`."""

from .academic import ArxivEngine, CrossrefEngine, OpenAlexEngine
from .http import HttpEngine
from .knowledge import GitHubEngine, WikipediaEngine
from .web import DdgsEngine, ExaEngine, SearxngEngine, TavilyEngine

__all__ = [
    "ArxivEngine",
    "CrossrefEngine",
    "DdgsEngine",
    "ExaEngine",
    "GitHubEngine",
    "HttpEngine",
    "OpenAlexEngine",
    "SearxngEngine",
    "TavilyEngine",
    "WikipediaEngine",
]
