"""The real command in a process of its own, over a small SQLite file and a scripted model: no embedding, no network."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

QUESTION = "Which rivers are longest?"
PLAN: dict[str, Any] = {
    "tasks": [
        {"title": f"Which rivers are {which}?", "acceptance": "a row", "depends_on": [], "tool": "database"}
        for which in ("longest", "shortest")
    ]
}
RULES: list[dict[str, Any]] = [
    {"match": "You plan research", "reply": PLAN},
    {
        "match": "You write one read-only SQL SELECT",
        "reply": {"sql": "SELECT name, km FROM rivers ORDER BY km DESC"},
    },
    {"match": "You audit research", "reply": {"done": True, "add": [], "cancel": [], "gaps": []}},
]


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass
class Cli:
    """One data folder, and the command over it."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.data = self.folder / "data"
        self.db = self.folder / "rivers.db"
        if not self.db.exists():
            with sqlite3.connect(self.db) as db:
                db.execute("CREATE TABLE rivers (name TEXT, km INTEGER)")
                rows = [("Nile", 6650), ("Amazon", 6400), ("Yangtze", 6300), ("Han", 494)]
                db.executemany("INSERT INTO rivers VALUES (?, ?)", rows)
            db.close()
        keep = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
        clean = {name: os.environ[name] for name in keep if name in os.environ}
        self.env = {**clean, "TENFOLD_DATA_DIR": str(self.data), "TERM": "xterm-256color", **self.env}

    def script(self, *rules: dict[str, Any], delay_s: float = 0.0, last: bool = True) -> str:
        """A scripted model as a file; `rules` come before the usual ones. Returns its name."""
        path = self.folder / f"script{len(list(self.folder.glob('script*')))}.json"
        ending = [{"match": "", "reply": {}}] if last else []
        path.write_text(json.dumps({"rules": [*rules, *RULES, *ending], "delay_s": delay_s}))
        return f"scripted:{path}"

    def ask(self, *more: str, question: str = QUESTION, model: str | None = None) -> list[str]:
        """The arguments of a run over the rivers."""
        return ["research", question, "--db", str(self.db), "--model", model or self.script(), *more]

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tenfold", *arguments],
            env=self.env, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip

    def run(self, *arguments: str, **options: Any) -> Done:
        """Run to the end in a process of its own; standard input is not a terminal."""
        process = self.start(*arguments, stdin=subprocess.DEVNULL, **options)
        out, err = process.communicate(timeout=100)
        return Done(process.returncode, out, err)
