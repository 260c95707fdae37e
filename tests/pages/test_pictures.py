"""Files to pictures: sizes, turns, frames, limits; and files that mean harm."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from batch_world import scan
from PIL import Image

from tenfold.errors import DocumentUnreadable
from tenfold.tools.pages import PageLimits, pictures_of


def saved(image: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)  # type: ignore[arg-type]
    return out.getvalue()


def pdf(*boxes: tuple[float, float], body: str = "0 0 1 rg 10 10 30 20 re f") -> bytes:
    """A PDF with a page of each size in points; a blue rectangle stands near the lower left corner."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(boxes)} /Kids [{' '.join(f'{3 + 2 * i} 0 R' for i in range(len(boxes)))}] >>",
    ]
    for i, (width, height) in enumerate(boxes):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {4 + 2 * i} 0 R"
            " /Resources << >> >>"
        )
        objects.append(f"<< /Length {len(body)} >>\nstream\n{body}\nendstream")
    out, offsets = "%PDF-1.7\n", list[int]()
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{o:010} 00000 n \n" for o in offsets)
    at, size = len(out), len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    out += f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n"
    return out.encode()


def drawn(
    data: bytes, name: str = "a.pdf", limits: PageLimits | None = None, **more: object
) -> list[Image.Image]:
    pages = list(pictures_of(data, name, limits, **more))  # type: ignore[arg-type]
    images = [Image.open(io.BytesIO(page.png)) for page in pages]
    assert [image.size for image in images] == [(page.width, page.height) for page in pages]
    assert all(image.mode == "RGB" for image in images)
    return images


def test_a_pdf_is_drawn_at_the_dots_that_are_asked_for() -> None:
    assert [i.size for i in drawn(pdf((72, 144), (144, 72)))] == [(144, 288), (288, 144)]
    (image,) = drawn(pdf((72, 144)), dpi=72)
    assert image.size == (72, 144) and image.getpixel((20, 144 - 20)) == (0, 0, 255)
    assert image.getpixel((50, 50)) == (255, 255, 255)


def test_pages_are_chosen_skipped_and_counted() -> None:
    data, counts = scan(5), list[int]()
    numbers = [p.number for p in pictures_of(data, "a.pdf", skip={2, 4}, on_count=counts.append)]
    assert numbers == [1, 3, 5] and counts == [5]
    assert [p.number for p in pictures_of(data, "a.pdf", pages=[4, 2, 9])] == [4, 2]


def test_whoever_stops_in_the_middle_harms_nobody() -> None:
    pages = pictures_of(scan(30), "a.pdf")
    assert next(pages).number == 1
    pages.close()
    assert len(drawn(scan(2))) == 2


def test_a_reader_may_take_longer_than_the_drawing_may() -> None:
    limits = PageLimits(seconds=1.0)
    pages = pictures_of(pdf((2000, 2000), (2000, 2000), (2000, 2000)), "a.pdf", limits)
    next(pages)
    time.sleep(1.5)
    assert len(list(pages)) == 2


def test_images_are_turned_and_laid_on_white() -> None:
    photo = Image.new("RGB", (40, 20), "red")
    exif = photo.getexif()
    exif[0x0112] = 6  # a camera held upright
    assert drawn(saved(photo, "JPEG", exif=exif), "a.jpg")[0].size == (20, 40)
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert drawn(saved(clear, "PNG"), "a.png")[0].getpixel((0, 0)) == (255, 255, 255)
    deep = Image.frombytes("I;16", (2, 1), struct.pack("<HH", 65535, 32768))
    (image,) = drawn(saved(deep, "PNG"), "a.png")
    assert image.getpixel((0, 0)) == (255, 255, 255) and image.getpixel((1, 0)) in ((127,) * 3, (128,) * 3)
    ink = Image.new("CMYK", (4, 4), (0, 0, 0, 255))
    assert max(drawn(saved(ink, "JPEG"), "a.jpg")[0].getpixel((0, 0))) < 20  # type: ignore[type-var]


def test_each_frame_of_a_tiff_is_a_page_and_an_animation_is_one() -> None:
    frames = [Image.new("L", (30 + n, 20), 50 * n) for n in range(3)]
    pages = drawn(saved(frames[0], "TIFF", save_all=True, append_images=frames[1:]), "a.tif")
    assert [p.size for p in pages] == [(30, 20), (31, 20), (32, 20)]
    moving = [Image.new("P", (30, 20), n) for n in range(3)]
    assert len(drawn(saved(moving[0], "GIF", save_all=True, append_images=moving[1:]), "a.gif")) == 1


def png(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds almost nothing."""

    def part(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\0" * 1000)) + part(b"IEND", b"")


def encrypted() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(scan(1)))
    writer.encrypt("password", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def second_frame_is_a_bomb() -> bytes:
    frames = [Image.new("1", (10, 10)), Image.new("1", (9000, 9000))]
    return saved(frames[0], "TIFF", save_all=True, append_images=frames[1:], compression="group4")


HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("a.png", lambda: b"", "is empty"),
    ("a.png", lambda: png(60_000, 60_000), "more than 50000000 pixels"),
    ("a.png", lambda: png(100, 100)[:60], "damaged"),
    ("a.png", lambda: saved(Image.effect_noise((300, 300), 50), "PNG")[:20_000], "damaged"),
    ("a.tif", second_frame_is_a_bomb, "more than 50000000 pixels"),
    ("a.png", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PDF and no image"),
    (
        "a.eps",
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(/etc/passwd) run\n",
        "no PDF and no image",
    ),
    ("a.pdf", lambda: b"%PDF-1.7\ngarbage", "damaged"),
    ("a.pdf", lambda: scan(3)[:200], "damaged"),
    ("a.pdf", encrypted, "is encrypted"),
    ("a.pdf", lambda: pdf((144_000, 144_000)), "2000 x 2000 inches large"),
    ("a.pdf", lambda: scan(4), "has 4 pages; the limit is 3"),
    ("a.pdf", lambda: b"%PDF-" + b" " * 2_000_000, "has 2000005 bytes; the limit is 1000000"),
]


@pytest.mark.parametrize(
    ("name", "make", "reason"), HOSTILE, ids=[reason.replace(" ", "-") for *_, reason in HOSTILE]
)
def test_what_means_harm_is_refused_with_a_reason(name: str, make: Callable[[], bytes], reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(DocumentUnreadable, match=reason) as caught:
        list(pictures_of(make(), name, PageLimits(max_pages=3, max_bytes=1_000_000)))
    assert name in caught.value.message and caught.value.mend and time.monotonic() - began < 10
    assert len(drawn(scan(1))) == 1


def test_a_page_larger_than_a_picture_may_be_is_drawn_with_fewer_dots() -> None:
    for size in ((3000, 3000), (14_400, 100), (7, 14_000)):
        (image,) = drawn(pdf(size), limits=PageLimits(max_pixels=4_000_000))
        assert 0 < image.width * image.height <= 4_000_000
        assert abs(image.width / image.height - size[0] / size[1]) < 0.1 * size[0] / size[1] + 0.01


def test_one_bad_page_costs_itself_when_somebody_is_told() -> None:
    data, told = pdf((100, 100), (144_000, 144_000), (100, 100)), list[tuple[int, str]]()
    pages = list(pictures_of(data, "a.pdf", on_problem=lambda number, why: told.append((number, why))))
    assert [p.number for p in pages] == [1, 3] and told[0][0] == 2 and "inches" in told[0][1]


def test_a_page_that_draws_for_ever_is_killed_in_time() -> None:
    # Two million curves, each over the whole page: seconds of work for any rasteriser.
    endless = pdf((2000, 2000), body="0 0 m 2000 0 0 2000 2000 2000 c S\n" * 2_000_000)
    began = time.monotonic()
    with pytest.raises(DocumentUnreadable, match=r"'slow\.pdf' took too long"):
        list(pictures_of(endless, "slow.pdf", PageLimits(seconds=1.0)))
    assert time.monotonic() - began < 4


def test_a_page_that_needs_too_much_memory_costs_only_itself() -> None:
    limits = PageLimits(memory_bytes=260 << 20, max_pixels=400_000_000)
    with pytest.raises(DocumentUnreadable):
        list(pictures_of(pdf((9000, 9000)), "a.pdf", limits))
    assert len(drawn(scan(1), limits=limits)) == 1


def test_files_are_drawn_from_several_threads() -> None:
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: counts.append(len(drawn(scan(n))))) for n in (1, 2, 3, 4, 5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [1, 2, 3, 4, 5]


def test_the_child_cannot_write(tmp_path: Path) -> None:
    from tenfold.tools._confined import ConfinedPool

    with ConfinedPool(size=1, seconds=10, memory_bytes=1 << 30) as pool:
        child = list(pool.run(".pages.render:pages_job", scan(1), "a.pdf", {"dpi": 72, "pages": None, "skip": [],
                     "max_pages": 5, "max_pixels": 10**6}))  # fmt: skip
        assert len(child) == 2
        held = pool._slots.get()
        assert held is not None
        limits = Path(f"/proc/{held._process.pid}/limits").read_text()
        pool._slots.put(held)
    assert next(line for line in limits.splitlines() if line.startswith("Max file size")).split()[3] == "0"


def test_a_process_ends_although_a_file_is_half_drawn() -> None:
    code = "import sys; from tenfold.tools.pages import pictures_of as p; a = p(sys.stdin.buffer.read(), 'a'); next(a)"
    code += "; import builtins; builtins.held = a"
    subprocess.run([sys.executable, "-c", code], input=scan(2), timeout=30, check=True)
