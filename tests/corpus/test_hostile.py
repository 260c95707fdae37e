"""Files that mean harm, or that nobody can read: each one costs itself, and says why."""

from __future__ import annotations

import io
import os
import struct
import time
import zipfile
import zlib
from pathlib import Path

import docx
import openpyxl
import pypdf
import pytest

from tenfold.errors import DocumentUnreadable
from tenfold.tools.corpus import Corpus, ReaderPool, ReadLimits

from .conftest import MakePdf


def saved(thing: object) -> bytes:
    out = io.BytesIO()
    thing.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def repacked(data: bytes, changes: dict[str, bytes]) -> bytes:
    """An archive with some members replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *changes}:
            new.writestr(name, changes[name] if name in changes else old.read(name))
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds almost nothing."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0" * 1000)) + part(b"IEND", b"")


DOCX = saved(docx.Document())
XLSX = saved(openpyxl.Workbook())
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


def encrypted(make_pdf: MakePdf, algorithm: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf(["secret"])))
    writer.encrypt("password", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_encrypted_pdf(pool: ReaderPool, make_pdf: MakePdf, algorithm: str) -> None:
    with pytest.raises(DocumentUnreadable, match=r"'a\.pdf' is encrypted.*without a password"):
        pool.read(encrypted(make_pdf, algorithm), "a.pdf")


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.txt", "is empty"),
        (b" \n\t\n", "a.txt", "holds no text"),
        (b"%PDF-1.7\ngarbage", "a.pdf", "damaged"),
        (b"\x00\x01\x02" * 500, "a.dat", "not text"),
        (bytes(range(128, 256)) * 40 + b"\x01\x02\x03" * 999, "a.txt", "not text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.docx", "old or a password-protected"),
        (b"PK\x03\x04broken", "a.docx", "damaged"),
        (b"PK\x03\x04broken", "a.zip", "archive"),
        (b"just text", "a.xlsx", "not a XLSX file"),
        (repacked(DOCX, {"word/document.xml": b"\0" * 50_000_000}), "a.docx", "zip bomb"),
        (repacked(XLSX, {"xl/worksheets/sheet1.xml": b" " * 50_000_000}), "a.xlsx", "zip bomb"),
        (repacked(DOCX, {"word/document.xml": BOMB}), "a.docx", "entity bomb"),
        (repacked(XLSX, {"xl/sharedStrings.xml": BOMB.decode().encode("utf-16")}), "a.xlsx", "entity bomb"),
        (repacked(DOCX, {"word/document.xml": b"<not xml"}), "a.docx", "damaged"),
        (b"[" * 100_000, "a.json", "nested too deeply"),
        (b'{"a": ', "a.json", "not valid JSON"),
        (b"a,b\n" + b'"' + b"x" * 2_000_000, "a.csv", "not readable as CSV"),
        (png(60_000, 60_000), "a.png", "more than 50000000 pixels"),
        (png(100, 100)[:60], "a.png", "damaged"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_each_is_refused_with_a_reason(pool: ReaderPool, data: bytes, name: str, reason: str) -> None:
    with pytest.raises(DocumentUnreadable, match=reason) as caught:
        pool.read(data, name)
    assert name in caught.value.message and caught.value.mend
    assert pool.read(b"still alive", "b.txt").text == "still alive"


def test_a_zip_that_lies_about_its_size(pool: ReaderPool) -> None:
    data = bytearray(repacked(DOCX, {"word/document.xml": b"<x>" + b"a" * 5_000_000 + b"</x>"}))
    name = b"word/document.xml"
    for signature, offset, head in ((b"PK\x01\x02", 24, 46), (b"PK\x03\x04", 22, 30)):
        at = data.find(signature)
        while data[at + head : at + head + len(name)] != name:
            at = data.find(signature, at + 1)
            assert at > 0
        data[at + offset : at + offset + 4] = struct.pack("<I", 100)
    with pytest.raises(DocumentUnreadable, match="damaged"):
        pool.read(bytes(data), "a.docx")


def test_deeply_nested_html_is_read(pool: ReaderPool) -> None:
    deep = "<div>" * 50_000 + "bottom" + "</div>" * 50_000
    try:
        assert "top" in pool.read(f"<p>top</p>{deep}".encode(), "a.html").text
    except DocumentUnreadable as error:
        assert error.mend
    assert pool.read(b"ok", "b.txt").text == "ok"


def slow_pdf(make_pdf: MakePdf) -> bytes:
    """A page of many operators: seconds of work for any interpreter."""
    return make_pdf(["abcdefghij" * 10] * 60_000)


def test_a_slow_file_is_killed_in_time(make_pdf: MakePdf) -> None:
    slow = slow_pdf(make_pdf)
    with ReaderPool(ReadLimits(seconds=1.0), size=1) as pool:
        assert pool.read(b"warm", "a.txt").text == "warm"
        began = time.monotonic()
        with pytest.raises(DocumentUnreadable, match=r"'slow\.pdf' took too long"):
            pool.read(slow, "slow.pdf")
        assert time.monotonic() - began < 2.5
        assert pool.read(b"next", "a.txt").text == "next"


def test_a_file_that_needs_too_much_memory_costs_only_itself() -> None:
    limits = ReadLimits(memory_bytes=300 << 20, max_characters=1 << 30)
    with ReaderPool(limits, size=1) as pool:
        with pytest.raises(DocumentUnreadable, match=r"too much memory|broke its reader"):
            pool.read(b'["' + b"x" * 99_000_000 + b'"]', "a.json")
        assert pool.read(b"next", "a.txt").text == "next"


def test_the_reader_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with ReaderPool(size=1) as pool:
        pool.read(b"x", "a.txt")
        child = pool._confined._slots.get()
        assert child is not None
        environment = Path(f"/proc/{child._process.pid}/environ").read_bytes()
        pool._confined._slots.put(child)
    assert b"sk-secret" not in environment and b"PATH=" in environment


async def test_a_folder_of_horrors_is_indexed_around(corpus: Corpus, docs: Path, make_pdf: MakePdf) -> None:
    (docs / "good.txt").write_text("The good file speaks of walruses.")
    (docs / "sub").mkdir()
    (docs / "sub/also.md").write_text("# Also\n\nAnother good file.")
    with (docs / "huge.txt").open("wb") as file:
        file.truncate(2 << 30)  # sparse: two gigabytes that take no room
    (docs / "locked.pdf").write_bytes(encrypted(make_pdf, "AES-256"))
    (docs / "bomb.docx").write_bytes(repacked(DOCX, {"word/document.xml": b"\0" * 50_000_000}))
    (docs / "empty.txt").touch()
    (docs / "junk.bin").write_bytes(os.urandom(5000))
    os.mkfifo(docs / "pipe.txt")
    outside = docs.parent / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("The secret speaks of narwhals.")
    (docs / "link.txt").symlink_to(outside / "secret.txt")
    (docs / "linked").symlink_to(outside)
    (docs / "loop").symlink_to(docs)
    os.symlink("/dev/zero", docs / "zero.txt")
    (docs / ".hidden.txt").write_text("hidden")
    (docs / os.fsdecode(b"bad\xff.txt")).write_text("x")
    began = time.monotonic()
    report = await corpus.index(docs)
    assert time.monotonic() - began < 30
    assert report.added == 2 and corpus.paths() == ["good.txt", "sub/also.md"]
    reasons = dict(report.failed)
    expected = {
        "huge.txt": "2147483648 bytes", "locked.pdf": "encrypted", "bomb.docx": "zip bomb", "empty.txt": "empty",
        "junk.bin": "not text", "pipe.txt": "not a regular file", "link.txt": "symbolic link",
        "linked": "symbolic link", "loop": "symbolic link", "zero.txt": "symbolic link", "bad?.txt": "UTF-8",
    }  # fmt: skip
    assert reasons.keys() == expected.keys()
    assert all(part in reasons[name] for name, part in expected.items()), reasons
    assert not [p for p in await corpus.search("narwhals") if "narwhal" in p.text]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_unreadable_rights(corpus: Corpus, docs: Path) -> None:
    (docs / "closed.txt").write_text("x y z")
    (docs / "closed.txt").chmod(0)
    assert "rights" in dict((await corpus.index(docs)).failed)["closed.txt"]
