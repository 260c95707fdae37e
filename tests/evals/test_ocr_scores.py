"""OmniDocBench's scores on cases that can be done by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.errors import ConfigError
from tenfold.evals.ocr import (
    Truth,
    fox_precision,
    load_pages,
    normalised_edit_distance,
    score_page,
    table_similarity,
)
from tenfold.evals.ocr.omnidocbench import clean, match, order_distance, page_distance

TABLE = "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>"  # 6 nodes below the table


@pytest.mark.parametrize(
    ("read", "truth", "distance"),
    [("", "", 0.0), ("abc", "abc", 0.0), ("", "abcd", 1.0), ("abcd", "", 1.0), ("kitten", "sitting", 3 / 7)],
)
def test_normalised_edit_distance(read: str, truth: str, distance: float) -> None:
    assert normalised_edit_distance(read, truth) == pytest.approx(distance)


def test_fox_precision_asks_only_which_words_were_found() -> None:
    assert fox_precision("town river the more", "the river the town") == 1.0
    assert fox_precision("river", "the river the town") == pytest.approx(1 / 3)
    assert fox_precision("anything", "") == 1.0 and fox_precision("", "word") == 0.0


@pytest.mark.parametrize(
    ("predicted", "score", "structure"),
    [
        (TABLE, 1.0, 1.0),
        (TABLE.replace("td>", "th>"), 1.0, 1.0),
        (
            TABLE.replace("<table>", "<table class='x'><thead>").replace("</tr><tr>", "</tr></thead><tr>"),
            1.0,
            1.0,
        ),
        (TABLE.replace(">d<", ">x<"), 1 - 1 / 6, 1.0),  # one letter of one changed: a rename of cost 1
        (TABLE.replace(">d<", ">dx<"), 1 - 0.5 / 6, 1.0),
        (TABLE.replace("<td>d</td>", ""), 1 - 1 / 6, 1 - 1 / 6),
        (TABLE.replace("<td>a</td><td>b</td>", "<td colspan='2'>a</td>"), 1 - 2 / 6, 1 - 2 / 6),
        ("<table></table>", 0.0, 0.0),
        ("no table", 0.0, 0.0),
    ],
)
def test_teds_by_hand(predicted: str, score: float, structure: float) -> None:
    assert table_similarity(predicted, TABLE) == pytest.approx(score)
    assert table_similarity(TABLE, predicted) == pytest.approx(score)
    assert table_similarity(predicted, TABLE, structure_only=True) == pytest.approx(structure)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="<>/table tr td th colspan='2\"& a!-", max_size=120))
def test_teds_bears_any_markup(markup: str) -> None:
    assert 0.0 <= table_similarity("<table>" + markup, TABLE) <= 1.0


def test_texts_are_cleaned_as_published() -> None:
    assert clean("A b, c!\n\\n 第1章。 x_y") == "Abc第1章x_y"


def test_matching_takes_the_least_total_distance() -> None:
    """Greedy would pair "abcd" with "abcx" first and leave "abcdefgh" a worse partner."""
    pairs = match(["abcd", "abcx"], ["abcx", "abyy"])
    assert {(t, r) for t, r, _, _ in pairs} == {(0, 1), (1, 0)}
    assert match(["abc"], []) == [(0, None, "abc", "")] and match([], ["x"]) == [(None, 0, "", "x")]
    assert match(["abc"], ["xyz"]) == [(0, None, "abc", ""), (None, 0, "", "xyz")]
    assert page_distance([("abcd", "abcx"), ("ab", "")]) == pytest.approx(3 / 6)
    assert page_distance([]) == 0.0


def test_order_is_an_edit_distance_of_sequences() -> None:
    assert order_distance([0, 1, 2], [0, 1, 2]) == 0.0
    assert order_distance([0, 2, 1], [0, 1, 2]) == pytest.approx(2 / 3)
    assert order_distance([], [0, 1]) == 1.0


def truth_page(*texts: tuple[str, str], tables: tuple[str, ...] = ()) -> Truth:
    return Truth(Path("page.jpg"), texts, tables, {})


def test_a_page() -> None:
    truth = truth_page(
        ("title", "Heading"), ("text_block", "First words."), ("page_number", "17"), ("text_block", "Second words."),
        tables=(TABLE,),
    )  # fmt: skip
    perfect = score_page(truth, ["Heading", "First words.", "Second words.", "17"], [TABLE])
    assert (perfect.text, perfect.order, perfect.tables, perfect.table_structure) == (0.0, 0.0, 1.0, 1.0)
    swapped = score_page(truth, ["Heading", "Second words.", "First words."], [])
    assert (swapped.text, swapped.order, swapped.tables) == (0.0, pytest.approx(2 / 3), 0.0)
    invented = score_page(truth, ["Heading", "First words.", "Second words.", "qqqqqqqqqq"], [TABLE])
    assert invented.text == pytest.approx(10 / (7 + 10 + 11 + 10))
    assert score_page(truth_page(), ["x"], []).text is None


def test_the_sets_format(tmp_path: Path) -> None:
    page = {
        "layout_dets": [
            {"category_type": "text_block", "text": "two", "order": 2, "ignore": False},
            {"category_type": "text_block", "text": "one", "order": 1, "ignore": False},
            {"category_type": "text_block", "text": "no", "order": 3, "ignore": True},
            {"category_type": "table", "html": TABLE, "order": 4, "ignore": False},
        ],
        "page_info": {"image_path": "a.jpg", "page_attribute": {"language": "english"}},
    }
    (tmp_path / "pages.json").write_text(json.dumps([page]))
    (found,) = load_pages(tmp_path)
    assert [t for _, t in found.texts] == ["one", "two"] and found.tables == (TABLE,)
    (tmp_path / "pages.json").write_text("[{}]")
    with pytest.raises(ConfigError, match="pages of OmniDocBench"):
        load_pages(tmp_path)
