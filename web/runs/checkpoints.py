"""LangGraph's checkpoints, in the data folder or in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from ...errors import ConfigError
from ...settings import Settings
from ...tools.runs import EventLog, database_errors


@asynccontextmanager
async def open_saver(settings: Settings, log: EventLog) -> AsyncGenerator[Any]:
    """A checkpoint saver for this event loop. What waits for a run's log is written before its checkpoints are.

    Raises:
        ConfigError: PostgreSQL is wanted, and its saver is not installed or the server cannot be reached.
    """
    if settings.database is not None:
        async with _postgres(settings.database, log) as saver:
            yield saver
        return
    import aiosqlite
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    folder = settings.data_dir.expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    async with aiosqlite.connect(folder / "checkpoints.db") as connection:
        await connection.execute("PRAGMA busy_timeout=30000")
        yield _told(AsyncSqliteSaver, log)(connection)


@asynccontextmanager
async def _postgres(url: str, log: EventLog) -> AsyncGenerator[Any]:
    try:
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
        from psycopg.rows import dict_row
        from psycopg_pool import AsyncConnectionPool, PoolTimeout
    except ImportError as error:
        raise ConfigError(
            "Checkpoints in PostgreSQL need langgraph-checkpoint-postgres.",
            mend="Install it with: pip install 'tenfold[web]'",
        ) from error
    kwargs: dict[str, Any] = {
        "autocommit": True, "prepare_threshold": 0, "row_factory": dict_row, "options": "-c search_path=tenfold",
    }  # fmt: skip
    pool: Any = AsyncConnectionPool(url, min_size=1, max_size=4, open=False, kwargs=kwargs)
    try:
        await pool.open(wait=True, timeout=10)
    except PoolTimeout:
        raise ConfigError(
            "The database for the checkpoints cannot be reached.", mend="Check that the server runs."
        ) from None
    try:
        async with pool.connection() as connection:
            # Two servers that start at once must not make the tables at once.
            await connection.execute("SELECT pg_advisory_lock(hashtextextended('checkpoints', 1))")
            try:
                await connection.execute("CREATE SCHEMA IF NOT EXISTS tenfold")
                await AsyncPostgresSaver(connection).setup()
            finally:
                await connection.execute("SELECT pg_advisory_unlock(hashtextextended('checkpoints', 1))")
        yield _told(AsyncPostgresSaver, log)(pool)
    finally:
        await pool.close()


def _told(saver: type[Any], log: EventLog) -> type[Any]:
    """The saver, behind the log: a node that has its checkpoint never runs again, so its events must be there first.

    When the database is away it raises an error of ours: the run is then tried again, and has not failed.
    """

    class Told(saver):
        async def aget_tuple(self, *args: Any, **more: Any) -> Any:
            with database_errors():
                return await super().aget_tuple(*args, **more)

        async def aput(self, config: Any, *args: Any, **more: Any) -> Any:
            with database_errors():
                await logged(config)
                return await super().aput(config, *args, **more)

        async def aput_writes(self, config: Any, *args: Any, **more: Any) -> Any:
            with database_errors():
                await logged(config)
                return await super().aput_writes(config, *args, **more)

    async def logged(config: Any) -> None:
        run_id = config["configurable"]["thread_id"]
        if log.waits_for(run_id):
            await asyncio.to_thread(log.flush, run_id)

    return Told
