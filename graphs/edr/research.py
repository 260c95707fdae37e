"""One research task: queries, search, reading, evidence. Runs in parallel with others of its loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from langgraph.runtime import Runtime

from ...agents.edr import MAX_QUOTE, Passage, Pick, extract, pick_by_score, write_queries
from ...tools.corpus import sentences
from ...tools.search import Filters, Hit, Snapshot
from . import constraints as rules
from .context import EdrContext
from .database import Found, ask_databases, search_tables
from .state import Card, Constraint, Outcome, TodoItem

WINDOW = 1200  # characters of a page that one passage may hold
PICKS = 6


class TaskInput(TypedDict):
    """What `schedule` sends to one research task."""

    task: TodoItem
    question: str
    language: str
    constraints: list[Constraint]
    executed: list[str]


async def research_task(state: TaskInput, runtime: Runtime[EdrContext]) -> dict[str, Any]:
    """Answer one todo item with quotes; never raises for a blocked engine, a dead page or a malformed reply."""
    context, task = runtime.context, state["task"]
    _tell(context, task, "", "task", task["title"])
    rows = await _from_databases(context, state)
    if rows.cards and (task["tool_hint"] == "database" or context.source_types <= {"database"}):
        return _done(context, task, _with_rows(_outcome(task, [], [], [], {}, []), rows))
    queries, dropped = await _queries(context, state)
    hits: list[Hit] = []
    blocked: dict[str, str] = {}
    ran: list[str] = []
    for number, query in enumerate(queries):
        if number and context.unread():
            break  # a person spoke: end here, so that `steer` comes sooner
        _tell(context, task, f"q{number}", "search", query)
        found, refused = await _search(context, state, query)
        said = [f"{len(found)} results", *(f"{engine}: {why}" for engine, why in sorted(refused.items()))]
        status = "failed" if refused and not found else "done"
        _tell(context, task, f"q{number}", "search", query, status, "; ".join(said))
        ran.append(query)
        hits += found
        blocked |= refused
    passages = await _read(context, state, hits)
    titles = list(dict.fromkeys(p.title or p.url for p in passages))
    if titles:
        _tell(context, task, "read", "read", "; ".join(titles)[:400], "done", f"{len(passages)} passages")
    picked = await extract(
        context.caller, task["title"], passages, limit=PICKS, similarity=context.similarity
    )
    chosen = {passages[pick.passage].snapshot for pick in picked.value}
    snapshots = {sha: context.store.snapshot(sha) for sha in chosen}
    cards = [_card(passages[pick.passage], pick, snapshots) for pick in picked.value]
    cards = [card for card in cards if not rules.hidden_by(_source(card), state["constraints"])]
    return _done(context, task, _with_rows(_outcome(task, cards, ran, dropped, blocked, hits), rows))


def _done(context: EdrContext, task: TodoItem, outcome: Outcome) -> dict[str, Any]:
    status = "done" if outcome["status"] == "found" else "failed"
    detail = f"{len(outcome['cards'])} quotes" if outcome["cards"] else outcome["note"]
    _tell(context, task, "", "task", task["title"], status, detail)
    return {"outcomes": [outcome]}


def _tell(
    context: EdrContext,
    task: TodoItem,
    part: str,
    kind: str,
    text: str,
    status: str = "running",
    detail: str = "",
) -> None:
    """Show what the task is doing."""
    # The number of attempts starts anew when a person takes an item up again; its queries only grow.
    attempt = f"{task['attempts']}.{len(task['queries'])}"
    name = ":".join(filter(None, (task["id"], attempt, part)))
    data = {"id": name, "kind": kind, "text": text, "status": status, "detail": detail, "task": task["id"]}
    context.emit("activity", data, key=f"activity:{name}:{status}")


async def _from_databases(context: EdrContext, state: TaskInput) -> Found:
    """Rows that answer the task: by SQL where the planner wants a database, else by words for a small model.

    A small model plans no tools, so each of its tasks looks into the tables too.
    """
    task, small = state["task"], context.caller.model.info.small
    meant = task["tool_hint"] == "database" or context.source_types <= {"database"}
    allowed = rules.filters(state["constraints"]).source_types
    if not context.databases or not (meant or small) or (allowed and "database" not in allowed):
        return Found()
    rows = await ask_databases(context, task["title"]) if not small else Found()
    _hide(rows, state["constraints"])
    if not rows.cards:
        by_words = await search_tables(context, task["title"])
        _hide(by_words, state["constraints"])
        by_words.queries[:0], by_words.note = rows.queries, rows.note or by_words.note
        rows = by_words
    return rows


def _hide(rows: Found, constraints: Sequence[Constraint]) -> None:
    rows.cards = [card for card in rows.cards if not rules.hidden_by(_source(card), constraints)]


def _with_rows(outcome: Outcome, rows: Found) -> Outcome:
    """The outcome with what the databases gave put first."""
    cards = [*rows.cards, *outcome["cards"]]
    note = rows.note or ("" if rows.cards else outcome["note"])
    return {
        **outcome,
        "status": "found" if cards else outcome["status"],
        "cards": cards,
        "queries": [*rows.queries, *outcome["queries"]],
        "charts": rows.charts if rows.cards else [],
        "note": note,
    }


def _outcome(
    task: TodoItem,
    cards: list[Card],
    queries: list[str],
    dropped: list[str],
    blocked: dict[str, str],
    hits: Sequence[Hit],
) -> Outcome:
    if cards:
        status, note = "found", ""
    elif not queries and dropped:
        status, note = "nothing", "All its queries fall under an exclusion."
    elif blocked and not hits:
        status, note = (
            "failed",
            "No engine answered: " + "; ".join(f"{e}: {why}" for e, why in sorted(blocked.items())),
        )
    else:
        status, note = "nothing", "Nothing was found." if not hits else "What was found does not answer it."
    return Outcome(
        task_id=task["id"],
        status=status,  # type: ignore[typeddict-item]
        cards=cards,
        queries=queries,
        dropped=dropped,
        charts=[],
        note=note,
        blocked=blocked,
    )


async def _queries(context: EdrContext, state: TaskInput) -> tuple[list[str], list[str]]:
    task, active = state["task"], state["constraints"]
    written = await write_queries(
        context.caller,
        task["title"],
        question=state["question"],
        language=state["language"],  # type: ignore[arg-type]
        done=state["executed"],
        guidance=rules.guidance(active),
    )
    kept, dropped = rules.keep_queries(written.value.queries, active)
    return [rules.focused(query, active) for query in kept], dropped


async def _search(context: EdrContext, state: TaskInput, query: str) -> tuple[list[Hit], dict[str, str]]:
    hint, attempt = state["task"]["tool_hint"], state["task"]["attempts"]
    wanted = narrow = rules.filters(state["constraints"])
    if hint in context.source_types and not wanted.source_types:
        narrow = Filters.model_validate({**wanted.model_dump(), "source_types": (hint,)})
    hits, blocked = await context.search(query, k=10, filters=narrow, attempt=attempt)
    if not hits and narrow is not wanted:  # the planner's hint was only a hint
        hits, more = await context.search(query, k=10, filters=wanted, attempt=attempt)
        blocked = {**blocked, **more}
    allowed = [
        h
        for h in hits
        if wanted.accepts(h) and not rules.excluded_by(f"{h.title} {h.snippet}", state["constraints"])
    ]
    return allowed, blocked


async def _read(context: EdrContext, state: TaskInput, hits: Sequence[Hit]) -> list[Passage]:
    """Fetch what was found and cut it into passages, the best first, each stretch once."""
    passages: list[Passage] = []
    seen: set[tuple[str, int]] = set()
    for hit in sorted(_distinct(hits), key=lambda h: -(h.score or 0.0))[: context.passages_per_task]:
        snapshot = await context.fetch(hit.url)
        if isinstance(snapshot, str):
            if len(hit.snippet) < 60:
                continue
            snapshot = Snapshot.of(
                hit.url, hit.title, hit.snippet, media_type="text/plain", meta={"snippet": snapshot}
            )
            context.store.put_snapshot(snapshot)
        found = await asyncio.to_thread(_passages, context, state["task"]["title"], hit, snapshot)
        for passage in found:
            place = (passage.snapshot, passage.sentences[0][0])
            if place not in seen:
                seen.add(place)
                passages.append(passage)
    return passages[: context.passages_per_task + 4]


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    best: dict[tuple[str, int | None], Hit] = {}
    for hit in hits:
        place = (hit.url, hit.start)
        if place not in best or (hit.score or 0) > (best[place].score or 0):
            best[place] = hit
    return list(best.values())


def _passages(context: EdrContext, task: str, hit: Hit, snapshot: Snapshot) -> list[Passage]:
    if hit.start is not None and hit.end is not None and snapshot.text[hit.start : hit.end].strip():
        return [p for p in [_passage(hit, snapshot, hit.start, hit.end)] if p.sentences]
    windows = [p for p in (_passage(hit, snapshot, a, b) for a, b in _windows(snapshot.text)) if p.sentences]
    best = pick_by_score(task, windows, limit=3, similarity=context.similarity)
    return [windows[i] for i in dict.fromkeys(pick.passage for pick in best)]


def _windows(text: str, *, most: int = 60) -> list[tuple[int, int]]:
    """Cut a page into stretches of about `WINDOW` characters that end where a sentence ends."""
    windows: list[tuple[int, int]] = []
    start: int | None = None
    end = 0
    for a, b in sentences(text[: WINDOW * most * 2]):
        if start is not None and b - start > WINDOW:
            windows.append((start, end))
            start = None
        start = a if start is None else start
        end = b
    if start is not None:
        windows.append((start, end))
    return windows[:most]


def _passage(hit: Hit, snapshot: Snapshot, start: int, end: int) -> Passage:
    spans = [(start + a, start + b) for a, b in sentences(snapshot.text[start:end])]
    return Passage(
        snapshot=snapshot.sha256,
        url=hit.url,
        title=snapshot.title or hit.title,
        engine=hit.engine,
        source_type=hit.source_type,
        sentences=spans,
        texts=[" ".join(snapshot.text[a:b].split()) for a, b in spans],
        published=hit.published or snapshot.published,
        score=hit.score or 0.0,
    )


def _card(passage: Passage, pick: Pick, snapshots: Mapping[str, Snapshot | None]) -> Card:
    start, end = passage.sentences[pick.first][0], passage.sentences[pick.last][1]
    snapshot = snapshots[passage.snapshot]
    text = snapshot.text if snapshot else ""
    if end - start > MAX_QUOTE:  # one very long sentence: its beginning, cut at a word
        end = start + MAX_QUOTE
        end = start + max(text[start:end].rfind(" "), MAX_QUOTE // 2)
    return Card(
        snapshot=passage.snapshot,
        start=start,
        end=end,
        quote=text[start:end],
        url=passage.url,
        title=passage.title,
        engine=passage.engine,
        source_type=passage.source_type,
        published=passage.published,
        score=round(pick.score, 6),
    )


def _source(card: Card) -> rules.Source:
    return rules.Source(
        card["url"], card["title"], card["quote"], card["source_type"], card["engine"], card["published"]
    )
