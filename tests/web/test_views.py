"""Views of runs: what opens a long run quickly, kept while it is driven and after it, on both databases."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from api_world import begin, site, wait_for

from tenfold.tools.runs import Run, RunStore
from tenfold.web.agui import Projector
from tenfold.web.runs import RunViews


@pytest.fixture
def store(tmp_path: Path, database: str | None) -> Iterator[RunStore]:
    store = RunStore(tmp_path, database)
    yield store
    store.close()


def grow(store: RunStore, run: Run, count: int) -> None:
    begun = store.last_seqs([run.id])[run.id]
    store.emit_many(
        run.id, [("small.tick", {"state": {f"/n/{begun + n + 1}": n}}, None) for n in range(count)]
    )


def dump(store: RunStore, run: Run, upto: int | None = None) -> str:
    projector = Projector(run.id, run.id)
    RunViews(store).fold(run.id, projector, upto=upto)
    return json.dumps(projector.dump())


def from_the_log(store: RunStore, run: Run, upto: int) -> str:
    projector = Projector(run.id, run.id)
    for event in store.events(run.id, limit=upto):
        projector.fold(event)
    return json.dumps(projector.dump())


def newest(store: RunStore, run: Run, upto: int | None = None) -> int:
    view = store.view(run.id, upto=upto)
    return 0 if view is None else view["seq"]


def test_views_are_kept_every_two_thousand_events_and_after_a_drive(store: RunStore) -> None:
    run, other = store.create("edr", "q", {}), store.create("edr", "other", {})
    views = RunViews(store)
    seen: list[int] = []
    for _ in range(11):
        grow(store, run, 700)
        views.keep([], [run.id, other.id])
        seen.append(newest(store, run))
    assert seen == [0, 0, 2100, 2100, 2100, 4200, 4200, 4200, 6300, 6300, 6300]
    # Of the older ones only the nearest stays, for readers who come back.
    assert [newest(store, run, upto) for upto in (6299, 4199)] == [4200, 0]
    grow(store, run, 10)
    views.keep([run.id], [])
    assert newest(store, run) == 7710 and newest(store, other) == 0
    grow(store, run, 150)  # a tail too short for a view of its own
    views.keep([run.id], [])
    assert newest(store, run) == 7710
    for upto in (None, 100, 4200, 5000, 7709, 7860):
        assert dump(store, run, upto) == from_the_log(store, run, upto or 7860)


def test_a_long_log_without_a_usable_view_is_read_and_its_view_kept(store: RunStore) -> None:
    run = store.create("edr", "q", {})
    grow(store, run, 2500)
    truth = from_the_log(store, run, 2500)
    store.keep_view(run.id, 2500, {"version": 0}, apart=2000)
    assert dump(store, run) == truth
    view = store.view(run.id)
    assert view is not None and json.dumps(view) == truth


def test_a_server_that_is_asked_for_a_long_run_reads_its_view_and_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.web.runs.views.WORTH", 5)
    with site(tmp_path) as here, closing(here.browser()) as page:
        store = here.services.store
        run_id = begin(page, "count")
        last = wait_for(page, run_id, "completed")["seq"]
        run = store.run(run_id)
        end = time.monotonic() + 10
        while newest(store, run) != last and time.monotonic() < end:
            time.sleep(0.05)
        assert newest(store, run) == last, "the end of a drive keeps a view"
    read: list[int] = []
    with site(tmp_path) as here, closing(here.browser()) as page:
        store = here.services.store
        store.emit(run_id, "small.tick", {"state": {"/ticks": 99}})
        events = store.events
        monkeypatch.setattr(
            store, "events", lambda run, *, after, limit: read.append(after) or events(run, after=after, limit=limit)
        )  # fmt: skip
        body = page.get(f"/api/runs/{run_id}").json()
        assert body["seq"] == last + 1 and body["state"]["ticks"] == 99
    assert min(read) == last


def test_a_store_from_before_views_gets_their_table(tmp_path: Path, database: str | None) -> None:
    store = RunStore(tmp_path, database)
    run = store.create("edr", "q", {})
    store._db.write("DROP TABLE run_views")  # pyright: ignore[reportPrivateUsage]
    store._db.write("ALTER TABLE runs DROP COLUMN answers")  # pyright: ignore[reportPrivateUsage]
    store._db.write("PRAGMA user_version=2" if database is None else "UPDATE tenfold.meta SET version = 2")  # pyright: ignore[reportPrivateUsage]
    store.close()
    store = RunStore(tmp_path, database)
    store.keep_view(run.id, 1, {"version": 1}, apart=1)
    assert store.view(run.id) == {"version": 1}
    store.close()
