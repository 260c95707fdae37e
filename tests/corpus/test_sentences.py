from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold.tools.corpus import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Dr. Smith paid $3.5 million to J. K. Rowling Inc. in 2020. The U.S. Army left at 5 p.m."
            " He said no. Then he left!",
            [
                "Dr. Smith paid $3.5 million to J. K. Rowling Inc. in 2020.",
                "The U.S. Army left at 5 p.m.",
                "He said no.",
                "Then he left!",
            ],
        ),
        (
            "See Fig. 3, e.g. the top, in No. 5 of vol. 2. It ends, etc. The next begins.",
            ["See Fig. 3, e.g. the top, in No. 5 of vol. 2.", "It ends, etc.", "The next begins."],
        ),
        ('"Really?" she asked. "Yes." He went.', ['"Really?" she asked.', '"Yes."', "He went."]),
        ("Wait... what? Version 2.0.1 is out.", ["Wait... what?", "Version 2.0.1 is out."]),
        (
            "배터리 시장은 3.5% 성장했다. 2025. 3. 9. 발표된 자료다. 정말이다!그렇다.",
            ["배터리 시장은 3.5% 성장했다.", "2025. 3. 9. 발표된 자료다.", "정말이다!", "그렇다."],
        ),
        ("これは本です。「はい。」と言った。違います！", ["これは本です。", "「はい。」と言った。", "違います！"]),
        ("中文句子。第二句？“对。”他说。", ["中文句子。", "第二句？", "“对。”", "他说。"]),
        (
            "# A title. With a stop\nText of it\n- one\n- two. And more\n1. First"
            "\n2) Second\n| a | b |\n|---|---|\n| 1 | 2 |",
            ["# A title. With a stop", "Text of it", "- one", "- two.", "And more", "1. First", "2) Second",
             "| a | b |", "| 1 | 2 |"],
        ),
        (
            "This paragraph was wrapped by its author at about sixty columns\nand goes on."
            " New one.\n\nA heading\n\nText.",
            ["This paragraph was wrapped by its author at about sixty columns\nand goes on.", "New one.",
             "A heading", "Text."],
        ),
        ("name: Ann | age: 30. Yes\nname: Bob | age: 41", ["name: Ann | age: 30.", "Yes", "name: Bob | age: 41"]),
        ("", []),
        (" \n---\n...\n", []),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert split(text) == expected


_ALPHABET = st.sampled_from(
    [*"abcXY1 \n\t.!?…:-#|*()\"'。「」！가나다漢字ひら\u2028\r", "Dr. ", "e.g. ", "\n\n", "- "]
)


@given(st.lists(_ALPHABET, max_size=80).map("".join))
def test_every_word_is_in_exactly_one_span(text: str) -> None:
    spans = sentences(text)
    covered = [0] * len(text)
    previous = 0
    for start, end in spans:
        assert previous <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        previous = end
        for at in range(start, end):
            covered[at] += 1
    assert all(covered[at] == 1 for at, ch in enumerate(text) if ch.isalnum())
    assert max(covered, default=0) <= 1


def test_a_long_text_takes_linear_time() -> None:
    import time

    def seconds(text: str) -> float:
        began = time.process_time()
        sentences(text)
        return time.process_time() - began

    for unit in ("Mr. A. said it. ", "a.", "「", '"', "no space"):
        small, large = seconds(unit * 20_000), seconds(unit * 80_000)
        assert large < 12 * max(small, 0.01), unit
