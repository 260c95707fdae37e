"""A deterministic stand-in for an able model: it answers each research role from the prompt's own text.

Not a mock of ours: it sees the very prompts that a model sees and has to find its way in them, so a prompt that lost
its evidence or its question yields an empty report. Used by tests and benchmarks; its name in a report is plain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...text import content_words, coverage, keywords

_NUMBERED = re.compile(r"^(\d+\.\d+) (.+)$", re.MULTILINE)
_QUOTE = re.compile(r"^(e\d+): (.+)$", re.MULTILINE)


@dataclass
class ScriptedResearcher:
    """Answers by role; pass it as `ScriptedChat(answer=...)`.

    Attributes:
        tasks: Sub-questions of the first plan.
        gaps: New sub-questions that each reflection adds, until `loops` reflections were made.
        loops: Reflections that ask for more.
        picks: Sentences taken from each prompt of passages.
    """

    tasks: int = 3
    gaps: int = 0
    loops: int = 0
    picks: int = 4

    def __call__(self, prompt: str) -> str:
        """Answer one prompt."""
        for opening, answer in self._roles().items():
            if opening in prompt:
                return json.dumps(answer(prompt), ensure_ascii=False)
        return "{}"

    def _roles(self) -> dict[str, Callable[[str], Any]]:
        return {
            "You plan research": self._plan,
            "You write search queries": self._queries,
            "You collect evidence": self._extract,
            "You audit research": self._reflect,
            "You outline a report": self._outline,
            "You write one section": self._write,
            "For each numbered pair": self._entail,
            "You turn a user's message": lambda prompt: {"operations": []},
            "Decide whether a research question": lambda prompt: {"needed": False, "question": ""},
        }

    def _plan(self, prompt: str) -> Any:
        subject = " ".join(keywords(_after(prompt, "Question: "), limit=6))
        shapes = (
            "What is {s}?",
            "How does {s} work in practice?",
            "What are the limits of {s}?",
            "Who uses {s} and why?",
            "How is {s} measured?",
            "What came before {s}?",
        )
        return {
            "tasks": [
                {"title": shapes[i % 6].format(s=subject), "acceptance": "a sourced fact", "priority": 80 - 5 * i,
                 "depends_on": [], "tool": "any"}
                for i in range(self.tasks)
            ]
        }  # fmt: skip

    def _queries(self, prompt: str) -> Any:
        task = _after(prompt, "Sub-question: ")
        return {"queries": [task, " ".join(keywords(task))]}

    def _extract(self, prompt: str) -> Any:
        task = _after(prompt, "Sub-question: ")
        lines = _NUMBERED.findall(prompt)
        best = sorted(lines, key=lambda line: -coverage(task, [line[1]]))
        return {"sentences": [n for n, text in best[: self.picks] if len(content_words(text)) >= 4]}

    def _reflect(self, prompt: str) -> Any:
        subject = " ".join(keywords(_after(prompt, "Question: "), limit=6))
        asked = len(re.findall(r"^- t\d+ ", prompt, re.MULTILINE))
        more = asked < self.tasks + self.gaps * self.loops
        add = [
            {"title": f"What more is known about aspect {asked + i + 1} of {subject}?"}
            for i in range(self.gaps)
        ]
        return {"done": not more, "add": add if more else [], "cancel": [], "gaps": []}

    def _outline(self, prompt: str) -> Any:
        ids = [quote[0] for quote in _QUOTE.findall(prompt)]
        parts = [ids[i::3] for i in range(3)]
        titles = ("Background", "How it works", "Limits")
        return {"sections": [{"title": t, "evidence": p} for t, p in zip(titles, parts, strict=True) if p]}

    def _write(self, prompt: str) -> Any:
        quotes = _QUOTE.findall(prompt)[:6]
        return {"claims": [{"text": _restated(text), "evidence": [eid]} for eid, text in quotes]}

    def _entail(self, prompt: str) -> Any:
        return {"supported": [int(n) for n in re.findall(r"^(\d+)\. Claim:", prompt, re.MULTILINE)]}


def _after(prompt: str, marker: str) -> str:
    _, _, rest = prompt.rpartition(marker)
    return rest.split("\n", 1)[0].strip()


def _restated(quote: str) -> str:
    """The quote in its own words with an opening, as a careful writer would: not a copy, and still supported."""
    return f"According to the source, {quote[:1].lower()}{quote[1:]}"
