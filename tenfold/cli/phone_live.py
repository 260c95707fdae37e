"""The live view of a phone task: plan, last steps with their verdicts, the screen as a list, what is spent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .servers import printable
from .words import clock, of_cap

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

    from ..tools.runs import Event, Run

_MARKS = {
    "pending": ("·", "dim"),
    "in_progress": ("›", "cyan"),
    "done": ("✓", "green"),
    "failed": ("✗", "red"),
}
_VERDICTS = {
    "ok": ("✓", "green"), "wrong": ("✗", "red"), "refused": ("⊘", "red"), "no_change": ("=", "yellow"),
    "uncertain": ("?", "yellow"), "skipped": ("·", "dim"),
}  # fmt: skip
_DOING = {
    "personalise": "reading your preferences", "orchestrate": "planning", "permit": "waiting for permission",
    "perceive": "looking", "decide": "deciding", "guard": "asking", "act": "touching",
    "trajectory": "looking back", "global_check": "checking the result", "finish": "finishing",
}  # fmt: skip
_FIXED = 6
_MOST_SAID = 4


class PhoneView:
    """Folds a run's events into what is shown.

    Args:
        run: Its goal, its caps, and the time it has run already.
    """

    def __init__(self, run: Run) -> None:
        self.question = run.question
        self.typed = ""
        self.step = "starting"
        options: dict[str, Any] = run.options.get("options", {})
        self._most = options.get("max_steps")
        self._caps: dict[str, Any] = options.get("limits", {})
        self._parts: list[dict[str, Any]] = []
        self._steps: dict[int, dict[str, Any]] = {}
        self._screen: dict[str, Any] = {}
        self._budget: dict[str, Any] = {}
        self._said: list[tuple[str, str]] = []
        self._began = time.monotonic() - run.active_s

    def line(self, event: Event) -> str:
        """What a log says of an event; "" for nothing."""
        match event.type:
            case "phone.step" | "phone.asked":
                found = [v for k, v in event.data.get("state", {}).items() if k.startswith("/phone/steps/")]
                return _step_words(found[0]) if found else ""
            case "phone.approval":
                return f"step {event.data['n']}: you said {event.data['answer']} ({event.data['rule']})"
            case "phone.denied":
                return (
                    f"step {event.data['n']}: denied by {event.data['rule']}: {printable(event.data['why'])}"
                )
            case "phone.orders":
                return f"step {event.data['n']}: the screen gives orders; they are not obeyed"
            case _:
                return ""

    def take(self, event: Event) -> None:
        """Fold in one event."""
        data = event.data
        for path, value in (data.get("state") or {}).items():
            if path.startswith("/phone/steps/") and value:
                self._steps[value["n"]] = value
            elif path == "/phone/subtasks":
                self._parts = value["items"]
            elif path == "/phone/screen":
                self._screen = value
            elif path == "/budget":
                self._budget = value
        if event.type == "step.started":
            self.step = _DOING.get(data.get("name", ""), self.step)
        elif event.type in ("phone.denied", "phone.orders", "phone.approval"):
            self.say("yellow", self.line(event))
        elif event.type in ("steering.applied", "steering.rejected"):
            self._said = [line for line in self._said if line[1] != _waits(data["body"])]
            done = event.type == "steering.applied"
            self.say(
                "green" if done else "red",
                f"“{data['body']}” {'taken' if done else 'not done: ' + data['reason']}",
            )

    def restart(self) -> None:
        """Nothing of an earlier process is still going on."""

    def queued(self, body: str) -> None:
        """Say that a message waits; its reply takes this line's place."""
        self.say("dim", _waits(body))

    def say(self, style: str, text: str) -> None:
        """Add a line for the person."""
        line = (style, printable(text))
        if not self._said or self._said[-1] != line:
            self._said = [*self._said, line][-_MOST_SAID:]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.console import Group
        from rich.panel import Panel
        from rich.text import Text

        rows = max(6, console.size.height - 1 - _FIXED)
        parts = [_line(f"{_MARKS[p['status']][0]} {p['goal']}", _MARKS[p["status"]][1]) for p in self._parts][
            :4
        ]
        steps = [self._steps[n] for n in sorted(self._steps)][-max(2, rows // 3) :]
        did = [_line(_step_words(s), _VERDICTS[s["verdict"]][1]) for s in steps]
        said = [_line(text, style) for style, text in self._said]
        room = max(0, rows - len(parts) - len(did) - len(said) - 2)
        seen = [_line(text, "dim") for text in str(self._screen.get("list", "")).split("\n")[:room] if text]
        body = [*parts, *did, Text(""), *seen, *said, self._meter()]
        yield Panel(
            Group(
                *body,
                Text.assemble(("say › ", "bold"), printable(self.typed)[-(options.max_width - 14) :], "▌"),
            ),
            title=Text(printable(self.question), style="bold", no_wrap=True, overflow="ellipsis"),
            subtitle=Text("type to correct · Ctrl-C pauses", style="dim"),
            padding=(0, 1),
        )

    def _meter(self) -> Text:
        tokens = f"{self._budget.get('tokens', {}).get('used', 0):,}"
        cap = self._caps.get("tokens")
        seconds = clock(time.monotonic() - self._began)
        step = f"step {max(self._steps, default=0)} of {self._most}"
        spent = f"{of_cap(tokens, f'{cap:,}' if cap else None)} tokens, {self._budget.get('calls', 0)} calls"
        return _line(f"{self.step} · {step} · {spent} · {seconds}", "bold")


def _step_words(step: dict[str, Any]) -> str:
    from ..graphs.coloragent import action_words

    why = f": {step['why']}" if step["why"] and step["verdict"] != "ok" else ""
    mark = _VERDICTS[step["verdict"]][0]
    return printable(
        f"{step['n']}. {action_words(step['action'], step['target'])} {mark} {step['verdict']}{why}"
    )


def _waits(body: str) -> str:
    return printable(f"“{body}” is taken at the next step.")


def _line(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")
