"""Folders read page by page: each page once, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from batch_world import OneReader, as_text, make, scan

from tenfold.errors import ConfigError, ToolError
from tenfold.tools.pages import Export, Job, Progress, read_folder

SUPPORT = Path(__file__).parents[1] / "support"


def job(tmp_path: Path, **more: object) -> Job:
    of_reader = {k: v for k, v in more.items() if k in ("delay_s", "poison", "doubt")}
    make_reader = OneReader(tmp_path / "log", **of_reader)  # type: ignore[arg-type]
    rest = {k: v for k, v in more.items() if k in ("resume", "batch")}
    return Job(tmp_path / "in", tmp_path / "out", make_reader, Export(".txt", as_text), dpi=72, **rest)  # type: ignore[arg-type]


def log(tmp_path: Path) -> list[str]:
    """What the readers wrote down: `begin` and `end` lines with a page's width, which no two pages share."""
    path = tmp_path / "log"
    return path.read_text().splitlines() if path.exists() else []


def test_a_folder_is_read_once_and_written_whole(tmp_path: Path) -> None:
    make(tmp_path / "in/a.pdf", 3)
    make(tmp_path / "in/sub/b.pdf", 2, first=40)
    (tmp_path / "in/copy.pdf").write_bytes((tmp_path / "in/a.pdf").read_bytes())
    (tmp_path / "in/broken.pdf").write_bytes(b"%PDF-1.7\ngarbage")
    (tmp_path / "in/cut.png").write_bytes(b"\x89PNG\r\n\x1a\nxx")
    (tmp_path / "in/notes.txt").write_text("not a picture")
    seen = list(read_folder(job(tmp_path), workers=2))
    problems = {p.path: p.problem for p in seen if p.problem}
    assert problems.keys() == {"broken.pdf", "cut.png"}
    assert "damaged" in problems["broken.pdf"] and "no image" in problems["cut.png"]
    assert (seen[-1].files_done, seen[-1].files, seen[-1].pages_read) == (5, 5, 5)
    written = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_text() for p in (tmp_path / "out").rglob("*.txt")
    }
    assert written == {
        "a.pdf.txt": "width 100|width 101|width 102", "copy.pdf.txt": "width 100|width 101|width 102",
        "sub/b.pdf.txt": "width 140|width 141",
    }  # fmt: skip
    assert Counter(log(tmp_path)) == Counter(
        f"{what} {w}" for w in (100, 101, 102, 140, 141) for what in ("begin", "end")
    )
    with pytest.raises(ConfigError, match=r"holds 5 pages.*--resume"):
        list(read_folder(job(tmp_path)))
    (tmp_path / "out/a.pdf.txt").unlink()
    again = list(read_folder(job(tmp_path, resume=True)))
    assert (again[-1].pages_read, again[-1].pages_kept) == (0, 5) and len(log(tmp_path)) == 10
    assert (tmp_path / "out/a.pdf.txt").read_text() == "width 100|width 101|width 102"


def test_a_page_that_breaks_its_worker_costs_itself(tmp_path: Path) -> None:
    make(tmp_path / "in/a.pdf", 4)
    seen = list(read_folder(job(tmp_path, poison=102, batch=2, doubt="A line is faint."), workers=1))
    assert [p.problem for p in seen if p.problem] == ["page 3: it breaks the process that reads it"]
    assert sorted(p.note for p in seen if p.note) == [f"page {n}: A line is faint." for n in (1, 2, 4)]
    assert (tmp_path / "out/a.pdf.txt").read_text() == "width 100|width 101|width 103"


def test_two_runs_do_not_work_on_one_folder(tmp_path: Path) -> None:
    make(tmp_path / "in/a.pdf", 2)
    first = read_folder(job(tmp_path))
    assert isinstance(next(first), Progress)
    with pytest.raises(ToolError, match="another process"):
        next(read_folder(job(tmp_path, resume=True)))
    first.close()


MAIN = """
import sys
from pathlib import Path
from batch_world import OneReader, as_text
from tenfold.tools.pages import Export, Job, read_folder
if __name__ == "__main__":
    base = Path(sys.argv[1])
    reader = OneReader(base / "log", delay_s=0.05)
    job = Job(base / "in", base / "out", reader, Export(".txt", as_text), dpi=72, resume=True)
    for step in read_folder(job, workers=2):
        pass
"""


@pytest.mark.slow
def test_no_page_is_read_twice_once_it_is_kept_however_often_the_group_is_killed(tmp_path: Path) -> None:
    for n in range(6):
        make(tmp_path / f"in/{n}.pdf", 8, first=8 * n)
    (tmp_path / "main.py").write_text(MAIN)
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT)}
    kept: list[set[int]] = []
    kills = 0
    while True:
        before = len(log(tmp_path))
        run = subprocess.Popen(
            [sys.executable, str(tmp_path / "main.py"), str(tmp_path)],
            env=environment,
            start_new_session=True,
        )
        # Three kills in the midst of reading, then one run to the end.
        while kills < 3 and run.poll() is None and len(log(tmp_path)) < before + 16:
            time.sleep(0.02)
        if kills == 3:
            assert run.wait(60) == 0
            break
        # The second kill takes only the one that keeps the ledger: its workers must not outlive it.
        (os.kill if kills == 1 else os.killpg)(run.pid, signal.SIGKILL)
        run.wait()
        assert gone_in_time(run.pid)
        kills += 1
        kept.append(widths_kept(tmp_path))
        # What is kept now must not be begun again by any later run.
        (tmp_path / f"mark{kills}").write_text(str(len(log(tmp_path))))
    lines = log(tmp_path)
    assert all(kept) and kept[0] < kept[1] < kept[2] and len(kept[2]) < 48
    for number, done in enumerate(kept, start=1):
        later = lines[int((tmp_path / f"mark{number}").read_text()) :]
        assert not {int(line.split()[1]) for line in later} & done
    # A page is read again only when it was in hand at a kill: at most two a worker, and those that came home unsaved.
    begun = Counter(int(line.split()[1]) for line in lines if line.startswith("begin"))
    assert begun.keys() == set(range(100, 148)) and sum(begun.values()) <= 48 + 3 * 2 * 2
    assert widths_kept(tmp_path) == set(range(100, 148))
    texts = sorted(p.name for p in (tmp_path / "out").glob("*.txt"))
    assert texts == [f"{n}.pdf.txt" for n in range(6)]


def gone_in_time(group: int) -> bool:
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def widths_kept(tmp_path: Path) -> set[int]:
    import sqlite3

    with sqlite3.connect(tmp_path / "out/.tenfold-pages.sqlite") as db:
        rows = db.execute("SELECT json_extract(reading, '$.width') FROM pages").fetchall()
    assert len(rows) == len(set(rows))  # one row a page
    return {row[0] for row in rows}


def test_the_scans_of_these_tests_hold_no_text() -> None:
    import io

    import pypdf

    assert not any(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(scan(2))).pages)
