"""Pictures of a run: one file a content, whole or not at all, capped, and gone with the run."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tenfold.errors import RunError
from tenfold.tools.runs import ImageStore, blacken


def png(colour: tuple[int, int, int] = (200, 10, 10), size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def test_the_same_picture_is_one_file_and_runs_are_apart(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    sha = store.put("r1", png())
    assert store.put("r1", png()) == sha and store.get("r1", sha) == png()
    assert store.get("r2", sha) is None
    assert [p.name for p in (tmp_path / "r1").iterdir()] == [f"{sha}.png"], "no half file is left"
    path = store.path("r1", sha)
    assert path is not None and path.read_bytes() == png()


def test_what_is_no_picture_or_too_much_is_not_kept(tmp_path: Path) -> None:
    store = ImageStore(tmp_path, max_run_bytes=len(png()) + 10)
    assert store.put("r1", b"<script>") == ""
    assert store.put("r1", png())
    assert store.put("r1", png((1, 2, 3))) == ""
    assert store.put("r2", png((1, 2, 3)))
    again = ImageStore(tmp_path, max_run_bytes=len(png()) + 10)
    assert again.put("r1", png((9, 9, 9))) == "", "a resumed process counts what is there"


@pytest.mark.parametrize("sha", ["../../etc/passwd", "", "a" * 63, "A" * 64, "x/../" + "a" * 64])
def test_a_name_is_a_hash_or_nothing(tmp_path: Path, sha: str) -> None:
    assert ImageStore(tmp_path).get("r1", sha) is None and ImageStore(tmp_path).path("r1", sha) is None


@pytest.mark.parametrize("run", ["..", "../x", "", "a/b", ".hidden"])
def test_a_run_id_is_no_path(tmp_path: Path, run: str) -> None:
    with pytest.raises(RunError):
        ImageStore(tmp_path).put(run, png())


def test_pictures_go_with_their_run(tmp_path: Path) -> None:
    store = ImageStore(tmp_path)
    sha = store.put("r1", png())
    store.delete("r1")
    assert store.get("r1", sha) is None and not (tmp_path / "r1").exists()
    assert store.put("r1", png()) == sha


def test_boxes_are_black_and_the_rest_is_as_it_was() -> None:
    hidden = Image.open(io.BytesIO(blacken(png(), [(10, 5, 20, 15)])))
    assert hidden.getpixel((10, 5)) == hidden.getpixel((19, 14)) == (0, 0, 0)
    assert hidden.getpixel((9, 5)) == hidden.getpixel((20, 14)) == (200, 10, 10)
    assert blacken(png(), []) == png()
