"""The graph that both servers of `web_load.py` serve: a scripted model streams pieces that carry the time of their birth.

Imports neither Tenfold nor a server, so that the peer's environment can load it too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.callbacks import adispatch_custom_event
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.runtime import Runtime


class Clockwork(BaseChatModel):
    """Streams `pieces` pieces, `rate` a second; each piece is `<number>@<time of birth>` and a blank."""

    pieces: int = 500
    rate: float = 50.0

    @property
    def _llm_type(self) -> str:
        return "clockwork"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError("It streams only.")

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        begin = time.monotonic()
        for n in range(self.pieces):
            await asyncio.sleep(max(0.0, begin + n / self.rate - time.monotonic()))
            yield ChatGenerationChunk(message=AIMessageChunk(content=f"{n}@{time.time():.6f} "))


def build(pieces: int, rate: float, kind: str) -> StateGraph[Any]:
    """The graph of one node.

    Args:
        kind: `tokens` (a model's stream), `writer` (LangGraph custom events), `dispatch` (LangChain custom events),
            `drafts` or `live` (the runtime's context is called with type and data).
    """

    async def speak(state: MessagesState, runtime: Runtime[Any]) -> dict[str, Any]:
        # All runs begin at one moment, when all are watched: "go@<time>".
        await asyncio.sleep(max(0.0, float(str(state["messages"][-1].content).split("@")[1]) - time.time()))
        if kind == "tokens":
            whole: Any = None
            async for chunk in Clockwork(pieces=pieces, rate=rate).astream(state["messages"]):
                whole = chunk if whole is None else whole + chunk
            return {"messages": [whole]}
        begin = time.monotonic()
        write = get_stream_writer() if kind == "writer" else None
        for n in range(pieces):
            await asyncio.sleep(max(0.0, begin + n / rate - time.monotonic()))
            piece = {"piece": f"{n}@{time.time():.6f} "}
            if kind == "drafts":
                runtime.context("text.delta", {"id": "draft", "delta": piece["piece"]})
            elif kind == "live":
                runtime.context("piece", piece)
            elif write:
                write({"type": "piece", **piece})
            else:
                await adispatch_custom_event("piece", piece)
        return {"messages": [("assistant", "done")]}

    graph: Any = StateGraph(MessagesState)
    graph.add_node("speak", speak)
    graph.add_edge(START, "speak")
    graph.add_edge("speak", END)
    return graph
