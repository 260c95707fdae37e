"""The live view of a run: todo list, newest quotes, sources, what is spent, and the line that is being typed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .words import clock, effect_words, of_cap

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

    from ..tools.runs import Event, Run

_MARKS = {
    "pending": ("·", "dim"),
    "in_progress": ("›", "cyan"),
    "done": ("✓", "green"),
    "failed": ("✗", "red"),
    "blocked": ("‖", "yellow"),
    "cancelled": ("–", "dim strike"),
}
STEPS = {
    "run.started": "planning",
    "plan.made": "plan made",
    "loop.started": "searching and reading",
    "loop.gathered": "evidence gathered",
    "loop.reflected": "reflecting",
    "outline.made": "writing",
    "run.finished": "finished",
}
_OVER = ("done", "failed", "cancelled")
_MOST_SAID = 6  # lines of replies, blocked engines and retries
_MOST_QUOTES = 4
_FIXED = 7  # frame 2, meter 2, typed line 1, blank lines 2


class LiveView:
    """Folds a run's events into what is shown. Rendering never touches the run.

    Args:
        run: Its question, its caps, and the time it has run already.
    """

    def __init__(self, run: Run) -> None:
        self.question = run.question
        self.typed = ""
        self.step = "starting"
        self.caps: dict[str, Any] = dict(run.options.get("options", {}).get("limits", {}))
        self._todo: list[dict[str, Any]] = []
        self._quotes: list[dict[str, Any]] = []
        self._said: list[tuple[str, str]] = []
        self._asking: list[str] = []
        self._tokens = self._calls = self._loop = self._unpriced = 0
        self._usd = 0.0
        self._blocked: set[str] = set()
        self._sources: dict[str, str] = {}
        self._began = time.monotonic() - run.active_s

    def line(self, event: Event) -> str:
        """What a log says of an event, before it is taken in; "" for nothing."""
        step = STEPS.get(event.type, "")
        return step if step != self.step else ""

    def take(self, event: Event) -> None:
        """Fold in one event."""
        data = event.data
        self.step = STEPS.get(event.type, self.step)
        if "todo" in data:
            self._todo = data["todo"]["items"]
        if event.type.startswith("call."):
            self._take_call(event.type, data)
        elif event.type == "loop.started":
            self._loop = data["loop"]
        elif event.type == "loop.gathered":
            self._quotes = [*self._quotes, *data["evidence"]]
            self._sources |= {quote["url"]: quote["title"] for quote in data["evidence"]}
            for engine in sorted(set(data["blocked"]) - self._blocked):
                self._blocked.add(engine)
                self.say("yellow", f"{engine} is blocked: {data['blocked'][engine]}")
        elif event.type.startswith("steering."):
            self._take_steering(event.type, data)

    def _take_steering(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "steering.queued":
            return  # whoever typed it has been told already
        self._said = [line for line in self._said if line[1] != _waits(data["body"])]
        if kind == "steering.applied":
            for change in data["effect"].get("budget", ()):
                self.caps[change["unit"]] = change["to"]
            effect = f"{effect_words(data['effect'])}. {data['reason']}"
            self.say("green", f"“{data['body']}” applied: {effect}".rstrip())
        else:
            self.say("red", f"“{data['body']}” not done: {data['reason']}")

    def _take_call(self, kind: str, data: dict[str, Any]) -> None:
        role = str(data.get("role", ""))
        if kind == "call.start":
            self._asking.append(role)
        elif kind in ("call.end", "call.fallback") and role in self._asking:
            self._asking.remove(role)
        if kind == "call.end":
            usage = data.get("usage") or {}
            self._calls += 1
            self._tokens += usage.get("input_tokens", 0) + usage.get("output_tokens", 0)
            self._unpriced += usage.get("unpriced_tokens", 0)
            self._usd += usage.get("cost", 0.0)
        elif kind == "call.retry":
            self.say("yellow", f"trying again: {data.get('text', '')}")

    def restart(self) -> None:
        """Forget calls that were being made when an earlier process ended."""
        self._asking.clear()

    def queued(self, body: str) -> None:
        """Say that a message waits; its reply takes this line's place."""
        self.say("dim", _waits(body))

    def say(self, style: str, text: str) -> None:
        """Add a line for the person."""
        if not self._said or self._said[-1] != (style, text):
            self._said = [*self._said, (style, text)][-_MOST_SAID:]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.console import Group
        from rich.panel import Panel
        from rich.text import Text

        width = max(20, options.max_width - 4)
        rows = max(3, console.size.height - 1 - _FIXED)
        said = self._replies(console, width)[-min(_MOST_SAID, rows // 3) :]
        quotes = self._evidence()[-min(_MOST_QUOTES, max(1, rows // 4)) :]
        sources = self._source_line() if rows >= 8 else []
        todo = self._list(rows - len(said) - len(quotes) - len(sources))
        gap = [Text("")]
        body = [*todo, *gap, *quotes, *sources, *(gap if quotes else []), *said, *self._meter()]
        yield Panel(
            Group(*body, self._typed_line(width)),
            title=Text(self.question, style="bold", no_wrap=True, overflow="ellipsis"),
            subtitle=Text("type to steer · Ctrl-C pauses", style="dim"),
            padding=(0, 1),
        )

    def _list(self, rows: int) -> list[Text]:
        """The todo list in `rows` lines: when it is longer, what is over gives way to what is not."""
        kept = list(self._todo)
        if len(kept) > rows:
            kept = sorted(kept, key=lambda item: item["status"] in _OVER)[: max(0, rows - 1)]
        shown = {item["id"] for item in kept}
        lines = [
            _line(_item_words(item), _MARKS[item["status"]][1]) for item in self._todo if item["id"] in shown
        ]
        if hidden := len(self._todo) - len(shown):
            done = sum(item["status"] == "done" for item in self._todo)
            lines.append(_line(f"  and {hidden} more; {done} of {len(self._todo)} are done", "dim"))
        return lines

    def _evidence(self) -> list[Text]:
        return [
            _line(f"{quote['id']} “{' '.join(quote['quote'].split())}”", "italic")
            for quote in self._quotes[-_MOST_QUOTES:]
        ]

    def _source_line(self) -> list[Text]:
        titles = list(dict.fromkeys(title or url for url, title in self._sources.items()))
        return [_line("from " + " · ".join(reversed(titles)), "dim")] if titles else []

    def _replies(self, console: Console, width: int) -> list[Text]:
        from rich.text import Text

        return [line for style, text in self._said for line in Text(text, style=style).wrap(console, width)]

    def _meter(self) -> list[Text]:
        caps = self.caps
        loop = f", loop {self._loop} of {caps.get('loops', '?')}" if self._loop else ""
        asking = f" ({', '.join(sorted(set(self._asking))).replace('_', ' ')})" if self._asking else ""
        found = f"{len(self._sources)} sources, {len(self._quotes)} quotes, {self._calls} model calls"
        seconds = time.monotonic() - self._began
        most = clock(caps["minutes"] * 60) if caps.get("minutes") else None
        usd = of_cap(f"${self._usd:.4f}", f"${caps['usd']:g}" if caps.get("usd") else None)
        money = "price unknown" if self._unpriced and not self._usd else usd
        tokens = of_cap(f"{self._tokens:,}", f"{caps['tokens']:,}" if caps.get("tokens") else None)
        return [
            _line(f"{self.step}{loop} · {found}{asking}", "bold"),
            _line(f"{tokens} tokens · {money} · {of_cap(clock(seconds), most)}", "dim"),
        ]

    def _typed_line(self, width: int) -> Text:
        """What is typed; of a long line its end, where the cursor is."""
        from rich.cells import cell_len
        from rich.text import Text

        typed = self.typed
        while cell_len(typed) > width - 10:
            typed = typed[1:]
        cut = "…" if typed != self.typed else ""
        return Text.assemble(("steer › ", "bold"), cut + typed, "▌", no_wrap=True)


def _waits(body: str) -> str:
    return f"“{body}” is taken at the next step."


def _line(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _item_words(item: dict[str, Any]) -> str:
    note = f"  ({item['note']})" if item["note"] and item["status"] in ("failed", "cancelled") else ""
    return f"{_MARKS[item['status']][0]} {item['id']} {item['title']}{note}"
