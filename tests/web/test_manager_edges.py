"""What happens to runs between two steps of the server: it dies, two people ask at once, the disk is full."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from manager_world import asking_graph, edr_input, log_of, serving, slow_graph, statuses, until
from server_world import QUESTION, Client, Servers, free_port

from tenfold.errors import ConfigError, RunError, StoreUnavailable
from tenfold.tools.runs import RunStore
from tenfold.web.runs import RunManager, serve_compiled

# pyright: reportPrivateUsage=false


class Said(TypedDict, total=False):
    said: list[str]


def twice_asking() -> StateGraph[Any]:
    """One node that asks two questions, and so runs again from its beginning for the second."""
    graph: Any = StateGraph(Said)
    graph.add_node("ask", lambda state: {"said": [interrupt("first"), interrupt("second")]})
    graph.add_edge(START, "ask")
    graph.add_edge("ask", END)
    return graph


async def state_of(manager: RunManager, graph: str, run_id: str) -> dict[str, Any]:
    async with manager._driver.graph(manager._registry.need(graph)) as compiled:
        return (await compiled.aget_state({"configurable": {"thread_id": run_id}})).values


async def asked(manager: RunManager, run: Any) -> dict[str, Any]:
    await until(manager, run, "waiting_human")
    return (await log_of(manager, run))[-1].data["interrupts"]


# --- a server that dies between the book of runs and the queue --------------------------------------------------------


def forgetful(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the queue hears nothing: as if the server died just before it was told."""

    async def lost(run_id: str, attempt: int) -> None:
        pass

    monkeypatch.setattr(manager._queue, "put", lost)


@pytest.mark.parametrize("restart", [True, False], ids=["next server", "same server"])
async def test_an_answer_that_did_not_reach_the_queue_is_not_lost(
    tmp_path: Path, database: str | None, restart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = serve_compiled("asks", asking_graph())
    async with serving(tmp_path, database, graph) as manager:
        run = await manager.submit("ann", "asks", {})
        questions = await asked(manager, run)
        with monkeypatch.context() as patch:
            forgetful(manager, patch)
            patch.setattr(manager._queue, "put_missing", lambda _: [])
            answers = {name: value["ask"].upper() for name, value in questions.items()}
            assert (await manager.answer(run.id, answers)).status == "queued"
            if restart:
                await asyncio.sleep(2.5)
        if not restart:
            await until(manager, run, "completed", "waiting_human", within_s=15)
            assert sorted((await state_of(manager, "asks", run.id))["answers"]) == [
                "left=LEFT",
                "right=RIGHT",
            ]
            return
    async with serving(tmp_path, database, graph) as manager:
        await until(manager, run, "completed", "waiting_human", within_s=15)
        assert sorted((await state_of(manager, "asks", run.id))["answers"]) == ["left=LEFT", "right=RIGHT"]
        assert statuses(await log_of(manager, run)).count("queued") == 2


async def test_a_run_that_did_not_reach_the_queue_is_begun_and_said_to_be(
    tmp_path: Path, database: str | None
) -> None:
    async with serving(tmp_path, database, serve_compiled("slow", slow_graph(1, 0.01))) as manager:
        # All that a server which died in `submit` has left behind.
        run = manager._store.create("slow", "q", {}, owner="ann", attempt=1)
        await until(manager, run, "completed", within_s=15)
        assert statuses(await log_of(manager, run))[-1] == "completed"


async def test_an_answer_outlives_a_pause_before_it_was_taken(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path, database, serve_compiled("asks", asking_graph())) as manager:
        run = await manager.submit("ann", "asks", {})
        questions = await asked(manager, run)
        with monkeypatch.context() as patch:
            forgetful(manager, patch)
            await manager.answer(run.id, dict.fromkeys(questions, "yes"))
            assert (await manager.pause(run.id)).status == "paused"
        await manager.resume(run.id)
        await until(manager, run, "completed", "waiting_human")
        assert sorted((await state_of(manager, "asks", run.id))["answers"]) == ["left=yes", "right=yes"]


async def test_an_answer_that_was_taken_before_a_crash_is_not_given_to_the_next_question(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = serve_compiled("twice", twice_asking())
    async with serving(tmp_path, database, graph) as manager:
        run = await manager.submit("ann", "twice", {})
        ((name, _),) = (await asked(manager, run)).items()
        store = manager._store
        set_status, ends = store.set_status, 0

        def dies(run_id: str, status: Any, **more: Any) -> bool:
            nonlocal ends
            if status == "waiting_human" and not ends:
                ends += 1  # the second question is in the checkpoint, and nobody was told
                raise OSError("as if killed here")
            return set_status(run_id, status, **more)

        monkeypatch.setattr(store, "set_status", dies)
        await manager.answer(run.id, {name: "one"})
        ((again, question),) = (await asked(manager, run)).items()
        assert ends == 1 and again != name and question == "second"
        await manager.answer(run.id, {again: "two"})
        await until(manager, run, "completed")
        assert (await state_of(manager, "twice", run.id))["said"] == ["one", "two"]


async def test_a_fork_that_was_half_made_when_its_server_died_is_ended(
    tmp_path: Path, database: str | None
) -> None:
    async with serving(tmp_path, database, serve_compiled("slow", slow_graph(2, 0.01))) as manager:
        parent = await until(manager, await manager.submit("ann", "slow", {}), "completed")
        store = manager._store
        half = store.fork(parent, "half", "ann", parent.ended or "", None)
        assert "fork" in (await until(manager, half, "cancelled", within_s=15)).error  # type: ignore[operator]
        held = store.fork(parent, "held", "ann", parent.ended or "", None)
        with store.lock("fork-held"):  # one that is being made is left alone
            await asyncio.sleep(2.5)
            assert (await manager.run(held.id, "ann")).status == "queued"


# --- two at once ------------------------------------------------------------------------------------------------------


async def test_of_two_answers_at_once_one_counts_and_the_other_is_told(
    tmp_path: Path, database: str | None
) -> None:
    async with serving(tmp_path, database, serve_compiled("asks", asking_graph())) as manager:
        run = await manager.submit("ann", "asks", {})
        questions = await asked(manager, run)
        tabs = [manager.answer(run.id, dict.fromkeys(questions, tab)) for tab in ("a", "b")]
        told = await asyncio.gather(*tabs, return_exceptions=True)
        refused = [error for error in told if isinstance(error, BaseException)]
        assert len(refused) == 1 and isinstance(refused[0], RunError)
        await until(manager, run, "completed")
        winner = "ab"[0 if told[1] is refused[0] else 1]
        assert sorted((await state_of(manager, "asks", run.id))["answers"]) == [
            f"left={winner}",
            f"right={winner}",
        ]
        with pytest.raises(RunError):
            await manager.answer(run.id, dict.fromkeys(questions, "late"))


async def test_of_two_resumes_at_once_one_drives(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database, serve_compiled("slow", slow_graph(6, 0.2))) as manager:
        run = await manager.submit("ann", "slow", {})
        await until(manager, run, "running")
        await manager.pause(run.id)
        await until(manager, run, "paused")
        told = await asyncio.gather(*(manager.resume(run.id) for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(one, RunError) for one in told) == 4
        assert (await until(manager, run, "completed")).attempt == 2
        done = [e.data["name"] for e in await log_of(manager, run) if e.type == "step.finished"]
        assert done == [f"n{n}" for n in range(6)]


async def test_a_message_to_a_run_that_ends_is_kept_or_refused(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database, serve_compiled("slow", slow_graph(1, 0.3))) as manager:
        run = await manager.submit("ann", "slow", {})
        sent: list[Any] = []
        while (await manager.run(run.id, "ann")).status != "completed":
            sent.append(await manager.post(run.id, "text", f"m{len(sent)}"))
        sent += [await manager.post(run.id, "text", "late")]
        assert sent[-1].status == "rejected" and "ended" in sent[-1].reason
        log = await log_of(manager, run)
        assert sum(e.type.startswith("steering.") for e in log) == len(sent)


# --- stop and pause before it began -----------------------------------------------------------------------------------


async def test_what_waits_can_be_paused_resumed_and_stopped(tmp_path: Path, database: str | None) -> None:
    async with serving(tmp_path, database, serve_compiled("slow", slow_graph(1, 1.0)), at_once=1) as manager:
        first = await manager.submit("ann", "slow", {})
        await until(manager, first, "running")
        paused, stopped = [await manager.submit("ann", "slow", {}) for _ in range(2)]
        assert (await manager.pause(paused.id)).status == "paused"
        with pytest.raises(RunError, match="paused"):
            await manager.pause(paused.id)
        assert (await manager.cancel(stopped.id)).status == "cancelled"
        for again in (manager.cancel, manager.pause, manager.resume):
            with pytest.raises(RunError, match="cancelled"):
                await again(stopped.id)
        assert (await manager.resume(paused.id)).status == "queued"
        with pytest.raises(RunError, match="checkpoint"):
            await manager.fork(paused.id, "none-yet", "ann")
        assert await manager.checkpoints(paused.id) == []
        await until(manager, paused, "completed")
        assert statuses(await log_of(manager, stopped)) == ["queued", "cancelled"]


async def test_a_run_whose_graph_is_gone_fails_and_goes_on_when_it_is_back(
    tmp_path: Path, database: str | None
) -> None:
    graph = serve_compiled("slow", slow_graph(6, 0.2))
    async with serving(tmp_path, database, graph) as manager:
        run = await manager.submit("ann", "slow", {})
        await until(manager, run, "running")
        await manager.pause(run.id)
        await until(manager, run, "paused")
    async with serving(tmp_path, database) as manager:
        await manager.resume(run.id)
        assert "not served" in str((await until(manager, run, "failed")).error)
        for refused in (manager.checkpoints(run.id), manager.fork(run.id, "x", "ann")):
            with pytest.raises(ConfigError, match="not served"):
                await refused
    async with serving(tmp_path, database, graph) as manager:
        await manager.resume(run.id)
        assert (await until(manager, run, "completed")).error is None
        done = [e.data["name"] for e in await log_of(manager, run) if e.type == "step.finished"]
        assert done == [f"n{n}" for n in range(6)]


async def test_a_fork_that_is_stopped_while_it_is_made_stays_stopped(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = serve_compiled("slow", slow_graph(3, 0.01))
    async with serving(tmp_path, database, graph) as manager:
        run = await until(manager, await manager.submit("ann", "slow", {}), "completed")
        (point, *_) = await manager.checkpoints(run.id)
        parent = await log_of(manager, run)
        loop = asyncio.get_running_loop()

        def on_fork(values: Any, fork: Any, _: Any) -> dict[str, Any]:
            asyncio.run_coroutine_threadsafe(manager.cancel(fork.id), loop).result(10)
            return {}

        monkeypatch.setattr(graph, "on_fork", on_fork)
        fork = await manager.fork(run.id, point.id, "ann")
        assert fork.status == "cancelled"
        log = await log_of(manager, fork)
        assert statuses(log)[-1] == "cancelled" and log[-1].data["state"]["/run"]["id"] == fork.id
        assert [e.type for e in log[:-1]] == [e.type for e in parent[: len(log) - 1]]
        assert await log_of(manager, run) == parent


# --- what a graph may do wrong ----------------------------------------------------------------------------------------


async def test_a_graph_that_asks_or_tells_what_is_no_json_harms_only_itself(
    tmp_path: Path, database: str | None
) -> None:
    from langgraph.config import get_stream_writer

    graph: Any = StateGraph(Said)

    def odd(state: Said) -> Said:
        get_stream_writer()({"type": "odd", "value": {1, 2}})
        return {"said": [interrupt({3, 4})]}

    graph.add_node("odd", odd)
    graph.add_edge(START, "odd")
    graph.add_edge("odd", END)
    graphs = serve_compiled("odd", graph), serve_compiled("slow", slow_graph(2, 0.3))
    async with serving(tmp_path, database, *graphs) as manager:
        bad, good = await manager.submit("ann", "odd", {}), await manager.submit("ann", "slow", {})
        assert "not JSON" in str((await until(manager, bad, "failed", within_s=10)).error)
        await until(manager, good, "completed", within_s=10)
        assert len([e for e in await log_of(manager, good) if e.type == "step.finished"]) == 2
        assert [e.data for e in await log_of(manager, bad) if e.type == "odd"] == [
            {"lost": "The data is not JSON."}
        ]


async def test_an_error_does_not_tell_where_the_server_keeps_its_data(
    tmp_path: Path, database: str | None
) -> None:
    graph: Any = StateGraph(Said)

    def lost(state: Said) -> Said:
        raise FileNotFoundError(2, "No such file", str(tmp_path / "data" / "uploads" / "someone" / "a.txt"))

    graph.add_node("lost", lost)
    graph.add_edge(START, "lost")
    graph.add_edge("lost", END)
    async with serving(tmp_path, database, serve_compiled("lost", graph)) as manager:
        run = await manager.submit("ann", "lost", {})
        error = (await until(manager, run, "failed")).error
        assert error is not None and "FileNotFoundError" in error and "a.txt" in error
        assert str(tmp_path) not in error + str([e.data for e in await log_of(manager, run)])


# --- the disk and the clock -------------------------------------------------------------------------------------------


async def test_a_full_disk_is_told_and_nothing_is_lost_when_there_is_room_again(tmp_path: Path) -> None:
    graph = serve_compiled("slow", slow_graph(4, 0.8))
    async with serving(tmp_path, None, graph) as manager:
        run = await manager.submit("ann", "slow", {})
        await until(manager, run, "running")
        store = manager._store
        connections = [db._db for db in (store._db, store._quick)]  # type: ignore[attr-defined]
        for db in connections:
            db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
        with pytest.raises(StoreUnavailable, match="full"):
            for _ in range(200):
                await manager.post(run.id, "text", "m" * 3900)
        kept = [m.seq for m in store.messages(run.id)]
        await asyncio.sleep(1.0)
        assert (await manager.run(run.id, "ann")).status == "running", "the server lives, and reads"
        for db in connections:
            db.execute("PRAGMA max_page_count=1073741823")
        await until(manager, run, "completed", "failed", within_s=20)
        log = await log_of(manager, run)
        assert {e.data["name"] for e in log if e.type == "step.finished"} == {f"n{n}" for n in range(4)}
        assert [m.seq for m in store.messages(run.id)] == kept
        after = await manager.submit("ann", "slow", {})
        await until(manager, after, "completed")


async def test_a_clock_that_went_back_is_named_and_the_run_goes_on_when_it_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenfold.web.runs import driver

    graph = serve_compiled("slow", slow_graph(6, 0.1))
    async with serving(tmp_path, None, graph) as manager:
        run = await manager.submit("ann", "slow", {})
        await until(manager, run, "running")
        await asyncio.sleep(0.3)
        await manager.pause(run.id)
        await until(manager, run, "paused")
        with monkeypatch.context() as patch:
            patch.setattr(driver, "_now", lambda: time.time() - 3600)
            await manager.resume(run.id)
            assert "clock" in str((await until(manager, run, "failed")).error)
        await manager.resume(run.id)
        await until(manager, run, "completed")
        done = [e.data["name"] for e in await log_of(manager, run) if e.type == "step.finished"]
        assert done == [f"n{n}" for n in range(6)]


def test_numbers_of_events_do_not_go_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore(tmp_path)
    run = store.create("edr", "q", {})
    stamps = iter(["2026-01-01T00:00:02", "2026-01-01T00:00:01", "2025-01-01T00:00:00"])
    monkeypatch.setattr("tenfold.tools.runs.log.now", lambda: next(stamps))
    for n in range(3):
        store.emit(run.id, f"t{n}", {})
    assert [(e.seq, e.type) for e in store.events(run.id)] == [(1, "t0"), (2, "t1"), (3, "t2")]
    store.close()


async def test_events_of_a_node_are_on_disk_before_its_checkpoint(
    tmp_path: Path, database: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenfold.web.runs import driver

    monkeypatch.setattr(driver, "FLUSH_S", 1000.0)  # nobody else writes what waits
    async with serving(tmp_path, database) as manager:
        told, log = type(manager._driver._saver), manager._store.log
        base, later = told.__mro__[1], log.later
        other = RunStore(tmp_path / "data", database)
        said: set[str] = set()
        due: ContextVar[set[str]] = ContextVar("due")
        behind: list[set[str]] = []
        outer, inner = told.aput_writes, base.aput_writes

        def heard(run_id: str, type: str, data: Any, key: str | None = None) -> None:
            later(run_id, type, data, key)
            said.update([key] if key else [])

        async def asked_for(self: Any, *values: Any) -> Any:
            due.set(set(said))
            return await outer(self, *values)

        async def written(self: Any, *values: Any) -> Any:
            keys = {row["key"] for row in other._reader.rows("SELECT key FROM events")}
            behind.append(due.get() - keys)
            return await inner(self, *values)

        monkeypatch.setattr(log, "later", heard)
        monkeypatch.setattr(told, "aput_writes", asked_for)
        monkeypatch.setattr(base, "aput_writes", written)
        run = await manager.submit("ann", "edr", edr_input(tmp_path))
        assert (await until(manager, run, "completed", "failed")).error is None
        assert len(behind) > 5 and len(said) > 5 and not any(behind)
        other.close()


def test_a_write_whose_answer_was_lost_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(tmp_path)
    run = store.create("edr", "q", {})
    transaction = type(store._quick).transaction

    @contextmanager
    def cut(self: Any, *names: str) -> Any:
        with transaction(self, *names) as db:
            yield db
        raise StoreUnavailable("The connection was lost after the commit.")

    for n in range(3):
        store.log.later(run.id, f"t{n}", {"n": n})
    with monkeypatch.context() as patch, pytest.raises(StoreUnavailable):
        patch.setattr(type(store._quick), "transaction", cut)
        store.log.flush()
    store.log.later(run.id, "t3", {"n": 3})
    store.log.flush()
    assert [(e.seq, e.type) for e in store.events(run.id)] == [(n + 1, f"t{n}") for n in range(4)]
    with monkeypatch.context() as patch, pytest.raises(StoreUnavailable):
        patch.setattr("tenfold.tools.runs.log._insert", _fails)
        store.log.later(run.id, "t4", {})
        store.log.flush()
    store.log.flush()
    assert [e.seq for e in store.events(run.id)] == [1, 2, 3, 4, 5], "what was not written is"
    store.close()


def _fails(*_: Any) -> None:
    raise StoreUnavailable("Before the commit.")


# --- several servers --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(120)
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
async def test_two_servers_that_contend_pick_up_a_run_within_two_seconds(
    tmp_path: Path, database: str
) -> None:
    """DBOS doubles its pause whenever two dequeue at once under a shared limit; ours has none, so it never must."""
    ports = [free_port(), free_port()]
    with Servers(tmp_path, database) as servers:
        pids = [await servers.start(port, tmp_path / f"data{n}") for n, port in enumerate(ports)]
        client = Client([f"http://127.0.0.1:{port}" for port in ports])
        store = RunStore(tmp_path / "data0", database)
        waited: list[float] = []
        for n in range(30):
            body = {"graph": "edr", "input": {"question": QUESTION, "model": f"scripted:r{n}", "web": True}}
            run_id = (await client.ask("POST", "/api/runs", body)).json()["id"]
            if n % 3 == 2:  # three at a time: neither server is full, both look for each
                async with asyncio.timeout(30):
                    while store.run(run_id).status != "completed":  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
        for run in store.runs(limit=100):
            first = [e for e in store.events(run.id) if e.type == "run.status"][:2]
            assert [e.data["status"] for e in first] == ["queued", "running"]
            waited.append(
                (datetime.fromisoformat(first[1].at) - datetime.fromisoformat(first[0].at)).total_seconds()
            )
        assert len(waited) == 30 and max(waited) < 2.0, sorted(waited)[-5:]
        store.close()
        await client.close()
        for pid in pids:
            await servers.stop(pid)
