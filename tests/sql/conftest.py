"""Real databases: a SQLite file, data files, and a PostgreSQL server that runs for the session."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


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


def _postgres_bin() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of a superuser on a fresh server; the superuser is the worst case."""
    if dsn := os.environ.get("TENFOLD_TEST_POSTGRES"):
        yield dsn
        return
    folder = _postgres_bin()
    if folder is None:
        pytest.skip("no PostgreSQL: install Debian's 'postgresql' or set TENFOLD_TEST_POSTGRES to a DSN")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root = Path(tempfile.mkdtemp(prefix="pg"))
    root.chmod(0o777)
    data = root / "data"

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, cwd="/", timeout=60)

    try:
        run(str(folder / "initdb"), "-D", str(data), "-U", "boss", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        run(str(folder / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(root / "log"), "start")
        yield f"postgresql://boss@127.0.0.1:{port}/postgres"
    finally:
        if data.is_dir():
            subprocess.run(
                [*as_user, str(folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"],
                check=False, capture_output=True, cwd="/",
            )  # fmt: skip
        subprocess.run([*as_user, "rm", "-rf", str(data)], check=False, cwd="/")
        shutil.rmtree(root, ignore_errors=True)
