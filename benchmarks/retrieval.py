"""Retrieval: hybrid search against Chroma alone and bm25s alone, on 20,000 real package descriptions.

    apt-get -o Acquire::Languages=en,ja,ko,zh_CN update
    python benchmarks/retrieval.py --work /var/tmp/tenfold-retrieval --out docs/results/retrieval.md
    python benchmarks/retrieval.py --work /var/tmp/tenfold-retrieval-ja --language ja --documents 1000 --queries 300 --dev 0

Known-item search: a document is the long description of a Debian package, a query is another package
description's one-line synopsis, and the label is the package it belongs to. The synopsis is not part of the
document, files have numbers for names, and sentences that repeat the synopsis are removed. The hard set is the
queries of which at most a third of the words stand in their document.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import resource
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tenfold.models.embedding import MiniLM, open_minilm
from tenfold.settings import load_settings
from tenfold.text import coverage
from tenfold.tools.corpus import Corpus
from tenfold.tools.corpus.lexical import best_matches

SEED = 20261124
CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
LISTS = Path("/var/lib/apt/lists")
Search = Callable[[str], list[str]]


def packages(language: str) -> list[tuple[str, str]]:
    """(synopsis, long description) of every package whose both texts are its own and in the language."""
    found: dict[str, str] = {}
    for path in sorted(LISTS.glob(f"*Translation-{language.replace('_', '*')}*")):
        text = subprocess.run(
            ["/usr/lib/apt/apt-helper", "cat-file", str(path)], capture_output=True, text=True, check=True
        ).stdout
        for record in text.split("\n\n"):
            body = re.search(r"^Description-\w+: (.+)\n((?: .*\n?)+)", record, re.MULTILINE)
            if body is None:
                continue
            lines = [line[1:] for line in body[2].splitlines()]
            long = "\n".join("" if line == "." else line for line in lines)
            long = "\n".join(line for line in long.splitlines() if body[1].lower() not in line.lower())
            foreign = len(CJK.findall(body[1])) >= 4 and len(CJK.findall(long)) >= 60
            if foreign if language != "en" else len(long.split()) >= 30 and len(body[1].split()) >= 3:
                found.setdefault(long, body[1])
    synopses: dict[str, list[str]] = {}
    for long, synopsis in found.items():
        synopses.setdefault(synopsis, []).append(long)
    return sorted((synopsis, longs[0]) for synopsis, longs in synopses.items() if len(longs) == 1)


def prepare(
    work: Path, documents: int, queries: int, dev: int, language: str = "en"
) -> dict[str, list[list[str]]]:
    """Write the documents and draw the queries: {"test": [[query, path], …], "dev": …}."""
    folder = work / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    pairs = rng.sample(packages(language), documents)
    for number, (_, long) in enumerate(pairs):
        path = folder / f"{number:05}.txt"
        if not path.exists():
            path.write_text(long)
    chosen = rng.sample(range(documents), queries + dev)
    rows = [[pairs[i][0], f"{i:05}.txt"] for i in chosen]
    return {"test": rows[:queries], "dev": rows[queries:]}


def rank_of(found: list[str], label: str) -> int:
    """Rank from 1 within the first ten documents, 0 when it is not among them."""
    unique = list(dict.fromkeys(found))[:10]
    return unique.index(label) + 1 if label in unique else 0


def interval(values: np.ndarray, rng: np.random.Generator) -> str:
    """Mean with a 95 % bootstrap interval over queries (2,000 resamples)."""
    means = values[rng.integers(0, len(values), (2000, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


def measure(search: Search, queries: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    """(ranks, milliseconds), one for each query; ten queries warm up unmeasured."""
    for query, _ in queries[:10]:
        search(query)
    ranks, times = np.zeros(len(queries)), np.zeros(len(queries))
    for i, (query, label) in enumerate(queries):
        began = time.perf_counter()
        found = search(query)
        times[i] = (time.perf_counter() - began) * 1000
        ranks[i] = rank_of(found, label)
    return ranks, times


def baselines(corpus: Corpus, minilm: MiniLM) -> dict[str, Search]:
    """Chroma alone on the index's own vectors, and bm25s alone with its own tokenizer on the same chunks."""
    import bm25s

    rows = corpus._store.rows(
        "SELECT c.id, d.path, substr(d.text, c.start + 1, c.end - c.start) FROM chunks c"
        " JOIN documents d ON d.id = c.document"
    )
    paths = {row[0]: row[1] for row in rows}
    order = [row[1] for row in rows]
    retriever: Any = bm25s.BM25()
    retriever.index(
        bm25s.tokenize([row[2] for row in rows], stopwords="en", show_progress=False), show_progress=False
    )

    def chroma(query: str) -> list[str]:
        return [paths[i] for i in corpus._vectors.nearest(minilm.embed([query])[0], 30)]

    def lexical(query: str) -> list[str]:
        words = bm25s.tokenize([query], stopwords="en", show_progress=False)
        found, _ = retriever.retrieve(words, k=30, show_progress=False)
        return [order[i] for i in found[0]]

    def words(query: str) -> list[str]:
        return [paths[i] for i in best_matches(corpus._store, query, 30)]

    return {"chromadb alone": chroma, "bm25s alone": lexical, "(our lexical half alone)": words}


def table(systems: dict[str, Search], queries: list[list[str]]) -> list[str]:
    """Rows of a markdown table."""
    rows = [
        "| system | recall@10 | MRR@10 | ms p50 | ms p95 | queries/s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    rng = np.random.default_rng(SEED)
    for name, search in systems.items():
        ranks, times = measure(search, queries)
        reciprocal = np.where(ranks > 0, 1 / np.maximum(ranks, 1), 0)
        p50, p95 = np.percentile(times, [50, 95])
        rows.append(
            f"| {name} | {interval((ranks > 0).astype(float), rng)} | {interval(reciprocal, rng)}"
            f" | {p50:.1f} | {p95:.1f} | {1000 / times.mean():.0f} |"
        )
    return rows


def hybrid_search(corpus: Corpus) -> Search:
    runner = asyncio.Runner()
    return lambda query: [p.path for p in runner.run(corpus.search(query, k=10))]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for the documents and the index")
    parser.add_argument("--out", type=Path, help="markdown file to write")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--dev", type=int, default=500, help="further queries, for choosing settings")
    parser.add_argument("--language", default="en", choices=("en", "ja", "ko", "zh_CN"))
    return parser.parse_args()


def main() -> None:
    args = arguments()
    drawn = prepare(args.work, args.documents, args.queries, args.dev, args.language)
    settings = load_settings()
    minilm = open_minilm(settings)
    corpus = Corpus.open(args.work / "index", minilm, settings=settings)
    log = args.work / "index.json"
    report = asyncio.run(corpus.index(args.work / "documents"))
    if report.added:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        log.write_text(json.dumps({"seconds": report.seconds, "added": report.added, "rss": peak}))
    indexed = json.loads(log.read_text())
    systems = {"hybrid": hybrid_search(corpus), **baselines(corpus, minilm)}
    texts = {path: corpus.document(path).text for _, path in drawn["test"]}
    hard = [[q, path] for q, path in drawn["test"] if coverage(q, [texts[path]]) <= 1 / 3]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {args.language}, seed {SEED}, {args.documents} documents, {report.chunks} chunks,"
        f" {os.cpu_count()} cores. Index: {indexed['added']} files in {indexed['seconds']:.0f} s, peak"
        f" {indexed['rss']:.0f} MB; while searching, all three systems loaded: {peak:.0f} MB.",
        "",
    ]
    for title, queries in (("All", drawn["test"]), ("Hard", hard), ("Dev split", drawn["dev"])):
        if not queries:
            continue
        lines += [f"**{title}** ({len(queries)} queries)", "", *table(systems, queries), ""]
    text = "\n".join(lines)
    print(text)
    if args.out:
        _write(args.out, text)


def _write(path: Path, text: str) -> None:
    """Replace what stands between the two marks, or write a new page."""
    begin, end = "<!-- measured -->", "<!-- /measured -->"
    page = path.read_text() if path.exists() else f"# Retrieval\n\n{begin}\n{end}\n"
    head, rest = page.split(begin)
    tail = rest.split(end)[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}{begin}\n{text}{end}{tail}")


if __name__ == "__main__":
    main()
