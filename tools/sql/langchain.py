"""A database as LangChain tools: typed arguments in, text out, the rows beside it."""

from __future__ import annotations

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, Field

from .._langchain import UNTRUSTED, or_tool_error, tool
from .describe import describe_schema
from .statement import MAX_SQL
from .types import Database, Rows

_MAX_TEXT = 20_000


class DescribeArguments(BaseModel):
    """The tool that describes a database takes no arguments."""

    model_config = ConfigDict(extra="forbid")


class QueryArguments(BaseModel):
    """Arguments of a query tool."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(
        min_length=1, max_length=MAX_SQL, description="One SELECT without comments. Nothing that writes runs."
    )


def as_langchain_tools(database: Database) -> list[BaseTool]:
    """A tool that describes the tables, and a tool that runs one SELECT.

    An error, such as a refused statement, comes back as the text of a tool message with `status="error"`, so that
    the model can mend its SQL. The `Rows` themselves are the message's `artifact`.

    Args:
        database: Its name gives the tools' names: `describe_NAME`, `query_NAME`.
    """

    async def describe() -> tuple[str, str]:
        text = await or_tool_error(lambda: describe_schema(database))
        return f"{UNTRUSTED}\n\n{text}", text

    async def query(sql: str) -> tuple[str, Rows]:
        rows = await or_tool_error(lambda: database.query(sql))
        return _show(rows), rows

    suffix = re.sub(r"[^A-Za-z0-9_-]+", "_", database.name).strip("_")[:50] or "database"
    what = f"the {database.dialect} database {database.name!r}"
    return [
        tool(
            f"describe_{suffix}",
            f"Tables, columns and sample rows of {what}.",
            describe,
            DescribeArguments,
        ),
        tool(
            f"query_{suffix}",
            f"Run one read-only SELECT on {what}. Describe the database first.",
            query,
            QueryArguments,
        ),
    ]


def _show(rows: Rows) -> str:
    text = rows.to_text()
    more = f"\n({len(text) - _MAX_TEXT} more characters; ask for less)" if len(text) > _MAX_TEXT else ""
    return f"{UNTRUSTED}\n\n{text[:_MAX_TEXT]}{more}"
