"""Per-superstep time of a deepagents agent with a model that answers at once, for `orchestration.py --peer-python`.

Runs in an environment of its own (`pip install deepagents langgraph-checkpoint-sqlite`), so that the peer is no
dependency of ours. The agent calls a tool that does nothing ten times, then answers; same checkpointer, same
durability. Prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from importlib.metadata import version
from typing import Any

from deepagents import create_deep_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

CALLS = 10


@tool
def look_up(query: str) -> str:
    """Look something up."""
    return "found"


class AtOnce(BaseChatModel):
    """Calls the tool until it has been called `CALLS` times, then answers."""

    @property
    def _llm_type(self) -> str:
        return "at-once"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def _generate(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        done = sum(isinstance(message, ToolMessage) for message in messages)
        if done < CALLS:
            call = {"name": "look_up", "args": {"query": "x"}, "id": f"c{done}"}
            message = AIMessage(content="", tool_calls=[call])
        else:
            message = AIMessage(content="done")
        return ChatResult(generations=[ChatGeneration(message=message)])


async def run() -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncSqliteSaver.from_conn_string(f"{folder}/c.db") as saver:
            agent = create_deep_agent(model=AtOnce(), tools=[look_up], checkpointer=saver)
            config: Any = {"configurable": {"thread_id": "t"}, "recursion_limit": 200}
            work: Any = {"messages": [{"role": "user", "content": "go"}]}
            began = time.perf_counter()
            await agent.ainvoke(work, config, durability="sync")
            seconds = time.perf_counter() - began
            steps = len([s async for s in agent.aget_state_history(config)]) - 1
            return seconds, steps


async def main(runs: int) -> None:
    times: list[float] = []
    steps = 0
    for number in range(runs + 1):
        seconds, steps = await run()
        if number:
            times.append(1000 * seconds / steps)
    print(json.dumps({"version": version("deepagents"), "steps": steps, "ms_per_step": times}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
