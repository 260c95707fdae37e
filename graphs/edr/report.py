"""The finished report as plain data: claims, numbered sources with their quotes, and an honest account of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...durable import CallRecord
from ...tools.corpus import Place
from ...tools.runs import Evidence, Message
from . import charts
from . import constraints as rules
from . import todo as todos
from .state import ClaimState, EdrState, SectionState

FORMAT = 1

_LABELS: dict[str, dict[str, str]] = {
    "answer": {"en": "Short answer", "ko": "요약 답변", "ja": "要約", "zh": "简要回答"},
    "sources": {"en": "Sources", "ko": "출처", "ja": "出典", "zh": "来源"},
    "about": {"en": "About this report", "ko": "이 보고서에 대하여", "ja": "この報告について", "zh": "关于本报告"},
    "nothing": {
        "en": "Nothing was found that answers this question.",
        "ko": "이 질문에 답하는 내용을 찾지 못했습니다.",
        "ja": "この質問に答える情報は見つかりませんでした。",
        "zh": "没有找到回答该问题的内容。",
    },
    "open": {"en": "Not answered", "ko": "답하지 못한 것", "ja": "未回答", "zh": "未回答"},
    "disagree": {"en": "Where sources disagree", "ko": "출처가 서로 다른 곳", "ja": "出典の不一致", "zh": "来源不一致"},
    "steering": {"en": "Steering", "ko": "조정", "ja": "指示", "zh": "调整"},
    "unverified": {"en": "unverified", "ko": "미확인", "ja": "未確認", "zh": "未核实"},
    "charts": {"en": "Charts", "ko": "차트", "ja": "図", "zh": "图表"},
}  # fmt: skip

STOPS = {
    "answered": "every sub-question was worked on",
    "loops": "the loop limit was reached",
    "budget": "the budget was reached",
    "stopped": "the user asked to finish",
}


def label(language: str, name: str) -> str:
    """A fixed phrase of the report in its language."""
    return _LABELS[name].get(language, _LABELS[name]["en"])


def assemble(
    state: EdrState,
    *,
    language: str,
    evidence: Sequence[Evidence],
    messages: Sequence[Message],
    model: str,
    records: Sequence[CallRecord],
    places: Mapping[str, Place] | None = None,
) -> dict[str, Any]:
    """Put the report together.

    Args:
        state: The run's state.
        language: Of the report.
        evidence: What may be cited, hidden quotes left out.
        messages: All steering messages.
        model: The model's name, said in the report.
        records: All finished calls of the run.
        places: Evidence id to page and boxes, where the source has pages.

    Returns:
        JSON: `sections` of claims with source numbers, `sources` with every cited quote, its offsets, place, snapshot,
        and `about`: model, how much of it is word-for-word quotation, what stayed open, and what the run spent.
    """
    by_id = {e.id: e for e in evidence}
    numbers: dict[str, int] = {}
    limit = rules.style_value(state["constraints"], "max_words")
    sections = [_section(s, by_id, numbers) for s in _shortened(list(state["sections"].values()), limit)]
    sections = [s for s in sections if s["claims"]]
    claims = [c for s in sections for c in s["claims"]]
    # Before `sources`: a quote that is only named here gives its source a number too.
    differing = _disagreements(state["disagreements"], by_id, numbers)
    drawn = _charts(state, by_id, numbers)
    return {
        "format": FORMAT,
        "title": state["question"],
        "language": language,
        "sections": sections,
        "sources": _sources(by_id, numbers, places or {}),
        "open": [
            {"id": i["id"], "title": i["title"], "status": i["status"], "note": i["note"]}
            for i in state["todo"]["items"]
            if i["status"] not in ("done", "cancelled")
        ],
        "gaps": state["gaps"],
        "disagreements": differing,
        "charts": drawn,
        "steering": [
            {"message": m.body, "status": m.status, "reason": m.reason, "effect": m.effect, "loop": m.loop}
            for m in messages
        ],
        "blocked": state["blocked"],
        "about": _about(state, claims, model, records),
    }


def _shortened(sections: list[SectionState], max_words: int | None) -> list[SectionState]:
    """Cut whole claims from the end until the report is no longer than was asked; the first claim always stays."""
    if not max_words:
        return sections
    left, kept = max_words, []
    for section in sections:
        claims: list[ClaimState] = []
        for claim in section["claims"]:
            words = len(claim["text"].split())
            if claim["verdict"] == "dropped" or (words > left and (kept or claims)):
                continue
            left -= words
            claims.append(claim)
        kept.append({**section, "claims": claims})
    return kept


def _section(section: SectionState, by_id: Mapping[str, Evidence], numbers: dict[str, int]) -> dict[str, Any]:
    claims: list[dict[str, Any]] = []
    for claim in section["claims"]:
        ids = [e for e in claim["evidence"] if e in by_id]
        if claim["verdict"] == "dropped" or (claim["verdict"] == "supported" and not ids):
            continue
        if any(claim["text"] == c["text"] for c in claims):
            continue
        refs = list(dict.fromkeys(numbers.setdefault(_source_key(by_id[e]), len(numbers) + 1) for e in ids))
        claims.append(
            {
                "text": claim["text"],
                "refs": refs,
                "evidence": ids,
                "verdict": claim["verdict"],
                "extractive": claim["extractive"],
            }
        )
    return {"id": section["id"], "title": section["title"], "claims": claims}


def _source_key(evidence: Evidence) -> str:
    return f"{evidence.url}\0{evidence.snapshot}"


def _sources(
    by_id: Mapping[str, Evidence], numbers: Mapping[str, int], places: Mapping[str, Place]
) -> list[dict[str, Any]]:
    sources: list[dict[str, Any]] = []
    for key, n in sorted(numbers.items(), key=lambda pair: pair[1]):
        quotes = [e for e in by_id.values() if _source_key(e) == key]
        first = quotes[0]
        sources.append(
            {
                "n": n,
                "url": first.url,
                "title": first.title,
                "engine": first.engine,
                "source_type": first.source_type,
                "published": first.published,
                "snapshot": first.snapshot,
                "quotes": [_quote(e, places.get(e.id, Place())) for e in quotes],
            }
        )
    return sources


def _quote(evidence: Evidence, place: Place) -> dict[str, Any]:
    """A quote with its offsets; `page`, `boxes` and `place` (both in words) only where the source has pages."""
    found: dict[str, Any] = {
        "id": evidence.id,
        "quote": evidence.quote,
        "start": evidence.start,
        "end": evidence.end,
    }
    if place.page is not None:
        boxes = [
            {"page": r.page, **r.box.model_dump(), "width": r.width, "height": r.height}
            for r in place.regions
        ]
        found |= {"page": place.page, "boxes": boxes, "place": str(place)}
    return found


def _disagreements(
    pairs: Sequence[Sequence[str]], by_id: Mapping[str, Evidence], numbers: dict[str, int]
) -> list[list[dict[str, Any]]]:
    shown: list[list[dict[str, Any]]] = []
    for pair in pairs[:6]:
        if all(e in by_id for e in pair):
            shown.append(
                [
                    {
                        "evidence": e,
                        "quote": by_id[e].quote,
                        "ref": numbers.setdefault(_source_key(by_id[e]), len(numbers) + 1),
                    }
                    for e in pair
                ]
            )
    return shown


def _charts(state: EdrState, by_id: Mapping[str, Evidence], numbers: dict[str, int]) -> list[dict[str, Any]]:
    """Chart specifications, each with the number of the source that its rows are."""
    return [
        {
            "spec": spec.model_dump(mode="json"),
            "source": numbers.setdefault(_source_key(quote), len(numbers) + 1),
        }
        for spec, quote in charts.placed(state["charts"], by_id, state["constraints"])
    ]


def _about(
    state: EdrState, claims: Sequence[Mapping[str, Any]], model: str, records: Sequence[CallRecord]
) -> dict[str, Any]:
    quoted = sum(bool(c["extractive"]) for c in claims)
    dropped = sum(c["verdict"] == "dropped" for s in state["sections"].values() for c in s["claims"])
    llm = [r for r in records if r.kind == "llm"]
    return {
        "model": model,
        "claims": len(claims),
        "extractive_claims": quoted,
        "extractive": bool(claims) and quoted == len(claims),
        "unverified_claims": sum(c["verdict"] == "unverified" for c in claims),
        "dropped_claims": dropped,
        "stop_reason": state["stop_reason"],
        "stopped_because": STOPS.get(state["stop_reason"], state["stop_reason"]),
        "loops": state["loop"],
        "todo": todos.lines(state["todo"]),
        "calls": {
            "llm": len(llm),
            "search": sum(r.kind == "search" for r in records),
            "fetch": sum(r.kind == "fetch" for r in records),
        },
        "input_tokens": sum(r.input_tokens for r in llm),
        "output_tokens": sum(r.output_tokens for r in llm),
        "usd": round(sum(r.cost for r in llm), 6),
    }
