"""What a run shows of itself: folding its events gives what its state, store and report say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from edr_world import World

from tenfold.agents.edr._draft import ClaimStream
from tenfold.evals.edr import ScriptedResearcher
from tenfold.graphs.edr.context import Draft


def fold(world: World) -> dict[str, Any]:
    """The shared document, by path."""
    document: dict[str, Any] = {}
    world.store.log.flush()
    for event in world.store.events(world.run.id, limit=10_000):
        document |= event.data.get("state", {})
    return document


def under(document: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {path.removeprefix(prefix): value for path, value in document.items() if path.startswith(prefix)}


def test_the_document_agrees_with_state_store_and_report(world: World) -> None:
    asyncio.run(world.go(world.begin()))
    document, state, report = fold(world), asyncio.run(world.state()), world.report()
    assert document["/todo"]["items"] == state["todo"]["items"]
    assert document["/todo"]["version"] == state["todo"]["version"]
    evidence = world.store.evidence(world.run.id, hidden=True)
    assert {e.id: e.quote for e in evidence} == {
        k: v["quote"] for k, v in under(document, "/evidence/").items()
    }
    for source_id, source in under(document, "/sources/").items():
        for evidence_id in source["evidence"]:
            assert document[f"/evidence/{evidence_id}"]["source"] == source_id
    assert document["/report"]["final"] and document["/loop"] == state["loop"]
    shown = [document[f"/sections/{name}"] for name in document["/report"]["order"]]
    assert [[c["text"] for c in s["claims"]] for s in shown] == [
        [c["text"] for c in s["claims"]] for s in report["sections"]
    ]
    cited = {e for s in report["sections"] for c in s["claims"] for e in c["evidence"]}
    assert cited and cited <= set(document["/report"]["numbers"])


def test_sections_pass_from_empty_to_written_to_checked_to_final(world: World) -> None:
    asyncio.run(world.go(world.begin()))
    seen: list[str] = []
    for event in world.store.events(world.run.id, limit=10_000):
        if section := event.data.get("state", {}).get("/sections/s0"):
            seen.append(section["status"])
    assert seen == ["writing", "written", "checked", "final"]


def test_activities_begin_and_end(world: World) -> None:
    asyncio.run(world.go(world.begin()))
    last: dict[str, dict[str, Any]] = {}
    for event in world.store.events(world.run.id, limit=10_000):
        if event.type == "activity":
            last[event.data["id"]] = event.data
    assert {a["kind"] for a in last.values()} >= {"task", "search", "read"}
    assert all(a["status"] in ("done", "failed") for a in last.values())


def edit(version: int, *operations: dict[str, Any]) -> str:
    return json.dumps({"base_version": version, "operations": operations})


def test_a_persons_edit_of_the_list_is_applied_and_shown(world: World) -> None:
    begin = world.begin()
    body = edit(0, {"op": "add", "title": "How many writes does a ledger manage?", "priority": 100})
    world.store.post(world.run.id, body, kind="todo")
    asyncio.run(world.go(begin))
    (message,) = world.messages()
    assert message.status == "applied" and message.effect["tasks_added"]
    document = fold(world)
    assert document["/messages/1"]["status"] == "applied"
    added = next(i for i in document["/todo"]["items"] if i["id"] == message.effect["tasks_added"][0])
    assert added["locked_by_user"] and added["status"] == "done"


def test_an_edit_of_what_changed_meanwhile_is_refused_and_the_rest_is_done(world: World) -> None:
    begin = world.begin()
    operations = [
        {"op": "edit", "id": "t1", "title": "Something else"},
        {"op": "add", "title": "What are the limits of a disk?"},
    ]
    world.store.post(world.run.id, edit(0, *operations), kind="todo")
    asyncio.run(world.go(begin))
    (message,) = world.messages()
    assert message.status == "applied" and "t1 changed after you read the list" in message.reason
    titles = [i["title"] for i in fold(world)["/todo"]["items"]]
    assert "What are the limits of a disk?" in titles and "Something else" not in titles


def test_an_excluded_source_is_hidden_and_comes_back(make_world: Callable[..., World]) -> None:
    url = "doc:ledger.md"
    plain, without, undone = make_world(), make_world(), make_world()
    asyncio.run(plain.go(plain.begin()))
    assert url in {s["url"] for s in plain.report()["sources"]}
    for world, more in ((without, []), (undone, [{"kind": "undo", "text": "c1"}])):
        begin = world.begin()
        deny = [{"kind": "source_policy", "text": "without it", "urls_deny": [url]}]
        world.store.post(world.run.id, json.dumps(deny), kind="operations")
        if more:
            world.store.post(world.run.id, json.dumps(more), kind="operations")
        asyncio.run(world.go(begin))
    assert url not in {s["url"] for s in without.report()["sources"]}
    assert url in {s["url"] for s in undone.report()["sources"]}


def test_finish_now_ends_in_a_report(make_world: Callable[..., World]) -> None:
    world = make_world(researcher=ScriptedResearcher(gaps=2, loops=5))
    begin = world.begin(limits={"loops": 6})
    world.store.post(world.run.id, "", kind="finish")
    asyncio.run(world.go(begin))
    assert world.report()["about"]["stop_reason"] == "stopped"


@pytest.mark.parametrize("kind", ["todo", "operations"])
@pytest.mark.parametrize(
    "body", ["", "{", "[1]", '{"base_version": -1, "operations": []}', '[{"kind": "rm -rf"}]']
)
def test_a_malformed_typed_message_is_rejected_with_the_reason(world: World, kind: Any, body: str) -> None:
    begin = world.begin()
    world.store.post(world.run.id, body, kind=kind)
    asyncio.run(world.go(begin))
    (message,) = world.messages()
    assert message.status == "rejected" and message.reason


def test_a_draft_grows_with_the_reply_and_starts_anew_when_it_is_void() -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    stream = ClaimStream(Draft(lambda kind, data: told.append((kind, data)), "draft:s1").show)
    reply = json.dumps({"claims": [{"text": 'A "quoted" café\nline.', "evidence": ["e1"]}, {"text": "Two."}]})
    for piece in reply[:20], reply[20:25], None, *reply:
        stream.feed(piece)
    texts: dict[str, str] = {}
    for kind, data in told:
        if kind == "text.delta":
            texts[data["id"]] = texts.get(data["id"], "") + data["delta"]
    assert list(texts.values())[-1] == 'A "quoted" café\nline. Two.'
    assert len(texts) == 2 and [k for k, _ in told].count("text.start") == 2


def test_drafts_are_streamed_to_whoever_looks(world: World) -> None:
    told: list[tuple[str, dict[str, Any]]] = []

    async def go() -> None:
        begin = world.begin()
        build = world.context

        async def watched() -> Any:
            context = await build()
            context.on_live = lambda kind, data: told.append((kind, data))
            return context

        world.context = watched  # type: ignore[method-assign]
        await world.go(begin)

    asyncio.run(go())
    drafts = {d["id"].split(":")[1] for kind, d in told if kind == "text.start"}
    assert drafts == set(fold(world)["/report"]["order"])
