from __future__ import annotations

import json
from contextlib import suppress
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from tenfold.models import ModelInfo, ParseFailed, parse_reply
from tenfold.models.schema import hint, response_format


class Task(BaseModel):
    title: str
    priority: Literal["high", "low"] = "low"
    weight: int = 1


class Plan(BaseModel):
    tasks: list[Task]
    done: bool = False
    note: str | None = None


class Queries(BaseModel):
    queries: list[str]


class Verdict(BaseModel):
    supported: bool
    score: float
    reason: str


FULL = {"tasks": [{"title": "a", "priority": "high", "weight": 3}], "done": True, "note": None}


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps(FULL),
        "```json\n" + json.dumps(FULL, indent=2) + "\n```",
        "<think>maybe {\"tasks\": 3}?</think>Sure! Here it is:\n" + json.dumps(FULL) + "\nHope that helps {smile}.",
        "Some thought that never opened</think>" + json.dumps(FULL),
        "{'tasks': [{'title': 'a', 'priority': 'high', 'weight': 3,},], 'done': True, 'note': None,}",
        '{tasks: [{title: "a", priority: "High", weight: "3"}], done: yes, extra: {"x": 1}}',
        '{"Tasks": {"title": "a", "Priority": "HIGH", "weight": 3.0}, "DONE": "Yes", "note": "none"}',
        '[{"title": "a", "priority": "high", "weight": "3"}]',
        '{"plan": {"tasks": [{"title": "a", "priority": "high", "weight": 3}]}}',
    ],
)  # fmt: skip
def test_replies_that_a_reader_would_understand(reply: str) -> None:
    plan = parse_reply(reply, Plan)
    assert plan.tasks == [Task(title="a", priority="high", weight=3)] and plan.note is None


@pytest.mark.parametrize("cut", range(40, len(json.dumps(FULL))))
def test_a_cut_reply_keeps_what_was_whole(cut: int) -> None:
    plan = parse_reply(json.dumps(FULL)[:cut], Plan)
    assert plan.tasks[0].title == "a" and plan.tasks[0].priority in ("high", "low")


def test_lists_in_prose() -> None:
    bullets = 'Here are the queries:\n\n1. **Nile length**\n2) "Amazon length"\n- Congo depth\n\nGood luck!'
    assert parse_reply(bullets, Queries).queries == ["Nile length", "Amazon length", "Congo depth"]
    assert [t.title for t in parse_reply("- first\n- second", Plan).tasks] == ["first", "second"]
    assert parse_reply('["a", "b"]', Queries).queries == ["a", "b"]
    assert parse_reply('{"queries": "a"}', Queries).queries == ["a"]
    assert parse_reply('{"queries": "1. a\\n2. b"}', Queries).queries == ["a", "b"]
    assert parse_reply("- 나일강 길이\n- 长江", Queries).queries == ["나일강 길이", "长江"]


def test_words_for_numbers_and_truths() -> None:
    verdict = parse_reply('{"supported": "No.", "score": "85%", "reason": ["a", "b"]}', Verdict)
    assert verdict == Verdict(supported=False, score=85.0, reason="a\nb")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", "empty"),
        ("I cannot help with that.", "no JSON"),
        ("As [1] and [2, 3] say, the Nile is long.", "no JSON"),
        ('{"answer": 42}', "none of the fields"),
        ('{"queries": [{"deep": 1}]}', "queries.0"),
        ("<think>endless", "no JSON"),
    ],
)
def test_what_cannot_be_read_says_why(reply: str, why: str) -> None:
    with pytest.raises(ParseFailed, match=why):
        parse_reply(reply, Queries)


def test_hostile_depth_and_length() -> None:
    for reply in (
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"queries": ' + "[" * 5000 + "]" * 5000 + "}",
        "{" * 3000,
    ):
        with pytest.raises(ParseFailed):
            parse_reply(reply, Queries)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
noise = st.text(alphabet=st.sampled_from("{}[]\"':,`\\ \n-*1.atruenlTasks<>/hik한"), max_size=120)


@settings(deadline=None, max_examples=400)
@given(
    reply=noise | st.text(max_size=60) | json_values.map(json.dumps),
    schema=st.sampled_from([Plan, Queries, Verdict]),
)
def test_nothing_but_parse_failed_is_ever_raised(reply: str, schema: type[BaseModel]) -> None:
    with suppress(ParseFailed):
        assert isinstance(parse_reply(reply, schema), schema)


plans = st.builds(
    Plan,
    tasks=st.lists(
        st.builds(
            Task,
            title=st.text(max_size=20),
            priority=st.sampled_from(["high", "low"]),
            weight=st.integers(-(10**9), 10**9),
        ),
        max_size=4,
    ),
    done=st.booleans(),
    note=st.none()
    | st.text(min_size=1, max_size=20).filter(lambda t: t.strip().lower() not in ("", "null", "none", "n/a")),
)


@settings(deadline=None, max_examples=300)
@given(plan=plans, indent=st.sampled_from([None, 2]), fenced=st.booleans(), ascii_only=st.booleans())
def test_valid_json_comes_back_as_it_was(
    plan: Plan, indent: int | None, fenced: bool, ascii_only: bool
) -> None:
    text = json.dumps(plan.model_dump(), indent=indent, ensure_ascii=ascii_only)
    assert parse_reply(f"```json\n{text}\n```" if fenced else text, Plan) == plan


def test_the_strict_schema_is_what_openai_asks_for() -> None:
    form = response_format(Plan)["json_schema"]
    assert form["strict"] is True

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if "properties" in node:
                assert node["additionalProperties"] is False
                assert set(node["required"]) == set(node["properties"])
            assert "default" not in node
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(form["schema"])

    class Titled(BaseModel):
        title: str
        default: int = Field(3, description="kept")

    assert set(response_format(Titled)["json_schema"]["schema"]["properties"]) == {"title", "default"}

    class Free(BaseModel):
        scores: dict[str, float]

    assert response_format(Free)["json_schema"]["strict"] is False


def test_the_hint_is_short_and_parses_as_the_schema() -> None:
    info = ModelInfo("m", "embedded", "m", 2048)
    line = hint(Plan, info)
    assert len(line) < 160 and '"tasks": [{"title"' in line
    assert hint(Plan, ModelInfo("m", "openai", "m", 2048)) == ""
