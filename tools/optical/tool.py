"""The tool with which a model gets a faded page's words back."""

from __future__ import annotations

from langchain_core.tools import BaseTool, ToolException
from pydantic import BaseModel, Field

from .._langchain import UNTRUSTED, tool
from .memory import OpticalMemory

_MOST_HITS = 20


class _Recall(BaseModel):
    page: str | None = Field(
        default=None, description="Id of a page of the history, to read it word for word."
    )
    words: str | None = Field(
        default=None, max_length=200, description="Words to look for in the whole history."
    )


def recall_tool(memory: OpticalMemory) -> BaseTool:
    """`recall_history`: a page by its id, or the segments that have certain words."""

    async def run(page: str | None = None, words: str | None = None) -> tuple[str, object]:
        if bool(page) == bool(words):
            raise ToolException("Give either a page or words.")
        if page:
            try:
                text = memory.source(page)
            except KeyError:
                raise ToolException(f"The history has no page {page!r}.") from None
            return f"{UNTRUSTED}\n\n{text}", {"page": page}
        hits = memory.search(words or "")
        if not hits:
            return "Nothing in the history has these words.", {"hits": []}
        lines = [f"[{name}] {line}" for name, line in hits[:_MOST_HITS]]
        if len(hits) > _MOST_HITS:
            lines.append(f"… and {len(hits) - _MOST_HITS} more; ask with more words.")
        return f"{UNTRUSTED}\n\n" + "\n".join(lines), {"hits": [name for name, _ in hits]}

    return tool(
        "recall_history",
        "Read old parts of this conversation word for word: pages that are shown as small pictures, or not at all.",
        run,
        _Recall,
    )
