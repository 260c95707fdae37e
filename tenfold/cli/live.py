"""The live view of a run: todo list, newest quotes, budget, and the line that is being typed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from ..tools.runs import Event

_MARKS = {
    "pending": ("·", "dim"),
    "in_progress": ("›", "cyan"),
    "done": ("✓", "green"),
    "failed": ("✗", "red"),
    "blocked": ("‖", "yellow"),
    "cancelled": ("–", "dim strike"),
}
_STEPS = {
    "run.started": "planning",
    "plan.made": "plan made",
    "loop.started": "searching and reading",
    "loop.gathered": "evidence gathered",
    "loop.reflected": "reflecting",
    "outline.made": "writing",
    "run.finished": "finished",
}


class LiveView:
    """Folds a run's events into what is shown. Rendering never touches the run."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.typed = ""
        self._todo: list[dict[str, Any]] = []
        self._quotes: list[dict[str, Any]] = []
        self._said: list[tuple[str, str]] = []
        self._step = "starting"
        self._tokens = [0, 0]
        self._usd = 0.0
        self._calls = 0
        self._sources: set[str] = set()
        self._began = time.monotonic()

    def take(self, event: Event) -> None:
        """Fold in one event."""
        data = event.data
        self._step = _STEPS.get(event.type, self._step)
        if "todo" in data:
            self._todo = data["todo"]["items"]
        if event.type == "loop.gathered":
            self._quotes = [*self._quotes, *data["evidence"]][-200:]
            self._sources |= {quote["url"] for quote in data["evidence"]}
            for engine, why in data["blocked"].items():
                self.say("yellow", f"{engine} is blocked: {why}")
        elif event.type == "call.end":
            usage = data.get("usage") or {}
            self._calls += 1
            self._tokens[0] += usage.get("input_tokens", 0)
            self._tokens[1] += usage.get("output_tokens", 0)
            self._usd += usage.get("cost", 0.0)
        elif event.type == "call.retry":
            self.say("yellow", f"trying again: {data.get('text', '')}")
        elif event.type == "steering.applied":
            self.say(
                "green", f"“{data['body']}” applied: {effect_words(data['effect'])} {data['reason']}".rstrip()
            )
        elif event.type == "steering.rejected":
            self.say("red", f"“{data['body']}” not done: {data['reason']}")

    def say(self, style: str, text: str) -> None:
        """Add a line for the person."""
        if not self._said or self._said[-1] != (style, text):
            self._said = [*self._said, (style, text)][-6:]

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.panel import Panel
        from rich.text import Text

        parts: list[RenderableType] = [self._list(), *self._evidence()]
        parts += [Text(text, style=style) for style, text in self._said]
        parts.append(Text(self._meter(), style="dim"))
        parts.append(Text.assemble(("steer › ", "bold"), self.typed, ("▌", "blink")))
        body: Group = Group(*parts)
        return Panel(
            body,
            title=Text(self.question[:100], style="bold"),
            subtitle="type to steer · Ctrl-C pauses",
            padding=(0, 1),
        )

    def _list(self) -> RenderableType:
        from rich.text import Text

        text = Text()
        for item in self._todo[:14]:
            mark, style = _MARKS[item["status"]]
            note = f"  ({item['note']})" if item["note"] and item["status"] in ("failed", "cancelled") else ""
            text.append(f"{mark} {item['id']} {item['title'][:90]}{note}\n", style=style)
        if len(self._todo) > 14:
            text.append(f"  and {len(self._todo) - 14} more\n", style="dim")
        return text

    def _evidence(self) -> list[RenderableType]:
        from rich.text import Text

        return [
            Text(
                f"  {quote['id']} {' '.join(quote['quote'].split())[:96]} — {quote['title'][:40]}",
                style="italic",
            )
            for quote in self._quotes[-4:]
        ]

    def _meter(self) -> str:
        into, out = self._tokens
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        return (
            f"{self._step} · {len(self._sources)} sources, {len(self._quotes)} quotes · {self._calls} model calls, "
            f"{into:,}+{out:,} tokens, ${self._usd:.4f} · {minutes}:{seconds:02d}"
        )


def effect_words(effect: dict[str, Any]) -> str:
    """What a steering message did, in a few words."""
    words: list[str] = []
    for name, value in effect.items():
        label = name.replace("_", " ")
        if name == "constraints":
            words += [f"rule {c['id']} ({c['kind']})" for c in value]
        elif name == "budget":
            words += [f"{b['unit']} {b['from'] or 'no cap'} → {b['to']}" for b in value]
        elif value == [True]:
            words.append(label)
        else:
            words.append(f"{label} {', '.join(map(str, value))}")
    return "; ".join(words)
