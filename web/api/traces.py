"""OpenTelemetry traces with the GenAI conventions, made from the event log: no text of anybody is in them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ...errors import MissingExtra
from ...tools.runs import Event
from ..services import Services

_AT_REST = ("paused", "waiting_human", "interrupted", "completed", "failed", "cancelled")


class Traces:
    """Turns events into spans: one for each drive of a run, one below it for each model call.

    Args:
        exporter: Where spans go; None is OTLP, as the OTEL_… variables say.

    Raises:
        MissingExtra: OpenTelemetry is not installed.
    """

    def __init__(self, exporter: Any = None) -> None:
        try:
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor

            if exporter is None:
                from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

                exporter = OTLPSpanExporter()
        except ImportError as error:
            raise MissingExtra("Tracing", "otel") from error
        # Not the process's global provider: two servers in one process keep apart.
        self._provider: Any = TracerProvider(resource=Resource.create({"service.name": "tenfold"}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer: Any = self._provider.get_tracer("tenfold")
        self._runs: dict[str, Any] = {}
        self._lock = threading.Lock()

    def attach(self, services: Services) -> None:
        """Listen to what is written to the log from now on, beside whoever listens already."""
        log = services.store.log
        before: Callable[[list[Event]], None] | None = log.on_written

        def both(events: list[Event]) -> None:
            if before is not None:
                before(events)
            self.take(events)

        log.on_written = both

    def take(self, events: list[Event]) -> None:
        """Take written events; comes from any thread."""
        with self._lock:
            for event in events:
                if event.type == "run.status":
                    self._status(event)
                elif event.type == "call.end":
                    self._call(event)

    def close(self) -> None:
        """End what is open and send what waits."""
        with self._lock:
            for span in self._runs.values():
                span.end()
            self._runs.clear()
        self._provider.shutdown()

    def _status(self, event: Event) -> None:
        from opentelemetry.trace import SpanKind, Status, StatusCode

        status = event.data.get("status")
        if status == "running" and event.run_id not in self._runs:
            run = (event.data.get("state") or {}).get("/run") or {}
            name = str(run.get("graph") or "graph")
            self._runs[event.run_id] = self._tracer.start_span(
                f"invoke_agent {name}",
                kind=SpanKind.INTERNAL,
                start_time=_nanoseconds(event.at),
                attributes={
                    "gen_ai.operation.name": "invoke_agent",
                    "gen_ai.agent.name": name,
                    "gen_ai.conversation.id": str(run.get("thread") or event.run_id),
                    "tenfold.run.id": event.run_id,
                },
            )
        elif status in _AT_REST and (span := self._runs.pop(event.run_id, None)) is not None:
            span.set_attribute("tenfold.run.status", status)
            if status == "failed":
                span.set_status(Status(StatusCode.ERROR))
            span.end(end_time=_nanoseconds(event.at))

    def _call(self, event: Event) -> None:
        from opentelemetry.trace import SpanKind, set_span_in_context

        data = event.data
        label = str(data.get("model") or "unknown")
        usage: dict[str, Any] = data.get("usage") or {}
        end = _nanoseconds(event.at)
        start = end - int(float(data.get("ms") or 0.0) * 1e6)
        parent = self._runs.get(event.run_id)
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": label.partition(":")[0] if ":" in label else "tenfold",
            "gen_ai.request.model": label.partition(":")[2] or label,
            "gen_ai.usage.input_tokens": int(usage.get("input_tokens") or 0),
            "gen_ai.usage.output_tokens": int(usage.get("output_tokens") or 0),
            "tenfold.role": str(data.get("role") or ""),
        }
        span = self._tracer.start_span(
            f"chat {attributes['gen_ai.request.model']}",
            context=set_span_in_context(parent) if parent is not None else None,
            kind=SpanKind.CLIENT,
            start_time=start,
            attributes=attributes,
        )
        span.end(end_time=end)


def _nanoseconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp() * 1e9)
