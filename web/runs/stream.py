"""LangGraph's streams as events: tasks as steps, messages as texts, `custom` as whatever it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .served import Emit


class GraphStream:
    """One drive of one run.

    Args:
        emit: Takes the events.
        nodes: The graph's nodes; other tasks, such as single calls, are no steps.
    """

    def __init__(self, emit: Emit, nodes: Collection[str]) -> None:
        self._emit = emit
        self._nodes = nodes
        self._texts: dict[str, bool] = {}  # message id: still open
        self._steps: dict[str, str] = {}

    def take(self, mode: str, payload: Any) -> None:
        """Take in one item of the stream."""
        if mode == "messages":
            self._message(payload[0])
        elif mode == "tasks":
            self._task(payload)
        elif isinstance(payload, dict) and isinstance(payload.get("type"), str):
            event: dict[str, Any] = payload
            self._emit(event["type"], {name: value for name, value in event.items() if name != "type"})
        else:
            self._emit("custom", {"value": payload})

    def close(self) -> None:
        """End what the drive left open: a page must not wait for it."""
        for name, still_open in self._texts.items():
            if still_open:
                self._emit("text.end", {"id": name})
        for step, name in self._steps.items():
            self._emit("step.finished", {"id": step, "name": name})
        self._texts.clear()
        self._steps.clear()

    def _task(self, task: dict[str, Any]) -> None:
        if task["name"] not in self._nodes:
            return
        if "input" in task:
            self._steps[task["id"]] = task["name"]
            self._emit("step.started", {"id": task["id"], "name": task["name"]})
        elif self._steps.pop(task["id"], None):
            self._emit("step.finished", {"id": task["id"], "name": task["name"]})

    def _message(self, message: Any) -> None:
        if message.type not in ("ai", "AIMessageChunk") or not message.id:
            return
        name = message.id
        whole = message.type == "ai"
        if whole and name in self._texts:
            return
        text = message.text
        if name not in self._texts and (text or whole):
            self._texts[name] = True
            self._emit("text.start", {"id": name, "role": "assistant"})
        if text:
            self._emit("text.delta", {"id": name, "delta": str(text)})
        ended = whole or getattr(message, "chunk_position", None) == "last"
        if ended and self._texts.get(name):
            self._texts[name] = False
            self._emit("text.end", {"id": name})
