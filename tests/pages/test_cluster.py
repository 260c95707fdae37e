"""A folder read by Ray Data actors: the same ledger, each page once. Runs where the extra `cluster` is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from batch_world import make

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SUPPORT = Path(__file__).parents[1] / "support"
# In a process of its own: Ray's workers find the reader by PYTHONPATH, and nothing of Ray stays with other tests.
MAIN = """
import json, sys
from pathlib import Path
from batch_world import OneReader, as_text
from tenfold.tools.pages import Export, Job, read_folder, read_on_cluster
base = Path(sys.argv[1])
def job(resume):
    return Job(base / "in", base / "out", OneReader(base / "log"), Export(".txt", as_text), dpi=72, resume=resume)
def log():
    return [line for line in (base / "log").read_text().splitlines()]
steps = read_folder(job(False))  # begun on one machine, and ended on many
for step in steps:
    if step.pages_read == 4:
        break
steps.close()
import sqlite3
db = sqlite3.connect(base / "out/.tenfold-pages.sqlite")
kept = [row[0] for row in db.execute("SELECT json_extract(reading, '$.width') FROM pages")]
db.close()
before = len(log())
seen = list(read_on_cluster(job(True)))
last = seen[-1]
print(json.dumps({
    "kept": kept, "later": log()[before:], "problems": [s.problem for s in seen if s.problem],
    "end": [last.pages_read, last.pages_kept, last.files_done, last.files],
}))
"""


def test_a_cluster_reads_each_page_once(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    for n in range(3):
        make(tmp_path / f"in/{n}.pdf", 3, first=3 * n)
    (tmp_path / "in/broken.pdf").write_bytes(b"%PDF-1.7\ngarbage")
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT), "RAY_USAGE_STATS_ENABLED": "0"}
    run = subprocess.run(
        [sys.executable, "-c", MAIN, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    told = json.loads(run.stdout.splitlines()[-1])
    assert len(told["kept"]) == 4
    later = Counter(int(line.split()[1]) for line in told["later"] if line.startswith("begin"))
    assert later == Counter(
        set(range(100, 109)) - set(told["kept"])
    )  # the rest, once each, and nothing that was kept
    assert told["end"] == [5, 4, 4, 4]
    assert len(told["problems"]) == 1 and "'broken.pdf' is damaged" in told["problems"][0]
    texts = {p.name: p.read_text() for p in (tmp_path / "out").glob("*.txt")}
    assert texts == {f"{n}.pdf.txt": "|".join(f"width {100 + 3 * n + i}" for i in range(3)) for n in range(3)}
