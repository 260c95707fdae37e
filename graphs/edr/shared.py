"""What a run shows of itself: its state and evidence as keyed values of the shared state document.

Each function returns `{"/path": value}`. A path names a key, never a place in a list, so a value may be written twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...tools.runs import Evidence, Message
from .state import ClaimState, Constraint, Limits, SectionState, Todo

Paths = dict[str, Any]


def todo(value: Todo | Mapping[str, Any]) -> Paths:
    """The whole list."""
    return {"/todo": {"version": value["version"], "items": value["items"]}}


def constraints(values: Sequence[Constraint]) -> Paths:
    """All rules, withdrawn ones too."""
    return {"/constraints": list(values)}


def limits(value: Limits) -> Paths:
    """The caps in force."""
    return {"/limits": value.model_dump()}


def message(value: Message) -> Paths:
    """A message and what became of it."""
    return {f"/messages/{value.seq}": value.model_dump(exclude={"run_id"})}


def blocked(engines: Mapping[str, str]) -> Paths:
    """Engines that refused, with the reason."""
    return {f"/blocked/{pointer(name)}": why for name, why in engines.items()}


def evidence(all_of_it: Sequence[Evidence], changed: set[str] | None = None) -> Paths:
    """Quotes and their sources.

    Args:
        all_of_it: All evidence of the run, hidden quotes too, in the order of its numbers: sources are numbered by it.
        changed: The quotes that are new or changed; None: all.
    """
    numbers = source_ids(all_of_it)
    paths: Paths = {}
    for e in all_of_it:
        if changed is not None and e.id not in changed:
            continue
        source = numbers[e.url, e.snapshot]
        paths[f"/evidence/{e.id}"] = {
            "id": e.id,
            "source": source,
            "quote": e.quote,
            "hidden_by": e.hidden_by,
            "task_id": e.task_id,
        }
        if f"/sources/{source}" not in paths:
            paths[f"/sources/{source}"] = _source(source, e, all_of_it)
    return paths


def source_ids(all_of_it: Sequence[Evidence]) -> dict[tuple[str, str], str]:
    """The id of each source, a text at an address: `s1`, `s2` … in the order of its first quote."""
    keys = dict.fromkeys((e.url, e.snapshot) for e in all_of_it)
    return {key: f"s{n}" for n, key in enumerate(keys, 1)}


def _source(source_id: str, first: Evidence, all_of_it: Sequence[Evidence]) -> dict[str, Any]:
    quotes = [e for e in all_of_it if (e.url, e.snapshot) == (first.url, first.snapshot)]
    hidden = quotes[0].hidden_by if all(e.hidden_by for e in quotes) else ""
    return {
        "id": source_id,
        "url": first.url,
        "title": first.title,
        "engine": first.engine,
        "source_type": first.source_type,
        "published": first.published,
        "evidence": [e.id for e in quotes],
        "hidden_by": hidden,
    }


def outline(title: str, sections: Sequence[SectionState]) -> Paths:
    """A report that is about to be written: its sections, still empty."""
    paths: Paths = {"/report": {"title": title, "order": [s["id"] for s in sections], "final": False}}
    for s in sections:
        paths |= section(s, "writing")
    return paths


def section(value: SectionState, status: str) -> Paths:
    """A section: being written, written and not yet checked, or checked."""
    claims = [_claim(c) for c in value["claims"]]
    return {
        f"/sections/{value['id']}": {
            "id": value["id"],
            "title": value["title"],
            "status": status,
            "claims": claims,
        }
    }


def _claim(claim: ClaimState) -> dict[str, Any]:
    return {name: claim[name] for name in ("text", "evidence", "verdict", "extractive", "why")}


def report(finished: Mapping[str, Any]) -> Paths:
    """The finished report: only what it says, with the number of each quote's source."""
    numbers = {q["id"]: source["n"] for source in finished["sources"] for q in source["quotes"]}
    order = [s["id"] for s in finished["sections"]]
    named = ("title", "language", "open", "gaps", "disagreements", "about")
    paths: Paths = {
        "/report": {
            "order": order,
            "final": True,
            "numbers": numbers,
            **{name: finished[name] for name in named},
        }
    }
    for s in finished["sections"]:
        claims = [{**c, "why": ""} for c in s["claims"]]
        paths[f"/sections/{s['id']}"] = {**s, "claims": claims, "status": "final"}
    for n, chart in enumerate(finished["charts"], 1):
        paths[f"/charts/c{n}"] = {"id": f"c{n}", **chart}
    return paths


def pointer(key: str) -> str:
    """A key as RFC 6901 writes it in a path."""
    return key.replace("~", "~0").replace("/", "~1")
