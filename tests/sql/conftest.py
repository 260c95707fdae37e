"""Real databases: a SQLite file, data files, and a PostgreSQL server that runs for the session."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import serve_postgres


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "sales.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript("""
            CREATE TABLE sales (id INTEGER PRIMARY KEY, region TEXT, amount REAL);
            CREATE TABLE "odd ""name" ("a b" TEXT);
            CREATE VIEW totals AS SELECT region, sum(amount) AS total FROM sales GROUP BY region;
            CREATE INDEX by_region ON sales (region);
            CREATE TRIGGER log_it AFTER INSERT ON sales BEGIN DELETE FROM "odd ""name"; END;
        """)
        rows = [(n, ["north", "south", "동부"][n % 3], n * 1.5) for n in range(1, 1001)]
        connection.executemany("INSERT INTO sales VALUES (?, ?, ?)", rows)
        connection.execute('INSERT INTO "odd ""name" VALUES (\'x\')')
    connection.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of a superuser on a fresh server."""
    with serve_postgres() as dsn:
        yield dsn
