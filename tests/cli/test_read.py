"""`tenfold read`: a file to standard output, a folder into a folder; real rapidocr."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from cli_world import Cli, Done
from PIL import Image
from typer.testing import CliRunner

from tenfold import pages
from tenfold.cli import app
from tenfold.tools.pages import text_pages

Run = Callable[..., Done]
read = import_module("tenfold.cli.read")  # the module: the package's `read` is its command


def scan(path: Path, *texts: str) -> None:
    frames = [Image.open(io.BytesIO(text_pages(text, 500, 400, 28)[0])) for text in texts]
    path.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(path, "PDF", save_all=True, append_images=frames[1:], resolution=144)


@pytest.mark.slow
def test_a_file_goes_to_standard_output_and_nothing_else_does(cli: Cli, here: Run) -> None:
    scan(cli.folder / "a.pdf", "Invoice 4711", "95 percent")
    done = here("read", "a.pdf")
    assert (done.code, done.out.split()) == (0, ["Invoice", "4711", "---", "95", "percent"]), done.err
    scan(cli.folder / "b.pdf", "Invoice 4711")
    (page,) = json.loads(here("read", "b.pdf", "--out", "json", "--engine", "rapidocr", "--task", "ocr").out)
    assert (page["blocks"][0]["text"], page["width"], page["height"]) == ("Invoice 4711", 500, 400)
    assert page["engine"].startswith("rapidocr") and page["task"] == "ocr"
    done = here("read", "b.pdf", "--out", "html", "--to", "texts")
    assert (done.code, done.out) == (0, "")
    written = (cli.folder / "texts/b.pdf.html").read_text()
    assert "Invoice 4711" in written and "data:image/" in written and "<script" not in written
    scan(cli.folder / "blank.pdf", "")
    done = here("read", "blank.pdf")
    assert (done.code, done.out.strip()) == (0, "") and "page 1: no text was found" in done.err


@pytest.mark.slow
def test_a_folder_is_read_into_another_and_gone_on_with(cli: Cli, here: Run) -> None:
    scan(cli.folder / "in/sub/a.pdf", "Invoice 4711")
    (cli.folder / "in/bad.pdf").write_bytes(b"%PDF-1.7\ngarbage")
    done = here("read", "in", "--to", "out")
    assert (done.code, done.out) == (0, ""), done.err
    assert "bad.pdf: 'bad.pdf' is damaged" in done.err
    assert "Read 1 pages; 2 files into out, 1 with problems." in done.err
    text = cli.folder / "out/sub/a.pdf.md"
    assert text.read_text() == "Invoice 4711\n"
    text.unlink()
    again = here("read", "in", "--to", "out")
    assert again.code == 2 and "holds 1 pages that were read before" in again.err and not text.exists()
    more = here("read", "in", "--to", "out", "--resume")
    assert more.code == 0 and "Read 0 pages, 1 were read before; 2 files into out" in more.err
    assert text.read_text() == "Invoice 4711\n"


WRONG: list[tuple[list[str], int, str]] = [
    (["none.pdf"], 2, "is no file and no folder"),
    (["."], 2, "with --to"),
    (["notes.txt"], 1, "'notes.txt' is no PDF and no image"),
    (["notes.txt", "--resume"], 2, "are for folders"),
    (["notes.txt", "--engine", "magic"], 2, "'magic' names no reader"),
    (["notes.txt", "--engine", "deepocr:nowhere"], 2, "nowhere"),
]


@pytest.mark.parametrize(("arguments", "code", "told"), WRONG, ids=[" ".join(a) for a, *_ in WRONG])
def test_wrong_input_says_what_is_wrong(
    cli: Cli, here: Run, arguments: list[str], code: int, told: str
) -> None:
    (cli.folder / "notes.txt").write_text("not a picture")
    done = here("read", *arguments)
    assert (done.code, done.out) == (code, "") and told in done.err


def test_a_folder_without_pages_is_a_failure(cli: Cli, here: Run) -> None:
    (cli.folder / "empty").mkdir()
    done = here("read", "empty", "--to", "out")
    assert done.code == 1 and "No page of 'empty' could be read" in done.err


def test_a_mode_that_does_not_exist_is_refused() -> None:
    done = CliRunner().invoke(app, ["read", "x.pdf", "--mode", "giant"])
    assert done.exit_code == 2 and "gundam-m" in done.output


def test_the_command_knows_every_mode_and_task() -> None:
    assert (read.Mode, read.Task) == (pages.Mode, pages.Task)


def test_doctor_names_the_engines(here: Run) -> None:
    checks = {check["what"]: check for check in json.loads(here("doctor", "--json").out)}
    assert checks["pages rapidocr"]["state"] == "ok" and checks["scans"]["found"].startswith("read by ")
    assert {"pages tesseract", "pages deepocr:FOLDER", "pages openai:URL#MODEL"} <= checks.keys()
    assert all(
        check["mend"]
        for what, check in checks.items()
        if what.startswith("pages") and check["state"] == "off"
    )
