"""Tables are laid out as a browser does, and their faults reported."""

from __future__ import annotations

import time

import pytest

from tenfold.models.reading import table_report
from tenfold.models.reading.tables import MAX_CELLS, is_number


def test_spans_are_laid_out_and_a_sound_table_has_no_problems() -> None:
    report = table_report(
        "<p>x</p><table><thead><tr><th rowspan=2>Year</th><th colspan=2>Income</th></tr><tr><th>a</th><th>b</th></tr>"
        "</thead><tr><td>2020</td><td>1,234</td><td>(3.5)%</td></tr><tr><td>2021</td><td>-</td><td>4<br>5</td></tr></table>"
    )
    assert report.grid == (
        ("Year", "Income", "Income"), ("Year", "a", "b"), ("2020", "1,234", "(3.5)%"), ("2021", "-", "4\n5"),
    )  # fmt: skip
    assert report.problems == () and (report.rows, report.columns) == (4, 3)


def test_a_truncated_table_shows_as_holes() -> None:
    report = table_report("<table><tr><td>a</td><td>b</td><td>c</td></tr><tr><td>1</td><td>2")
    assert report.holes == ((1, 2),) and report.ragged == (1,) and report.grid[1] == ("1", "2", None)
    assert "not closed" in report.problems[0] and "1 hole in row 2" in report.problems[1]


def test_two_cells_that_claim_one_slot() -> None:
    # A rowspan that a wide cell of the next row runs into (HTML, 4.9.12: a table model error).
    report = table_report(
        "<table><tr><td>a</td><td rowspan=2>b</td></tr><tr><td colspan=2>c</td></tr></table>"
    )
    assert report.overlaps == ((1, 1),) and "claimed twice" in report.problems[0]


def test_a_word_in_a_column_of_numbers() -> None:
    rows = "".join(
        f"<tr><td>{n}</td><td>{v}</td></tr>" for n, v in zip("abcd", ["1", "2.5", "l2", "$3"], strict=True)
    )
    report = table_report(f"<table><tr><th>x</th><th>y</th></tr>{rows}</table>")
    assert report.odd_numbers == ((3, 1),) and "'l2'" in report.problems[0]
    assert all(map(is_number, ["1", "-2,345.6", "12 %", "1 234", "3M", "5.0**", "€7", "12 kg"]))
    assert not any(map(is_number, ["", "l2", "1-2", "about 3", "2020-01-01", "1.2.3"]))


@pytest.mark.parametrize(
    "html",
    [
        "", "no table", "<table>", "<table></table>", "<table><tr></tr></table>", "<table>\0<tr><td>a\0b</table>",
        "<table><tr><td rowspan='9999999999999999999' colspan=-3>x</td></tr></table>",
        "</div></div><table><tr><td>x<table><tr><td>inner</td></tr></table></td></tr></table>",
    ],
)  # fmt: skip
def test_strange_tables_are_reported_and_never_raise(html: str) -> None:
    report = table_report(html)
    assert report.problems or report.grid
    assert len(report.grid) <= 1


def test_a_hostile_table_stays_small_and_quick() -> None:
    began = time.process_time()
    report = table_report("<table>" + "<tr><td rowspan=1000 colspan=1000>x</td></tr>" * 3000 + "</table>")
    assert "more than" in report.problems[-1] and report.grid == ()
    claimed = table_report(
        "<table>" + "<tr><td rowspan=900 colspan=9>x</td><td>y</td></tr>" * 800 + "</table>"
    )
    assert f"{MAX_CELLS:,}" in claimed.problems[-1]
    wide = table_report("<table><tr><td colspan=1000>x</td></tr>" + "<tr><td>x</td></tr>" * 3000 + "</table>")
    assert wide.grid == () and wide.problems
    deep = table_report("<table><tr><td>" * 20_000)
    assert deep.problems and time.process_time() - began < 5
