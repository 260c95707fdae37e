"""What is typed: bytes as a terminal sends them, cut anywhere."""

from __future__ import annotations

import pytest

from tenfold.cli.keyboard import LineReader


def typed(*pieces: bytes) -> tuple[list[str], str]:
    lines: list[str] = []
    reader = LineReader(lines.append)
    for piece in pieces:
        reader.feed(piece)
    return lines, reader.text


@pytest.mark.parametrize(
    ("pieces", "lines", "left"),
    [
        ([b"focus on safety\r"], ["focus on safety"], ""),
        ([b"one\ntwo\nthr"], ["one", "two"], "thr"),
        ([b"  \r", b"\n"], [], ""),
        ([b"stpo\x7f\x7fop\n"], ["stop"], ""),
        ([b"\x7f\x08ok"], [], "ok"),
        ([b"never mind\x15stop\n"], ["stop"], ""),
        ([b"exclude patents now\x17\x17"], [], "exclude "),
        (["예산".encode() + b"\x7f"], [], "예"),
        ([b"\x00\x01\x04\x09a"], [], "a"),
        ([b"a\x1b[A\x1b[1;5Db\x1bOPc\x1bx"], [], "abc"),
        ([b"a\x1b", b"[", b"Ab"], [], "ab"),
        ([b"\xff\xfeok"], [], "\ufffd\ufffdok"),
    ],
)
def test_keys(pieces: list[bytes], lines: list[str], left: str) -> None:
    assert typed(*pieces) == (lines, left)


def test_a_character_may_be_cut_anywhere() -> None:
    data = "안전에 집중 😀\n".encode()
    for cut in range(len(data)):
        assert typed(data[:cut], data[cut:]) == (["안전에 집중 😀"], "")
    assert typed(*(data[i : i + 1] for i in range(len(data)))) == (["안전에 집중 😀"], "")


def test_a_syllable_that_comes_in_parts_is_one_character() -> None:
    assert typed("\u1100\u1161\u11a8".encode(), b"\x7f") == (
        [],
        "",
    )  # three combining letters make one syllable


def test_a_line_has_an_end() -> None:
    assert len(typed(b"x" * 100_000)[1]) == 4000
