"""Which rows make a chart, and which."""

from __future__ import annotations

from typing import Any

import pytest

from tenfold.graphs.edr.charts import chart_of


def points(columns: list[str], rows: list[Any]) -> list[tuple[str, str, list[Any]]]:
    spec = chart_of("T", columns, rows)
    assert spec is not None
    return [(spec.kind, s.name, [(p.x, p.y) for p in s.points]) for s in spec.series]


def test_a_label_and_a_measure_are_bars_in_the_rows_order() -> None:
    assert points(["n", "who"], [(3, "b"), (1.5, "a")]) == [("bar", "n", [("b", 3), ("a", 1.5)])]


def test_years_are_a_line_with_gaps_where_years_are_missing() -> None:
    line = [("line", "n", [(2020, 1), (2023, 2)])]
    assert points(["year", "n"], [(2020, 1), (2023, 2)]) == line
    assert points(["n", "연도"], [(1, 2020), (2, 2023)]) == line
    assert points(["when", "n"], [("2020", 1), ("2023", 2)]) == line
    assert points(["year", "n"], [(2020, 1990), (2023, 1991)]) == [
        ("line", "n", [(2020, 1990), (2023, 1991)])
    ]


@pytest.mark.parametrize("label", ["2024-02-01", "2024-02", "2024-02-01T00:00:00", "2024-02-01 00:00:00"])
def test_days_and_months_are_a_line(label: str) -> None:
    assert points(["m", "n"], [("2024-01-01", 1), (label, 2)]) == [
        ("line", "n", [("2024-01-01", 1), ("2024-02-01", 2)])
    ]


def test_decimals_as_text_are_numbers_and_codes_are_not() -> None:
    assert points(["who", "eur"], [("a", "12.50"), ("b", "-3")]) == [("bar", "eur", [("a", 12.5), ("b", -3)])]
    assert points(["plot", "n"], [("007", 1), ("010", 2)]) == [("bar", "n", [("007", 1), ("010", 2)])]
    assert points(["id", "who", "n"], [(1, "a", 5), (2, "b", 6)]) == [("bar", "n", [("a", 5), ("b", 6)])]


def test_a_missing_value_is_a_missing_point_and_not_a_zero() -> None:
    assert points(["who", "n"], [("a", 1), ("b", None), ("c", 3)]) == [("bar", "n", [("a", 1), ("c", 3)])]


def test_measures_of_other_magnitudes_are_left_out() -> None:
    rows = [("a", 1_000_000, 0.5, 900_000), ("b", 2_000_000, 0.7, 800_000)]
    assert [name for _, name, _ in points(["who", "people", "share", "voters"], rows)] == ["people", "voters"]


NO_CHART = [
    (["who", "n"], [("a", 1)]),
    (["who", "n"], [(f"w{i}", i) for i in range(41)]),
    (["who", "n"], [("a", 1), ("a", 2)]),
    (["who", "n"], [("a", 1), (None, 2)]),
    (["who", "where", "n"], [("a", "x", 1), ("b", "y", 2)]),
    (["a", "b"], [(1, 2), (3, 4)]),
    (["who", "ok"], [("a", True), ("b", False)]),
    (["who", "n"], [("a", None), ("b", None)]),
    (["who", "n"], [("a", "1 t"), ("b", "2 t")]),
    (["who", *"abcde"], [("x", 1, 2, 3, 4, 5), ("y", 1, 2, 3, 4, 5)]),
    (["who"], [("a",), ("b",)]),
    ([], []),
]


@pytest.mark.parametrize(("columns", "rows"), NO_CHART)
def test_other_rows_are_no_chart(columns: list[str], rows: list[Any]) -> None:
    assert chart_of("T", columns, rows) is None


def test_long_titles_labels_and_names_are_shortened_not_refused() -> None:
    spec = chart_of("t" * 500, ["who " * 100, "n " * 300], [("a" * 500, 1), ("b" * 500, 2)])
    assert spec is not None and len(spec.title) <= 200
