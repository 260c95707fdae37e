"""Engines as LangChain tools: typed arguments in, text out, the objects beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from langchain_core.tools import BaseTool
from pydantic import BaseModel, Field

from .._langchain import UNTRUSTED, or_tool_error, tool
from .hub import SearchHub
from .types import Filters, Hit, SearchEngine, Snapshot

_MAX_SNIPPET = 600
_MAX_PAGE = 20_000


class SearchArguments(BaseModel):
    """Arguments of a search tool."""

    query: str = Field(min_length=1, max_length=1000, description="What to search for, in plain words.")
    k: int = Field(default=8, ge=1, le=50, description="How many hits.")
    domains: list[str] = Field(
        default_factory=list[str], description="Only these domains, such as example.com."
    )
    date_from: date | None = Field(default=None, description="Only sources from this day on (YYYY-MM-DD).")
    date_to: date | None = Field(default=None, description="Only sources up to this day (YYYY-MM-DD).")


class FetchArguments(BaseModel):
    """Arguments of a fetch tool."""

    url: str = Field(min_length=3, max_length=4096, description="An address from a search result.")
    offset: int = Field(default=0, ge=0, description="First character to show, to read on in a long source.")


def as_langchain_tools(source: SearchEngine | SearchHub) -> list[BaseTool]:
    """A search tool and a fetch tool.

    An error comes back as the text of a tool message with `status="error"`, so that the model can act on it. The
    hits and the snapshot themselves are the message's `artifact`.

    Args:
        source: One engine (`search_NAME`, `fetch_NAME`) or a hub (`search`, `fetch`).
    """
    suffix = "" if isinstance(source, SearchHub) else f"_{source.name}"

    async def search(
        query: str,
        k: int = 8,
        domains: Sequence[str] = (),
        date_from: date | None = None,
        date_to: date | None = None,
    ) -> tuple[str, list[Hit]]:
        async def work() -> tuple[str, list[Hit]]:
            filters = Filters(domains_allow=tuple(domains), date_from=date_from, date_to=date_to)
            if isinstance(source, SearchHub):
                result = await source.search(query, k=k, filters=filters)
                return _show_hits(result.hits, result.blocked), result.hits
            hits = [h for h in await source.search(query, k=k, filters=filters) if filters.accepts(h)]
            return _show_hits(hits, {}), hits

        return await or_tool_error(work, ValueError)  # a domain that is none

    async def fetch(url: str, offset: int = 0) -> tuple[str, Snapshot]:
        async def work() -> tuple[str, Snapshot]:
            snapshot = await source.fetch(url)
            return _show_page(snapshot, offset), snapshot

        return await or_tool_error(work, ValueError)  # a domain that is none

    what = "all configured sources" if not suffix else source_label(source)
    return [
        tool(
            f"search{suffix}",
            f"Search {what}. Gives titles, addresses and passages.",
            search,
            SearchArguments,
        ),
        tool(f"fetch{suffix}", "Read the text of a source found by a search.", fetch, FetchArguments),
    ]


def source_label(source: SearchEngine | SearchHub) -> str:
    """How a tool's description calls a source."""
    return (
        "all sources"
        if isinstance(source, SearchHub)
        else f"{source.name} ({source.capabilities.source_type})"
    )


def _show_hits(hits: Sequence[Hit], blocked: dict[str, str]) -> str:
    lines = [UNTRUSTED] if hits else ["Nothing found."]
    for number, hit in enumerate(hits, start=1):
        dated = f" ({hit.published})" if hit.published else ""
        snippet = " ".join(hit.snippet.split())[:_MAX_SNIPPET]
        lines.append(f"{number}. {hit.title}{dated}\n   {hit.url}\n   {snippet}")
    lines += [f"Not asked: {name}. {reason}" for name, reason in blocked.items()]
    return "\n".join(lines)


def _show_page(snapshot: Snapshot, offset: int) -> str:
    part = snapshot.text[offset : offset + _MAX_PAGE]
    left = len(snapshot.text) - offset - len(part)
    more = f"\n({left} more characters; read on with offset={offset + len(part)})" if left > 0 else ""
    dated = f" ({snapshot.published})" if snapshot.published else ""
    return f"{snapshot.title}{dated}\n{snapshot.url}\n{UNTRUSTED}\n\n{part}{more}"
