"""Optical memory: what fades when, what is never lost, what a budget does."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import ToolMessage
from PIL import Image

from tenfold.errors import ConfigError
from tenfold.tools.optical import FadingPolicy, OpticalMemory, recall_tool
from tenfold.tools.optical.fading import LEVELS, cost, vision_tokens
from tenfold.tools.pages import text_pages

WORDS = "the river flows past an old town and on to the sea "


def count(text: str) -> int:
    return len(text.split())


def filled(folder: Path, rounds: int, **options: object) -> OpticalMemory:
    memory = OpticalMemory(folder, count, page_tokens=200, **options)  # type: ignore[arg-type]
    for number in range(rounds):
        memory.add(f"Round {number}: " + WORDS * 20, important=number == 1)
        memory.advance()
    return memory


def test_history_fades_with_age_and_its_pictures_have_the_modes_sizes(tmp_path: Path) -> None:
    memory = filled(tmp_path, 80)
    shown = memory.fragments()
    levels = [f.level for f in shown]
    assert levels[-1] == "text" and levels[0] == "dropped" and "tiny" in levels
    ranks = [LEVELS.index(f.level) for i, f in enumerate(shown) if i != 1]  # round 1 is important
    assert ranks == sorted(ranks, reverse=True)
    assert shown[1].level == "tiny"
    for fragment in shown:
        if fragment.png:
            with Image.open(io.BytesIO(fragment.png)) as picture:
                assert (picture.width // 64) ** 2 == fragment.tokens == vision_tokens(fragment.level)
    assert sum(f.tokens for f in shown) < 0.5 * sum(s for s in [count(memory.source(f.id)) for f in shown])


def test_every_word_can_be_had_back_whatever_has_faded(tmp_path: Path) -> None:
    memory = filled(tmp_path, 80)
    shown = memory.fragments()
    assert shown[0].level == "dropped" and not shown[0].text and not shown[0].png
    for number, fragment in enumerate(shown):
        assert memory.source(fragment.id) == f"user: Round {number}: " + WORDS * 20
    assert [name for name, _ in memory.search("ROUND 7:")][-1] == shown[7].id
    with pytest.raises(KeyError):
        memory.source("nothing")


def test_another_process_goes_on_where_one_stopped_and_a_cut_line_is_left_out(tmp_path: Path) -> None:
    before = filled(tmp_path, 12).fragments()
    with (tmp_path / "segments.jsonl").open("ab") as file:
        file.write(b'{"id": "half')
    again = OpticalMemory(tmp_path, count, page_tokens=200)
    again.advance()
    assert again.fragments() == before
    again.add("more")
    assert OpticalMemory(tmp_path, count, page_tokens=200).search("more")
    (tmp_path / "segments.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError, match="Line 1"):
        OpticalMemory(tmp_path, count)


def test_a_page_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = filled(tmp_path, 12)
    memory.fragments()
    drawn: list[int] = []

    def counted(*args: object) -> list[bytes]:
        drawn.append(1)
        return text_pages(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("tenfold.tools.optical.memory.text_pages", counted)
    memory.fragments()
    assert not drawn
    for _ in range(4):
        memory.advance()
    memory.fragments()  # three pages reach their first picture; the others are resized
    assert len(drawn) > 0 and len({p.name[:32] for p in (tmp_path / "pages").iterdir()}) <= 12


def test_a_budget_is_kept_by_fading_the_oldest_and_never_drops_what_is_important(tmp_path: Path) -> None:
    memory = filled(tmp_path, 10)
    free = sum(f.tokens for f in memory.fragments())
    shown = memory.fragments(budget=free // 3)
    assert sum(f.tokens for f in shown) <= free // 3
    assert shown[1].level == "text" and shown[0].level == "dropped"
    ranks = [LEVELS.index(f.level) for f in shown[2:]]
    assert ranks == sorted(ranks, reverse=True)
    shown = memory.fragments(budget=99)
    assert [f.level for f in shown] == ["dropped", "tiny", *["dropped"] * 8]
    with pytest.raises(ConfigError, match="more than its budget"):
        memory.fragments(budget=50)


LEVEL = st.sampled_from(LEVELS)


@settings(max_examples=300, deadline=None)
@given(LEVEL, st.integers(0, 20_000), st.booleans())
def test_a_level_keeps_its_bounds(wanted: str, tokens: int, important: bool) -> None:
    policy = FadingPolicy()
    level = policy.allowed(wanted, tokens, important=important)  # type: ignore[arg-type]
    assert cost(level, tokens) <= tokens
    assert not (important and level == "dropped")
    if level not in ("text", "dropped"):
        assert tokens <= (policy.must_keep if important else policy.may_fade) * vision_tokens(level)
    lower = policy.fainter(level, tokens, important=important)
    assert lower is None or LEVELS.index(lower) > LEVELS.index(level)


def test_policies_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="Begin with 0"):
        FadingPolicy(ages=((3, "text"),))
    with pytest.raises(ConfigError, match="Use one of"):
        FadingPolicy(ages=((0, "blurred"),))  # type: ignore[arg-type]


async def test_the_model_reads_a_faded_page_with_the_tool(tmp_path: Path) -> None:
    memory = filled(tmp_path, 80)
    tool = recall_tool(memory)

    async def ask(**arguments: str) -> ToolMessage:
        return await tool.ainvoke({"name": tool.name, "args": arguments, "id": "1", "type": "tool_call"})

    page = memory.fragments()[0].id
    assert "Round 0: the river" in (await ask(page=page)).content
    assert page in (await ask(words="round 0:")).content
    assert "Nothing" in (await ask(words="xylophone")).content
    for wrong in ({}, {"page": "a", "words": "b"}, {"page": "unknown"}):
        assert (await ask(**wrong)).status == "error"
