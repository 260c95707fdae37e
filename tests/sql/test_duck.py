"""CSV, JSON, Parquet and DuckDB files: read, and nothing else."""

from __future__ import annotations

import csv
import hashlib
import time
from collections import defaultdict
from pathlib import Path

import pytest

from tenfold.errors import ConfigError, SqlRefused, ToolError
from tenfold.tools.sql import SqlLimits, describe_schema, open_database

duckdb = pytest.importorskip("duckdb")

REFUSED = [
    "DROP TABLE sales",
    "UPDATE sales SET amount = 0",
    "DELETE FROM sales",
    "INSERT INTO sales VALUES (1, 'x', 1)",
    "INSERT OR REPLACE INTO sales VALUES (1, 'x', 1)",
    "WITH d AS (DELETE FROM sales RETURNING *) SELECT * FROM d",
    "WITH d AS (INSERT INTO sales VALUES (1, 'x', 1) RETURNING *) SELECT * FROM d",
    "SELECT 1; DROP TABLE sales",
    "COPY sales TO '{tmp}/out.csv'",
    "COPY (SELECT 1) TO '{tmp}/out.csv'",
    "EXPORT DATABASE '{tmp}/out'",
    "ATTACH '{tmp}/other.db'",
    "PRAGMA version",
    "SELECT * FROM pragma_version()",
    "SET memory_limit = '100GB'",
    "RESET enable_external_access",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CREATE TEMP TABLE t AS SELECT 1",
    "CREATE TABLE t (a INT)",
    "VACUUM",
    "CHECKPOINT",
    "CALL pragma_version()",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT content FROM read_blob('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM parquet_metadata('/etc/passwd')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM enable_logging()",
    "SELECT write_log('x')",
    "SELECT nextval('s')",
    "SELECT getenv('HOME')",
    "SELECT current_setting('home_directory')",
    "SELECT (SELECT max(x) FROM read_csv('/etc/passwd') t(x))",
    "DESCRIBE sales",
    "SHOW TABLES",
    "SUMMARIZE sales",
    "FROM sales",
    "PIVOT sales ON region USING sum(amount)",
    "SELECT 1 -- x",
]


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "region", "amount"])
        writer.writerows((n, ["north", "south", "동부"][n % 3], n * 1.5) for n in range(1, 1001))
    return path


@pytest.fixture
def duckdb_file(tmp_path: Path, csv_file: Path) -> Path:
    path = tmp_path / "sales.duckdb"
    connection = duckdb.connect(str(path))
    connection.execute("CREATE TABLE sales AS SELECT * FROM read_csv(?)", [str(csv_file)])
    connection.execute("CREATE SEQUENCE s")
    connection.close()
    return path


@pytest.mark.parametrize("kind", ["csv_file", "duckdb_file"])
async def test_everything_but_reads_is_refused(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path: Path = request.getfixturevalue(kind)
    files = digests(tmp_path)
    database = open_database(path)
    for sql in REFUSED:
        try:
            rows = await database.query(sql.format(tmp=tmp_path))
        except SqlRefused:
            continue
        pytest.fail(f"{sql!r} ran and gave {rows.rows!r}")
    assert (await database.query("SELECT count(*) FROM sales")).rows == ((1000,),)
    assert digests(tmp_path) == files


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM '/etc/passwd'", "SELECT * FROM 'sales.csv'", 'SELECT * FROM "/etc/passwd"']
)
async def test_a_file_is_not_a_table(csv_file: Path, sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(csv_file.parent)
    with pytest.raises(ToolError):
        await open_database(csv_file).query(sql)


async def test_reads_agree_with_plain_python(csv_file: Path) -> None:
    totals: dict[str, float] = defaultdict(float)
    with csv_file.open() as file:
        for row in csv.DictReader(file):
            totals[row["region"]] += float(row["amount"])
    database = open_database(csv_file)
    rows = await database.query("SELECT region, sum(amount) FROM sales GROUP BY region ORDER BY region")
    assert dict(rows.rows) == pytest.approx(totals)
    assert rows.types == ("VARCHAR", "DOUBLE")
    ordered = await database.query("SELECT id FROM sales ORDER BY hash(id)")
    oracle = await database.query("SELECT id FROM sales ORDER BY hash(id) LIMIT 200")
    assert ordered.truncated and ordered.rows == oracle.rows  # the cap keeps the order
    series = await database.query("SELECT sum(i) FROM range(10) t(i)")
    assert series.rows == (("45",),) or series.rows == ((45,),)


async def test_other_files_and_the_database_read_alike(
    csv_file: Path, duckdb_file: Path, tmp_path: Path
) -> None:
    connection = duckdb.connect()
    source = f"(SELECT * FROM read_csv('{csv_file}'))"
    connection.execute(f"COPY {source} TO '{tmp_path}/p.parquet' (FORMAT parquet)")
    connection.execute(f"COPY {source} TO '{tmp_path}/j.jsonl' (FORMAT json)")
    connection.execute(f"COPY {source} TO '{tmp_path}/t.tsv' (DELIMITER '\t')")
    connection.close()
    expected = (await open_database(csv_file).query("SELECT count(*), sum(amount) FROM sales")).rows
    assert (
        await open_database(duckdb_file).query("SELECT count(*), sum(amount) FROM sales")
    ).rows == expected
    for name, table in (("p.parquet", "p"), ("j.jsonl", "j"), ("t.tsv", "t")):
        rows = await open_database(tmp_path / name).query(f"SELECT count(*), sum(amount) FROM {table}")
        assert rows.rows == expected, name


async def test_schema_names_types_and_samples(duckdb_file: Path, tmp_path: Path) -> None:
    text = await describe_schema(open_database(duckdb_file))
    assert "sales(id BIGINT, region VARCHAR, amount DOUBLE)\n  1 | south | 1.5" in text
    odd = tmp_path / "2024 über-sicht; DROP.csv"
    odd.write_text("a,b\n1,2\n")
    assert "t_2024_über_sicht_drop(a BIGINT, b BIGINT)" in await describe_schema(open_database(odd))


async def test_an_endless_query_is_stopped(csv_file: Path) -> None:
    began = time.monotonic()
    database = open_database(csv_file, limits=SqlLimits(seconds=0.5))
    with pytest.raises(ToolError, match="took too long"):
        await database.query(
            "SELECT count(*) FROM range(100000) a, range(100000) b, range(1000) c WHERE a.range <> b.range"
        )
    assert time.monotonic() - began < 5
    assert (await database.query("SELECT 1")).rows == ((1,),)  # and the next one runs


async def test_bad_files_and_bad_statements(tmp_path: Path, csv_file: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"nonsense")
    (tmp_path / "bad.duckdb").write_bytes(b"nonsense" * 2000)
    for name in ("bad.parquet", "bad.duckdb", "missing.csv"):
        with pytest.raises(ToolError):
            open_database(tmp_path / name)
    with pytest.raises(ConfigError, match=r"'notes\.txt' is not a database"):
        open_database("notes.txt")
    for sql in ("SELECT nothing FROM sales", "SELECT FROM WHERE", "SELECT * FROM sales LIMIT 'x"):
        with pytest.raises(ToolError):
            await open_database(csv_file).query(sql)


async def test_concurrent_queries_on_one_file(csv_file: Path) -> None:
    import asyncio

    database = open_database(csv_file)
    answers = await asyncio.gather(
        *(database.query(f"SELECT amount FROM sales WHERE id = {n}") for n in range(1, 30))
    )
    assert [a.rows[0][0] for a in answers] == [n * 1.5 for n in range(1, 30)]
