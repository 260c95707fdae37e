"""Finding things: by meaning, by words, in four languages, and through the engine's interface."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from tenfold.errors import DocumentUnreadable
from tenfold.models.embedding import MiniLM
from tenfold.tools.corpus import Corpus, CorpusEngine, document_url
from tenfold.tools.corpus.fusion import fuse
from tenfold.tools.search import Filters, SearchEngine

from .conftest import MakePdf, WordHash

LIBRARY = {
    "en/battery.md": "# Battery prices\n\nThe price of lithium-ion cells fell by 20 percent in 2024. "
    "Factories in Poland doubled their output.",
    "en/whales.txt": "Blue whales are the largest animals on Earth. They eat krill.",
    "en/cooking.txt": "Knead the dough for ten minutes and let it rise. Bake it until the crust is brown.",
    "en/law.txt": "The court held that the contract was void because the buyer was a minor.",
    "ko/엔지니어.md": "# 소프트웨어 엔지니어링\n\n소프트웨어 엔지니어링은 큰 프로그램을 함께 만드는 일이다.",
    "ko/battery.md": "# 배터리 시장\n\n전기차 배터리 시장은 작년에 크게 성장했습니다. 폴란드의 공장이 생산량을 늘렸다.",
    "ko/weather.md": "# 날씨\n\n내일은 전국에 비가 내리고 바람이 강하게 불겠습니다.",
    "zh/battery.md": "# 电池市场\n\n去年锂离子电池的价格下降了百分之二十。波兰的工厂扩大了产量。",
    "zh/history.md": "# 历史\n\n长城是中国古代的防御工程，全长超过两万公里。",
    "ja/battery.md": "# 電池市場\n\nリチウムイオン電池の価格は昨年二十パーセント下がりました。",
    "ja/train.md": "# 新幹線\n\n東京から大阪まで、新幹線で約二時間半かかります。",
}


async def filled(tmp_path: Path, embedder: MiniLM | WordHash) -> Corpus:
    docs = tmp_path / "docs"
    for path, text in LIBRARY.items():
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
        (docs / path).write_text(text)
    corpus = Corpus.open(tmp_path / "index", embedder)
    report = await corpus.index(docs)
    assert report.added == len(LIBRARY) and not report.failed
    return corpus


@pytest.fixture
async def library(tmp_path: Path, minilm: MiniLM) -> AsyncIterator[Corpus]:
    with await filled(tmp_path, minilm) as corpus:
        yield corpus


QUESTIONS = [
    ("how much did batteries get cheaper?", "en/battery.md"),
    ("enormous sea mammals", "en/whales.txt"),
    ("how to make bread", "en/cooking.txt"),
    ("agreement invalid, purchaser under age", "en/law.txt"),
    ("엔지니어", "ko/엔지니어.md"),
    ("배터리 시장이 성장했나요?", "ko/battery.md"),
    ("비가 오나요", "ko/weather.md"),
    ("EV 배터리 market 성장", "ko/battery.md"),
    ("锂电池价格", "zh/battery.md"),
    ("长城有多长", "zh/history.md"),
    ("電池の価格", "ja/battery.md"),
    ("新幹線で大阪へ", "ja/train.md"),
]


@pytest.mark.model
async def test_questions_find_their_documents(library: Corpus) -> None:
    for question, path in QUESTIONS:
        found = [passage.path for passage in await library.search(question, k=3)]
        assert found[0] == path, (question, found)


@pytest.mark.model
async def test_a_single_character_is_found(library: Corpus) -> None:
    assert (await library.search("비", k=1))[0].path == "ko/weather.md"


async def test_passages_are_offsets_into_the_snapshot(tmp_path: Path, embedder: WordHash) -> None:
    with await filled(tmp_path, embedder) as corpus:
        engine = CorpusEngine(corpus)
        assert isinstance(engine, SearchEngine) and engine.name == "documents"
        hits = [hit for question, _ in QUESTIONS for hit in await engine.search(question, k=5)]
        assert len(hits) > 20
        for hit in hits:
            snapshot = await engine.fetch(hit.url)
            assert hit.start is not None and hit.end is not None
            assert snapshot.text[hit.start : hit.end].strip() == hit.snippet
            assert hit.source_type == "document" and hit.url == snapshot.url
            assert (tmp_path / "docs" / snapshot.meta["path"]).read_text() == snapshot.text


async def test_addresses_are_quoted_and_titles_say_where(tmp_path: Path, embedder: WordHash) -> None:
    with await filled(tmp_path, embedder) as corpus:
        hit = (await CorpusEngine(corpus).search("소프트웨어 엔지니어링", k=1))[0]
        assert (
            hit.url == document_url("ko/엔지니어.md") and hit.url.isascii() and hit.url.startswith("doc:ko/")
        )
        assert hit.title == "소프트웨어 엔지니어링"


async def test_pages_of_a_pdf(tmp_path: Path, docs: Path, corpus: Corpus, make_pdf: MakePdf) -> None:
    filler = ["Plain filler words stand here to fill the page up."] * 40
    (docs / "a b#1.pdf").write_bytes(make_pdf(filler, filler, ["Walruses sleep on ice."], title="Sea"))
    await corpus.index(docs)
    engine = CorpusEngine(corpus)
    hit = (await engine.search("walruses sleep", k=1))[0]
    snapshot = await engine.fetch(hit.url)
    assert hit.url == "doc:a%20b%231.pdf" and hit.title.startswith("Sea (p. ")
    assert "Walruses" in hit.snippet and hit.published == "2024-03-05"
    pages = json.loads(snapshot.meta["pages"])
    assert len(pages) == 3 and snapshot.text[pages[2] :] == "Walruses sleep on ice."


@pytest.mark.parametrize(
    "url", ["doc:missing.txt", "doc:../../etc/passwd", "doc:/etc/passwd", "http://a.b/c"]
)
async def test_fetch_knows_only_the_index(corpus: Corpus, url: str) -> None:
    with pytest.raises(DocumentUnreadable):
        await CorpusEngine(corpus).fetch(url)


async def test_filters(corpus: Corpus, docs: Path) -> None:
    (docs / "old.md").write_text("---\ndate: 2019-04-01\n---\nWalruses of the past.")
    (docs / "new.md").write_text("---\ndate: 2024-04-01\n---\nWalruses of the present.")
    (docs / "undated.txt").write_text("Walruses of no date.")
    await corpus.index(docs)

    async def found(filters: Filters | None = None, *paths: str) -> set[str]:
        hits = await CorpusEngine(corpus, paths=paths).search("walruses", filters=filters)
        return {hit.url for hit in hits}

    everything = {"doc:old.md", "doc:new.md", "doc:undated.txt"}
    assert await found() == everything == await found(Filters(source_types=("document", "web")))
    assert await found(Filters(source_types=("web",))) == set()
    assert await found(Filters(domains_allow=("example.com",))) == set()
    assert await found(Filters(domains_deny=("example.com",))) == everything
    recent = Filters(date_from=date(2024, 1, 1))
    assert await found(recent) == {"doc:new.md", "doc:undated.txt"}  # the file itself is of today
    assert await found(recent.model_copy(update={"strict_dates": True})) == {"doc:new.md"}
    assert await found(Filters(date_to=date(2020, 1, 1))) == {"doc:old.md"}
    assert await found(None, "*.md") == {"doc:old.md", "doc:new.md"}
    assert await found(recent, "*.txt") == {"doc:undated.txt"}
    assert await found(None, "nothing/*") == set()


async def test_odd_queries_are_not_syntax(corpus: Corpus, docs: Path) -> None:
    (docs / "a.txt").write_text('He said "NOT" AND then left. C++ is 3.5 times as old.')
    await corpus.index(docs)
    for query in (
        '"',
        "NOT AND OR",
        "a* ^ NEAR(x)",
        "col:val",
        "3.5",
        "'; DROP TABLE words; --",
        "\x00",
        "x" * 9000,
    ):
        for passage in await corpus.search(query):
            assert passage.path == "a.txt"
    assert await corpus.search("") == [] and await corpus.search(" \n") == []
    assert await corpus.search("left", k=0) == []
    assert (await corpus.search("3.5", k=1))[0].path == "a.txt"


async def test_an_empty_index_finds_nothing(corpus: Corpus) -> None:
    assert await corpus.search("anything") == []


def test_fusion_is_reciprocal_ranks() -> None:
    assert fuse([([1, 2, 3], 1.0), ([3, 1], 1.0)], k=60) == [
        (1, 1 / 61 + 1 / 62),
        (3, 1 / 63 + 1 / 61),
        (2, 1 / 62),
    ]
    assert [i for i, _ in fuse([([5, 4], 1.0), ([4, 5], 1.0)])] == [4, 5]  # a tie goes by id
    assert [i for i, _ in fuse([([1], 0.25), ([2], 1.0)])] == [2, 1]
