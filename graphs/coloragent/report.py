"""What a phone task leaves behind: the answer, how it ended, and each step with its verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Literal

from . import shared
from .state import PhoneState

KIND = "phone"
Report = Mapping[str, Any]
_ENDED = {
    "done": "Done.",
    "answered": "Answered.",
    "failed": "Not done.",
    "steps": "Not finished.",
    "budget": "Not finished.",
    "stopped": "",
    "refused": "Not done: it was refused.",
}


def report_of(state: PhoneState) -> dict[str, Any]:
    """A finished run as its report. What it says is the agent's own account; only verdicts were checked."""
    return {
        "format": 1,
        "kind": KIND,
        "title": state["goal"],
        "language": state["language"],
        "outcome": dict(state["outcome"]),
        "answer": state["answer"],
        "parts": [{k: s[k] for k in ("id", "goal", "status", "why")} for s in state["subtasks"]],
        "steps": [
            {
                "n": s["n"], "said": shared.action_words(s["action"], s["target"]), "thought": s["thought"],
                "verdict": s["verdict"], "evidence": s["evidence"], "why": s["why"], "rule": s["rule"],
                "classes": s["classes"], "app": s["app"],
            }
            for s in state["history"]
        ],
        "questions": [dict(q) for q in state["questions"]],
        "notes": [m["text"] for m in state["memory"]],
        "permissions": dict(state["permissions"]),
    }  # fmt: skip


def ending(report: Report) -> str:
    """How it ended, in a sentence or two."""
    outcome = report["outcome"]
    said = _ENDED.get(outcome.get("reason", ""), "Ended.")
    if outcome.get("doubt"):
        said = f"{said[:-1]}, as the agent says; nothing confirmed it."
    text = outcome.get("text", "")
    return f"{said} {text}".strip() if text and text != report["answer"] else said


def lines_of(report: Report) -> list[tuple[str, list[str]]]:
    """The report as headings and their lines, for every form."""
    steps = [
        f"{s['n']}. {s['said']} → {s['verdict']}"
        + (f" ({s['rule']})" if s["classes"] else "")
        + (f": {s['why']}" if s["why"] else "")
        for s in report["steps"]
    ]
    parts = [f"{p['goal']}: {p['status']}" + (f" ({p['why']})" if p["why"] else "") for p in report["parts"]]
    asked = [f"{q['question']} → {q['answer']}" for q in report["questions"]]
    found = [
        ("Answer", [report["answer"]] if report["answer"] else []),
        ("Parts", parts if len(parts) > 1 else []),
        ("Steps", steps),
        ("Questions", asked),
        ("Notes from screens", list(report["notes"])),
    ]
    return [(title, lines) for title, lines in found if lines]


def render_report(report: Report, format: Literal["md", "html", "json"]) -> str:
    """The report of a phone task as a file; all of its texts are data."""
    if format == "json":
        return json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    if format == "md":
        parts = [f"# {_md(report['title'])}", _md(ending(report))]
        for title, lines in lines_of(report):
            parts += [f"## {title}", "\n".join(f"- {_md(line)}" for line in lines)]
        return "\n\n".join(parts) + "\n"
    body = [f"<h1>{escape(report['title'])}</h1><p>{escape(ending(report))}</p>"]
    for title, lines in lines_of(report):
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        body.append(f"<h2>{escape(title)}</h2><ul>{items}</ul>")
    return (
        f'<!doctype html><html lang="{escape(report["language"])}"><head><meta charset="utf-8">'
        f"<title>{escape(report['title'])}</title></head><body>{''.join(body)}</body></html>\n"
    )


def _md(text: str) -> str:
    """Text that Markdown and HTML readers show as it is, on one line."""
    text = " ".join(str(text).split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+!|<>&~" else c for c in text)
