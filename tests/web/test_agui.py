"""The fold from internal events to AG-UI: against the protocol's own types, and against a JSON Patch library."""

from __future__ import annotations

import json
import time
from typing import Any

import jsonpatch
import pytest
from ag_ui.core import Event as AnyEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tenfold.tools.runs import Event
from tenfold.web.agui import Document, Projector, encode_group, keys_of

EVENT: TypeAdapter[Any] = TypeAdapter(AnyEvent)
STORY: list[tuple[str, dict[str, Any]]] = [
    ("run.status", {"status": "queued", "state": {"/run": {"id": "r", "status": "queued"}}}),
    ("run.status", {"status": "running", "state": {"/run/status": "running"}}),
    ("step.started", {"name": "plan", "id": "1"}),
    ("step.started", {"name": "research", "id": "2"}),
    ("step.started", {"name": "research", "id": "3"}),
    ("activity", {"id": "t1:1", "kind": "search", "text": "rivers", "status": "running", "task": "t1"}),
    ("activity", {"id": "t1:1", "kind": "search", "text": "rivers", "status": "done", "detail": "3 hits"}),
    ("step.finished", {"name": "research", "id": "2"}),
    ("step.finished", {"name": "research", "id": "3"}),
    ("call.end", {"role": "plan", "model": "m", "usage": {"input_tokens": 5, "output_tokens": 2}, "ms": 3.0}),
    ("text.start", {"id": "draft:s1:r:0", "role": "assistant"}),
    ("text.delta", {"id": "draft:s1:r:0", "delta": "Rivers "}),
    ("text.delta", {"id": "draft:s1:r:0", "delta": "are long."}),
    ("steering.queued", {"seq": 1, "state": {"/messages/1": {"seq": 1, "status": "queued"}}}),
    ("run.status", {"status": "waiting_human", "interrupts": {"i1": {"kind": "clarify", "question": "Which?"}}}),
    ("run.status", {"status": "running"}),
    ("text.delta", {"id": "late", "delta": "without a start"}),
    ("run.status", {"status": "completed", "state": {"/run/status": "completed"}}),
]  # fmt: skip


def told(story: list[tuple[str, dict[str, Any]]]) -> list[Event]:
    return [
        Event(run_id="r", seq=n, at="2026-11-24", type=t, data=json.loads(json.dumps(d)))
        for n, (t, d) in enumerate(story, 1)
    ]


def all_frames(projector: Projector, events: list[Event]) -> list[dict[str, Any]]:
    return [frame for event in events for frame in projector.fold(event)]


class Checker:
    """The protocol's rules of order, written down again from its client's `verifyEvents`."""

    def __init__(self) -> None:
        self.running, self.texts, self.steps = False, set[str](), set[str]()

    def take(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "RUN_STARTED":
            assert not self.running
            self.running = True
            return
        assert self.running, f"{kind} outside a run"
        if kind == "TEXT_MESSAGE_START":
            assert frame["messageId"] not in self.texts
            self.texts.add(frame["messageId"])
        elif kind in ("TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"):
            assert frame["messageId"] in self.texts
            self.texts -= {frame["messageId"]} if kind == "TEXT_MESSAGE_END" else set()
        elif kind == "STEP_STARTED":
            assert frame["stepName"] not in self.steps
            self.steps.add(frame["stepName"])
        elif kind == "STEP_FINISHED":
            self.steps.remove(frame["stepName"])
        elif kind in ("RUN_FINISHED", "RUN_ERROR"):
            assert not self.texts and not self.steps
            self.running = False


@pytest.mark.parametrize("ending", ["completed", "cancelled", "failed"])
def test_every_frame_is_the_protocols_and_in_its_order(ending: str) -> None:
    projector, checker = Projector("r", "t"), Checker()
    frames = all_frames(projector, told([*STORY[:-1], ("run.status", {"status": ending, "error": "no"})]))
    for frame in frames:
        parsed = EVENT.validate_python(frame)
        assert json.loads(parsed.model_dump_json(by_alias=True)) == json.loads(json.dumps(frame))
        checker.take(frame)
    assert not checker.running
    last = frames[-1]
    if ending == "failed":
        assert last == {"type": "RUN_ERROR", "message": "no"}
    else:
        assert last["outcome"] == {"type": "success" if ending == "completed" else "cancelled"}
        assert last["usage"] == [{"model": "m", "inputTokens": 5, "outputTokens": 2, "totalTokens": 7}]
    (asked,) = [f for f in frames if f.get("outcome", {}).get("type") == "interrupt"]
    (interrupt,) = asked["outcome"]["interrupts"]
    assert (interrupt["id"], interrupt["reason"], interrupt["message"]) == ("i1", "tenfold:clarify", "Which?")


@pytest.mark.parametrize("cut", range(len(STORY) + 1))
def test_a_connection_opened_anywhere_is_valid_and_ends_at_the_same_state(cut: int) -> None:
    events = told(STORY)
    whole = Projector("r", "t")
    all_frames(whole, events)
    late, checker, state = Projector("r", "t"), Checker(), {}
    all_frames(late, events[:cut])
    texts: dict[str, str] = {}
    frames = json.loads(json.dumps(late.opening()))
    frames += [frame for event in events[cut:] for frame in late.fold(event)]
    for frame in frames:
        checker.take(EVENT.validate_python(frame) and frame)
        if frame["type"] == "STATE_SNAPSHOT":
            state = frame["snapshot"]
        elif frame["type"] == "STATE_DELTA":
            state = jsonpatch.apply_patch(state, frame["delta"])
        elif frame["type"] == "MESSAGES_SNAPSHOT":
            texts |= {m["id"]: m["content"] for m in frame["messages"] if m["role"] == "assistant"}
        elif frame["type"] == "TEXT_MESSAGE_CONTENT":
            texts[frame["messageId"]] = texts.get(frame["messageId"], "") + frame["delta"]
    assert state == whole.document.value
    assert texts == {"draft:s1:r:0": "Rivers are long.", "late": "without a start"}
    assert not checker.running or cut == 0


KEYS = st.text("ab/~", min_size=1, max_size=2)
VALUES = st.none() | st.integers() | st.dictionaries(KEYS, st.integers(), max_size=2)


def escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.lists(KEYS, min_size=1, max_size=3).map(
    lambda keys: "/" + "/".join(map(escaped, keys))), VALUES, max_size=3), max_size=12))  # fmt: skip
def test_the_patches_make_the_same_document_in_a_patch_library(steps: list[dict[str, Any]]) -> None:
    document = Document()
    mirror: Any = json.loads(json.dumps(document.value))
    for paths in steps:
        operations = json.loads(json.dumps(document.apply(json.loads(json.dumps(paths)))))
        mirror = jsonpatch.apply_patch(mirror, operations)
        assert mirror == document.value
        before = json.dumps(document.value)
        if not any(a != b and b.startswith(a + "/") for a in paths for b in paths):
            document.apply(json.loads(json.dumps(paths)))
            assert document.value == json.loads(before)


IDS = st.sampled_from(["a", "b", "c"])
ANY_EVENT = st.one_of(
    st.tuples(st.just("run.status"), st.fixed_dictionaries({
        "status": st.sampled_from(["queued", "running", "paused", "waiting_human", "completed", "failed", "cancelled"]),
        "error": st.none() | st.just("no"),
        "interrupts": st.dictionaries(IDS, st.just({"kind": "clarify", "question": "Which?"}), max_size=2)})),
    st.tuples(st.sampled_from(["step.started", "step.finished"]), st.fixed_dictionaries({"name": IDS, "id": IDS})),
    st.tuples(st.sampled_from(["text.start", "text.delta", "text.end"]), st.fixed_dictionaries(
        {"id": IDS, "delta": st.text("xy", min_size=1, max_size=2)})),
    st.tuples(st.just("activity"), st.fixed_dictionaries({"id": IDS, "text": IDS, "status": st.just("done")})),
    st.tuples(st.just("call.end"), st.fixed_dictionaries(
        {"model": IDS, "usage": st.fixed_dictionaries({"input_tokens": st.integers(0, 9)})})),
    st.tuples(st.just("other"), st.fixed_dictionaries({"state": st.dictionaries(
        st.lists(KEYS, min_size=1, max_size=3).map(lambda keys: "/" + "/".join(map(escaped, keys))),
        VALUES, max_size=3)})),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_EVENT, max_size=30), st.data())
def test_a_fold_goes_on_from_a_dump_as_if_it_had_never_stopped(
    story: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    events = told(story)
    cut = data.draw(st.integers(0, len(events)))
    whole, first, second = Projector("r", "t"), Projector("r", "t"), Projector("r", "t")
    all_frames(first, events[:cut])
    second.load(json.loads(json.dumps(first.dump())))
    for event in events[:cut]:
        whole.fold(event)
    for event in json.loads(json.dumps([[e.seq, e.type, e.data] for e in events[cut:]])):
        again = Event(run_id="r", seq=event[0], at="", type=event[1], data=event[2])
        assert json.dumps(second.fold(again)) == json.dumps(whole.fold(events[event[0] - 1]))
    assert json.dumps(second.dump()) == json.dumps(whole.dump())
    assert json.dumps(second.opening()) == json.dumps(whole.opening())
    assert (second.ended, second.begun_at) == (whole.ended, whole.begun_at)


def test_a_dump_speaks_under_the_ids_of_whoever_loads_it_and_not_of_another_version() -> None:
    projector, other = Projector("r", "t"), Projector("shown", "thread")
    all_frames(projector, told([*STORY[:3], ("run.status", {"status": "completed"})]))
    kept = json.loads(json.dumps(projector.dump()))
    other.load(kept)
    assert [(f["threadId"], f["runId"]) for f in other.opening() if "runId" in f] == [("thread", "shown")] * 2
    with pytest.raises(ValueError, match="version 0"):
        other.load({**kept, "version": 0})


def test_a_path_names_keys() -> None:
    assert keys_of("/blocked/a~1b~0c") == ["blocked", "a/b~c"]
    with pytest.raises(ValueError, match="slash"):
        keys_of("todo")


def test_only_the_last_frame_of_a_group_has_the_id_and_the_change_comes_last() -> None:
    projector = Projector("r", "t")
    all_frames(projector, told(STORY[:1]))
    frames = projector.fold(
        Event(
            run_id="r", seq=2, at="", type="todo.changed", data={"n": 1, "state": {"/todo": {"version": 1}}}
        )
    )
    assert [f["type"] for f in frames] == ["CUSTOM", "STATE_DELTA"]
    assert frames[0]["value"] == {"n": 1}
    lines = encode_group(frames, 2).decode().split("\n\n")
    assert [line.startswith("id: 2\n") for line in lines[:-1]] == [False, True]
    assert projector.fold(Event(run_id="r", seq=2, at="", type="again", data={})) == []
    assert rb"half \ud83d" in encode_group([{"type": "CUSTOM", "name": "x", "value": "half \ud83d"}], 3)


def test_messages_and_activities_are_bounded() -> None:
    projector = Projector("r", "t")
    story: list[tuple[str, dict[str, Any]]] = []
    for n in range(2000):
        story += [("text.start", {"id": f"m{n}"}), ("text.end", {"id": f"m{n}"})]
        story += [("activity", {"id": f"a{n}", "kind": "task", "status": "done"})]
    all_frames(projector, told(story))
    messages = projector.opening()[2]["messages"]
    assert len(messages) == 500 and messages[-1]["id"] == "m1999"


def test_twenty_thousand_events_fold_in_a_third_of_a_second() -> None:
    story: list[tuple[str, dict[str, Any]]] = [STORY[0], ("text.start", {"id": "m"})]
    for n in range(4999):
        story += [
            ("text.delta", {"id": "m", "delta": "some words "}),
            ("activity", {"id": f"a{n % 50}", "kind": "search", "text": "x", "status": "done"}),
            ("budget.tick", {"state": {"/budget/tokens": {"used": n, "cap": None}}}),
            ("evidence", {"state": {f"/evidence/e{n}": {"id": f"e{n}", "quote": "q" * 100}}}),
        ]
    events = told(story)
    took: list[float] = []
    for _ in range(3):  # a busy machine takes time away
        projector = Projector("r", "t")
        begun = time.thread_time()
        for event in events:
            projector.fold(event)
        took.append(time.thread_time() - begun)
    assert len(events) == 19998 and projector.seq == 19998
    assert min(took) < 0.3
