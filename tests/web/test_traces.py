"""Traces with the GenAI conventions, read from OpenTelemetry's in-memory exporter."""

from __future__ import annotations

import asyncio
from pathlib import Path

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as names

from tenfold.settings import load_settings
from tenfold.web import open_services
from tenfold.web.api.traces import Traces


def test_each_drive_is_a_span_with_a_span_for_each_call_and_nobodys_words(tmp_path: Path) -> None:
    exporter = InMemorySpanExporter()
    services = open_services(load_settings(data_dir=tmp_path))
    seen: list[str] = []
    services.store.log.on_written = lambda events: seen.extend(e.type for e in events)
    traces = Traces(exporter)
    traces.attach(services)
    store = services.store
    run = store.create("edr", "What is secret?", {})
    store.set_status(run.id, "running")
    usage = {"input_tokens": 7, "output_tokens": 3}
    data = {"role": "planner", "model": "openai:gpt-5.5", "usage": usage, "ms": 250.0, "text": "secret words"}
    asyncio.run(asyncio.to_thread(store.emit, run.id, "call.end", data))
    store.set_status(run.id, "failed", error="secret reason")
    traces.close()
    services.close()
    assert seen == ["run.status", "call.end", "run.status"]  # whoever listened before still does
    chat, agent = exporter.get_finished_spans()
    assert (chat.name, agent.name) == ("chat gpt-5.5", "invoke_agent edr")
    assert chat.parent is not None and chat.parent.span_id == agent.context.span_id
    told = dict(chat.attributes or {})
    assert told[names.GEN_AI_OPERATION_NAME] == "chat" and told[names.GEN_AI_PROVIDER_NAME] == "openai"
    assert told[names.GEN_AI_REQUEST_MODEL] == "gpt-5.5"
    assert (told[names.GEN_AI_USAGE_INPUT_TOKENS], told[names.GEN_AI_USAGE_OUTPUT_TOKENS]) == (7, 3)
    assert abs((chat.end_time or 0) - (chat.start_time or 0) - 250e6) < 1e6
    assert agent.status.status_code.name == "ERROR"
    assert "secret" not in chat.to_json() + agent.to_json()
