"""SQLite: every write is refused and the file's bytes stay as they were (D14)."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from tenfold.errors import SqlRefused, ToolError
from tenfold.tools.sql import Rows, SqlLimits, describe_schema, open_database
from tenfold.tools.sql.sqlite import SqliteDatabase, open_read_only

WRITES = [
    "DROP TABLE sales",
    "drop table sales;",
    "UPDATE sales SET amount = 0",
    "DELETE FROM sales",
    "DELETE FROM sales WHERE 1=1 RETURNING *",
    "INSERT INTO sales VALUES (9999, 'x', 1)",
    "INSERT OR REPLACE INTO sales VALUES (1, 'x', 1)",
    "REPLACE INTO sales VALUES (1, 'x', 1)",
    "WITH doomed AS (SELECT id FROM sales) DELETE FROM sales WHERE id IN (SELECT id FROM doomed)",
    "WITH x AS (SELECT 1) UPDATE sales SET amount = 0",
    "WITH x AS (SELECT 1) INSERT INTO sales SELECT 5000, 'x', 1",
    "PRAGMA writable_schema = 1",
    "PRAGMA journal_mode = WAL",
    "PRAGMA query_only = OFF",
    "PRAGMA table_info(sales)",
    "SELECT * FROM pragma_table_info('sales')",
    "SELECT * FROM pragma_journal_mode('delete')",
    "ATTACH DATABASE '/tmp/other.db' AS other",
    "DETACH DATABASE main",
    "VACUUM",
    "VACUUM INTO '/tmp/copy.db'",
    "REINDEX",
    "ANALYZE",
    "SELECT load_extension('/tmp/evil.so')",
    "SELECT writefile('/tmp/x', 'y')",
    "SELECT readfile('/etc/passwd')",
    "SELECT fts3_tokenizer('x')",
    "SELECT edit('x')",
    "SELECT zeroblob(1000000000)",
    "CREATE TABLE t (a)",
    "CREATE TEMP TABLE t AS SELECT * FROM sales",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TRIGGER t AFTER INSERT ON sales BEGIN SELECT 1; END",
    "ALTER TABLE sales RENAME TO gone",
    "BEGIN EXCLUSIVE",
    "COMMIT",
    "SAVEPOINT a",
    "SELECT 1; DROP TABLE sales",
    "SELECT 1;DELETE FROM sales;--",
    "SELECT 1;\n\nUPDATE sales SET amount=0",
    "SELECT * FROM sales -- only this",
    "SELECT /* hidden */ * FROM sales",
    "SELECT 1 /*! DROP */",
    "SELECT * FROM sales INTO OUTFILE '/tmp/x'",
    "SELECT * INTO copy FROM sales",
    "EXPLAIN DELETE FROM sales",
    "COPY sales TO '/tmp/x'",
    "SELECT 'unclosed",
    'SELECT "unclosed',
    "",
    "   ",
    ";",
    "sales",
    "SELECT 1\x00; DROP TABLE sales",
    "SELECT " + "1," * 20_000 + "1",
]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("sql", WRITES)
async def test_writes_are_refused_and_the_file_is_untouched(sqlite_file: Path, sql: str) -> None:
    before = digest(sqlite_file)
    beside = sorted(p.name for p in sqlite_file.parent.iterdir())
    with pytest.raises(SqlRefused):
        await open_database(sqlite_file).query(sql)
    assert digest(sqlite_file) == before
    assert sorted(p.name for p in sqlite_file.parent.iterdir()) == beside


@pytest.mark.parametrize(
    "sql", [sql for sql in WRITES if sql.strip("; ") and not sql.startswith("SELECT 1 /*!")]
)
def test_the_second_gate_holds_alone(sqlite_file: Path, sql: str) -> None:
    """SQLite's own compiler under the authorizer, without the token check in front of it."""
    before = digest(sqlite_file)
    harmless = ("-- only this", "/* hidden */")
    with open_read_only(sqlite_file, SqlLimits()) as connection:
        if any(mark in sql for mark in harmless):
            connection.execute(sql).fetchall()
        else:
            with pytest.raises((sqlite3.Error, sqlite3.Warning, ValueError)):
                connection.execute(sql).fetchall()
    assert digest(sqlite_file) == before


async def test_reads_agree_with_sqlite_itself(sqlite_file: Path) -> None:
    queries = [
        "SELECT count(*), sum(amount), avg(amount) FROM sales",
        "SELECT region, total FROM totals ORDER BY region",
        "WITH t AS (SELECT * FROM sales WHERE amount > 100) SELECT region, count(*) FROM t GROUP BY 1 ORDER BY 1",
        "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x+1 FROM n WHERE x < 10) SELECT sum(x) FROM n",
        "SELECT id, row_number() OVER (PARTITION BY region ORDER BY id) FROM sales ORDER BY id LIMIT 5",
        "SELECT upper(region) || ';' || 'it''s -- not a comment' FROM sales ORDER BY id LIMIT 3",
        "SELECT json_extract('{\"a\": [1, 2]}', '$.a[1]')",
        "SELECT region FROM sales WHERE region LIKE '동%' ORDER BY id LIMIT 2",
        'SELECT "a b" FROM "odd ""name"',
        "VALUES (1, 'a'), (2, NULL)",
        "SELECT replace(region, 'n', 'N'), substr(region, 1, 2) FROM sales ORDER BY id LIMIT 2;",
        "SELECT strftime('%Y', '2024-05-06'), coalesce(NULL, 3), iif(1, 2, 3)",
        "SELECT id FROM sales UNION SELECT 7 EXCEPT SELECT 8 ORDER BY 1 LIMIT 9",
    ]
    oracle = sqlite3.connect(sqlite_file)
    database = open_database(sqlite_file)
    for sql in queries:
        assert list((await database.query(sql)).rows) == oracle.execute(sql).fetchall(), sql
    oracle.close()


async def test_rows_are_capped_and_say_so(sqlite_file: Path) -> None:
    rows = await open_database(sqlite_file, limits=SqlLimits(rows=5)).query("SELECT * FROM sales")
    assert (len(rows.rows), rows.truncated) == (5, True)
    exact = await open_database(sqlite_file, limits=SqlLimits(rows=1000)).query("SELECT * FROM sales")
    assert (len(exact.rows), exact.truncated) == (1000, False)
    assert exact.types == ("INTEGER", "TEXT", "REAL")
    small = await open_database(sqlite_file, limits=SqlLimits(bytes=500)).query("SELECT * FROM sales")
    assert small.truncated and 0 < len(small.rows) < 60
    cell = await open_database(sqlite_file, limits=SqlLimits(cell=10)).query("SELECT printf('%0100d', 7)")
    assert cell.truncated and len(str(cell.rows[0][0])) == 10


async def test_an_endless_query_is_stopped(sqlite_file: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    began = time.monotonic()
    with pytest.raises(ToolError, match="took too long"):
        await open_database(sqlite_file, limits=SqlLimits(seconds=0.3)).query(endless)
    assert time.monotonic() - began < 1.5


async def test_memory_bombs_are_stopped(sqlite_file: Path) -> None:
    for sql in (
        "SELECT hex(hex(printf('%9000000d', 1)))",
        "SELECT replace(printf('%9000000d', 1), ' ', 'xxxxxxxxxx')",
    ):
        with pytest.raises(ToolError):
            await open_database(sqlite_file).query(sql)


async def test_a_trap_in_the_schema_does_not_run(sqlite_file: Path) -> None:
    """A view made by someone else that calls a function which is not on the list."""
    connection = sqlite3.connect(sqlite_file)
    connection.execute("CREATE VIEW trap AS SELECT load_extension('/tmp/evil.so') AS x")
    connection.commit()
    connection.close()
    with pytest.raises(SqlRefused):
        await open_database(sqlite_file).query("SELECT * FROM trap")


async def test_errors_name_the_statement_and_the_mend(sqlite_file: Path) -> None:
    with pytest.raises(ToolError, match="no such column: missing") as caught:
        await open_database(sqlite_file).query("SELECT missing FROM sales")
    assert not isinstance(caught.value, SqlRefused)
    assert "Correct the statement" in str(caught.value)


async def test_rows_become_a_source_that_can_be_quoted(sqlite_file: Path) -> None:
    rows: Rows = await open_database(sqlite_file).query(
        "SELECT region, amount FROM sales ORDER BY id LIMIT 2"
    )
    snapshot = rows.to_snapshot()
    assert snapshot.text == "region: south; amount: 1.5\nregion: 동부; amount: 3.0"
    assert snapshot.url == "sql:sales.sqlite"
    assert snapshot.meta["sql"] == rows.sql
    assert snapshot.meta["untrusted"] == "1"
    assert rows == Rows.model_validate_json(rows.model_dump_json())


async def test_schema_for_a_prompt(sqlite_file: Path) -> None:
    text = await describe_schema(open_database(sqlite_file))
    assert "sales(id INTEGER, region TEXT, amount REAL)\n  1 | south | 1.5" in text
    assert 'odd "name(a b TEXT)' in text
    assert "totals(region TEXT, total" in text


async def test_wal_database_and_immutable_file(sqlite_file: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(sqlite_file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("INSERT INTO sales VALUES (5000, 'west', 1)")
    connection.commit()
    rows = await open_database(sqlite_file).query(
        "SELECT count(*) FROM sales"
    )  # while it is open for writing
    assert rows.rows == ((1001,),)
    connection.close()
    copy = tmp_path / "ro" / "copy.sqlite"
    copy.parent.mkdir()
    shutil.copy(sqlite_file, copy)
    frozen = SqliteDatabase(copy, immutable=True)
    assert (await frozen.query("SELECT count(*) FROM sales")).rows == ((1001,),)
    assert [p.name for p in copy.parent.iterdir()] == ["copy.sqlite"]


async def test_files_that_are_no_database(tmp_path: Path) -> None:
    bad = tmp_path / "bad.sqlite"
    bad.write_bytes(b"this is not a database" * 100)
    with pytest.raises(ToolError, match="cannot be read as SQLite"):
        await open_database(bad).query("SELECT 1")
    with pytest.raises(ToolError, match="is not a file"):
        open_database(tmp_path / "nothing.sqlite")
    assert not (tmp_path / "nothing.sqlite").exists()
