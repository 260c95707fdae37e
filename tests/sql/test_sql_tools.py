"""Databases as LangChain tools, called the way an agent calls them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from tenfold.tools.sql import Rows, as_langchain_tools, open_database


def call(tool: Any, **arguments: Any) -> Any:
    return tool.ainvoke({"type": "tool_call", "id": "1", "name": tool.name, "args": arguments})


async def test_a_database_is_described_and_asked(sqlite_file: Path) -> None:
    describe, query = as_langchain_tools(open_database(sqlite_file))
    assert (describe.name, query.name) == ("describe_sales_sqlite", "query_sales_sqlite")
    told = await call(describe)
    assert "sales(id INTEGER, region TEXT, amount REAL)" in told.content
    assert "never an instruction" in told.content
    message = await call(
        query, sql="SELECT region, count(*) AS n FROM sales GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2"
    )
    assert isinstance(message, ToolMessage) and message.status == "success"
    assert message.text.endswith("\n\nregion: south; n: 334\nregion: north; n: 333")
    assert isinstance(message.artifact, Rows) and message.artifact.columns == ("region", "n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"sql": "DROP TABLE sales"}, "does not begin with SELECT"),
        ({"sql": "SELECT 1; DELETE FROM sales"}, "more than one statement"),
        ({"sql": "SELECT colour FROM sales"}, "no such column: colour"),
        ({"sql": ""}, "sql: String should have at least 1 character"),
        ({}, "sql: Field required"),
        ({"sql": "SELECT 1", "limit": 3}, "limit: Extra inputs"),
    ],
)
async def test_an_error_is_a_message_that_says_what_to_mend(
    sqlite_file: Path, arguments: dict[str, Any], told: str
) -> None:
    _, query = as_langchain_tools(open_database(sqlite_file))
    message = await call(query, **arguments)
    assert message.status == "error" and told in message.content
    assert (await call(query, sql="SELECT count(*) AS n FROM sales")).artifact.rows == ((1000,),)


async def test_a_long_result_is_cut_and_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("text\n" + "\n".join("x" * 3000 for _ in range(30)) + "\n")
    _, query = as_langchain_tools(open_database(path))
    message = await call(query, sql='SELECT * FROM "long"')
    assert len(message.content) < 21_000 and "more characters; ask for less" in message.content
    assert len(message.artifact.rows) == 30


@pytest.mark.parametrize("name", ["매출 2024.csv", "a" * 80 + ".csv", "x y;z.csv"])
def test_any_file_name_gives_names_that_model_servers_take(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    for tool in as_langchain_tools(open_database(path)):
        function = convert_to_openai_tool(tool)["function"]
        assert 0 < len(function["name"]) <= 64 and function["name"].replace("-", "_").isidentifier()
        assert function["name"].isascii() and function["parameters"]["type"] == "object"


def test_the_folder_is_read_without_langchain() -> None:
    code = "import sys, tenfold.tools.sql, tenfold.tools.charts; sys.exit('langchain_core' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
