"""Nodes from evidence to report: outline, write_section, cite_check, rewrite_section, finalize."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from langgraph.runtime import Runtime
from langgraph.types import Send

from ...agents.edr import Claim, entails, outline, quote_section, write_section
from ...text import normalise
from ...tools.corpus import Place, place_of
from ...tools.runs import Evidence
from . import citations, planning, report, review, shared
from . import constraints as rules
from .context import EdrContext
from .state import ClaimState, EdrState, SectionState

MAX_QUOTES = 10
SHORT_ANSWER = "s0"


class SectionInput(TypedDict):
    """What one section's writer is sent; `round` names this writing of the report."""

    round: str
    section: SectionState
    question: str
    language: str
    style: list[str]


async def make_outline(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Lay out the sections over the evidence that may be used; a short answer comes first."""
    context = runtime.context
    evidence = context.store.evidence(context.run_id)
    if not evidence:
        return {"sections": {"__clear__": True}, "rewrite": False}
    language = planning.language_of(state)
    visible = {e.id for e in evidence}
    reply = await outline(
        context.caller,
        state["brief"],
        language=language,
        digests={e.id: review.digest(e.quote) for e in evidence},
        by_task=[
            (i["title"], [e for e in i["evidence_ids"] if e in visible]) for i in state["todo"]["items"]
        ],
        guidance=[*rules.guidance(state["constraints"]), *rules.style_lines(state["constraints"])],
    )
    ranked = await review.rank(context, state["question"], evidence)
    best = _for_short_answer(ranked, [part.evidence for part in reply.value.sections])
    sections: dict[str, Any] = {
        "__clear__": True,
        SHORT_ANSWER: _section(SHORT_ANSWER, report.label(language, "answer"), best),
    }
    if len(evidence) > 3:  # with fewer quotes the short answer is the whole report
        for n, part in enumerate(reply.value.sections, 1):
            sections[f"s{n}"] = _section(f"s{n}", part.title, part.evidence)
    made: list[SectionState] = [s for k, s in sections.items() if k != "__clear__"]
    plan = [{"id": s["id"], "title": s["title"], "evidence": s["evidence"]} for s in made]
    context.emit(
        "outline.made",
        {"sections": plan, "source": reply.source},
        key=f"outline:{_round(state)}",
        state=shared.outline(state["question"], made),
    )
    return {"sections": sections, "rewrite": False}


def _round(state: EdrState) -> str:
    """Names one writing of the report: it is written anew only after another loop or another message."""
    return f"{state['loop']}:{state['inbox_cursor']}"


def _for_short_answer(ranked: Sequence[Evidence], parts: Sequence[Sequence[str]]) -> list[str]:
    """The best quote of each section, then the best of all: a short answer must not leave a part out."""
    firsts = [next((e.id for e in ranked if e.id in part), "") for part in parts]
    return list(dict.fromkeys([*filter(None, firsts[:4]), *(e.id for e in ranked)]))[:5]


def _section(section_id: str, title: str, evidence: list[str]) -> SectionState:
    return SectionState(id=section_id, title=title, evidence=evidence, claims=[], tries=0)


def send_sections(state: EdrState) -> list[Send] | str:
    """One writer for each section, or straight on when there is nothing to write from."""
    if not state["sections"]:
        return "finalize"
    return [Send("write_section", _section_input(state, s)) for s in state["sections"].values()]


def send_rewrites(state: EdrState) -> list[Send] | str:
    """One rewriter for each section in which a claim failed for the first time."""
    failing = [s for s in state["sections"].values() if _failed(s)]
    return [Send("rewrite_section", _section_input(state, s)) for s in failing] or "finalize"


def _section_input(state: EdrState, section: SectionState) -> SectionInput:
    return SectionInput(
        round=_round(state),
        section=section,
        question=state["brief"],
        language=planning.language_of(state),
        style=rules.style_lines(state["constraints"]),
    )


def _failed(section: SectionState) -> list[ClaimState]:
    return [c for c in section["claims"] if c["verdict"] == "unchecked" and c["why"]]


async def write_one_section(state: SectionInput, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Write a section from its own quotes."""
    context, section = runtime.context, state["section"]
    quotes = await _quotes(context, section["evidence"], state["question"])
    limit = 3 if section["id"] == SHORT_ANSWER else 8
    written = await _write(context, state, quotes, limit=limit)
    claims = [_claim(claim) for claim in written[:limit]]
    return {"sections": {section["id"]: _told(context, state, claims, tries=1)}}


async def rewrite_one_section(state: SectionInput, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Write the failing claims of a section once more; the others stay."""
    context, section = runtime.context, state["section"]
    failed = _failed(section)
    named = list(dict.fromkeys(e for c in failed for e in c["evidence"] if e in section["evidence"]))
    quotes = await _quotes(context, named or section["evidence"], state["question"])
    again = [(Claim(text=c["text"], evidence=c["evidence"]), c["why"]) for c in failed]
    fresh = iter(
        [_claim(claim) for claim in await _write(context, state, quotes, failed=again, limit=len(failed))]
    )
    claims: list[ClaimState] = []
    for claim in section["claims"]:
        replacement = next(fresh, None) if claim in failed else claim
        # No new wording: the old one stays for the record, and the check settles it.
        claims.append(replacement or claim)
    return {"sections": {section["id"]: _told(context, state, claims, tries=2)}}


def _told(context: EdrContext, state: SectionInput, claims: list[ClaimState], *, tries: int) -> SectionState:
    """The section with its new claims, which the page hears of."""
    written: SectionState = {**state["section"], "claims": claims, "tries": tries}
    context.emit(
        "section.written",
        {"section": written["id"], "claims": len(claims), "tries": tries},
        key=f"written:{state['round']}:{written['id']}:{tries}",
        state=shared.section(written, "written"),
    )
    return written


async def _write(
    context: EdrContext,
    state: SectionInput,
    quotes: Sequence[Evidence],
    *,
    limit: int,
    failed: Sequence[tuple[Claim, str]] = (),
) -> list[Claim]:
    reply = await write_section(
        context.caller,
        state["section"]["title"],
        question=state["question"],
        language=state["language"],  # type: ignore[arg-type]
        quotes={e.id: " ".join(e.quote.split()) for e in quotes},
        style=state["style"],
        failed=failed,
        limit=limit,
        on_draft=None if failed else context.draft(state["section"]["id"]),
    )
    return reply.value.claims


async def _quotes(context: EdrContext, ids: list[str], question: str) -> list[Evidence]:
    usable = sorted(context.store.evidence(context.run_id, ids=ids), key=lambda e: ids.index(e.id))
    if len(usable) <= MAX_QUOTES:
        return usable
    best = {e.id for e in (await review.rank(context, question, usable))[:MAX_QUOTES]}
    return [e for e in usable if e.id in best]


def _claim(claim: Claim) -> ClaimState:
    return ClaimState(
        text=claim.text, evidence=list(claim.evidence), verdict="unchecked", extractive=False, why=""
    )


async def cite_check(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Check every claim; first failures go back to the writer, second ones are dropped or marked."""
    context = runtime.context
    evidence = {e.id: e for e in context.store.evidence(context.run_id)}
    standing = review.standing(context, list(evidence.values()))
    checked: dict[str, SectionState] = {}
    doubtful: list[tuple[str, int, str]] = []
    small = context.caller.model.info.small
    for section in state["sections"].values():
        claims: list[ClaimState] = []
        for place, claim in enumerate(section["claims"]):
            verdict = citations.check(claim["text"], claim["evidence"], evidence, standing, small=small)
            if verdict.needs_model:
                doubtful.append(
                    (section["id"], place, " … ".join(evidence[e].quote for e in claim["evidence"]))
                )
            claims.append(_judged(claim, verdict, evidence))
        checked[section["id"]] = {**section, "claims": claims}
    await _ask_model(context, checked, doubtful)
    settled = {k: _settle(s, state, evidence, standing) for k, s in checked.items()}
    paths = {path: value for s in settled.values() for path, value in shared.section(s, "checked").items()}
    tries = sum(s["tries"] for s in settled.values())
    verdicts = [c["verdict"] for s in settled.values() for c in s["claims"]]
    counts = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
    context.emit("claims.checked", counts, key=f"checked:{_round(state)}:{tries}", state=paths)
    return {"sections": settled}


def _judged(claim: ClaimState, verdict: citations.Verdict, evidence: Mapping[str, Evidence]) -> ClaimState:
    if not verdict.ok:
        return {**claim, "verdict": "unchecked", "why": verdict.why}
    quoted = any(normalise(claim["text"]) in normalise(evidence[e].quote) for e in claim["evidence"])
    return {**claim, "verdict": "supported", "why": "", "extractive": quoted}


async def _ask_model(
    context: EdrContext, checked: dict[str, SectionState], doubtful: list[tuple[str, int, str]]
) -> None:
    """Claims whose words differ from their quotes: an able model decides them, in one call."""
    if not doubtful:
        return
    pairs = [(checked[s]["claims"][i]["text"], quote) for s, i, quote in doubtful]
    reply = await entails(context.caller, pairs)
    for (section_id, place, _), yes in zip(doubtful, reply.value, strict=True):
        if yes:
            claim = checked[section_id]["claims"][place]
            checked[section_id]["claims"][place] = {**claim, "verdict": "supported", "why": ""}


def _settle(
    section: SectionState, state: EdrState, evidence: Mapping[str, Evidence], standing: Mapping[str, bool]
) -> SectionState:
    """After the second try nothing stays open; a section left without a claim quotes its best evidence."""
    if section["tries"] < 2 and _failed(section):
        return section
    last: Any = "unverified" if state["options"]["unverified"] == "mark" else "dropped"
    claims = [
        c if c["verdict"] == "supported" else ClaimState({**c, "verdict": last}) for c in section["claims"]
    ]
    usable = {
        e: " ".join(evidence[e].quote.split()) for e in section["evidence"] if e in evidence and standing[e]
    }
    if not any(c["verdict"] == "supported" for c in claims) and usable:
        quoted = quote_section(usable, limit=3 if section["id"] == SHORT_ANSWER else 6)
        claims += [
            ClaimState({**_claim(c), "verdict": "supported", "extractive": True}) for c in quoted.claims
        ]
    return {**section, "claims": claims}


def _places(context: EdrContext, quotes: Sequence[Evidence]) -> dict[str, Place]:
    """Where each quote stands on its page, by what its snapshot knows of pages; each snapshot is read once."""
    kept = {sha: context.store.snapshot(sha) for sha in {e.snapshot for e in quotes}}
    metas = {sha: s.meta for sha, s in kept.items() if s and s.meta.keys() & {"pages", "regions"}}
    return {e.id: place_of(metas[e.snapshot], e.start, e.end) for e in quotes if e.snapshot in metas}


async def finalize(state: EdrState, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Close the inbox and file the report; a message that came meanwhile sends the run back to `steer`."""
    context = runtime.context
    if not context.store.close_inbox(context.run_id):
        return {"finished": False}
    records = await context.ledger.records()
    quotes = context.store.evidence(context.run_id)
    finished = report.assemble(
        state,
        language=planning.language_of(state),
        evidence=quotes,
        places=_places(context, quotes),
        messages=context.store.messages(context.run_id),
        model=context.caller.model.info.label,
        records=records,
    )
    context.store.save_report(context.run_id, finished)
    context.emit(
        "run.finished",
        {"stop_reason": state["stop_reason"], "title": finished["title"]},
        key="finished",
        state=shared.report(finished),
    )
    return {"finished": True}
