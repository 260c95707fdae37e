"""The run store: ids, inbox, events, evidence, locks, and files that are not ours."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from tenfold.errors import RunError
from tenfold.tools.runs import MAX_MESSAGE, Evidence, RunStore
from tenfold.tools.search import Snapshot


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def test_runs_are_found_by_prefix_and_unknown_ones_are_named(store: RunStore) -> None:
    a, b = (
        store.create("edr", "a?", {}, run_id="20260101-aa"),
        store.create("edr", "b?", {}, run_id="20260101-ab"),
    )
    assert store.run("20260101-aa") == a and [r.id for r in store.runs()] == [b.id, a.id]
    for wanted in ("20260101-a", "nothing", "", "%", "_"):
        with pytest.raises(RunError):
            store.run(wanted)


def test_the_inbox_closes_only_when_it_is_empty(store: RunStore) -> None:
    run = store.create("edr", "q", {})
    message = store.post(run.id, "focus on x")
    assert not store.close_inbox(run.id)
    store.acknowledge(run.id, message.seq, applied=True, reason="", effect={"a": [1]}, loop=2)
    store.acknowledge(run.id, message.seq, applied=False, reason="second word", effect={}, loop=3)
    (kept,) = store.messages(run.id)
    assert (kept.status, kept.effect, kept.loop) == ("applied", {"a": [1]}, 2)
    assert store.close_inbox(run.id)
    late = store.post(run.id, "too late")
    assert late.status == "rejected" and "ended" in late.reason


def test_a_post_may_be_tried_again(store: RunStore) -> None:
    run = store.create("edr", "q", {})
    first, again = store.post(run.id, "x", client_id="c1"), store.post(run.id, "x", client_id="c1")
    assert first == again and len(store.messages(run.id)) == 1


def test_what_cannot_be_queued_says_why(store: RunStore) -> None:
    run = store.create("edr", "q", {})
    assert "empty" in store.post(run.id, "  ").reason
    assert str(MAX_MESSAGE) in store.post(run.id, "x" * (MAX_MESSAGE + 1)).reason


def test_events_count_without_gaps_and_a_key_counts_once(store: RunStore) -> None:
    run = store.create("edr", "q", {})
    seqs = [store.emit(run.id, "t", {"n": n}, key=f"k{n % 3}") for n in range(6)]
    assert seqs == [1, 2, 3, 1, 2, 3]
    assert [(e.seq, e.data["n"]) for e in store.events(run.id, after=1)] == [(2, 1), (3, 2)]


def test_evidence_is_kept_once_and_can_be_hidden_and_shown(store: RunStore) -> None:
    run = store.create("edr", "q", {})
    first = Evidence(
        id="e2",
        task_id="t",
        snapshot="s",
        start=0,
        end=3,
        quote="abc",
        url="u",
        title="t",
        engine="e",
        source_type="web",
    )
    store.add_evidence(run.id, [first, first.model_copy(update={"id": "e10", "start": 4})])
    store.add_evidence(run.id, [first.model_copy(update={"id": "e99"})])
    assert [e.id for e in store.evidence(run.id)] == ["e2", "e10"]
    store.set_hidden(run.id, {"e2": "c1"})
    assert [e.id for e in store.evidence(run.id)] == ["e10"]
    assert [e.hidden_by for e in store.evidence(run.id, hidden=True)] == ["c1", ""]
    store.set_hidden(run.id, {"e2": ""})
    assert len(store.evidence(run.id)) == 2


def test_a_snapshot_never_changes(store: RunStore) -> None:
    one = Snapshot.of("u", "first", "text")
    store.put_snapshot(one)
    store.put_snapshot(Snapshot.of("u", "second", "text"))
    assert store.snapshot(one.sha256) == one and store.snapshot("0" * 64) is None


def hold(folder: Path, ready: object, done: object) -> None:
    with RunStore(folder).lock("r"):
        ready.set()  # type: ignore[attr-defined]
        done.wait(10)  # type: ignore[attr-defined]


def test_one_process_drives_a_run_and_its_death_frees_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, ready, done))
    other.start()
    assert ready.wait(30)
    with pytest.raises(RunError, match=str(other.pid)):
        RunStore(tmp_path).lock("r")
    other.kill()
    other.join()
    RunStore(tmp_path).lock("r").release()


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs.db").write_bytes(b"this is not a database, it is a letter" * 100)
    with pytest.raises(RunError, match=r"runs\.db"):
        RunStore(tmp_path)


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    RunStore(tmp_path).close()
    with sqlite3.connect(tmp_path / "runs.db") as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(RunError, match="newer"):
        RunStore(tmp_path)
