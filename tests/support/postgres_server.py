"""A PostgreSQL server of its own for tests, from Debian's binaries."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _postgres_bin() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@contextmanager
def serve_postgres() -> Generator[str]:
    """The DSN of a superuser on a fresh server; the superuser is the worst case."""
    if dsn := os.environ.get("TENFOLD_TEST_POSTGRES"):
        yield dsn
        return
    with own_postgres() as (dsn, _):
        yield dsn


@contextmanager
def own_postgres() -> Generator[tuple[str, Callable[[], None]]]:
    """The same on a server of this process alone, and what restarts it as after a crash."""
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

        def crash() -> None:
            run(str(folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
            run(
                str(folder / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(root / "log"), "start"
            )

        yield f"postgresql://boss@127.0.0.1:{port}/postgres", crash
    finally:
        if data.is_dir():
            subprocess.run(
                [*as_user, str(folder / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"],
                check=False, capture_output=True, cwd="/",
            )  # fmt: skip
        subprocess.run([*as_user, "rm", "-rf", str(data)], check=False, cwd="/")
        shutil.rmtree(root, ignore_errors=True)


def fresh_database(dsn: str) -> str:
    """The DSN of a new, empty database on that server."""
    import psycopg

    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{dsn.rsplit('/', 1)[0]}/{name}"
