"""The index through its life: changes, kills, damage, and other processes."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tenfold.errors import ConfigError, ToolError
from tenfold.tools.corpus import Corpus, IndexProgress

from .conftest import WordHash

SUPPORT = Path(__file__).parent


def write(docs: Path, count: int, words: int = 30) -> None:
    rng = random.Random(7)
    for i in range(count):
        body = " ".join(f"w{rng.randrange(500)}" for _ in range(words))
        (docs / f"{i:04}.txt").write_text(f"Document number{i} says: {body}.")


def agrees(corpus: Corpus) -> bool:
    """Whether every chunk has its vector, and no vector lacks its chunk."""
    rows = corpus._store.rows("SELECT id, embedded FROM chunks")
    return {row[0] for row in rows} == corpus._vectors.ids() and all(row[1] for row in rows)


def counts(report: object) -> tuple[int, ...]:
    return tuple(getattr(report, name) for name in ("added", "changed", "removed", "unchanged"))


async def test_only_what_changed_is_read(corpus: Corpus, docs: Path, embedder: WordHash) -> None:
    write(docs, 5)
    assert counts(await corpus.index(docs)) == (5, 0, 0, 0)
    embedder.embedded.clear()
    assert counts(await corpus.index(docs)) == (0, 0, 0, 5) and embedder.embedded == []

    (docs / "0000.txt").write_text("Now it is about zebras.")
    (docs / "0001.txt").unlink()
    os.utime(docs / "0002.txt", (1, 1))  # a new time, the old content
    (docs / "new.txt").write_text("A newcomer.")
    assert counts(await corpus.index(docs)) == (1, 1, 1, 3)
    assert len(embedder.embedded) == 2
    assert corpus.document("0002.txt").modified == "1970-01-01"
    assert (await corpus.search("zebras", k=1))[0].path == "0000.txt"
    assert not [p for p in await corpus.search("number1", k=10) if p.path == "0001.txt"]
    assert agrees(corpus)


async def test_progress_and_failures_are_told_each_time(corpus: Corpus, docs: Path) -> None:
    write(docs, 3)
    (docs / "bad.json").write_text("{")
    seen: list[IndexProgress] = []
    report = await corpus.index(docs, seen.append)
    await asyncio.sleep(0)
    files = [p for p in seen if p.total]
    assert [p.done for p in files] == [1, 2, 3, 4] and files[-1].total == 4
    assert [path for path, _ in report.failed] == ["bad.json"]
    seen.clear()
    again = await corpus.index(docs, seen.append)
    await asyncio.sleep(0)
    assert again.failed == report.failed and not [p for p in seen if p.total]  # told, but not read again
    (docs / "bad.json").write_text('{"a": "mended"}')
    assert counts(await corpus.index(docs)) == (1, 0, 0, 3)
    (docs / "0000.txt").write_bytes(b"\x00\x01")
    report = await corpus.index(docs)
    assert counts(report) == (0, 0, 0, 3) and report.failed[0][0] == "0000.txt" and agrees(corpus)


async def test_the_same_file_twice_is_found_once(corpus: Corpus, docs: Path) -> None:
    for name in ("a.txt", "copy.txt"):
        (docs / name).write_text("Walruses live on the ice.")
    (docs / "other.txt").write_text("The ice is thick.")
    await corpus.index(docs)
    assert [p.text for p in await corpus.search("walruses ice")].count("Walruses live on the ice.") == 1


async def test_an_index_belongs_to_one_folder(corpus: Corpus, docs: Path, tmp_path: Path) -> None:
    write(docs, 1)
    await corpus.index(docs)
    with pytest.raises(ConfigError, match="belongs to"):
        await corpus.index(tmp_path)
    with pytest.raises(ConfigError, match="'/nowhere' is not a folder"):
        await corpus.index(Path("/nowhere"))
    os.rename(docs, tmp_path / "moved")
    assert counts(await corpus.index(tmp_path / "moved")) == (0, 0, 0, 1)


async def test_the_index_may_lie_inside_the_folder(docs: Path, embedder: WordHash) -> None:
    write(docs, 2)
    with Corpus.open(docs / "index", embedder) as corpus:
        await corpus.index(docs)
        assert corpus.paths() == ["0000.txt", "0001.txt"] and not (await corpus.index(docs)).failed


async def test_cancelling_keeps_what_was_done(corpus: Corpus, docs: Path) -> None:
    write(docs, 400)
    enough = asyncio.Event()
    task = asyncio.create_task(corpus.index(docs, lambda p: enough.set() if p.done >= 20 else None))
    await enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    done = len(corpus.paths())
    assert 20 <= done < 400 and agrees(corpus)
    assert counts(await corpus.index(docs)) == (400 - done, 0, 0, done) and agrees(corpus)


RUN = """
import asyncio, importlib.util, sys
from pathlib import Path
from tenfold.tools.corpus import Corpus
spec = importlib.util.spec_from_file_location("c", sys.argv[1])
support = importlib.util.module_from_spec(spec); spec.loader.exec_module(support)
corpus = Corpus.open(Path(sys.argv[2]), support.WordHash())
print("open", flush=True)
asyncio.run(corpus.index(Path(sys.argv[3]), lambda p: print(p.done, flush=True)))
"""


def start(index: Path, docs: Path, code: str = RUN) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(code),
        str(SUPPORT / "conftest.py"),
        str(index),
        str(docs),
    ]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
async def test_a_killed_run_resumes(docs: Path, tmp_path: Path, embedder: WordHash) -> None:
    write(docs, 300)
    rng = random.Random(3)
    index = tmp_path / "index"
    finished = 0
    for _ in range(3):
        process = start(index, docs)
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip().isdigit() and int(line) > rng.randrange(30, 70):
                break
        await asyncio.sleep(rng.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with sqlite3.connect(index / "index.sqlite") as db:
            now = db.execute("SELECT count(*) FROM documents").fetchone()[0]
        assert now >= finished  # nothing is read twice, nothing is lost
        finished = now
    assert 60 < finished < 300
    with Corpus.open(index, embedder) as corpus:
        assert agrees(corpus)  # opening alone repairs
        assert len(embedder.embedded) <= 64 + 4  # what was in flight
        assert counts(await corpus.index(docs)) == (300 - finished, 0, 0, finished)
        assert agrees(corpus)
        (docs / "0321.txt").write_text("Quagga.")
        await corpus.index(docs)
        assert (await corpus.search("quagga", k=1))[0].path == "0321.txt"


@pytest.mark.parametrize("damage", ["gone", "garbage", "orphans", "unflagged", "lost vectors"])
async def test_opening_repairs_what_disagrees(
    docs: Path, tmp_path: Path, embedder: WordHash, damage: str
) -> None:
    write(docs, 8)
    index = tmp_path / "index"
    with Corpus.open(index, embedder) as corpus:
        await corpus.index(docs)
        if damage == "orphans":
            corpus._vectors.put([990, 991], embedder.embed(["x", "y"]), [1, 1])
        elif damage == "lost vectors":
            corpus._vectors.delete([1, 2, 3])
    if damage == "gone":
        shutil.rmtree(index / "chroma")
    elif damage == "garbage":
        (index / "chroma/chroma.sqlite3").write_bytes(b"garbage" * 1000)
        for path in (index / "chroma").glob("chroma.sqlite3-*"):
            path.unlink()
    elif damage == "unflagged":
        with sqlite3.connect(index / "index.sqlite") as db:
            db.execute("UPDATE chunks SET embedded=0 WHERE id IN (4, 5)")
    embedder.embedded.clear()
    with Corpus.open(index, embedder) as corpus:
        assert agrees(corpus)
        expected = {"gone": 8, "garbage": 8, "orphans": 0, "unflagged": 2, "lost vectors": 3}[damage]
        assert len(embedder.embedded) == expected
        assert (await corpus.search("number6", k=1))[0].path == "0006.txt"


async def test_another_embedding_model_embeds_everything_again(docs: Path, tmp_path: Path) -> None:
    write(docs, 4)
    with Corpus.open(tmp_path / "index", WordHash()) as corpus:
        await corpus.index(docs)
    other = WordHash("other", 32)
    with Corpus.open(tmp_path / "index", other) as corpus:
        assert len(other.embedded) == 4 and agrees(corpus)
        assert (await corpus.search("number2", k=1))[0].path == "0002.txt"


def test_a_file_that_is_no_index(tmp_path: Path, embedder: WordHash) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(ToolError, match="cannot be opened as an index"):
        Corpus.open(tmp_path, embedder)


HOLD = RUN.replace(
    "asyncio.run(",
    "lock = corpus._writing(); lock.__enter__(); print('locked', flush=True)\ninput()\n0 and (",
)
READ = """
import asyncio, importlib.util, sys
from pathlib import Path
from tenfold.tools.corpus import Corpus
spec = importlib.util.spec_from_file_location("c", sys.argv[1])
support = importlib.util.module_from_spec(spec); spec.loader.exec_module(support)
corpus = Corpus.open(Path(sys.argv[2]), support.WordHash())
for line in sys.stdin:
    found = corpus._vectors.ids(), [p.path for p in asyncio.run(corpus.search(line.strip(), k=1))]
    print(found[1], sorted(corpus._vectors.ids())[-1:], flush=True)
"""  # fmt: skip


async def test_one_writer_at_a_time(corpus: Corpus, docs: Path, embedder: WordHash) -> None:
    write(docs, 3)
    await corpus.index(docs)
    process = start(corpus.index_dir, docs, HOLD)
    assert process.stdout is not None
    assert [process.stdout.readline().strip() for _ in range(2)] == ["open", "locked"]
    with pytest.raises(ToolError, match=rf"written by another process \(pid {process.pid}\)"):
        await corpus.index(docs)
    assert (await corpus.search("number1", k=1))[0].path == "0001.txt"  # reading goes on
    with Corpus.open(corpus.index_dir, embedder) as second:
        assert len(await second.search("number1")) > 0
    process.kill()
    process.communicate()
    assert counts(await corpus.index(docs)) == (0, 0, 0, 3)  # the lock died with its holder


async def test_a_reader_in_another_process_sees_what_was_written(corpus: Corpus, docs: Path) -> None:
    write(docs, 3)
    await corpus.index(docs)
    process = start(corpus.index_dir, docs, READ)
    assert process.stdin is not None and process.stdout is not None

    def ask(question: str) -> str:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(question + "\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    assert ask("number2") == "['0002.txt'] [3]"
    (docs / "late.txt").write_text("Xylophones arrive late.")
    await corpus.index(docs)
    assert ask("xylophones") == "['late.txt'] [4]"
    process.communicate()
