"""PostgreSQL, asked as a superuser: even that role can only read here."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from tenfold.errors import SqlRefused, ToolError
from tenfold.tools.sql import SqlLimits, describe_schema, open_database

psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.postgres

REFUSED = [
    "DROP TABLE sales",
    "UPDATE sales SET amount = 0",
    "DELETE FROM sales",
    "INSERT INTO sales VALUES (9, 'x', 1)",
    "TRUNCATE sales",
    "WITH d AS (DELETE FROM sales RETURNING *) SELECT * FROM d",
    "WITH d AS (UPDATE sales SET amount = 0 RETURNING *) SELECT * FROM d",
    "SELECT 1; DROP TABLE sales",
    "SELECT 1; COMMIT; DROP TABLE sales",
    "SELECT * INTO copy FROM sales",
    "SELECT * FROM sales FOR UPDATE",
    "CREATE TEMP TABLE t AS SELECT 1",
    "COPY sales TO '/tmp/x'",
    "COPY sales TO PROGRAM 'id'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.pg_read_file('/etc/passwd')",
    "SELECT \"pg_read_file\"('/etc/passwd')",
    "SELECT PG_READ_FILE('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT pg_stat_file('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT dblink('host=other', 'SELECT 1')",
    "SELECT pg_sleep(1)",
    "SELECT pg_sleep_for('1 minute')",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT nextval('s')",
    "SELECT setval('s', 5)",
    "SELECT pg_terminate_backend(1)",
    "SELECT pg_reload_conf()",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_notify('a', 'b')",
    "SELECT query_to_xml('SELECT 1', true, true, '')",
    "SELECT bump()",
    "SELECT sneaky(1)",
    "SELECT * FROM pg_authid",
    "SELECT rolpassword FROM pg_catalog.pg_authid",
    "SELECT passwd FROM pg_shadow",
    "SET TRANSACTION READ WRITE",
    "SET default_transaction_read_only = off",
    "BEGIN READ WRITE",
    "DO $$ BEGIN DELETE FROM sales; END $$",
    "CALL whatever()",
    "VACUUM",
    "EXPLAIN ANALYZE DELETE FROM sales",
    "SELECT U&\"pg_re\\0061d_file\"('/etc/passwd')",
    "SELECT 1 -- x",
    "SELECT 1 /* x */",
]


@pytest.fixture
async def sales(postgres: str) -> AsyncIterator[str]:
    async with await psycopg.AsyncConnection.connect(postgres, autocommit=True) as connection:
        await connection.execute("""
            DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS other CASCADE; CREATE SCHEMA other;
            CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10, 2), day date);
            INSERT INTO sales SELECT n, (ARRAY['north', 'south', '동부'])[n % 3 + 1], n * 1.5, date '2024-01-01' + n
                FROM generate_series(1, 1000) n;
            CREATE TABLE other."Odd Name" (a int);
            CREATE SEQUENCE s;
            CREATE FUNCTION bump() RETURNS int LANGUAGE sql AS $$ DELETE FROM sales RETURNING 1 $$;
            CREATE FUNCTION sneaky(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
                $$ BEGIN RETURN bump() + i; END $$;
        """)
    yield postgres
    async with await psycopg.AsyncConnection.connect(postgres) as connection:
        cursor = await connection.execute(
            "SELECT count(*), sum(amount), (SELECT is_called FROM s) FROM sales"
        )
        assert await cursor.fetchone() == (1000, 750750, False)  # whatever a test tried


async def test_everything_but_reads_is_refused(sales: str) -> None:
    database = open_database(sales)
    for sql in REFUSED:
        try:
            rows = await database.query(sql)
        except SqlRefused:
            continue
        except ToolError as error:
            pytest.fail(f"{sql!r} was not refused but failed: {error}")
        pytest.fail(f"{sql!r} ran and gave {rows.rows!r}")


async def test_the_transaction_is_the_last_gate(sales: str) -> None:
    """A function that lies about being immutable passes the catalogue check and still cannot write."""
    with pytest.raises(SqlRefused, match="read-only transaction"):
        await open_database(sales).query("SELECT sneaky(1)")


async def test_reads_types_and_caps(sales: str) -> None:
    database = open_database(sales, limits=SqlLimits(rows=3))
    rows = await database.query("SELECT id, region, amount, day, id > 1 AS big FROM sales ORDER BY id;")
    assert rows.columns == ("id", "region", "amount", "day", "big")
    assert rows.types == ("int4", "text", "numeric", "date", "bool")
    assert rows.rows[:2] == (
        (1, "south", "1.50", "2024-01-02", False),
        (2, "동부", "3.00", "2024-01-03", True),
    )
    assert rows.truncated and len(rows.rows) == 3
    total = await open_database(sales).query("SELECT sum(amount)::float8 FROM sales WHERE region LIKE '%or%'")
    assert total.rows == ((sum(n * 1.5 for n in range(1, 1001) if n % 3 == 0),),)
    percent = await open_database(sales).query(
        "SELECT count(*) FROM sales WHERE region LIKE 'n%' AND id % 2 = 0"
    )
    assert percent.rows == ((sum(1 for n in range(1, 1001) if n % 3 == 0 and n % 2 == 0),),)


async def test_a_huge_result_is_not_carried_over(sales: str) -> None:
    began = time.monotonic()
    rows = await open_database(sales).query("SELECT a.id FROM sales a, sales b, sales c")
    assert (len(rows.rows), rows.truncated) == (200, True)
    assert time.monotonic() - began < 3  # a thousand million rows


async def test_a_long_query_is_stopped(sales: str) -> None:
    began = time.monotonic()
    with pytest.raises(ToolError, match="took too long"):
        await open_database(sales, limits=SqlLimits(seconds=0.5)).query(
            "SELECT count(*) FROM sales a, sales b, sales c, sales d"
        )
    assert time.monotonic() - began < 5


async def test_schema_and_errors(sales: str) -> None:
    text = await describe_schema(open_database(sales))
    assert "sales(id integer, region text, amount numeric, day date)\n  1 | south | 1.50 | 2024-01-02" in text
    assert "other.Odd Name(a integer)" in text
    with pytest.raises(ToolError, match='column "nothing" does not exist'):
        await open_database(sales).query("SELECT nothing FROM sales")


async def test_an_unreachable_server_is_a_clear_error_without_the_password() -> None:
    with pytest.raises(ToolError) as caught:
        await open_database("postgresql://me:s3cret@127.0.0.1:1/db").query("SELECT 1")
    assert "cannot be reached" in str(caught.value)
    assert "s3cret" not in str(caught.value)
