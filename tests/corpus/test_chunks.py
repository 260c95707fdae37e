from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.tools.corpus import chunk_text, sentences
from tenfold.tools.corpus.chunks import MAX_WORDS, count_words

PARAGRAPH = "The {0} lake is {0} metres deep. It froze in 19{0} for {0} days. Nobody had seen that before. "
ARTICLE = "\n\n".join(
    f"## Lake {i}\n\n" + "".join(PARAGRAPH.format(10 + i + j) for j in range(12)) for i in range(6)
)


def check(text: str) -> None:
    chunks = chunk_text(text)
    spans = sentences(text)
    inside = [False] * len(text)
    for chunk in chunks:
        assert 0 <= chunk.start < chunk.end <= len(text)
        assert count_words(text[chunk.start : chunk.end]) <= MAX_WORDS
        inside[chunk.start : chunk.end] = [True] * (chunk.end - chunk.start)
    assert [c.start for c in chunks] == sorted({c.start for c in chunks})
    for start, end in spans:
        assert all(inside[at] for at in range(start, end) if text[at].isalnum())
        if count_words(text[start:end]) <= MAX_WORDS:  # a sentence that fits is whole in some chunk
            assert any(c.start <= start and end <= c.end for c in chunks)


def test_chunks_cover_every_sentence_whole() -> None:
    check(ARTICLE)
    check((Path(__file__).parents[2] / "docs/design/foundation.md").read_text())
    check("이 문장은 짧다. " * 500)
    check("一" * 5000)
    check("word " * 5000)
    check("x" * 20_000)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            ["# One", "## Two", "\n\n", "A short sentence. ", "w " * 120, "문장이다. ", "Head\n\n", "- item\n"]
        ),
        max_size=60,
    ).map("".join)
)  # fmt: skip
def test_any_mixture_is_covered(text: str) -> None:
    check(text)


def test_a_heading_starts_a_chunk_and_names_it() -> None:
    chunks = chunk_text(ARTICLE)
    for i in range(6):
        mine = [c for c in chunks if c.heading == f"Lake {i}"]
        assert len(mine) == 2 or len(mine) == 3
        assert ARTICLE[mine[0].start : mine[0].end].startswith(f"## Lake {i}\n")
        assert all(f"## Lake {i + 1}" not in ARTICLE[c.start : c.end] for c in mine)


def test_headings_nest() -> None:
    text = "# Top\n\nIntro.\n\n## A\n\n" + "Words of a. " * 60 + "\n\n### A1\n\n" + "Of a one. " * 60
    text += "\n\n## B\n\n" + "Words of b. " * 60
    headings = [c.heading for c in chunk_text(text)]
    assert headings[0] == "Top"
    assert "Top > A > A1" in headings and headings[-1] == "Top > B"


def test_neighbours_share_a_little() -> None:
    text = "".join(f"Sentence number {i} says a few plain words. " for i in range(100))
    chunks = chunk_text(text)
    assert len(chunks) > 3
    for left, right in pairwise(chunks):
        shared = text[right.start : left.end]
        assert 0 < count_words(shared) <= 30
        assert shared.startswith("Sentence number")


def test_nothing_gives_nothing() -> None:
    assert chunk_text("") == [] and chunk_text(" \n---\n") == []
