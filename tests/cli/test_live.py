"""The live view: folded from events, and never larger than the window."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from tenfold.cli.live import LiveView
from tenfold.tools.runs import Event, Run


def view(**limits: Any) -> LiveView:
    options = {"options": {"limits": {"loops": 3, **limits}}}
    asked = "What is asked? " * 9
    return LiveView(
        Run(id="r", graph="edr", question=asked, status="running", options=options, created="", active_s=65)
    )


def take(shown: LiveView, type: str, **data: Any) -> None:
    shown.take(Event(run_id="r", seq=1, at="", type=type, data=data))


def items(count: int, status: str = "pending") -> dict[str, Any]:
    titles = [
        {"id": f"t{i}", "title": f"Item {i} " + "long " * 40, "status": status, "note": ""}
        for i in range(count)
    ]
    return {"items": titles}


def drawn(shown: LiveView, width: int = 80, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def full() -> LiveView:
    shown = view(tokens=50_000, usd=0.5, minutes=10)
    take(shown, "plan.made", todo=items(30))
    take(shown, "loop.started", loop=2, todo=items(30, "in_progress"))
    quotes = [
        {"id": f"e{i}", "url": f"u{i}", "title": f"Source {i}", "quote": f"Quote {i} " * 30} for i in range(9)
    ]
    take(shown, "loop.gathered", todo=items(30, "done"), evidence=quotes, blocked={"ddgs": "limited. " * 40})
    for i in range(9):
        take(shown, "steering.rejected", body=f"message {i} " * 30, effect={}, reason="because " * 30)
    shown.typed = "안녕" * 200
    return shown


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 12), (120, 40), (200, 60)])
def test_it_never_outgrows_the_window(width: int, height: int) -> None:
    from rich.cells import cell_len

    lines = drawn(full(), width, height)
    assert len(lines) < height, "a full window would scroll, and scrolling flickers"
    assert max(map(cell_len, lines)) <= width
    assert any("안녕▌" in line for line in lines), "the end of what is typed is in sight"


def test_spending_stands_against_the_caps() -> None:
    shown = view(tokens=50_000, usd=0.5, minutes=10)
    usage = {"input_tokens": 1000, "output_tokens": 234, "cost": 0.0125}
    take(shown, "call.start", role="query_writer")
    assert any("(query writer)" in line for line in drawn(shown))
    take(shown, "call.end", role="query_writer", usage=usage)
    text = "\n".join(drawn(shown))
    assert "1,234 of 50,000 tokens · $0.0125 of $0.5 · 1:05 of 10:00" in text and "(query" not in text
    take(shown, "steering.applied", body="budget 60k tokens", reason="",
         effect={"budget": [{"unit": "tokens", "from": 50_000, "to": 60_000}]})  # fmt: skip
    assert "1,234 of 60,000 tokens" in "\n".join(drawn(shown))


def test_a_message_that_waits_gives_way_to_its_reply() -> None:
    shown = view()
    shown.queued("stop")
    assert any("“stop” is taken at the next step." in line for line in drawn(shown))
    take(shown, "steering.applied", body="stop", effect={"stopping": [True]}, reason="")
    text = "\n".join(drawn(shown))
    assert "“stop” applied: stopping." in text and "next step" not in text


def test_what_is_open_is_shown_before_what_is_done() -> None:
    shown = view()
    rows = items(40, "done")["items"]
    rows[35] = {**rows[35], "status": "in_progress"}
    take(shown, "loop.started", loop=1, todo={"items": rows})
    text = "\n".join(drawn(shown))
    assert "› t35" in text and "39 of 40 are done" in text
