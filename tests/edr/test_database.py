"""Databases in a run: SQL by a model, rows by their words, charts in the report, and files that stay as they were."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from edr_world import World

from tenfold.evals.edr import ScriptedResearcher, TextLibrary
from tenfold.graphs.edr import EdrContext, render
from tenfold.models import ModelCaller
from tenfold.tools.sql import open_database

QUESTION = "How many tonnes of lithium did each country mine in 2024?"
GROUPED = (
    "SELECT country, sum(tonnes) AS tonnes FROM mining WHERE year = 2024 GROUP BY country ORDER BY 2 DESC"
)
ROWS = [
    ("Chile", 2023, 44000), ("Chile", 2024, 49000), ("Australia", 2023, 86000), ("Australia", 2024, 88000),
    ("China", 2023, 33000), ("China", 2024, 41000),
]  # fmt: skip


class Analyst(ScriptedResearcher):
    """The scripted researcher with one task for the database, and SQL from a list, one reply for each call."""

    def __init__(self, *sql: str) -> None:
        super().__init__(tasks=1)
        self.sql = list(sql)
        self.prompts: list[str] = []

    def __call__(self, prompt: str) -> str:
        self.prompts.append(prompt)
        if "You write one read-only SQL SELECT" in prompt:
            return json.dumps({"sql": self.sql.pop(0) if self.sql else ""})
        if "You plan research" in prompt:
            return json.dumps({"tasks": [{"title": QUESTION, "tool": "database"}]})
        return super().__call__(prompt)

    def asked(self, role: str) -> list[str]:
        return [prompt for prompt in self.prompts if role in prompt]


class DataWorld(World):
    """A world with databases; `small` makes its model one that is asked for no SQL."""

    databases: dict[str, Path]
    small = False
    spoilt: Path | None = None  # a file that is overwritten after it was opened

    async def context(self) -> EdrContext:
        context = await super().context()
        context.databases = {name: open_database(path) for name, path in self.databases.items()}
        if self.spoilt:
            self.spoilt.write_bytes(b"no database")
        context.source_types = context.source_types | {"database"}
        if self.small:
            model = context.caller.model
            info = replace(model.info, small=True)
            context.caller = ModelCaller(
                replace(model, info=info), context.ledger, context.budget, retries=1, timeout_s=10
            )
        return context


Make = Callable[..., DataWorld]


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "world.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mining (country TEXT, year INTEGER, tonnes INTEGER)")
        connection.executemany("INSERT INTO mining VALUES (?, ?, ?)", ROWS)
        connection.execute("CREATE TABLE staff (name TEXT, office TEXT)")
        connection.execute("INSERT INTO staff VALUES ('Ada', 'Chile')")
    connection.close()
    return path


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "mining.csv"
    lines = ["country,year,tonnes", *(",".join(map(str, row)) for row in ROWS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def build(researcher: Any, *, small: bool = False, texts: Any = None, **databases: Path) -> DataWorld:
        world = DataWorld(tmp_path / "world", researcher=researcher, library=TextLibrary(texts or {}))
        world.databases, world.small = databases, small
        return world

    return build


def quotes_of(world: World) -> list[str]:
    """The quotes of all sources, each checked against its snapshot."""
    quotes: list[str] = []
    for source in world.report()["sources"]:
        snapshot = world.store.snapshot(source["snapshot"])
        assert snapshot is not None
        for quote in source["quotes"]:
            assert snapshot.text[quote["start"] : quote["end"]] == quote["quote"]
            quotes.append(quote["quote"])
    return quotes


@pytest.mark.parametrize("kind", ["sqlite", "csv"])
async def test_rows_are_cited_and_drawn(make: Make, sqlite_file: Path, csv_file: Path, kind: str) -> None:
    file = sqlite_file if kind == "sqlite" else csv_file
    before = hashlib.sha256(file.read_bytes()).digest()
    analyst = Analyst(GROUPED)
    world = make(analyst, mines=file)
    await world.go(world.begin(QUESTION))
    assert quotes_of(world) == [
        "country: Australia; tonnes: 88000", "country: Chile; tonnes: 49000", "country: China; tonnes: 41000",
    ]  # fmt: skip
    report = world.report()
    assert report["sections"][0]["claims"]
    (chart,) = report["charts"]
    (source,) = report["sources"]
    assert chart["source"] == source["n"] and source["source_type"] == "database"
    assert chart["spec"]["kind"] == "bar"
    assert chart["spec"]["source_ids"] == [source["quotes"][0]["id"]]
    points = chart["spec"]["series"][0]["points"]
    assert [(p["x"], p["y"]) for p in points] == [("Australia", 88000), ("Chile", 49000), ("China", 41000)]
    assert hashlib.sha256(file.read_bytes()).digest() == before
    assert len(analyst.asked("read-only SQL")) == 1
    # The planner was told which tables there are.
    (planned,) = analyst.asked("You plan research")
    assert "mines: mining(country, year, tonnes)" in planned and "database" in planned.split("tool (which")[1]


async def test_the_chart_is_in_the_page_with_words_and_as_a_table_in_markdown(
    make: Make, sqlite_file: Path
) -> None:
    world = make(Analyst(GROUPED), mines=sqlite_file)
    await world.go(world.begin(QUESTION))
    page = render(world.report(), "html")
    found = re.search(r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="([^"]+)"', page)
    assert found is not None
    drawing = base64.b64decode(found[1]).decode()
    assert drawing.startswith("<?xml") and "Australia" in drawing and "tonnes" in drawing
    assert "bar chart" in found[2] and "Chile 49,000" in found[2]
    assert 'href="#source-1">[1]</a></sup></figcaption>' in page
    assert "| country | tonnes |\n| --- | ---: |\n| Australia | 88,000 |" in render(world.report(), "md")


REFUSED = [
    "DROP TABLE mining",
    "UPDATE mining SET tonnes = 0",
    "SELECT 1; DELETE FROM mining",
    "SELECT * FROM mining; SELECT * FROM staff",
]


@pytest.mark.parametrize("kind", ["sqlite", "csv"])
@pytest.mark.parametrize("sql", REFUSED)
async def test_a_write_is_refused_repaired_once_and_then_left_to_the_rows(
    make: Make, sqlite_file: Path, csv_file: Path, sql: str, kind: str
) -> None:
    file = sqlite_file if kind == "sqlite" else csv_file
    before = hashlib.sha256(file.read_bytes()).digest()
    analyst = Analyst(sql, sql, GROUPED)
    world = make(analyst, mines=file)
    await world.go(world.begin(QUESTION))
    first, second = analyst.asked("read-only SQL")  # and no third
    assert "failed" not in first and "The statement " in second and sql.split(";")[0] in second
    assert analyst.sql == [GROUPED]
    assert "country: Chile; year: 2024; tonnes: 49000" in quotes_of(world)
    assert world.report()["charts"] == []
    assert hashlib.sha256(file.read_bytes()).digest() == before
    records = await world.store.ledger(world.run.id).records()
    (refusal,) = [r for r in records if r.kind == "sql" and "error" in r.value]
    assert "The statement " in refusal.value["error"]


async def test_a_repaired_statement_is_used(make: Make, sqlite_file: Path) -> None:
    analyst = Analyst("SELECT nation FROM mining", GROUPED)
    world = make(analyst, mines=sqlite_file)
    await world.go(world.begin(QUESTION))
    assert "no such column" in analyst.asked("read-only SQL")[1]
    assert quotes_of(world)[0] == "country: Australia; tonnes: 88000"


async def test_a_result_without_rows_is_no_evidence(make: Make, sqlite_file: Path) -> None:
    empty = "SELECT country FROM mining WHERE country = 'chile'"
    analyst = Analyst(empty, empty)
    world = make(analyst, mines=sqlite_file)
    await world.go(world.begin("Where did Chile mine lithium?"))
    assert "gave no rows" in analyst.asked("read-only SQL")[1]
    assert "(no rows)" not in json.dumps(world.report()["sources"])


@pytest.mark.parametrize("kind", ["sqlite", "csv"])
async def test_a_small_model_answers_from_a_table(
    make: Make, sqlite_file: Path, csv_file: Path, kind: str
) -> None:
    analyst = Analyst(GROUPED)
    file = sqlite_file if kind == "sqlite" else csv_file
    world = make(analyst, small=True, mines=file)
    await world.go(world.begin("How many tonnes did Chile mine in 2024?"))
    assert analyst.asked("read-only SQL") == []
    assert quotes_of(world)[0] == "country: Chile; year: 2024; tonnes: 49000"
    assert "year: 2024; tonnes: 49000" in world.report()["sections"][0]["claims"][0]["text"]


async def test_a_small_model_reads_documents_and_tables(make: Make, sqlite_file: Path) -> None:
    texts = {"doc:chile.md": "Chile mines its lithium from brine below the salt flats of the Atacama desert."}
    world = make(Analyst(), small=True, texts=texts, mines=sqlite_file)
    await world.go(world.begin("How does Chile mine its lithium from brine in 2024?"))
    kinds = {source["source_type"] for source in world.report()["sources"]}
    assert kinds == {"document", "database"}


async def test_a_table_that_fits_by_name_alone_is_cited_itself(make: Make, sqlite_file: Path) -> None:
    world = make(Analyst(), small=True, mines=sqlite_file)
    await world.go(world.begin("Which office staff?"))
    assert "Table staff has the columns name TEXT, office TEXT." in quotes_of(world)


async def test_excluded_rows_are_neither_cited_nor_drawn(make: Make, sqlite_file: Path) -> None:
    world = make(Analyst(GROUPED), mines=sqlite_file)
    state = world.begin(QUESTION)
    world.post("exclude Chile")
    await world.go(state)
    assert quotes_of(world) and not any("Chile" in quote for quote in quotes_of(world))
    assert world.report()["charts"] == []


async def test_a_database_that_breaks_is_said_and_costs_the_run_nothing(
    make: Make, sqlite_file: Path, csv_file: Path
) -> None:
    world = make(Analyst(GROUPED), broken=sqlite_file, mines=csv_file)
    world.spoilt = sqlite_file
    await world.go(world.begin(QUESTION))
    assert quotes_of(world)[0] == "country: Australia; tonnes: 88000"
    world = make(Analyst(GROUPED), small=True, broken=sqlite_file)
    world.spoilt = sqlite_file
    await world.go(world.begin(QUESTION))
    assert world.report()["sections"] == []
    assert "cannot be read as SQLite" in world.report()["open"][0]["note"]


def test_matplotlib_is_loaded_for_a_chart_and_for_nothing_else() -> None:
    code = """
import sys
from tenfold.graphs.edr import render
report = {report}
assert "Charts" not in render({{**report, "charts": []}}, "html")
assert "matplotlib" not in sys.modules
sys.modules["matplotlib"] = None  # as where it is not installed
page = render(report, "html")
assert "<td>Chile</td><td>49,000</td>" in page, page
assert "tenfold[charts]" in page, page
assert "<img" not in page
"""
    spec = {"kind": "bar", "title": "Mined", "x": "country", "y": "tonnes", "series": [
        {"name": "tonnes", "points": [{"x": "Chile", "y": 49000}, {"x": "China", "y": 41000}]}]}  # fmt: skip
    about = {
        "model": "none", "claims": 0, "extractive_claims": 0, "dropped_claims": 0, "unverified_claims": 0, "loops": 1,
        "calls": {"llm": 0, "search": 0, "fetch": 0}, "input_tokens": 0, "output_tokens": 0, "usd": 0.0,
        "stopped_because": "every sub-question was worked on",
    }  # fmt: skip
    report = {
        "title": "T", "language": "en", "sections": [], "sources": [], "open": [], "gaps": [], "disagreements": [],
        "steering": [], "blocked": {}, "about": about, "charts": [{"spec": spec, "source": 1}],
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code.format(report=report)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
