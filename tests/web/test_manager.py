"""The run manager, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from manager_world import asking_graph, edr_input, log_of, serving, slow_graph, statuses, until

from tenfold.errors import RunError, TenfoldError
from tenfold.settings import load_settings
from tenfold.tools.runs import MAX_QUEUED, Event, RunStore
from tenfold.web import open_services
from tenfold.web.runs import serve_compiled


async def test_an_edr_run_ends_and_is_watched_live(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database) as manager:
        run = await manager.submit("ann", "edr", edr_input(tmp_path))
        seen: list[Event] = []
        async for events in manager.watch(run.id):
            seen += events
            if seen[-1].type == "run.status" and seen[-1].data["status"] in ("completed", "failed"):
                break
        assert (await until(manager, run, "completed")).error is None
        assert seen == await log_of(manager, run)
        assert statuses(seen) == ["queued", "running", "completed"]
        assert {"step.started", "step.finished", "call.end"} <= {event.type for event in seen}
        shown = seen[-1].data["state"]["/run"]
        assert shown["id"] == run.id and shown["status"] == "completed" and shown["model"]
        with pytest.raises(RunError):
            await manager.run(run.id, "ben")
        assert [r.id for r in await manager.runs("ann")] == [run.id] and await manager.runs("ben") == []


async def test_the_same_request_again_is_the_same_run(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database, serve_compiled("slow", slow_graph(2, 0.01))) as manager:
        tries = [manager.submit("ann", "slow", {"question": "q"}, client_id="c") for _ in range(5)]
        runs = await asyncio.gather(*tries)
        other = await manager.submit("ben", "slow", {"question": "q"}, client_id="c")
        assert len({run.id for run in runs}) == 1 and other.id != runs[0].id
        await until(manager, runs[0], "completed")
        assert statuses(await log_of(manager, runs[0])) == ["queued", "running", "completed"]
        with pytest.raises(TenfoldError):
            await manager.submit("ann", "nothing", {})


async def test_pause_stops_at_the_next_step_and_resume_goes_on(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database, serve_compiled("slow", slow_graph(6, 0.2))) as manager:
        run = await manager.submit("ann", "slow", {})
        await until(manager, run, "running")
        await asyncio.sleep(0.5)
        before = len([e for e in await log_of(manager, run) if e.type == "step.finished"])
        await manager.pause(run.id)
        await until(manager, run, "paused")
        after = [e.data["name"] for e in await log_of(manager, run) if e.type == "step.finished"]
        assert before <= len(after) <= before + 1 and len(after) < 6
        with pytest.raises(RunError, match="paused"):
            await manager.pause(run.id)
        await manager.resume(run.id)
        await until(manager, run, "completed")
        done = [e.data["name"] for e in await log_of(manager, run) if e.type == "step.finished"]
        assert done == [f"n{n}" for n in range(6)]


async def test_cancel_stops_where_it_is(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database, serve_compiled("slow", slow_graph(2, 30)), at_once=1) as manager:
        run = await manager.submit("ann", "slow", {})
        waits = await manager.submit("ann", "slow", {})
        await until(manager, run, "running")
        assert (await manager.run(waits.id, "ann")).status == "queued", "one at a time"
        assert (await manager.cancel(waits.id)).status == "cancelled"
        await manager.cancel(run.id)
        await until(manager, run, "cancelled", within_s=5)
        with pytest.raises(RunError):
            await manager.resume(run.id)


async def test_two_questions_are_answered_one_at_a_time(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database, serve_compiled("asks", asking_graph())) as manager:
        run = await manager.submit("ann", "asks", {})
        await until(manager, run, "waiting_human")
        asked = (await log_of(manager, run))[-1].data["interrupts"]
        by_name = {value["ask"]: name for name, value in asked.items()}
        assert set(by_name) == {"left", "right"}
        with pytest.raises(RunError):
            await manager.answer(run.id, {"unknown": 1})
        await manager.answer(run.id, {by_name["left"]: "L"})
        await until(manager, run, "waiting_human")
        left = (await log_of(manager, run))[-1].data["interrupts"]
        assert list(left.values()) == [{"ask": "right"}]
        await manager.answer(run.id, {next(iter(left)): "R"})
        await until(manager, run, "completed")
        async with manager._driver.graph(manager._registry.need("asks")) as graph:  # pyright: ignore[reportPrivateUsage]
            state = await graph.aget_state({"configurable": {"thread_id": run.id}})
        assert sorted(state.values["answers"]) == ["left=L", "right=R"]


async def test_a_fork_goes_on_from_a_checkpoint_and_leaves_its_parent(
    tmp_path: Path, database: str | None
) -> None:
    async with serving(tmp_path, database) as manager:
        run = await manager.submit("ann", "edr", edr_input(tmp_path))
        await until(manager, run, "completed")
        parent = await log_of(manager, run)
        points = await manager.checkpoints(run.id)
        point = next(p for p in points if "reflect" in p.next)
        fork = await manager.fork(run.id, point.id, "ann")
        assert fork.parent == run.id and fork.thread == run.thread and fork.id != run.id
        assert (await until(manager, fork, "completed", "failed")).error is None
        assert await log_of(manager, run) == parent
        log = await log_of(manager, fork)
        assert any(event.type == "loop.gathered" for event in log)
        began = next(e for e in log if e.type == "run.status" and e.data["state"]["/run"]["id"] == fork.id)
        assert began.data["status"] == "queued" and began.data["state"]["/run"]["parent"] == run.id
        store = manager._store  # pyright: ignore[reportPrivateUsage]
        a, b = store.report(run.id), store.report(fork.id)
        assert a is not None and b is not None and a["sections"] == b["sections"]
        calls = [r.key for r in await store.ledger(fork.id).records()]
        assert len(calls) == len(set(calls)) and log[-1].data["state"]["/run"]["id"] == fork.id
        with pytest.raises(RunError):
            await manager.fork(run.id, "no-such-checkpoint", "ann")


async def test_messages_at_once_are_all_kept_up_to_the_limit(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database, serve_compiled("slow", slow_graph(1, 30))) as manager:
        run = await manager.submit("ann", "slow", {})
        sent = await asyncio.gather(*(manager.post(run.id, "text", f"m{n}") for n in range(MAX_QUEUED + 5)))
        assert sorted(m.seq for m in sent) == list(range(1, MAX_QUEUED + 6))
        assert sum(m.status == "queued" for m in sent) == MAX_QUEUED
        again = [await manager.post(run.id, "todo", {"base_version": 1}, client_id="x") for _ in range(2)]
        assert again[0] == again[1] and again[0].kind == "todo"
        log = await log_of(manager, run)
        assert sum(e.type == "steering.queued" for e in log) == MAX_QUEUED
        assert sum(e.type == "steering.rejected" for e in log) == 6
        await manager.cancel(run.id)
        await until(manager, run, "cancelled")


async def test_finish_ends_a_paused_run_with_its_report(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database) as manager:
        run = await manager.submit("ann", "edr", edr_input(tmp_path, delay_s=0.3))
        await until(manager, run, "running")
        await manager.pause(run.id)
        await until(manager, run, "paused")
        await manager.finish(run.id)
        assert (await until(manager, run, "completed", "failed")).error is None
        store = manager._store  # pyright: ignore[reportPrivateUsage]
        (message,) = store.messages(run.id)
        assert (message.kind, message.status) == ("finish", "applied") and store.report(run.id)
        assert statuses(await log_of(manager, run)).count("paused") == 1


async def test_a_stopped_server_hands_its_runs_to_the_next(tmp_path: Path, database: str | None) -> None:
    graph = serve_compiled("slow", slow_graph(8, 0.15))
    async with serving(tmp_path, database, graph) as manager:
        run = await manager.submit("ann", "slow", {})
        await until(manager, run, "running")
        await asyncio.sleep(0.3)
    async with serving(tmp_path, database, graph) as manager:
        assert (await until(manager, run, "completed")).status == "completed"
        done = [e.data["name"] for e in await log_of(manager, run) if e.type == "step.finished"]
        assert done == [f"n{n}" for n in range(8)], "no step twice"


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_a_server_whose_lock_connection_is_cut_takes_its_runs_up_again(
    tmp_path: Path, database: str
) -> None:
    import psycopg

    graph = serve_compiled("slow", slow_graph(8, 0.6))
    async with serving(tmp_path, database, graph) as manager:
        run = await manager.submit("ann", "slow", {})
        await until(manager, run, "running")
        locks = manager._store._locks  # pyright: ignore[reportPrivateUsage]
        assert locks is not None
        with psycopg.connect(database, autocommit=True) as connection:
            pid = locks._db.info.backend_pid  # pyright: ignore[reportPrivateUsage]
            connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert (await until(manager, run, "completed", "failed")).error is None
        log = await log_of(manager, run)
        assert statuses(log) == ["queued", "running", "running", "completed"]
        done = [e.data["name"] for e in log if e.type == "step.finished"]
        assert set(done) == {f"n{n}" for n in range(8)}


def test_a_file_of_version_1_is_brought_up_to_date(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "runs.db") as db:
        db.executescript("""
            CREATE TABLE runs (
                id TEXT PRIMARY KEY, graph TEXT NOT NULL, question TEXT NOT NULL, status TEXT NOT NULL,
                options TEXT NOT NULL, created TEXT NOT NULL, ended TEXT, error TEXT,
                active_s REAL NOT NULL DEFAULT 0, inbox_open INTEGER NOT NULL DEFAULT 1, report TEXT);
            CREATE TABLE inbox (
                run_id TEXT NOT NULL, seq INTEGER NOT NULL, client_id TEXT NOT NULL, body TEXT NOT NULL,
                status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', effect TEXT NOT NULL DEFAULT '{}',
                loop INTEGER, at TEXT NOT NULL, PRIMARY KEY (run_id, seq), UNIQUE (run_id, client_id));
            CREATE TABLE evidence (
                run_id TEXT NOT NULL, id TEXT NOT NULL, task_id TEXT NOT NULL, snapshot TEXT NOT NULL,
                start INTEGER NOT NULL, end INTEGER NOT NULL, quote TEXT NOT NULL, url TEXT NOT NULL,
                title TEXT NOT NULL, engine TEXT NOT NULL, source_type TEXT NOT NULL, published TEXT,
                score REAL NOT NULL, loop INTEGER NOT NULL, hidden_by TEXT NOT NULL DEFAULT '',
                PRIMARY KEY (run_id, id), UNIQUE (run_id, snapshot, start, end));
            INSERT INTO runs (id, graph, question, status, options, created)
                VALUES ('r', 'edr', 'q', 'paused', '{}', 'c');
            INSERT INTO inbox (run_id, seq, client_id, body, status, at)
                VALUES ('r', 1, 'c', 'focus', 'queued', 'a');
            PRAGMA user_version=1;
        """)
    db.close()
    store = RunStore(tmp_path)
    run = store.run("r")
    assert (run.owner, run.thread, run.attempt, run.status) == ("local", "r", 0, "paused")
    assert store.messages("r")[0].kind == "text" and store.post("r", "{}", kind="todo").seq == 2
    store.close()
    RunStore(tmp_path).close()


def test_no_password_of_the_database_is_told() -> None:
    from tenfold.errors import ConfigError

    for address in ("mysql://ann:secret@db/x", "postgresql://ann:secret@127.0.0.1:9/x?connect_timeout=1"):
        with pytest.raises(ConfigError) as caught:
            open_services(load_settings(database=address))
        assert "secret" not in str(caught.value) + str(caught.value.__cause__ or "")
    assert "secret" not in repr(load_settings(database="postgresql://ann:secret@db/x"))
